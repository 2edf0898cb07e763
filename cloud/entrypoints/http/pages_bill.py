"""Why a bill has fewer minutes than the clock: what is not certain, or no whole step, is free."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cloud.entrypoints.http.pages_speech import Speech
from contracts.ledger.receipt import Receipt
from contracts.wire.types import parse_instant


@dataclass(frozen=True, slots=True)
class Reckoning:
    arrived_at: datetime
    departed_at: datetime
    certain_s: int
    step_s: int
    ends_at: datetime
    grace_s: int

    @property
    def stayed_s(self) -> int:
        return (self.departed_at - self.arrived_at) // timedelta(seconds=1)


def of_booking(view: dict[str, Any], s: Speech) -> list[str]:
    """From what the booking shows; its receipt tells more."""
    stay, settlement = view["stay"], view["settlement"]
    if settlement is None or stay is None or stay["departed_at"] is None:
        return []
    found = Reckoning(
        parse_instant(stay["arrived_at"]),
        parse_instant(stay["departed_at"]),
        settlement["certain_s"],
        view["tariff"]["step_s"],
        parse_instant(view["ends_at"]),
        view["terms"]["grace_s"],
    )
    return _certain(found, s) + _grace(found, s)


def of_receipt(receipt: Receipt, s: Speech) -> list[str]:
    """From the signed events; only of a receipt whose links hold."""
    found = Reckoning(
        receipt.stay.arrived_at,
        receipt.stay.departed_at,
        receipt.record.billed_s,
        receipt.tariff.step_s,
        receipt.booking.window.ends_at,
        receipt.booking.terms.grace_s,
    )
    first, last = (receipt.events[index].body.uncertainty_s for index in (0, -1))
    said = [*_certain(found, s), s.t("bill.ends", first=f"{first:g}", last=f"{last:g}")]
    gap_s = round(found.stayed_s - found.certain_s - first - last)
    if gap_s > 1:
        said.append(s.t("bill.gap", gap=s.exact(gap_s)))
    return said + _grace(found, s) + _fee(receipt, s)


def _certain(found: Reckoning, s: Speech) -> list[str]:
    stayed, certain = s.exact(found.stayed_s), s.exact(found.certain_s)
    return [s.t("bill.certain", stayed=stayed, certain=certain, step=s.duration(found.step_s))]


def _fee(receipt: Receipt, s: Speech) -> list[str]:
    bps = receipt.record.fee_bps
    fee = s.money(receipt.record.fee_minor, receipt.tariff.currency)
    return [s.t("bill.fee", percent=f"{bps / 100:g}", fee=fee)] if bps else []


def _grace(found: Reckoning, s: Speech) -> list[str]:
    late = found.departed_at > found.ends_at
    return [s.t("bill.grace", grace=s.duration(found.grace_s))] if late else []

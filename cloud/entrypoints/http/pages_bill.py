"""Why a bill has fewer minutes than the clock: what is not certain, or no whole step, is free."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cloud.entrypoints.http.pages_speech import Speech
from contracts.ledger.pricing import Tariff, Terms
from contracts.ledger.receipt import Receipt
from contracts.wire.types import format_instant, parse_instant

# Of a long timetable the pages tell the first; the booking's file has all.
MAX_TOLD = 12


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
        Terms.model_validate(view["terms"]).forgiven_s,
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
        receipt.booking.terms.forgiven_s,
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


def rules(tariff: Tariff, s: Speech) -> list[str]:
    """The frozen tariff, a sentence each, and none for what does not apply."""
    said = [*_rates(tariff, s)]
    if tariff.free_s:
        said.append(s.t("rules.free", free=s.duration(tariff.free_s)))
    bounds = (
        ("day_cap", "cap", tariff.day_cap_minor),
        ("cap", "cap", tariff.cap_minor),
        ("minimum", "price", tariff.minimum_minor or None),
        ("booking_fee", "price", tariff.booking_fee_minor or None),
    )
    for key, name, minor in bounds:
        if minor is not None:
            said.append(s.t(f"rules.{key}", **{name: s.money(minor, tariff.currency)}))
    if tariff.tax_bps:
        said.append(s.t(f"rules.tax.{tariff.tax}", percent=f"{tariff.tax_bps / 100:g}"))
    if tariff.round_to_minor > 1:
        unit = s.money(tariff.round_to_minor, tariff.currency)
        said.append(s.t(f"rules.rounded.{tariff.rounding}", unit=unit))
    return said


def _rates(tariff: Tariff, s: Speech) -> Iterator[str]:
    step, base = s.duration(tariff.step_s), s.money(tariff.per_hour_minor, tariff.currency)
    if not tariff.timetable:
        yield s.t("rules.hour", price=base, step=step)
        return
    yield s.t("rules.timed", step=step)
    for stretch in tariff.timetable[:MAX_TOLD]:
        span = s.span(format_instant(stretch.starts_at), format_instant(stretch.ends_at))
        for rate in stretch.rates:
            values = {"span": span, "price": s.money(rate.per_hour_minor, tariff.currency)}
            key = "after" if rate.after_s else "stretch"
            yield s.t(f"rules.{key}", after=s.exact(rate.after_s), **values)
    more = len(tariff.timetable) - MAX_TOLD
    if more > 0:
        yield s.t("rules.more", count=more)
    yield s.t("rules.otherwise", price=base)


def fee_rules(terms: Terms, currency: str, s: Speech) -> Iterator[str]:
    """What is due without a stay."""
    if terms.no_show_fee_minor:
        yield s.t("rules.noshow.fee", price=s.money(terms.no_show_fee_minor, currency))
    if terms.cancel_fee_minor and terms.cancel_until_s:
        price = s.money(terms.cancel_fee_minor, currency)
        yield s.t("rules.cancel.fee", until=s.duration(terms.cancel_until_s), price=price)


def late_rules(tariff: Tariff, s: Speech) -> list[str]:
    """What overstay costs."""
    if tariff.overstay_tiers:
        return [
            s.t(
                f"rules.{'tier' if tier.from_s else 'first_tier'}",
                after=s.exact(tier.from_s),
                price=s.money(tier.per_hour_minor, tariff.currency),
            )
            for tier in tariff.overstay_tiers
        ]
    percent = tariff.overstay_percent
    if tariff.timetable:
        return [s.t("rules.late", percent=percent)]
    late = s.money(tariff.per_hour_minor * percent // 100, tariff.currency)
    return [s.t("rules.overstay", percent=percent, price=late)]

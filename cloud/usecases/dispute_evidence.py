"""What there is about a stay for whoever decides: evidence, and its price under assumptions."""

import json
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from cloud.core import replays
from cloud.core.reasons import Refusal, refuse
from cloud.core.replays import Assumption
from cloud.errors import Unknown
from cloud.privacy_tables import Erased
from cloud.stay_tables import Overstay
from cloud.tables import Booking, EventRow, Gateway, ReceiptRow, Settlement, Stay
from cloud.usecases import (
    booking_fees,
    bookings,
    charges,
    credits,
    installation,
    plates_seen,
    receipts,
)
from cloud.usecases.billing import frozen_tariff
from contracts.ledger.pricing import Interval, Line, total
from contracts.wire.messages import Event
from contracts.wire.types import format_instant, from_ms

MAX_EVENTS = 1_000
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replay:
    """`settled_minor`: what was settled, less what went back, with what corrections added.

    `difference_minor`: what the assumption would cost, less that; below zero it would go back to
    the driver, above zero he owes it.
    """

    assumption: Assumption
    sentence_en: str
    sentence_zh: str
    billed: tuple[Interval, ...]
    lines: tuple[Line, ...]
    total_minor: int
    settled_minor: int

    @property
    def difference_minor(self) -> int:
        return self.total_minor - self.settled_minor

    def plain(self) -> View:
        at = self.assumption.at
        return {
            "assumption": self.assumption.kind,
            "at": format_instant(at) if at else None,
            "booking": self.assumption.booking,
            "sentence_en": self.sentence_en,
            "sentence_zh": self.sentence_zh,
            "billed": [[format_instant(a), format_instant(b)] for a, b in self.billed],
            "lines": [line.model_dump(mode="json") for line in self.lines],
            "total_minor": self.total_minor,
            "settled_minor": self.settled_minor,
            "difference_minor": self.difference_minor,
        }


def stay_of(session: Session, number: int) -> Stay:
    stay = session.get(Stay, number)
    if stay is None:
        raise Unknown(f"Stay {number}.")
    return stay


def settled_of(session: Session, stay: Stay) -> Settlement | None:
    return session.get(Settlement, stay.number)


def bundle(session: Session, number: int) -> View:
    """All of it as one JSON value. `receipt` is a file for berth-verify: the receipt once it is

    filed, before that the pending one, and null where nothing was settled. The events are signed
    for `domain`, and hold commitments only; beside them the plates that were read are masked,
    unless they were erased (`erased_at`). While the car stands there, all is told up to now.
    """
    stay = stay_of(session, number)
    events = _so_far(session, stay)
    booking = session.get(Booking, stay.booking) if stay.booking else None
    settled, asked = settled_of(session, stay), session.get(Overstay, number)
    domain = installation.deployed(session)
    return {
        "format": "berth-evidence",
        "version": 1,
        "domain": domain and {"chain_id": domain.chain_id, "ledger": domain.ledger},
        "stay": _stay(stay),
        "gateway": _gateway(session, stay),
        "events": [_event(row) for row in events],
        "plates": plates_seen.read(session, events),
        "expected": plates_seen.expected(session, stay),
        "erased_at": _erased_at(session, booking),
        "booking": booking and json.loads(booking.record),
        "tariff": booking and json.loads(booking.tariff),
        "history": booking and json.loads(booking.history),
        "fees": _fees(session, booking),
        "overstay_asked_at": asked and format_instant(from_ms(asked.asked_ms)),
        "settlement": settled and json.loads(settled.record),
        "lines": settled and json.loads(settled.lines),
        "credits": credits.of_booking(session, booking.id) if booking else [],
        "charges": charges.of_booking(session, booking.id) if booking else [],
        "receipt": _receipt(session, settled),
    }


def replay(session: Session, number: int, assumption: Assumption) -> Replay | Refusal:
    """Changes nothing. Priced by the tariff frozen in the booking, as any bill."""
    stay = stay_of(session, number)
    booking = _assumed(session, stay, assumption)
    if booking is None:
        return refuse("bad_assumption")
    if stay.last_seq is None:
        return refuse("not_over_yet")
    intervals = replays.billed(_bodies(session, stay), assumption)
    if intervals is None:
        return refuse("not_proven")
    record = bookings.record_of(booking)
    tariff, _ = frozen_tariff(booking.tariff)
    not_billed = assumption.kind == "not_billed"
    lines = [] if not_billed else replays.lines_of(tariff, record, intervals)
    settled = settled_of(session, stay)
    kept_minor = charges.corrected_minor(session, number)
    kept_minor += credits.left_minor(session, settled) if settled else 0
    said = replays.KINDS[assumption.kind]
    return Replay(assumption, *said, tuple(intervals), tuple(lines), total(lines), kept_minor)


def replay_all(session: Session, number: int) -> list[Replay]:
    """Under every assumption that needs nothing more to be said."""
    needs = (*replays.NEEDS_AT, "other_booking")
    kinds = (kind for kind in replays.KINDS if kind not in needs)
    found = (replay(session, number, Assumption(kind)) for kind in kinds)
    return [one for one in found if isinstance(one, Replay)]


def _assumed(session: Session, stay: Stay, assumption: Assumption) -> Booking | None:
    """Whose terms count; None: it cannot be assumed."""
    if assumption.kind not in replays.KINDS:
        return None
    if assumption.kind in replays.NEEDS_AT and assumption.at is None:
        return None
    other = assumption.kind == "other_booking"
    name = assumption.booking if other else stay.booking
    booking = session.get(Booking, name) if name else None
    return None if booking is None or booking.space != stay.space else booking


def _events(session: Session, stay: Stay) -> list[EventRow]:
    return receipts.events_of(session, stay)[:MAX_EVENTS]


def _so_far(session: Session, stay: Stay) -> list[EventRow]:
    """All that was told of the car, before it was known and billed too, and while it stands."""
    rows = select(EventRow).where(
        EventRow.gateway == stay.gateway,
        EventRow.space == stay.space,
        EventRow.epoch == stay.epoch,
        EventRow.seq >= stay.began_seq,
    )
    if stay.last_seq is not None:
        rows = rows.where(EventRow.seq <= stay.last_seq)
    return list(session.exec(rows.order_by(col(EventRow.seq)).limit(MAX_EVENTS)))


def _bodies(session: Session, stay: Stay) -> list[Event]:
    return [Event.model_validate_json(row.body) for row in _events(session, stay)]


def _event(row: EventRow) -> View:
    return {
        "body": json.loads(row.body),
        "signature": row.signature,
        "digest": row.digest,
        "signer": row.signer,
    }


def _stay(stay: Stay) -> View:
    left = stay.departed_ms
    return {
        "number": stay.number,
        "space": stay.space,
        "state": stay.state,
        "kind": stay.kind,
        "arrived_at": format_instant(from_ms(stay.arrived_ms)),
        "departed_at": None if left is None else format_instant(from_ms(left)),
    }


def _gateway(session: Session, stay: Stay) -> View:
    gateway = session.get(Gateway, stay.gateway)
    return {"id": stay.gateway, "signer": gateway.signer if gateway else None}


def _erased_at(session: Session, booking: Booking | None) -> str | None:
    """When the driver's data were erased: plates that stood here can no longer be opened."""
    row = session.get(Erased, booking.driver) if booking else None
    return None if row is None else format_instant(from_ms(row.at_ms))


def _fees(session: Session, booking: Booking | None) -> list[View]:
    if booking is None:
        return []
    return [row.model_dump(mode="json") for row in booking_fees.of_booking(session, booking.id)]


def _receipt(session: Session, settled: Settlement | None) -> View | None:
    if settled is None:
        return None
    row = session.get(ReceiptRow, settled.stay)
    if row is not None:
        return dict(json.loads(row.text))
    text = receipts.pending_of(session, settled.booking)
    return dict(json.loads(text)) if text else None

"""Step 6, second half, first part: what a closed stay costs, by its signed events alone."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlmodel import Session

from cloud.tables import Booking, EventRow, Gateway, Settlement, Space, Stay
from cloud.usecases import bookings, fees
from cloud.usecases.receipts import events_of
from contracts.ledger.hashing import digest
from contracts.ledger.pricing import Line, Tariff, price, total
from contracts.ledger.records import BookingRecord, SettlementRecord, tariff_digest, word_hex
from contracts.ledger.stay import Evidence, evidence_of
from contracts.wire.messages import Event

MAX_EVENTS = 1000  # what a receipt holds
MAX_TARIFFS = 1024  # of a city's owners, kept as read; a thousand stays have the same one
MAX_KEPT_CHARS = 4096  # a timetable of a month has more, and no other stay has the same one


@dataclass(frozen=True, slots=True)
class Proven:
    """What a stay is billed by, each of it read once."""

    terms: BookingRecord
    tariff: Tariff
    rows: list[EventRow]
    evidence: Evidence
    lines: list[Line]


def settle(session: Session, stay: Stay, booking: Booking) -> bool:
    """False if the events do not prove a stay; then a person decides and nothing is charged.

    What is made is written by the caller's next flush, with all else it changed.
    """
    try:
        # What it reads was flushed when the stay was closed: nothing to write between questions.
        with session.no_autoflush:
            made = _settlement(session, stay, booking)
    except (ValueError, OverflowError):
        # Values that no record can hold, such as a stay of a year: for a person, too.
        return False
    if made is None:
        return False
    session.add(made)
    return True


def _settlement(session: Session, stay: Stay, booking: Booking) -> Settlement | None:
    proven = _proven(session, stay, booking)
    if proven is None:
        return None
    number, fee_bps = session.get_one(Space, stay.space).number, fees.of(session, booking)
    record = _record(stay, (number, fee_bps), proven)
    return settlement_of(record, booking.id, json.dumps(_plain(proven.lines)))


def settlement_of(record: SettlementRecord, booking: str, lines: str) -> Settlement:
    """Digest and word are made once: a batch has hundreds of them."""
    return Settlement(
        stay=record.stay,
        booking=booking,
        record=record.model_dump_json(),
        leaf=record.leaf(),
        word=word_hex(record.word()),
        lines=lines,
        amount_minor=record.amount_minor,
        credit_of=record.credit_of,
    )


def _proven(session: Session, stay: Stay, booking: Booking) -> Proven | None:
    rows = events_of(session, stay)
    events = [Event.model_validate_json(row.body) for row in rows]
    evidence = evidence_of(events)
    doubtful = any(
        event.match in ("other", "ambiguous") or event.grant not in (None, booking.grant)
        for event in events
    )
    gateway = session.get_one(Gateway, stay.gateway)
    # A key of before is not the registry's any more when its batch is filed.
    one_key = {row.signer for row in rows} == {gateway.signer}
    if evidence is None or doubtful or not one_key or len(rows) > MAX_EVENTS:
        return None
    terms = bookings.record_of(booking)
    tariff, _ = frozen_tariff(booking.tariff)
    lines = price(tariff, terms.terms, terms.window, list(evidence.billed))
    return Proven(terms, tariff, rows, evidence, lines)


def frozen_tariff(text: str) -> tuple[Tariff, str]:
    """Of a booking's column; with its digest."""
    return _kept(text) if len(text) <= MAX_KEPT_CHARS else _kept.__wrapped__(text)


@lru_cache(maxsize=MAX_TARIFFS)
def _kept(text: str) -> tuple[Tariff, str]:
    tariff = Tariff.model_validate_json(text)
    return tariff, tariff_digest(tariff)


def _record(stay: Stay, numbers: tuple[int, int], proven: Proven) -> SettlementRecord:
    """`numbers`: the space's, and the platform's fee in basis points."""
    terms, evidence, lines = proven.terms, proven.evidence, proven.lines
    return SettlementRecord(
        stay=stay.number or 0,
        space=stay.space,
        space_number=numbers[0],
        booking=terms.digest(),
        tariff=terms.tariff,
        gateway=proven.rows[0].signer,
        arrival=proven.rows[0].digest,
        departure=proven.rows[-1].digest,
        lines=digest(_plain(lines)),
        starts_at=evidence.arrived_at,
        ends_at=evidence.departed_at,
        billed_s=evidence.billed_s,
        amount_minor=total(lines),
        currency=proven.tariff.currency,
        driver_account=terms.driver_account,
        owner_account=terms.owner_account,
        fee_bps=numbers[1],
    )


def _plain(lines: list[Line]) -> list[dict[str, Any]]:
    return [line.model_dump(mode="json") for line in lines]

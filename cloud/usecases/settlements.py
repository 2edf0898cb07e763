"""Step 6, second half: price the evidence, pay it, file it in a batch, issue the receipt."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from cloud.core import money
from cloud.core.booking import Move
from cloud.ports.chain import ChainEvent
from cloud.tables import (
    Batch,
    Booking,
    ChainCall,
    Entry,
    EventRow,
    ReceiptRow,
    Settlement,
    Space,
    Stay,
)
from cloud.usecases import accounts, bookings, filing, receipts
from cloud.usecases.gateways import raise_alarm
from cloud.usecases.receipts import events_of, record_of
from cloud.usecases.receipts import pending_of as pending_of
from cloud.usecases.receipts import receipt_of as receipt_of
from cloud.usecases.receipts import receipt_or_pending as receipt_or_pending
from contracts.ledger.hashing import digest
from contracts.ledger.merkle import Tree
from contracts.ledger.pricing import Line, Tariff, price, total
from contracts.ledger.records import BookingRecord, Deployed, SettlementRecord, tariff_digest
from contracts.ledger.stay import Evidence, evidence_of
from contracts.wire.messages import Event
from contracts.wire.types import to_ms

BATCH_LIMIT = 200
MAX_EVENTS = 1000  # what a receipt holds
# More than the dearest settlement and the dearest empty batch ever used.
GAS_PER_WORD, GAS_PER_BATCH = 50_000, 300_000


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
    rows = events_of(session, stay)
    events = [Event.model_validate_json(row.body) for row in rows]
    evidence = evidence_of(events)
    doubtful = any(
        event.match in ("other", "ambiguous") or event.grant not in (None, booking.grant)
        for event in events
    )
    one_key = len({row.signer for row in rows}) == 1
    if evidence is None or doubtful or not one_key or len(rows) > MAX_EVENTS:
        return None
    terms = bookings.record_of(booking)
    tariff = Tariff.model_validate_json(booking.tariff)
    lines = price(tariff, terms.terms, terms.window, list(evidence.billed))
    space = session.get_one(Space, stay.space)
    proven = _Proven(terms, tariff, rows, evidence, lines)
    return Settlement(
        stay=stay.number or 0,
        booking=booking.id,
        record=_record(stay, space, proven).model_dump_json(),
        lines=json.dumps(_plain(lines)),
        amount_minor=total(lines),
    )


def batch(session: Session, now: datetime, age_ms: int = 0) -> Batch | None:
    """Pay the settlements that wait, put them into the next batch, queue it for the chain.

    Once there are enough of them, or the oldest stay ended `age_ms` ago. Paid here and not
    before, so that every deposit has the same place before or after them in our books as it has
    on the chain.
    """
    waiting = select(Settlement).where(col(Settlement.batch).is_(None))
    rows = list(session.exec(waiting.order_by(col(Settlement.stay)).limit(BATCH_LIMIT)))
    if not rows or (len(rows) < BATCH_LIMIT and _young(session, rows, to_ms(now), age_ms)):
        return None
    seq = (session.exec(select(func.max(Batch.seq))).one() or 0) + 1
    records = [record_of(row) for row in rows]
    root = "0x" + Tree([record.leaf() for record in records]).root.hex()
    paid = _paid(session, rows, records, now)
    for position, (row, paid_minor) in enumerate(zip(rows, paid, strict=True)):
        # All three at once: the database refuses a second change.
        row.batch, row.position, row.paid_minor = seq, position, paid_minor
        session.add(row)
    made = Batch(seq=seq, root=root, call=f"batch:{seq}")
    session.add(made)
    words = [record.word() for record in records]
    filing.queue(session, made.call, ("ledger", "settle_batch"), [seq, root, words], "settler")
    return made


def gas(call: ChainCall) -> int:
    """The most that a batch may use."""
    words = json.loads(call.args)[2]
    return GAS_PER_BATCH + GAS_PER_WORD * len(words)


def logged(call: ChainCall, events: Sequence[ChainEvent]) -> bool:
    """The ledger's log holds this batch and no other, word by word."""
    found = [event.args for event in events if event.name == "Batch"]
    if len(found) != 1:
        return False
    seq, root, words = json.loads(call.args)
    log = found[0]
    told = (log["seq"], "0x" + bytes(log["detail_root"]).hex(), list(log["words"]))
    return told == (seq, root, words)


def compare(session: Session, call: ChainCall, missing: dict[int, int], now: datetime) -> None:
    """What the contract could not collect must be what our books could not: else a person looks."""
    for row in _members(session, call):
        ours = row.amount_minor - (row.paid_minor or 0)
        if missing.get(row.stay, 0) != ours:
            sentence = f"Stay {row.stay}: the chain misses {missing.get(row.stay, 0)}, we {ours}."
            raise_alarm(session, f"books:{row.stay}", "books_differ", None, sentence, now)


def filed(session: Session, call: ChainCall, deployed: Deployed, now: datetime) -> None:
    """The chain has mined a batch: its stays are settled, and `receipts.issue` follows.

    A receipt that is there already names a block that has vanished: it is put right at once,
    before its new block is final.
    """
    rows = _members(session, call)
    _move(session, rows, "settle", now)
    before = _loaded(session, ReceiptRow, ReceiptRow.stay, [row.stay for row in rows])
    if before:
        for stay, text in receipts.texts(session, rows, call, deployed):
            old = before.get(stay)
            if old is None:
                continue
            old.text = text
            session.add(old)
    session.flush()


def returned(session: Session, call: ChainCall, now: datetime) -> None:
    """Its block is gone: its stays wait for the chain again. The money stays posted: once."""
    _move(session, _members(session, call), "return", now)
    session.flush()


def _members(session: Session, call: ChainCall) -> list[Settlement]:
    made = session.exec(select(Batch).where(Batch.call == call.id)).one()
    return receipts.members(session, made)


def _young(session: Session, rows: list[Settlement], now_ms: int, age_ms: int) -> bool:
    numbers = [row.stay for row in rows]
    oldest = select(func.min(Stay.departed_ms)).where(col(Stay.number).in_(numbers))
    return age_ms > 0 and (session.exec(oldest).one() or 0) > now_ms - age_ms


def _paid(
    session: Session, rows: list[Settlement], records: list[SettlementRecord], now: datetime
) -> list[int]:
    """What each pays by the contract's own rule: as much as the account's whole balance covers.

    One question for all balances, and all entries at once: a batch is hundreds of them.
    """
    booked = _loaded(session, Booking, Booking.id, [row.booking for row in rows])
    totals = _totals(session, {record.driver_account for record in records})
    paid, entries = [], []
    for row, record in zip(rows, records, strict=True):
        booking, owner = booked[row.booking], record.owner_account
        paid_minor = max(min(totals[booking.driver], row.amount_minor), 0)
        for account, by in ((booking.driver, -paid_minor), (owner, paid_minor)):
            if account in totals:
                totals[account] += by
        if paid_minor < row.amount_minor:
            sentence = f"Booking {booking.id} could not be paid in full. Ask the driver to top up."
            raise_alarm(session, f"unpaid:{booking.id}", "unpaid", booking.space, sentence, now)
        postings = money.post(booking.driver, owner, booking.held_minor, paid_minor)
        entries += accounts.entries(f"settle:{booking.id}", postings, to_ms(now))
        paid.append(paid_minor)
    accounts.write(session, entries)
    return paid


def _totals(session: Session, numbers: set[int]) -> dict[int, int]:
    found = (
        select(Entry.account, func.sum(Entry.amount_minor))
        .where(col(Entry.account).in_(numbers))
        .group_by(col(Entry.account))
    )
    return dict.fromkeys(numbers, 0) | {number: int(sum_) for number, sum_ in session.exec(found)}


def _loaded(session: Session, table: Any, key: Any, keys: Sequence[Any]) -> dict[Any, Any]:
    """Key -> row, in one question; while they are held, `session.get` asks no other."""
    rows = session.exec(select(table).where(col(key).in_(keys)))
    return {getattr(row, key.key): row for row in rows}


def _move(session: Session, rows: list[Settlement], what: Move, now: datetime) -> None:
    booked = _loaded(session, Booking, Booking.id, [row.booking for row in rows])
    stays = _loaded(session, Stay, Stay.number, [row.stay for row in rows])
    for booking in booked.values():
        bookings.change(booking, what, now)
    for stay in stays.values():
        stay.state = "settled" if what == "settle" else "closed"
    session.add_all([*booked.values(), *stays.values()])


@dataclass(frozen=True, slots=True)
class _Proven:
    """What a stay is billed by, each of it read once."""

    terms: BookingRecord
    tariff: Tariff
    rows: list[EventRow]
    evidence: Evidence
    lines: list[Line]


def _record(stay: Stay, space: Space, proven: _Proven) -> SettlementRecord:
    terms, evidence, lines = proven.terms, proven.evidence, proven.lines
    return SettlementRecord(
        stay=stay.number or 0,
        space=stay.space,
        space_number=space.number,
        booking=terms.digest(),
        tariff=tariff_digest(proven.tariff),
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
    )


def _plain(lines: list[Line]) -> list[dict[str, Any]]:
    return [line.model_dump(mode="json") for line in lines]

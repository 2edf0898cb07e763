"""Step 6, second half: price the evidence, pay it, file it in a batch, issue the receipt."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from cloud.core import money
from cloud.core.booking import Move
from cloud.ports.chain import ChainEvent
from cloud.tables import Batch, Booking, ChainCall, Entry, ReceiptRow, Settlement, Space, Stay
from cloud.usecases import accounts, bookings, filing, receipts
from cloud.usecases.gateways import raise_alarm
from cloud.usecases.receipts import events_of, record_of
from cloud.usecases.receipts import pending_of as pending_of
from cloud.usecases.receipts import receipt_of as receipt_of
from cloud.usecases.receipts import receipt_or_pending as receipt_or_pending
from contracts.ledger.hashing import digest
from contracts.ledger.merkle import Tree
from contracts.ledger.pricing import Line, Tariff, price, total
from contracts.ledger.records import Deployed, SettlementRecord, tariff_digest
from contracts.ledger.stay import Evidence, evidence_of
from contracts.wire.messages import Event
from contracts.wire.types import to_ms

BATCH_LIMIT = 200
MAX_EVENTS = 1000  # what a receipt holds
# More than the dearest settlement and the dearest empty batch ever used.
GAS_PER_WORD, GAS_PER_BATCH = 50_000, 300_000


def settle(session: Session, stay: Stay, booking: Booking) -> bool:
    """False if the events do not prove a stay; then a person decides and nothing is charged."""
    try:
        with session.begin_nested():
            return _settle(session, stay, booking)
    except (ValueError, OverflowError):
        # Values that no record can hold, such as a stay of a year: for a person, too.
        return False


def _settle(session: Session, stay: Stay, booking: Booking) -> bool:
    rows = events_of(session, stay)
    events = [Event.model_validate_json(row.body) for row in rows]
    evidence = evidence_of(events)
    doubtful = any(
        event.match in ("other", "ambiguous") or event.grant not in (None, booking.grant)
        for event in events
    )
    one_key = len({row.signer for row in rows}) == 1
    if evidence is None or doubtful or not one_key or len(rows) > MAX_EVENTS:
        return False
    record = bookings.record_of(booking)
    tariff = Tariff.model_validate_json(booking.tariff)
    lines = price(tariff, record.terms, record.window, list(evidence.billed))
    settlement = Settlement(
        stay=stay.number or 0,
        booking=booking.id,
        record=_record(session, stay, booking, evidence, lines).model_dump_json(),
        lines=_plain(lines),
        amount_minor=total(lines),
    )
    session.add(settlement)
    session.flush()
    return True


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
    for position, (row, paid_minor) in enumerate(zip(rows, _paid(session, rows, now), strict=True)):
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


def filed(session: Session, call: ChainCall, deployed: Deployed, now: datetime) -> list[int]:
    """The chain has mined a batch: each of its stays gets its receipt."""
    rows = _members(session, call)
    tree = Tree([record_of(row).leaf() for row in rows])
    stays = [row.stay for row in rows]
    held = [
        _loaded(session, Booking, Booking.id, [row.booking for row in rows]),
        _loaded(session, Stay, Stay.number, stays),
    ]
    before = _loaded(session, ReceiptRow, ReceiptRow.stay, stays)
    for row in rows:
        made = receipts.receipt(session, row, tree, call, deployed)
        old = before.get(row.stay)
        text = made.model_dump_json(indent=1)
        if old is None:
            session.add(ReceiptRow(stay=row.stay, booking=row.booking, text=text))
        else:
            old.text = text
            session.add(old)
        _moved(session, row, "settle", now)
    session.flush()
    del held
    return stays


def returned(session: Session, call: ChainCall, now: datetime) -> None:
    """Its block is gone: its stays wait for the chain again. The money stays posted: once."""
    for row in _members(session, call):
        _moved(session, row, "return", now)


def _members(session: Session, call: ChainCall) -> list[Settlement]:
    made = session.exec(select(Batch).where(Batch.call == call.id)).one()
    members = select(Settlement).where(Settlement.batch == made.seq)
    return list(session.exec(members.order_by(col(Settlement.position))))


def _young(session: Session, rows: list[Settlement], now_ms: int, age_ms: int) -> bool:
    numbers = [row.stay for row in rows]
    oldest = select(func.min(Stay.departed_ms)).where(col(Stay.number).in_(numbers))
    return age_ms > 0 and (session.exec(oldest).one() or 0) > now_ms - age_ms


def _paid(session: Session, rows: list[Settlement], now: datetime) -> list[int]:
    """What each pays by the contract's own rule: as much as the account's whole balance covers.

    One question for all balances, and all entries at once: a batch is hundreds of them.
    """
    booked = _loaded(session, Booking, Booking.id, [row.booking for row in rows])
    records = {row.stay: record_of(row) for row in rows}
    totals = _totals(session, {record.driver_account for record in records.values()})
    paid, entries = [], []
    for row in rows:
        booking, owner = booked[row.booking], records[row.stay].owner_account
        paid_minor = min(totals[booking.driver], row.amount_minor)
        for account, by in ((booking.driver, -paid_minor), (owner, paid_minor)):
            if account in totals:
                totals[account] += by
        if paid_minor < row.amount_minor:
            sentence = f"Booking {booking.id} could not be paid in full. Ask the driver to top up."
            raise_alarm(session, f"unpaid:{booking.id}", "unpaid", booking.space, sentence, now)
        postings = money.post(booking.driver, owner, booking.held_minor, paid_minor)
        entries += accounts.entries(f"settle:{booking.id}", postings, to_ms(now))
        paid.append(paid_minor)
    session.add_all(entries)
    session.flush()
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


def _moved(session: Session, row: Settlement, what: Move, now: datetime) -> None:
    booking = bookings.get(session, row.booking)
    bookings.move(session, booking, what, now)
    stay = session.get(Stay, row.stay)
    if stay is not None:
        stay.state = "settled" if what == "settle" else "closed"
        session.add(stay)


def _record(
    session: Session, stay: Stay, booking: Booking, evidence: Evidence, lines: list[Line]
) -> SettlementRecord:
    terms = bookings.record_of(booking)
    tariff = Tariff.model_validate_json(booking.tariff)
    space = session.get_one(Space, stay.space)
    events = events_of(session, stay)
    return SettlementRecord(
        stay=stay.number or 0,
        space=stay.space,
        space_number=space.number,
        booking=terms.digest(),
        tariff=tariff_digest(tariff),
        gateway=events[0].signer,
        arrival=events[0].digest,
        departure=events[-1].digest,
        lines=digest([line.model_dump(mode="json") for line in lines]),
        starts_at=evidence.arrived_at,
        ends_at=evidence.departed_at,
        billed_s=evidence.billed_s,
        amount_minor=total(lines),
        currency=tariff.currency,
        driver_account=terms.driver_account,
        owner_account=terms.owner_account,
    )


def _plain(lines: list[Line]) -> str:
    return json.dumps([line.model_dump(mode="json") for line in lines])

"""Step 6, second half: price the evidence, pay it, file it in a batch, issue the receipt."""

import json
from datetime import datetime

from sqlmodel import Session, col, func, select

from cloud.core import money
from cloud.tables import (
    Batch,
    Booking,
    ChainCall,
    EventRow,
    ReceiptRow,
    Settlement,
    Space,
    Stay,
)
from cloud.usecases import accounts, bookings, filing
from cloud.usecases.gateways import raise_alarm
from contracts.ledger.hashing import digest
from contracts.ledger.merkle import Tree
from contracts.ledger.pricing import Line, Tariff, Window, price, total
from contracts.ledger.receipt import (
    ChainRecord,
    GatewayKey,
    Proof,
    Receipt,
    SealedBody,
    SealedEvent,
    StayTimes,
)
from contracts.ledger.records import Deployed, SettlementRecord, tariff_digest, word_hex
from contracts.ledger.stay import Evidence, evidence_of
from contracts.wire.messages import Event
from contracts.wire.types import to_ms

BATCH_LIMIT = 200
MAX_EVENTS = 1000  # what a receipt holds


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


def batch(session: Session, now: datetime) -> Batch | None:
    """Pay the settlements that wait, put them into the next batch, queue it for the chain.

    Paid here and not before, so that every deposit has the same place before or after them in our
    books as it has on the chain.
    """
    waiting = select(Settlement).where(col(Settlement.batch).is_(None))
    rows = list(session.exec(waiting.order_by(col(Settlement.stay)).limit(BATCH_LIMIT)))
    if not rows:
        return None
    seq = (session.exec(select(func.max(Batch.seq))).one() or 0) + 1
    records = [record_of(row) for row in rows]
    root = "0x" + Tree([record.leaf() for record in records]).root.hex()
    for position, row in enumerate(rows):
        row.batch, row.position = seq, position
        row.paid_minor = _pay(session, bookings.get(session, row.booking), row.amount_minor, now)
        session.add(row)
    made = Batch(seq=seq, root=root, call=f"batch:{seq}")
    session.add(made)
    words = [record.word() for record in records]
    filing.queue(session, made.call, ("ledger", "settle_batch"), [seq, root, words], "settler")
    return made


def compare(session: Session, call: ChainCall, missing: dict[int, int], now: datetime) -> None:
    """What the contract could not collect must be what our books could not: else a person looks."""
    made = session.exec(select(Batch).where(Batch.call == call.id)).one()
    for row in session.exec(select(Settlement).where(Settlement.batch == made.seq)):
        ours = row.amount_minor - (row.paid_minor or 0)
        if missing.get(row.stay, 0) != ours:
            sentence = f"Stay {row.stay}: the chain misses {missing.get(row.stay, 0)}, we {ours}."
            raise_alarm(session, f"books:{row.stay}", "books_differ", None, sentence, now)


def filed(session: Session, call: ChainCall, deployed: Deployed, now: datetime) -> list[int]:
    """The chain has mined a batch: each of its stays gets its receipt."""
    made = session.exec(select(Batch).where(Batch.call == call.id)).one()
    members = select(Settlement).where(Settlement.batch == made.seq)
    rows = list(session.exec(members.order_by(col(Settlement.position))))
    tree = Tree([record_of(row).leaf() for row in rows])
    for row in rows:
        receipt = _receipt(session, row, tree, call, deployed)
        old = session.get(ReceiptRow, row.stay)
        text = receipt.model_dump_json(indent=1)
        if old is None:
            session.add(ReceiptRow(stay=row.stay, booking=row.booking, text=text))
        else:
            old.text = text
            session.add(old)
        _settled(session, row, now)
    session.flush()
    return [row.stay for row in rows]


def record_of(row: Settlement) -> SettlementRecord:
    return SettlementRecord.model_validate_json(row.record)


def events_of(session: Session, stay: Stay) -> list[EventRow]:
    """All events of the stay's space, from the one that opened it to the one that closed it."""
    found = select(EventRow).where(
        EventRow.gateway == stay.gateway,
        EventRow.space == stay.space,
        EventRow.epoch == stay.epoch,
        EventRow.seq >= stay.first_seq,
        EventRow.seq <= (stay.last_seq or 0),
    )
    return list(session.exec(found.order_by(col(EventRow.seq))))


def receipt_of(session: Session, booking_id: str) -> str | None:
    row = session.exec(select(ReceiptRow).where(ReceiptRow.booking == booking_id)).first()
    return row.text if row else None


def _pay(session: Session, booking: Booking, amount_minor: int, now: datetime) -> int:
    """By the contract's own rule: as much as the account's whole balance covers."""
    owner = bookings.record_of(booking).owner_account
    paid_minor = min(accounts.total_of(session, booking.driver), amount_minor)
    postings = money.post(booking.driver, owner, booking.held_minor, paid_minor)
    if paid_minor < amount_minor:
        sentence = f"Booking {booking.id} could not be paid in full. Ask the driver to top up."
        raise_alarm(session, f"unpaid:{booking.id}", "unpaid", booking.space, sentence, now)
    accounts.post(session, f"settle:{booking.id}", postings, to_ms(now))
    return paid_minor


def _settled(session: Session, row: Settlement, now: datetime) -> None:
    booking = bookings.get(session, row.booking)
    bookings.move(session, booking, "settle", now)
    stay = session.get(Stay, row.stay)
    if stay is not None:
        stay.state = "settled"
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
        booking=digest(terms),
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


def _receipt(
    session: Session, row: Settlement, tree: Tree, call: ChainCall, deployed: Deployed
) -> Receipt:
    stay = session.get_one(Stay, row.stay)
    booking = bookings.get(session, row.booking)
    record = record_of(row)
    events = _sealed(session, stay)
    evidence = evidence_of([event.body for event in events])
    if evidence is None:
        raise AssertionError("a settled stay has its evidence")
    windows = tuple(Window(starts_at=begin, ends_at=end) for begin, end in evidence.billed)
    return Receipt(
        format="berth-receipt",
        version=1,
        gateway=GatewayKey(id=stay.gateway, signer=record.gateway),
        booking=bookings.record_of(booking),
        tariff=Tariff.model_validate_json(booking.tariff),
        events=events,
        stay=StayTimes(
            arrived_at=evidence.arrived_at, departed_at=evidence.departed_at, billed=windows
        ),
        lines=tuple(Line.model_validate(line) for line in json.loads(row.lines)),
        total_minor=row.amount_minor,
        record=record,
        proof=Proof(
            root="0x" + tree.root.hex(),
            siblings=tuple("0x" + node.hex() for node in tree.proof(row.position or 0)),
        ),
        chain=_chain_record(row, record, call, deployed),
    )


def _chain_record(
    row: Settlement, record: SettlementRecord, call: ChainCall, deployed: Deployed
) -> ChainRecord:
    return ChainRecord(
        chain_id=deployed.chain_id,
        ledger=deployed.ledger,
        registry=deployed.registry,
        batch=row.batch or 0,
        word=word_hex(record.word()),
        transaction=call.hash or "",
        block_number=call.block_number or 0,
        block_hash=call.block_hash or "",
    )


def _sealed(session: Session, stay: Stay) -> tuple[SealedEvent, ...]:
    return tuple(
        SealedEvent(body=SealedBody.model_validate_json(row.body), signature=row.signature)
        for row in events_of(session, stay)
    )


def _plain(lines: list[Line]) -> str:
    return json.dumps([line.model_dump(mode="json") for line in lines])

"""The receipt of a stay: what anyone can check, once its batch stands in a block."""

import json

from sqlmodel import Session, col, select

from cloud.core.calls import FILED
from cloud.tables import Batch, ChainCall, EventRow, ReceiptRow, Settlement, Stay
from cloud.usecases import bookings
from contracts.ledger.hashing import canonical
from contracts.ledger.merkle import Tree
from contracts.ledger.pricing import Line, Tariff, Window
from contracts.ledger.receipt import (
    ChainRecord,
    GatewayKey,
    Proof,
    Receipt,
    SealedBody,
    SealedEvent,
    StayTimes,
)
from contracts.ledger.records import Deployed, SettlementRecord, word_hex
from contracts.ledger.stay import evidence_of


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
    """Only while its batch stands in a block; see `pending_of` for the time before."""
    found = (
        select(ReceiptRow)
        .join(Settlement, col(Settlement.stay) == col(ReceiptRow.stay))
        .join(Batch, col(Batch.seq) == col(Settlement.batch))
        .join(ChainCall, col(ChainCall.id) == col(Batch.call))
        .where(ReceiptRow.booking == booking_id, col(ChainCall.status).in_(FILED))
    )
    row = session.exec(found).first()
    return row.text if row else None


def pending_of(session: Session, booking_id: str) -> str | None:
    """What can be said of a settlement that is in no block yet, or in none any more."""
    row = session.exec(select(Settlement).where(Settlement.booking == booking_id)).first()
    if row is None or receipt_of(session, booking_id) is not None:
        return None
    record = record_of(row)
    told = {
        "format": "berth-receipt",
        "version": 2,
        "status": "pending",
        "booking": booking_id,
        "stay": row.stay,
        "total_minor": row.amount_minor,
        "currency": record.currency,
        "leaf": "0x" + record.leaf().hex(),
        "batch": row.batch,
    }
    return canonical(told).decode()


def receipt_or_pending(session: Session, booking_id: str) -> tuple[str | None, bool]:
    """(text, whether it is only what can be said so far)."""
    text = receipt_of(session, booking_id)
    return (text, False) if text else (pending_of(session, booking_id), True)


def receipt(
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
        version=2,
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

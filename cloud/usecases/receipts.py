"""The receipt of a stay: what anyone can check, once its batch stands in a block."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from cloud.core.calls import FILED
from cloud.credit_tables import CREDIT_NUMBERS
from cloud.tables import Batch, Booking, ChainCall, EventRow, ReceiptRow, Setting, Settlement, Stay
from cloud.usecases import bookings, charge_receipts, credit_receipts, installation, titles
from cloud.usecases.chain_records import chain_record, proof
from contracts.ledger.merkle import Tree
from contracts.ledger.pending import Draft, Pending
from contracts.ledger.pricing import Line, Tariff, Window
from contracts.ledger.receipt import (
    GatewayKey,
    Receipt,
    SealedBody,
    SealedEvent,
    StayTimes,
)
from contracts.ledger.records import Deployed, SettlementRecord
from contracts.ledger.stay import evidence_of

# The first batch whose receipts are not written yet, among the settings.
NEXT = "receipts_next_batch"

# Made once: putting the question together takes longer than its answer.
_EVENTS = (
    select(EventRow)
    .where(
        col(EventRow.gateway) == bindparam("gateway"),
        col(EventRow.space) == bindparam("space"),
        col(EventRow.epoch) == bindparam("epoch"),
        col(EventRow.seq).between(bindparam("first"), bindparam("last")),
    )
    .order_by(col(EventRow.seq))
)


def record_of(row: Settlement) -> SettlementRecord:
    return SettlementRecord.model_validate_json(row.record)


def events_of(session: Session, stay: Stay) -> list[EventRow]:
    """All events of the stay's space, from the one that opened it to the one that closed it."""
    asked = {
        "gateway": stay.gateway,
        "space": stay.space,
        "epoch": stay.epoch,
        "first": stay.first_seq,
        "last": stay.last_seq or 0,
    }
    return list(session.exec(_EVENTS, params=asked))


def receipt_of(session: Session, booking_id: str) -> str | None:
    """Only while its batch stands in a block; see `pending_of` for the time before."""
    found = (
        select(ReceiptRow)
        .join(Settlement, col(Settlement.stay) == col(ReceiptRow.stay))
        .join(Batch, col(Batch.seq) == col(Settlement.batch))
        .join(ChainCall, col(ChainCall.id) == col(Batch.call))
        .where(ReceiptRow.booking == booking_id, col(ChainCall.status).in_(FILED))
        .where(col(Settlement.stay) < CREDIT_NUMBERS)
    )
    row = session.exec(found).first()
    return row.text if row else None


def pending_of(session: Session, booking_id: str) -> str | None:
    """What can be said of a settlement that is in no block yet, or in none any more."""
    own = select(Settlement).where(col(Settlement.stay) < CREDIT_NUMBERS)
    row = session.exec(own.where(Settlement.booking == booking_id)).first()
    if row is None or receipt_of(session, booking_id) is not None:
        return None
    shown = _shown(session, row)
    here = installation.deployed(session)
    draft = Draft(chain_id=here.chain_id, ledger=here.ledger, **shown) if here else None
    told = Pending(
        format="berth-receipt",
        version=2,
        status="pending",
        booking=booking_id,
        stay=row.stay,
        total_minor=row.amount_minor,
        currency=shown["record"].currency,
        leaf="0x" + shown["record"].leaf().hex(),
        batch=row.batch,
        draft=draft,
    )
    return told.model_dump_json(indent=1)


def receipt_or_pending(session: Session, booking_id: str) -> tuple[str | None, bool]:
    """(text, whether it is only what can be said so far)."""
    text = receipt_of(session, booking_id)
    return (text, False) if text else (pending_of(session, booking_id), True)


def issue(session: Session, deployed: Deployed) -> bool:
    """Write the receipts of the next mined batch that has none yet; False if there is none.

    In batches' order, which is the chain's. Those that are there are left as they are: after a
    reorganisation `settlements.filed` has put them right.
    """
    place = session.get(Setting, NEXT) or Setting(key=NEXT, value="1")
    made = session.get(Batch, int(place.value))
    call = None if made is None else _filed(session, made)
    if made is None or call is None:
        return False
    rows = members(session, made)
    there = select(ReceiptRow.stay).where(col(ReceiptRow.stay).in_([row.stay for row in rows]))
    written = set(session.exec(there))
    if len(written) < len(rows):
        named = {row.stay: row.booking for row in rows}
        for stay, text in texts(session, rows, call, deployed):
            if stay not in written:
                session.add(ReceiptRow(stay=stay, booking=named[stay], text=text))
    place.value = str(made.seq + 1)
    session.add(place)
    session.flush()
    return True


def corrected(session: Session, call: ChainCall, deployed: Deployed) -> None:
    """Receipts of this batch that were written for a block that has vanished name its new one.

    A credit is filed after what it corrects: its block vanished too, and it follows here.
    """
    found = (
        select(ReceiptRow)
        .join(Settlement, col(Settlement.stay) == col(ReceiptRow.stay))
        .join(Batch, col(Batch.seq) == col(Settlement.batch))
        .where(Batch.call == call.id)
    )
    before = {row.stay: row for row in session.exec(found)}
    if not before:
        return
    made = session.exec(select(Batch).where(Batch.call == call.id)).one()
    for stay, text in texts(session, members(session, made), call, deployed):
        if stay in before:
            before[stay].text = text
            session.add(before[stay])
    session.flush()


def _filed(session: Session, made: Batch) -> ChainCall | None:
    found = select(ChainCall).where(ChainCall.id == made.call, col(ChainCall.status).in_(FILED))
    return session.exec(found).first()


def members(session: Session, made: Batch) -> list[Settlement]:
    found = select(Settlement).where(Settlement.batch == made.seq)
    return list(session.exec(found.order_by(col(Settlement.position))))


def texts(
    session: Session, rows: list[Settlement], call: ChainCall, deployed: Deployed
) -> Iterator[tuple[int, str]]:
    """(stay, receipt) of all members of one batch; a credit's or charge's own number and file."""
    tree = Tree([row.leaf for row in rows])
    # Held here, so that a receipt finds its rows in the session and asks for its events alone.
    stays = select(Stay).where(col(Stay.number).in_([row.stay for row in rows]))
    booked = select(Booking).where(col(Booking.id).in_([row.booking for row in rows]))
    held = [*session.exec(stays), *session.exec(booked)]
    for row in rows:
        if row.stay >= CREDIT_NUMBERS:
            continue
        yield row.stay, receipt(session, row, tree, call, deployed).model_dump_json(indent=1)
    held.clear()
    yield from credit_receipts.texts(session, rows, call, deployed)
    yield from charge_receipts.texts(session, rows, tree, call, deployed)


def receipt(
    session: Session, row: Settlement, tree: Tree, call: ChainCall, deployed: Deployed
) -> Receipt:
    shown = _shown(session, row)
    return Receipt(
        format="berth-receipt",
        version=2,
        proof=proof(row, tree),
        chain=chain_record(row, shown["record"], call, deployed),
        title=titles.proof_in(session, shown["record"].space, call.block_number or 0),
        **shown,
    )


def _shown(session: Session, row: Settlement) -> dict[str, Any]:
    """What a receipt holds before its batch is filed, too."""
    stay = session.get_one(Stay, row.stay)
    booking = bookings.get(session, row.booking)
    record = record_of(row)
    events = _sealed(session, stay)
    evidence = evidence_of([event.body for event in events])
    if evidence is None:
        raise AssertionError("a settled stay has its evidence")
    windows = tuple(Window(starts_at=begin, ends_at=end) for begin, end in evidence.billed)
    return {
        "gateway": GatewayKey(id=stay.gateway, signer=record.gateway),
        "booking": bookings.record_of(booking),
        "tariff": Tariff.model_validate_json(booking.tariff),
        "events": events,
        "stay": StayTimes(
            arrived_at=evidence.arrived_at, departed_at=evidence.departed_at, billed=windows
        ),
        "lines": tuple(Line.model_validate(line) for line in json.loads(row.lines)),
        "total_minor": row.amount_minor,
        "record": record,
    }


def _sealed(session: Session, stay: Stay) -> tuple[SealedEvent, ...]:
    return tuple(
        SealedEvent(body=SealedBody.model_validate_json(row.body), signature=row.signature)
        for row in events_of(session, stay)
    )

"""What anyone can check of a charge, once its batch stands in a block: the berth-charge file."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, select

from cloud.booking_tables import Booking, Superseded
from cloud.charge_tables import CHARGE_NUMBERS, ChargeRow
from cloud.core.calls import FILED
from cloud.tables import Batch, ChainCall, ReceiptRow, Settlement
from cloud.usecases.chain_records import chain_record, proof
from cloud.usecases.charges import MAX_NUMBER
from contracts.ledger.charge import Charge, ChargeRecord
from contracts.ledger.merkle import Tree
from contracts.ledger.pending import PendingCharge
from contracts.ledger.pricing import Tariff
from contracts.ledger.records import BookingRecord, Deployed


def texts(
    session: Session, rows: Sequence[Settlement], tree: Tree, call: ChainCall, deployed: Deployed
) -> Iterator[tuple[int, str]]:
    """(its own stay number, berth-charge) of the charges among `rows`, all members of one batch."""
    for row in rows:
        if row.stay < CHARGE_NUMBERS:
            continue
        record = ChargeRecord.model_validate_json(row.record)
        agreed, tariff = _agreed(session, row.booking, record.booking)
        made = Charge(
            format="berth-charge",
            version=1,
            booking=agreed,
            tariff=tariff,
            reason=_row(session, row).reason,
            record=record,
            proof=proof(row, tree),
            chain=chain_record(row, record, call, deployed),
        )
        yield row.stay, made.model_dump_json(indent=1)


def text_or_pending(session: Session, booking_id: str, number: int) -> tuple[str | None, bool]:
    """(berth-charge of this booking's charge, whether it is only what can be said so far)."""
    row = session.get(Settlement, CHARGE_NUMBERS + number) if 0 < number < MAX_NUMBER else None
    if row is None or row.booking != booking_id:
        return None, False
    issued = (
        select(ReceiptRow.text)
        .join(Settlement, col(Settlement.stay) == col(ReceiptRow.stay))
        .join(Batch, col(Batch.seq) == col(Settlement.batch))
        .join(ChainCall, col(ChainCall.id) == col(Batch.call))
        .where(ReceiptRow.stay == row.stay, col(ChainCall.status).in_(FILED))
    )
    text = session.exec(issued).first()
    return (text, False) if text is not None else (_pending(session, row), True)


def _pending(session: Session, row: Settlement) -> str:
    """In no block yet, or in none any more: it proves nothing, and says what will be filed."""
    record = ChargeRecord.model_validate_json(row.record)
    told = PendingCharge(
        format="berth-charge",
        version=1,
        status="pending",
        booking=row.booking,
        stay=row.stay,
        code=record.code,
        amount_minor=row.amount_minor,
        currency=record.currency,
        reason=_row(session, row).reason,
        leaf="0x" + record.leaf().hex(),
        batch=row.batch,
    )
    return told.model_dump_json(indent=1)


def _row(session: Session, row: Settlement) -> ChargeRow:
    return session.get_one(ChargeRow, row.stay - CHARGE_NUMBERS)


def _agreed(session: Session, booking_id: str, digest: str) -> tuple[BookingRecord, Tariff]:
    """What was agreed when it became due: a change since then has another digest."""
    now = session.get_one(Booking, booking_id)
    earlier = session.exec(select(Superseded).where(Superseded.booking == booking_id))
    for one in (now, *earlier):
        record = BookingRecord.model_validate_json(one.record)
        if record.digest() == digest:
            return record, Tariff.model_validate_json(one.tariff)
    raise AssertionError("a charge has the terms that it is due under")

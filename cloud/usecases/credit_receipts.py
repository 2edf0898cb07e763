"""What anyone can check of a credit, once its batch stands in a block: the berth-credit file."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, select

from cloud.core.calls import FILED
from cloud.credit_tables import CREDIT_NUMBERS, CreditRow
from cloud.tables import Batch, ChainCall, ReceiptRow, Settlement
from cloud.usecases.chain_records import chain_record, proof
from contracts.ledger.credit import Credit
from contracts.ledger.hashing import canonical
from contracts.ledger.merkle import Tree
from contracts.ledger.receipt import Receipt
from contracts.ledger.records import Deployed, SettlementRecord

MAX_NUMBER = 1 << 40


def texts(
    session: Session, rows: Sequence[Settlement], call: ChainCall, deployed: Deployed
) -> Iterator[tuple[int, str]]:
    """(its own stay number, berth-credit) of the credits among `rows`, all members of one batch.

    What each corrects was filed before it, so that its receipt is on record already.
    """
    credits = [row for row in rows if row.credit_of is not None]
    if not credits:
        return
    tree = Tree([row.leaf for row in rows])
    for row in credits:
        record = SettlementRecord.model_validate_json(row.record)
        corrected = session.get_one(ReceiptRow, row.credit_of)
        made = Credit(
            format="berth-credit",
            version=1,
            corrects=Receipt.model_validate_json(corrected.text),
            reason=session.get_one(CreditRow, row.stay - CREDIT_NUMBERS).reason,
            record=record,
            proof=proof(row, tree),
            chain=chain_record(row, record, call, deployed),
        )
        yield row.stay, made.model_dump_json(indent=1)


def text_or_pending(session: Session, booking_id: str, number: int) -> tuple[str | None, bool]:
    """(berth-credit of this booking's credit, whether it is only what can be said so far)."""
    row = session.get(Settlement, CREDIT_NUMBERS + number) if 0 < number < MAX_NUMBER else None
    if row is None or row.credit_of is None or row.booking != booking_id:
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
    record = SettlementRecord.model_validate_json(row.record)
    told = {
        "format": "berth-credit",
        "version": 1,
        "status": "pending",
        "booking": row.booking,
        "stay": row.stay,
        "credit_of": row.credit_of,
        "amount_minor": row.amount_minor,
        "currency": record.currency,
        "reason": session.get_one(CreditRow, row.stay - CREDIT_NUMBERS).reason,
        "leaf": "0x" + record.leaf().hex(),
        "batch": row.batch,
    }
    return canonical(told).decode()

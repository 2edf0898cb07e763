"""What is due without a stay, moved: a settlement of its own, filed and paid by the next batch.

Between two accounts of the ledger alone. The platform has none there (its fees are the contract's
own counter, which settles nothing): what it owes, or is owed, stays recorded and told.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from cloud.booking_tables import Booking
from cloud.charge_tables import CHARGE_NUMBERS, ChargeRow
from cloud.core.calls import FILED
from cloud.tables import Batch, ChainCall, Settlement, Space
from cloud.usecases import ledger_state
from cloud.usecases.collected import as_paid, paid_minor
from contracts.ledger.charge import ChargeCode, ChargeRecord
from contracts.ledger.credit import MAX_REASON, reason_digest
from contracts.ledger.pricing import MONEY_END
from contracts.ledger.records import BookingRecord, word_hex
from contracts.wire.types import format_instant, from_ms, to_ms

TERMS = "terms"
MAX_NUMBER = 1 << 40
MAX_LISTED = 200
View = dict[str, Any]
# Where nobody said more.
_BECAUSE = {
    "compensation": "The booking was taken away.",
    "reassignment": "The booking had to be moved to another space.",
    "correction": "Less was settled than was due.",
}


@dataclass(frozen=True, slots=True)
class Due:
    """`sides`: payer, payee. `by`: TERMS, or who decided. The same `request_key` is one charge."""

    request_key: str
    code: ChargeCode
    sides: tuple[int, int]
    amount_minor: int
    currency: str
    by: str = TERMS
    reason: str = ""
    adds_to: int | None = None


def charge(session: Session, booking: Booking, due: Due, now: datetime) -> int | None:
    """The charge's number; None where nothing can be moved: by or to the platform, to oneself, or

    in a ledger that is closed. Its record waits for the next batch from here on.
    """
    before = session.exec(select(ChargeRow).where(ChargeRow.request_key == due.request_key)).first()
    if before is not None:
        return before.number
    if not movable(due) or ledger_state.closed(session):
        return None
    row = ChargeRow(
        booking=booking.id,
        code=due.code,
        amount_minor=due.amount_minor,
        currency=due.currency,
        payer=due.sides[0],
        payee=due.sides[1],
        reason=said(due.code, due.reason),
        by=due.by,
        at_ms=to_ms(now),
        adds_to=due.adds_to,
        request_key=due.request_key,
    )
    session.add(row)
    session.flush()
    session.add(_settlement(session, booking, row))
    session.flush()
    return row.number


def movable(due: Due) -> bool:
    payer, payee = due.sides
    return payer > 0 and payee > 0 and payer != payee and 0 < due.amount_minor < MONEY_END


def said(code: str, reason: str) -> str:
    """As it is filed: one line of plain text, and never none where a person decided."""
    plain = (char for char in reason if unicodedata.category(char) != "Cs")
    words = "".join(" " if unicodedata.category(char) == "Cc" else char for char in plain).split()
    return " ".join(words)[:MAX_REASON].strip() or _BECAUSE.get(code, "")


def corrected_minor(session: Session, stay: int) -> int:
    """What corrections have added to this stay, or are about to."""
    rows = session.exec(_rows().where(ChargeRow.adds_to == stay)).all()
    return sum(
        row.amount_minor if filed.paid_minor is None else paid_minor(session, filed)
        for row, filed, _ in rows
    )


def paid_by(account: int) -> Any:
    """A condition on settlements: a charge that this account pays."""
    numbers = select(col(ChargeRow.number) + CHARGE_NUMBERS).where(ChargeRow.payer == account)
    return col(Settlement.stay).in_(numbers)


def of_booking(session: Session, booking_id: str) -> list[View]:
    """Oldest first, as its driver and the owner see them."""
    found = _rows().where(ChargeRow.booking == booking_id)
    rows = session.exec(found.order_by(col(ChargeRow.number)).limit(MAX_LISTED))
    return _listed(session, list(rows))


def listed(session: Session, account: int | None = None, before: int = MAX_NUMBER) -> list[View]:
    """Newest first, of numbers under `before`. `account`: what it pays and gets; None: all, with

    who decided them. Who caused another's booking to be moved is not told its id, the key to it.
    """
    found = _rows().where(col(ChargeRow.number) < before)
    if account is not None:
        found = found.where(or_(col(ChargeRow.payer) == account, col(ChargeRow.payee) == account))
    rows = list(session.exec(found.order_by(col(ChargeRow.number).desc()).limit(MAX_LISTED)))
    shown = _listed(session, rows)
    if account is not None:
        moved = ("reassignment", account)
        return [
            one | {"booking": None} if (one["code"], one["payer"]) == moved else one
            for one in shown
        ]
    return [one | {"by": row[0].by} for one, row in zip(shown, rows, strict=True)]


def _settlement(session: Session, booking: Booking, row: ChargeRow) -> Settlement:
    agreed = BookingRecord.model_validate_json(booking.record)
    record = ChargeRecord(
        stay=CHARGE_NUMBERS + (row.number or 0),
        booking=agreed.digest(),
        space=agreed.space,
        space_number=session.get_one(Space, agreed.space).number,
        code=row.code,  # type: ignore[arg-type]
        payer_account=row.payer,
        payee_account=row.payee,
        amount_minor=row.amount_minor,
        currency=row.currency,
        at=from_ms(row.at_ms),
        reason=reason_digest(row.reason),
        adds_to=row.adds_to,
    )
    return Settlement(
        stay=record.stay,
        booking=booking.id,
        record=record.model_dump_json(),
        leaf=record.leaf(),
        word=word_hex(record.word()),
        lines="[]",
        amount_minor=record.amount_minor,
    )


def _rows() -> Any:
    """Charges with their settlements, and the call that carries each once it is batched."""
    stay, number = col(Settlement.stay), col(ChargeRow.number)
    return (
        select(ChargeRow, Settlement, ChainCall)
        .join(Settlement, (stay == number + CHARGE_NUMBERS) & (number == stay - CHARGE_NUMBERS))
        .join(Batch, col(Batch.seq) == col(Settlement.batch), isouter=True)
        .join(ChainCall, col(ChainCall.id) == col(Batch.call), isouter=True)
    )


def _listed(session: Session, rows: Sequence[Any]) -> list[View]:
    return as_paid(session, [_plain(*row) for row in rows])


def _plain(row: ChargeRow, filed: Settlement, call: ChainCall | None) -> View:
    """`paid_minor`: None until it is batched; `chain`: waiting, or how far its batch is."""
    mined = call is not None and call.status in FILED
    return {
        "number": row.number,
        "booking": row.booking,
        "stay": filed.stay,
        "code": row.code,
        "payer": row.payer,
        "payee": row.payee,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "paid_minor": filed.paid_minor,
        "reason": row.reason,
        "adds_to": row.adds_to,
        "at": format_instant(from_ms(row.at_ms)),
        "batch": filed.batch,
        "chain": call.status if call is not None else "waiting",
        "block": call.block_number if call is not None and mined else None,
        "transaction": call.hash if call is not None and mined else None,
    }

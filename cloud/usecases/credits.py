"""An operator has decided a dispute: a part or all of a settled stay goes back to who paid it.

Decided here, in one transaction; paid and filed as a settlement of its own by the next batch.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from cloud.charge_tables import CHARGE_NUMBERS
from cloud.core.calls import FILED
from cloud.core.reasons import REASONS, Refusal, refuse
from cloud.credit_tables import CREDIT_NUMBERS, CreditRow
from cloud.tables import Batch, Booking, ChainCall, Offer, Settlement, Stay
from cloud.usecases import ledger_state
from cloud.usecases.billing import settlement_of
from cloud.usecases.collected import as_paid, paid_minor
from cloud.usecases.gateways import clear_alarm
from contracts.ledger.credit import MAX_REASON, counter_record
from contracts.ledger.records import SettlementRecord
from contracts.wire.types import format_instant, from_ms, to_ms

MAX_STAY = 1 << 48  # the word's field
MAX_LISTED = 200
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator decided. The same `request_key` again is the same credit; `by`: who."""

    request_key: str
    stay: int
    amount_minor: int
    reason: str
    by: str


def credit(session: Session, asked: Asked, now: datetime) -> int | Refusal:
    """The credit's number. Its counter-record waits for the next batch from here on."""
    asked = replace(asked, reason=" ".join(asked.reason.split()))
    before = numbered(session, asked.request_key)
    if before is not None:
        same = (asked.stay, asked.amount_minor, asked.reason)
        told = (before.stay, before.amount_minor, before.reason)
        return before.number or 0 if same == told else refuse("key_reused")
    if ledger_state.closed(session):
        return refuse("ledger_closed")
    found = settled(session, asked.stay)
    if isinstance(found, Refusal):
        return found
    if (refusal := _refusal(session, found, asked)) is not None:
        return refusal
    _seen_to(session, asked.stay)
    row = CreditRow(
        stay=asked.stay,
        amount_minor=asked.amount_minor,
        reason=asked.reason,
        by=asked.by,
        at_ms=to_ms(now),
        request_key=asked.request_key,
    )
    session.add(row)
    session.flush()
    session.add(_counter(found, row))
    session.flush()
    return row.number or 0


def _seen_to(session: Session, stay: int) -> None:
    """Whoever credits a stay again has seen what its earlier credits could not pay back."""
    for earlier in session.exec(select(Settlement.stay).where(Settlement.credit_of == stay)):
        clear_alarm(session, f"unpaid:{earlier}")


def numbered(session: Session, request_key: str) -> CreditRow | None:
    return session.exec(select(CreditRow).where(CreditRow.request_key == request_key)).first()


def left_minor(session: Session, settled: Settlement) -> int:
    """What may still go back: what was paid, less what its credits paid or are about to pay.

    What an owner short of money did not pay back is left: another credit may ask for it again.
    """
    rows = session.exec(select(Settlement).where(Settlement.credit_of == settled.stay)).all()
    back = sum(
        row.amount_minor if row.paid_minor is None else paid_minor(session, row) for row in rows
    )
    return paid_minor(session, settled) - back


def of_booking(session: Session, booking_id: str) -> list[View]:
    """Oldest first, as its driver and the owner see them."""
    found = _rows().where(Settlement.booking == booking_id)
    rows = session.exec(found.order_by(col(CreditRow.number)).limit(MAX_LISTED))
    return _listed(session, list(rows))


def listed(session: Session, account: int | None = None, before: int = MAX_STAY) -> list[View]:
    """Newest first, of numbers under `before`. `account`: theirs as driver or owner; None: all,

    with who decided them and by which request: the operator's trail.
    """
    found = _rows().where(col(CreditRow.number) < before)
    if account is not None:
        found = found.where(or_(Booking.driver == account, Offer.owner == account))
    rows = list(session.exec(found.order_by(col(CreditRow.number).desc()).limit(MAX_LISTED)))
    if account is not None:
        return _listed(session, rows)
    trail = ({"by": row[0].by, "request_key": row[0].request_key} for row in rows)
    return [one | more for one, more in zip(_listed(session, rows), trail, strict=True)]


def settled(session: Session, stay: int) -> Settlement | Refusal:
    """The stay's settlement as it stands in a block."""
    if CHARGE_NUMBERS <= stay < MAX_STAY and session.get(Settlement, stay) is not None:
        return refuse("charge_number")
    known = 0 < stay < MAX_STAY
    row = session.get(Settlement, stay) if known else None
    if row is None:
        there = known and stay < CREDIT_NUMBERS and session.get(Stay, stay) is not None
        return refuse("not_settled" if there else "unknown_stay")
    if row.credit_of is not None:
        return refuse("credit_of_credit")
    filed = (
        select(Batch.seq)
        .join(ChainCall, col(ChainCall.id) == col(Batch.call))
        .where(Batch.seq == row.batch, col(ChainCall.status).in_(FILED))
    )
    return row if session.exec(filed).first() is not None else refuse("not_settled")


def currency_of(settled: Settlement) -> str:
    return SettlementRecord.model_validate_json(settled.record).currency


def _refusal(session: Session, settled: Settlement, asked: Asked) -> Refusal | None:
    plain = not any(unicodedata.category(char) in ("Cc", "Cs") for char in asked.reason)
    if not plain or not 0 < len(asked.reason) <= MAX_REASON:
        return refuse("credit_reason")
    if asked.amount_minor <= 0:
        return refuse("credit_nothing")
    left = left_minor(session, settled)
    if asked.amount_minor <= left:
        return None
    reason = REASONS["credit_too_much"]
    told = {
        name: getattr(reason, name).format(left_minor=left)
        for name in ("sentence_en", "sentence_zh")
    }
    return Refusal((replace(reason, **told),))


def _counter(settled: Settlement, row: CreditRow) -> Settlement:
    corrected = SettlementRecord.model_validate_json(settled.record)
    stay = CREDIT_NUMBERS + (row.number or 0)
    record = counter_record(corrected, stay, row.amount_minor, row.reason)
    return settlement_of(record, settled.booking, "[]")


def _rows() -> Any:
    """Credits with their counter-records, and the call that carries each once it is batched."""
    # Said both ways round, so that either table finds the other by its key.
    stay, number = col(Settlement.stay), col(CreditRow.number)
    return (
        select(CreditRow, Settlement, ChainCall)
        .join(Settlement, (stay == number + CREDIT_NUMBERS) & (number == stay - CREDIT_NUMBERS))
        .join(Booking, col(Booking.id) == col(Settlement.booking))
        .join(Offer, col(Offer.id) == col(Booking.offer), isouter=True)
        .join(Batch, col(Batch.seq) == col(Settlement.batch), isouter=True)
        .join(ChainCall, col(ChainCall.id) == col(Batch.call), isouter=True)
    )


def _listed(session: Session, rows: Sequence[Any]) -> list[View]:
    return as_paid(session, [_plain(*row) for row in rows])


def _plain(row: CreditRow, filed: Settlement, call: ChainCall | None) -> View:
    """`paid_minor`: None until it is batched; `chain`: waiting, or how far its batch is."""
    mined = call is not None and call.status in FILED
    return {
        "number": row.number,
        "booking": filed.booking,
        "stay": filed.stay,
        "credit_of": row.stay,
        "amount_minor": row.amount_minor,
        "paid_minor": filed.paid_minor,
        "reason": row.reason,
        "at": format_instant(from_ms(row.at_ms)),
        "batch": filed.batch,
        "chain": call.status if call is not None else "waiting",
        "block": call.block_number if call is not None and mined else None,
        "transaction": call.hash if call is not None and mined else None,
    }

"""What is due without a stay: for not coming, for cancelling late, for a booking taken away.

Recorded and told, and no money is moved: only what can be filed on the chain moves any.
"""

from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from cloud.booking_tables import Booking, FeeDue
from contracts.ledger.records import BookingRecord
from contracts.wire.types import to_ms

Code = Literal["no_show", "cancellation", "compensation", "reassignment"]
CURRENCY = "CNY"


def owe(
    session: Session, booking: Booking, code: Code, sides: tuple[int, int], due: tuple[int, str],
    now: datetime,
) -> None:  # fmt: skip
    """`sides`: payer, payee; `due`: minor units and why. Nothing for nothing, and only once."""
    amount_minor, reason = due
    if amount_minor <= 0 or session.get(FeeDue, (booking.id, code)) is not None:
        return
    payer, payee = sides
    made = FeeDue(
        booking=booking.id,
        code=code,
        amount_minor=amount_minor,
        currency=CURRENCY,
        payer=payer,
        payee=payee,
        reason=reason,
        at_ms=to_ms(now),
    )
    session.add(made)
    session.flush()


def not_come(session: Session, booking: Booking, record: BookingRecord, now: datetime) -> None:
    sides = (record.driver_account, record.owner_account)
    owe(session, booking, "no_show", sides, (record.terms.no_show_fee_minor, ""), now)


def cancelled(session: Session, booking: Booking, record: BookingRecord, now: datetime) -> None:
    """Free until so long before the start as was agreed."""
    amount_minor = cancellation_minor(record, now)
    sides = (record.driver_account, record.owner_account)
    owe(session, booking, "cancellation", sides, (amount_minor, ""), now)


def cancellation_minor(record: BookingRecord, now: datetime) -> int:
    """What cancelling now would cost; to be shown before."""
    ahead_s = (record.window.starts_at - now).total_seconds()
    return 0 if ahead_s >= record.terms.cancel_until_s else record.terms.cancel_fee_minor


def of_booking(session: Session, booking: str) -> list[FeeDue]:
    return list(
        session.exec(select(FeeDue).where(FeeDue.booking == booking).order_by(col(FeeDue.code)))
    )


def of_account(session: Session, account: int) -> list[FeeDue]:
    """What this account owes, and is owed."""
    own = (col(FeeDue.payer) == account) | (col(FeeDue.payee) == account)
    order = (col(FeeDue.at_ms), col(FeeDue.booking), col(FeeDue.code))
    return list(session.exec(select(FeeDue).where(own).order_by(*order)))

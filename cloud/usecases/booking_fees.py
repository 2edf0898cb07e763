"""What is due without a stay: for not coming, for cancelling late, for a booking taken away.

Recorded and told, and moved by a charge (charges.py) where both sides have an account of the
ledger: what the platform owes, or is owed, moves none, nor does the difference of a move.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from cloud.booking_tables import Booking, FeeDue
from cloud.usecases import charges
from contracts.ledger.charge import ChargeCode, due_minor
from contracts.ledger.pricing import Tariff
from contracts.ledger.records import BookingRecord
from contracts.wire.types import to_ms

# A move's difference is due to who is parked at, and that is known when the stay is over only.
CHARGED = ("no_show", "cancellation", "compensation")


def owe(
    session: Session, booking: Booking, code: ChargeCode, sides: tuple[int, int],
    due: tuple[int, str], now: datetime,
) -> None:  # fmt: skip
    """`sides`: payer, payee; `due`: minor units and why. Nothing for nothing, and only once."""
    amount_minor, reason = due
    if amount_minor <= 0 or session.get(FeeDue, (booking.id, code)) is not None:
        return
    moves = charges.Due(
        request_key=f"fee:{booking.id}:{code}",
        code=code,
        sides=sides,
        amount_minor=amount_minor,
        currency=Tariff.model_validate_json(booking.tariff).currency,
        reason=reason,
    )
    _record(session, booking.id, moves, now)
    if code in CHARGED:
        charges.charge(session, booking, moves, now)


def _record(session: Session, booking: str, due: charges.Due, now: datetime) -> None:
    payer, payee = due.sides
    made = FeeDue(
        booking=booking,
        code=due.code,
        amount_minor=due.amount_minor,
        currency=due.currency,
        payer=payer,
        payee=payee,
        reason=due.reason,
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
    return due_minor(record, "cancellation", now)


def of_booking(session: Session, booking: str) -> list[FeeDue]:
    return list(
        session.exec(select(FeeDue).where(FeeDue.booking == booking).order_by(col(FeeDue.code)))
    )


def of_account(session: Session, account: int) -> list[FeeDue]:
    """What this account owes, and is owed."""
    own = (col(FeeDue.payer) == account) | (col(FeeDue.payee) == account)
    order = (col(FeeDue.at_ms), col(FeeDue.booking), col(FeeDue.code))
    return list(session.exec(select(FeeDue).where(own).order_by(*order)))

"""Whose driver did not come in time: the space is for others again."""

from datetime import datetime

from sqlmodel import Session, col, select

from cloud.booking_tables import WAITING, Booking
from cloud.tables import Gateway, Space, Stay
from cloud.usecases import booking_fees, bookings
from contracts.wire.types import to_ms

# Released in one turn of a sweep; the others in the next.
MAX_EXPIRED = 100
# Of a stay without a booking: it may be the car of the one that is waited for there.
_DOUBTFUL = ("doubtful", "early")


def expire(session: Session, command: str, now: datetime) -> list[Booking]:
    """Release bookings whose driver never came; the fee of the terms is due.

    Only where the gateway can be heard: a silent one may have seen the arrival and not told yet.
    While a car stands there that may be theirs, a person looks first; who found another's car
    there did not fail to come, and owes nothing.
    """
    doubted = select(Stay.space).where(Stay.state == "open", col(Stay.kind).in_(_DOUBTFUL))
    waiting = (
        select(Booking)
        .where(WAITING, Booking.due_ms < to_ms(now))
        .join(Space, col(Space.id) == col(Booking.space))
        .join(Gateway, col(Gateway.id) == col(Space.gateway))
        .where(col(Gateway.online).is_(True))
        .where(~col(Booking.space).in_(doubted))
        .order_by(col(Booking.due_ms))
        .limit(MAX_EXPIRED)
    )
    released = list(session.exec(waiting))
    for number, booking in enumerate(released):
        if not _taken(session, booking):
            booking_fees.not_come(session, booking, bookings.record_of(booking), now)
        bookings.end(session, booking, "expire", f"{command}.{number}", now)
    return released


def _taken(session: Session, booking: Booking) -> bool:
    found = select(Stay.number).where(Stay.space == booking.space, Stay.state == "open")
    return session.exec(found).first() is not None

"""Whose driver did not come in time: the space is for others again."""

from datetime import datetime

from sqlmodel import Session, and_, col, func, or_, select

from cloud.booking_tables import WAITING, Booking
from cloud.tables import Gateway, Space, Stay
from cloud.usecases import booking_fees, bookings, gateways
from contracts.wire.types import to_ms

# Released in one turn of a sweep; the others in the next.
MAX_EXPIRED = 100
# From an arrival to the event of it in our books, by a gateway that can be heard.
REPORTED_MS = 60_000
# Of a stay without a booking: it may be the car of the one that is waited for there.
_DOUBTFUL = ("doubtful", "early")


def expire(session: Session, command: str, now: datetime) -> list[Booking]:
    """Release bookings whose driver never came; the fee of the terms is due.

    Only where the gateway can be heard and has told all that it saw: an arrival may be on its way.
    While a car stands there that may be theirs, a person looks first; who found another's car
    there did not fail to come, and owes nothing.
    """
    told = [row.id for row in session.exec(select(Gateway)) if gateways.told_all(row)]
    doubted = select(Stay.space).where(Stay.state == "open", col(Stay.kind).in_(_DOUBTFUL))
    waiting = (
        select(Booking)
        .where(WAITING, Booking.due_ms < to_ms(now) - REPORTED_MS)
        .join(Space, col(Space.id) == col(Booking.space))
        .where(col(Space.gateway).in_(told))
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
    """A car that is not theirs stands there, or stood there while they might have come."""
    gone_ms = func.coalesce(Stay.departed_ms, booking.due_ms)
    met = and_(col(Stay.arrived_ms) < booking.due_ms, gone_ms > booking.starts_ms)
    there = or_(Stay.state == "open", met)
    found = select(Stay.number).where(Stay.space == booking.space, there)
    return session.exec(found).first() is not None

"""A driver who comes early, or after the booking was released."""

from datetime import datetime

from sqlmodel import Session

from cloud.booking_tables import Booking
from cloud.core.booking import AHEAD
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Space
from cloud.usecases import booking_grants, bookings
from contracts.wire.types import from_ms, to_ms


def earliest(session: Session, booking: Booking) -> datetime:
    """From when on the gateway lets this car in: as agreed, or since the booking before ends."""
    return from_ms(booking.starts_ms - booking_grants.early_s(session, booking) * 1000)


def may_come(session: Session, booking_id: str, now: datetime) -> Booking | Refusal:
    """Whether the driver may come now; a refusal guides him to when, or to another space."""
    booking = bookings.get(session, booking_id)
    if booking.state not in AHEAD:
        return booking if booking.state == "active" else refuse("booking_over")
    if to_ms(now) < booking.early_ms:
        return refuse("too_early")
    space = session.get_one(Space, booking.space)
    early = to_ms(now) < booking.starts_ms
    if early and (now < earliest(session, booking) or space.occupancy != "free"):
        return refuse("early_not_free")
    return booking


def walk_in(
    session: Session, booking_id: str, asked: bookings.Asked, ids: bookings.Ids, now: datetime
) -> Booking | Refusal:
    """A new booking for who came too late for his own, if the space is still free."""
    late = bookings.get(session, booking_id)
    if late.driver != asked.driver or late.state != "no_show":
        return refuse("not_no_show")
    made = bookings.confirm(session, asked, ids, now)
    if isinstance(made, Booking) and made.id == ids.booking:
        bookings.move(session, late, "walk_in", now)
    return made

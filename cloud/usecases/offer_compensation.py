"""What a driver is due whose booking the owner or the operator takes away."""

from datetime import datetime

from sqlmodel import Session

from cloud.core.compensation import compensation_of
from cloud.offer_tables import Offer
from cloud.tables import Booking
from contracts.wire.types import to_ms


def due(session: Session, booking: Booking, now: datetime) -> int:
    """Minor units, by the rules of the offer that the booking was confirmed under."""
    offer = session.get(Offer, booking.offer)
    rules = compensation_of(offer.compensation if offer is not None else "")
    notice_s = (booking.starts_ms - to_ms(now)) // 1000
    return rules.due_minor(booking.held_minor, notice_s, standing=booking.state == "active")

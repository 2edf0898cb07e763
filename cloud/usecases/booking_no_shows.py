"""Whose driver did not come in time: the space is for others again."""

import json
from datetime import datetime

from sqlmodel import Session, and_, col, func, or_, select

from cloud.booking_tables import WAITING, Booking
from cloud.tables import EventRow, Gateway, Space, Stay
from cloud.usecases import booking_fees, bookings, gateways
from contracts.wire.types import parse_instant, to_ms

# Released in one turn of a sweep; the others in the next.
MAX_EXPIRED = 100
# From an arrival to the event of it in our books, by a gateway that can be heard.
REPORTED_MS = 60_000
# Of a stay without a booking: it may be the car of the one that is waited for there.
_DOUBTFUL = ("doubtful", "early")
# Of a space's latest events, in which one that could not see would stand.
MAX_LOOKED_AT = 200


def expire(session: Session, command: str, now: datetime) -> list[Booking]:
    """Release bookings whose driver never came; the fee of the terms is due.

    Only where the gateway can be heard and has told all that it saw: an arrival may be on its way.
    It must have been heard since the time was over, as a silence is noticed late. While a car
    stands there that may be theirs, a person looks first; who found another's car there did not
    fail to come, and owes nothing; nor does who may have come while nobody could see.
    """
    told = [row.id for row in session.exec(select(Gateway)) if gateways.told_all(row)]
    doubted = select(Stay.space).where(Stay.state == "open", col(Stay.kind).in_(_DOUBTFUL))
    waiting = (
        select(Booking)
        .where(WAITING, Booking.due_ms < to_ms(now) - REPORTED_MS)
        .join(Space, col(Space.id) == col(Booking.space))
        .join(Gateway, col(Gateway.id) == col(Space.gateway))
        .where(col(Space.gateway).in_(told), Gateway.seen_ms > Booking.due_ms + REPORTED_MS)
        .where(~col(Booking.space).in_(doubted))
        .order_by(col(Booking.due_ms))
        .limit(MAX_EXPIRED)
    )
    released = list(session.exec(waiting))
    for number, booking in enumerate(released):
        if not _taken(session, booking) and not _unseen(session, booking):
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


def _unseen(session: Session, booking: Booking) -> bool:
    """The sensor failed, or the gateway was off, for a part of the time in which they might come;
    or its clock was not set, and nobody knows of when it speaks.

    Such a part ends with an event, of the space or of a boot: it is looked for backwards, up to
    what was known of the space before that time.
    """
    space = session.get_one(Space, booking.space)
    asked = (
        select(EventRow.space, EventRow.body)
        .where(EventRow.gateway == space.gateway)
        .where(or_(col(EventRow.space).is_(None), EventRow.space == space.id))
        .order_by(col(EventRow.epoch).desc(), col(EventRow.seq).desc())
        .limit(MAX_LOOKED_AT)
    )
    for where, text in session.exec(asked):
        event = json.loads(text)
        undated = event["clock"] == "unsynced"
        earlier = not undated and to_ms(parse_instant(event["reported_at"])) < booking.early_ms
        if where is None:
            if not earlier:
                return True
        elif undated or event["occupancy"] == "unknown":
            return True
        elif earlier:
            return False
    return False

"""What an operator, or a driver who came too late, puts right about a car that stands there."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from cloud.core.booking import AHEAD
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Booking, Space, Stay
from cloud.usecases import audit, bookings, stay_asks
from cloud.usecases.dispute_evidence import stay_of
from cloud.usecases.gateways import clear_alarm
from contracts.wire.types import from_ms

MAX_REASON = 400


@dataclass(frozen=True, slots=True)
class Judged:
    """`by`: in the words of the audit log. `command`: a new id, for what the gateway is asked."""

    by: str
    reason: str
    command: str


def assign(
    session: Session, number: int, booking_id: str, judged: Judged, now: datetime
) -> Stay | Refusal:
    """A person has compared the plates: this car is that booking's. Nobody is penalised.

    It is priced by itself only from the event on that the gateway matched.
    """
    stay, booking = stay_of(session, number), bookings.get(session, booking_id)
    reason = " ".join(judged.reason.split())
    if not 0 < len(reason) <= MAX_REASON:
        return refuse("decision_reason")
    if stay.state != "open" or stay.booking is not None:
        return refuse("not_open_stay")
    if booking.space != stay.space or booking.state not in AHEAD:
        return refuse("other_space_booked")
    _tie(session, stay, booking, now)
    known = ("ambiguous", "unbooked", "returned", "early")
    clear_alarm(session, *(f"{about}:{number}" for about in known))
    stay_asks.snapshot(session, stay.space, judged.command, now)
    detail = {"booking": booking.id, "reason": reason}
    audit.record(session, judged.by, "stay.assigned", f"stay:{number}", detail, now)
    return stay


def walk_in(
    session: Session, number: int, asked: bookings.Asked, ids: bookings.Ids, now: datetime
) -> Booking | Refusal:
    """A driver who came after the booking was released books the space that the car stands in."""
    stay = stay_of(session, number)
    if (stay.state, stay.kind, stay.booking) != ("open", "walk_in", None):
        return refuse("not_open_stay")
    if asked.space != stay.space:
        return refuse("other_space_booked")
    if not _released(session, stay, asked):
        return refuse("not_your_stay")
    space = session.get_one(Space, stay.space)
    there = space.occupancy
    # Who stands there is who asks.
    space.occupancy = "free" if there == "occupied" else there
    session.add(space)
    session.flush()
    made = bookings.confirm(session, asked, ids, now)
    space.occupancy = there
    session.add(space)
    session.flush()
    if isinstance(made, Booking) and stay.booking is None:
        _tie(session, stay, made, now)
        clear_alarm(session, f"returned:{number}", f"unbooked:{number}")
        stay_asks.snapshot(session, stay.space, f"{ids.command}.ask", now)
    return made


def _released(session: Session, stay: Stay, asked: bookings.Asked) -> bool:
    """Whether it is their booking that was released before this car came."""
    found = select(Booking.id).where(
        Booking.space == stay.space,
        Booking.state == "no_show",
        Booking.driver == asked.driver,
        Booking.plate == asked.plate,
        Booking.ends_ms > stay.arrived_ms,
    )
    return session.exec(found).first() is not None


def _tie(session: Session, stay: Stay, booking: Booking, now: datetime) -> None:
    early = stay.arrived_ms < booking.starts_ms
    at = max(from_ms(stay.arrived_ms), bookings.record_of(booking).confirmed_at)
    bookings.move(session, booking, "arrive_early" if early else "arrive", at)
    stay.booking, stay.kind = booking.id, "booked"
    session.add(stay)
    session.flush()

"""What an operator, or a driver who came too late, puts right about a car that stands there."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.core import plates
from cloud.core.booking import AHEAD
from cloud.core.matching import SOON
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Booking, EventRow, Space, Stay
from cloud.usecases import (
    audit,
    booking_grants,
    bookings,
    plate_vault,
    stay_asks,
    stay_matches,
)
from cloud.usecases.dispute_evidence import stay_of
from cloud.usecases.stay_arrivals import OVER, same
from contracts.wire.messages import Event

# Stays whose driver may book the space that the car stands in.
AGAIN = ("walk_in", "returned")
MAX_REASON = 400
MAX_OVER = 20
# The wire carries no shorter one.
MIN_PLATE = 2


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

    The gateway is told how it read the plate, and tells the stay again: then it has its price.
    """
    stay, booking = stay_of(session, number), bookings.get(session, booking_id)
    reason = " ".join(judged.reason.split())
    if not 0 < len(reason) <= MAX_REASON:
        return refuse("decision_reason")
    if stay.state != "open" or stay.booking is not None:
        return refuse("not_open_stay")
    if booking.space != stay.space or booking.state not in AHEAD:
        return refuse("other_space_booked")
    stay_matches.tie(session, stay, booking, stay.arrived_ms)
    _tell_plate(session, stay, booking, judged.command, now)
    stay_asks.snapshot(session, stay.space, judged.command, now)
    detail = {"booking": booking.id, "reason": reason}
    audit.record(session, judged.by, "stay.assigned", f"stay:{number}", detail, now)
    return stay


def walk_in(
    session: Session, number: int, asked: bookings.Asked, ids: bookings.Ids, now: datetime
) -> Booking | Refusal:
    """A driver who came after the booking was released, or came back within its time, books the

    space that the car stands in.
    """
    stay = stay_of(session, number)
    if (stay.state, stay.booking) != ("open", None) or stay.kind not in AGAIN:
        return refuse("not_open_stay")
    if asked.space != stay.space:
        return refuse("other_space_booked")
    if asked.window.starts_at - now >= SOON:
        return refuse("bad_window")  # It stands there now.
    over = _theirs(session, stay, asked)
    if not over:
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
        stay_matches.tie(session, stay, made, stay.arrived_ms)
        _revoke_over(session, over, ids.command, now)
        stay_asks.snapshot(session, stay.space, f"{ids.command}.ask", now)
    return made


def book(
    session: Session, asked: bookings.Asked, ids: bookings.Ids, now: datetime
) -> Booking | Refusal:
    """As any confirmation; where the car that stands there is whose driver asks, by `walk_in`."""
    made = bookings.confirm(session, asked, ids, now)
    if isinstance(made, Booking) or made.reasons[0].code != "space_occupied":
        return made
    there = select(Stay).where(Stay.space == asked.space, Stay.state == "open")
    stay = session.exec(there).first()
    if stay is None or stay.kind not in AGAIN or not _theirs(session, stay, asked):
        return made
    return walk_in(session, stay.number or 0, asked, ids, now)


def _theirs(session: Session, stay: Stay, asked: bookings.Asked) -> list[Booking]:
    """Their bookings of this time that were over before this car came, if it is their car."""
    found = select(Booking).where(
        Booking.space == stay.space,
        col(Booking.state).in_(OVER),
        Booking.driver == asked.driver,
        Booking.ends_ms > stay.arrived_ms,
    )
    found = found.where(plate_vault.is_plate(session, Booking.plate, asked.plate))
    over = list(session.exec(found.order_by(col(Booking.starts_ms)).limit(MAX_OVER)))
    return over if over and _is_car(session, stay, asked.plate, over) else []


def _is_car(session: Session, stay: Stay, plate: str, over: list[Booking]) -> bool:
    """Let in by one of these bookings, or its plate was read: another driver's is never taken."""
    row = session.get_one(EventRow, (stay.gateway, stay.epoch, stay.first_seq))
    first, read = Event.model_validate_json(row.body), _read(session, stay)
    granted = first.match == "accepted" and first.grant in {old.grant for old in over}
    return granted or (read is not None and same(read, plate))


def _revoke_over(session: Session, over: list[Booking], command: str, now: datetime) -> None:
    """The gateway may have let the car in by one of them: it is the new booking's from now on."""
    for number, old in enumerate(over):
        place = (old.space, old.grant)
        booking_grants.revoke(session, place, old.id, f"{command}.old{number}", now)


def _tell_plate(
    session: Session, stay: Stay, booking: Booking, command: str, now: datetime
) -> None:
    """How the camera reads this car's plate: by the next version of its grant the gateway knows it.

    Where no plate was read there is nothing to tell, and what the stay costs is for a person.
    """
    read = _read(session, stay)
    if read is not None:
        booking.version += 1
        booking_grants.send(session, booking, f"{command}.plate", now, read)


def _read(session: Session, stay: Stay) -> str | None:
    rows = select(EventRow).where(
        EventRow.gateway == stay.gateway,
        EventRow.space == stay.space,
        EventRow.epoch == stay.epoch,
        EventRow.seq >= stay.first_seq,
        col(EventRow.plate).is_not(None),
    )
    last = session.exec(rows.order_by(col(EventRow.seq).desc()).limit(1)).first()
    text = plates.normalise(plate_vault.of_event(session, last) or "") if last else ""
    return text if len(text) >= MIN_PLATE else None

"""Whose car has come: by the gateway's match, by the owner's plates, by what the lot expects.

A booking is tied only to a plate that fits it exactly; whatever is doubtful goes to a person.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from cloud.booking_tables import Superseded
from cloud.core import plates
from cloud.core.booking import AHEAD
from cloud.core.plates import Expected
from cloud.tables import Booking, EventRow, Space, Stay
from cloud.usecases import (
    booking_grants,
    bookings,
    notices,
    offer_plates,
    plate_vault,
    stay_asks,
    stay_places,
)
from cloud.usecases.gateways import raise_alarm
from contracts.wire.messages import Event
from contracts.wire.types import to_ms

Kind = Literal[
    "booked", "unbooked", "owner", "walk_in", "returned", "elsewhere", "early", "doubtful"
]
# Bookings that are over, though their time may still run: no car can come by them any more.
OVER = ("no_show", "completed", "settled")
# Bookings that begin so soon after an arrival are met by it.
SOON_MS = 15 * 60_000
# How long before its start a booking's car is still known to be its car.
KNOWN_BEFORE_MS = 12 * 3_600_000
MAX_EXPECTED = 2_000


@dataclass(frozen=True, slots=True)
class Whose:
    """`over`: the booking that they came back by, within its time, after its stay had ended."""

    kind: Kind
    booking: Booking | None = None
    over: Booking | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of a car that came. `plate`: in clear, if it was read; `key`: of this event."""

    event: Event
    plate: str | None
    key: str

    @property
    def space(self) -> str:
        return self.event.space or ""

    @property
    def at_ms(self) -> int:
        return to_ms(self.event.at)


def seen(session: Session, row: EventRow, event: Event) -> Seen:
    return Seen(event, plate_vault.of_event(session, row), f"stay-{row.digest[2:26]}")


def whose(session: Session, came: Seen, now: datetime) -> Whose:
    """Moves a booking whose car stands in another space of ours, if that is free."""
    granted = _by_grant(session, came, now)
    if granted is not None:
        return granted
    plate = plates.normalise(came.plate) if came.plate else None
    if plate is None or came.event.match == "accepted":
        return Whose("doubtful" if came.event.match == "ambiguous" else "unbooked")
    if _owners(session, came, plate):
        return Whose("owner")
    if came.event.match == "ambiguous":
        return Whose("doubtful")
    return _expected(session, came, plate, now) or _too_late(session, came, plate, now)


def told(session: Session, stay: Stay, found: Whose, came: Seen, now: datetime) -> None:
    """What a person should know of this arrival, and what the driver who booked here is told."""
    if found.kind not in ("booked", "owner", "doubtful"):
        _meets_booking(session, came, now)
    if found.over is not None:
        _back(session, stay, found.over, came, now)
    elif came.event.match == "accepted" and found.booking is None:
        sentence = f"A car came to {came.space} by a grant whose booking is over. Decide."
        _alarm(session, f"returned:{stay.number}", "grant_without_booking", stay, sentence, now)
    elif found.kind == "doubtful":
        sentence = f"The plate in {came.space} nearly fits a booking. Compare and decide."
        _alarm(session, f"ambiguous:{stay.number}", "ambiguous_plate", stay, sentence, now)
    elif found.kind == "elsewhere":
        sentence = f"A driver of ours parked in {came.space}, which is not free for them. Call."
        _alarm(session, f"elsewhere:{stay.number}", "parked_elsewhere", stay, sentence, now)
    elif found.kind == "early":
        sentence = f"A car came to {came.space} before its booking lets it. Ask it to wait."
        _alarm(session, f"early:{stay.number}", "came_early", stay, sentence, now)


def ahead_at(session: Session, space: str, at_ms: int) -> Booking | None:
    """The booking that holds the space then or soon, and whose car has not come."""
    found = select(Booking).where(
        Booking.space == space,
        col(Booking.state).in_(AHEAD),
        Booking.starts_ms <= at_ms + SOON_MS,
        Booking.ends_ms > at_ms,
    )
    return session.exec(found.order_by(col(Booking.starts_ms))).first()


def same(one: str, other: str) -> bool:
    """Of plates: what no reader can tell apart (0 and O, 1 and I) counts as one sign."""
    return plates.match(one, [Expected("", other)]).match == "accepted"


def one_car(session: Session, one: Booking, other: Booking) -> bool:
    plates_ = (plate_vault.of_booking(session, row) for row in (one, other))
    return same(*plates_)


def _by_grant(session: Session, came: Seen, now: datetime) -> Whose | None:
    """Only a plate that the gateway accepted ties a stay to a booking; doubt goes to a person."""
    if came.event.match != "accepted" or came.event.grant is None:
        return None
    booking = bookings.by_grant(session, came.event.grant)
    if booking is None:
        return _by_older(session, came, now)
    if booking.space != came.space:
        return None
    if booking.state in AHEAD:
        return Whose("booked", booking)
    over = booking.state in OVER and came.at_ms < booking.ends_ms
    return _again(session, booking, came, now) if over else None


def _by_older(session: Session, came: Seen, now: datetime) -> Whose | None:
    """Let in by what was agreed before a change that the gateway had not heard of."""
    old = session.get(Superseded, came.event.grant)
    if old is None or old.space != came.space:
        return None
    booking = bookings.get(session, old.booking)
    return _known(session, booking, came, now) if booking.state in AHEAD else None


def _owners(session: Session, came: Seen, plate: str) -> bool:
    """A doubtful reading of the owner's plate is the owner's, too: nothing is charged by it."""
    kept = offer_plates.plates_of(session, came.space, came.at_ms)
    found = plates.match(plate, [Expected(one, one) for one in kept])
    return found.match == "accepted" or (found.match == "ambiguous" and _free(session, came))


def _free(session: Session, came: Seen) -> bool:
    return ahead_at(session, came.space, came.at_ms) is None


def _expected(session: Session, came: Seen, plate: str, now: datetime) -> Whose | None:
    """Of the bookings of this lot: its car in another space, or in its own too early."""
    lot = _ahead_in_lot(session, came)
    read_of = {row.id: plate_vault.of_booking(session, row) for row in lot}
    known = [Expected(*one) for one in read_of.items()]
    found = plates.match(plate, known)
    if found.match == "other":
        return None
    if found.match == "ambiguous":
        return Whose("doubtful")
    # One vehicle may have several bookings: the one of this space, else the next.
    own = [row for row in lot if same(plate, read_of[row.id])]
    booking = min(own, key=lambda row: (row.space != came.space, row.starts_ms))
    return _known(session, booking, came, now)


def _known(session: Session, booking: Booking, came: Seen, now: datetime) -> Whose:
    if booking.early_ms > came.at_ms:
        return Whose("early")
    if booking.space == came.space:
        # What was changed about it so late that the gateway did not have it yet, it has by then.
        stay_asks.snapshot(session, came.space, f"{came.key}.ask", now)
        return Whose("booked", booking)
    if booking_grants.gateway_of(session, booking.space) != came.event.gateway:
        # Another gateway watches what was booked: on this one's word alone nothing changes there.
        return Whose("elsewhere")
    return _moved_here(session, booking, came, now)


def _moved_here(session: Session, booking: Booking, came: Seen, now: datetime) -> Whose:
    """The space counts as it was before the car came: `came` is not yet written there."""
    cause = stay_places.Cause(came.key, "parked_elsewhere", booking.driver)
    done = stay_places.to(session, booking, came.space, cause, now)
    if not isinstance(done, Booking):
        return Whose("elsewhere")
    stay_asks.snapshot(session, came.space, f"{came.key}.ask", now)
    return Whose("booked", done)


def _ahead_in_lot(session: Session, came: Seen) -> list[Booking]:
    here = session.get_one(Space, came.space)
    found = (
        select(Booking)
        .join(Space, col(Space.id) == col(Booking.space))
        .where(Space.lot == here.lot, col(Booking.state).in_(AHEAD))
        .where(Booking.early_ms <= came.at_ms + KNOWN_BEFORE_MS, Booking.ends_ms > came.at_ms)
        .order_by(col(Booking.starts_ms), Booking.id)
    )
    return list(session.exec(found.limit(MAX_EXPECTED)))


def _too_late(session: Session, came: Seen, plate: str, now: datetime) -> Whose:
    """Who comes after the booking was released, or comes back, may book anew, if nobody else has

    since.
    """
    over = select(Booking).where(
        Booking.space == came.space,
        col(Booking.state).in_(OVER),
        Booking.early_ms <= came.at_ms,
        Booking.ends_ms > came.at_ms,
    )
    for row in session.exec(over.order_by(col(Booking.starts_ms).desc())):
        if same(plate, plate_vault.of_booking(session, row)):
            return _again(session, row, came, now)
    return Whose("unbooked")


def _again(session: Session, booking: Booking, came: Seen, now: datetime) -> Whose:
    """A booking has one stay and one bill: a second visit is never put upon it."""
    following = ahead_at(session, came.space, came.at_ms)
    if following and following.early_ms <= came.at_ms and one_car(session, following, booking):
        # The gateway, which let it in by the old grant, is to know it by the next one.
        place = (booking.space, booking.grant)
        booking_grants.revoke(session, place, booking.id, f"{came.key}.old", now)
        return _known(session, following, came, now)
    if booking.state != "no_show":
        return Whose("returned", over=booking)
    if not _free(session, came):
        return Whose("unbooked")
    bookings.move(session, booking, "walk_in", came.event.at)
    return Whose("walk_in")


def _meets_booking(session: Session, came: Seen, now: datetime) -> None:
    """Another car in a booked space: the operator and the driver are told, with where to go."""
    booking = ahead_at(session, came.space, came.at_ms)
    if booking is None:
        return
    other = stay_places.next_best(session, booking, now)
    where = f"Space {other} is free for booking {booking.id}." if other else "No other is free."
    sentence = f"Another car stands in booked space {came.space}. {where}"
    raise_alarm(session, f"wrong_vehicle:{booking.id}", "wrong_vehicle", came.space, sentence, now)
    fields = {"space": came.space, "booking": booking.id, "remedy_code": "other_car_there"}
    key = f"{came.key}:wrong_vehicle"
    notices.tell(session, booking.driver, "wrong_vehicle", fields, now, key=key)


def _back(session: Session, stay: Stay, over: Booking, came: Seen, now: datetime) -> None:
    """The driver is told what this visit costs and what to do; the operator, that they are back."""
    sentence = f"The driver of booking {over.id}, whose stay is over, is back in {came.space}."
    _alarm(session, f"returned:{stay.number}", "grant_without_booking", stay, sentence, now)
    remedy = "back_and_free" if _free(session, came) else "back_and_taken"
    fields = {"space": came.space, "booking": over.id, "remedy_code": remedy}
    notices.tell(session, over.driver, "came_back", fields, now, key=f"{came.key}:came_back")


def _alarm(
    session: Session, name: str, code: str, stay: Stay, sentence: str, now: datetime
) -> None:
    raise_alarm(session, name, code, stay.space, sentence, now)

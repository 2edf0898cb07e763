"""'Someone is in my space', in one call: what the sensors say is kept, the operator is told, and

the driver gets the next best space at no extra cost, or all of the money back.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, select

from cloud.core.booking import AHEAD
from cloud.core.reasons import Refusal, refuse
from cloud.stay_tables import Dispute
from cloud.tables import Booking, Space, Stay
from cloud.usecases import booking_arrivals, bookings, disputes, stay_asks
from cloud.usecases.stay_places import Cause, cancel, move
from contracts.wire.types import format_instant, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Complaint:
    """`wants`: another space, or the money. `dispute`: its id, made by the caller; the same again

    is told the same.
    """

    dispute: str
    booking: str
    driver: int
    wants: Literal["space", "refund"] = "space"


@dataclass(frozen=True, slots=True)
class Helped:
    """`space`: where to go now; None: the money is back. `seen`: what the sensors said."""

    dispute: str
    booking: str
    space: str | None
    seen: str


def space_taken(session: Session, said: Complaint, now: datetime) -> Helped | Refusal:
    """From when the gateway lets the driver in: until then who is there is there rightly. Refused

    then only where the sensors are sure that nobody, or the driver's own car, is there.
    """
    booking = bookings.get(session, said.booking)
    if booking.driver != said.driver:
        return refuse("not_your_stay")
    before = session.get(Dispute, said.dispute)
    if before is not None:
        return _again(before, booking)
    if booking.state not in AHEAD:
        return refuse("your_car_there" if booking.state == "active" else "too_late")
    if now < booking_arrivals.earliest(session, booking):
        return refuse("not_your_time")
    here = session.get_one(Space, booking.space)
    if here.occupancy == "free":
        # Asked at once: somebody may have come in this moment.
        stay_asks.snapshot(session, here.id, f"{said.dispute}.ask", now)
        return refuse("space_not_taken")
    stay = session.exec(select(Stay).where(Stay.space == here.id, Stay.state == "open")).first()
    cause = Cause(f"taken-{said.dispute}", "other_car_there")
    done = _helped(session, booking, said, cause, now)
    if isinstance(done, Refusal):
        return done
    row = Dispute(
        id=said.dispute,
        booking=booking.id,
        stay=stay.number if stay else None,
        opened_by=said.driver,
        role="driver",
        about="space_taken",
        text=json.dumps(_seen(here, stay)),
        opened_ms=to_ms(now),
    )
    disputes.kept(session, row, here.id, now)
    return _told(row, done)


def _helped(
    session: Session, booking: Booking, said: Complaint, cause: Cause, now: datetime
) -> Booking | Refusal:
    """Where there is no other space, the money; a driver in the lane is never left with nothing."""
    if said.wants == "space":
        moved = move(session, booking, cause, now)
        if isinstance(moved, Booking) or moved.reasons[0].code != "no_other_space":
            return moved
    return cancel(session, booking, cause, now)


def _seen(here: Space, stay: Stay | None) -> dict[str, object]:
    return {
        "space": here.id,
        "occupancy": here.occupancy,
        "since": format_instant(from_ms(here.occupancy_ms)),
        "stay": stay.number if stay else None,
        "kind": stay.kind if stay else None,
    }


def _again(before: Dispute, booking: Booking) -> Helped | Refusal:
    same = (before.booking, before.about) == (booking.id, "space_taken")
    return _told(before, booking) if same else refuse("key_reused")


def _told(row: Dispute, booking: Booking) -> Helped:
    space = None if booking.state == "cancelled" else booking.space
    return Helped(row.id, booking.id, space, json.loads(row.text)["occupancy"])

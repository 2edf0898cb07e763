"""What one event changes: a stay opens, goes on, is split by another plate, or ends."""

from datetime import datetime

from sqlmodel import Session, select

from cloud.tables import Booking, Stay
from cloud.usecases import (
    billing,
    booking_grants,
    bookings,
    stay_judging,
    stay_overstays,
    trust,
)
from cloud.usecases.gateways import raise_alarm
from cloud.usecases.receipts import events_of
from cloud.usecases.stay_arrivals import Seen, told, whose
from cloud.usecases.stay_matches import another, as_the_gateway_knew, goes_on
from cloud.usecases.stay_matches import matched as matched
from contracts.wire.messages import Event
from contracts.wire.types import to_ms

# Why a stay that was booked is not priced by itself: the alarm's code, and what to do.
UNPROVEN = (
    "broken_evidence",
    "The evidence of the stay in {space} does not prove it. Decide the price.",
)
UNCONFIRMED = (
    "overstay_unconfirmed",
    "Nothing confirmed that the car in {space} overstayed. Decide the price.",
)


def applied(session: Session, space: str, came: Seen, now: datetime) -> str:
    """The effect, as kept with the event."""
    event = came.event
    stay = session.exec(select(Stay).where(Stay.space == space, Stay.state == "open")).first()
    if stay is not None and event.gateway != stay.gateway and stay.arrived_ms > came.at_ms:
        return stay_judging.late(session, event, now)
    if event.occupancy == "free" and stay is not None:
        return _close(session, stay, event, now)
    if event.occupancy != "occupied":
        return "noted"
    if stay is None:
        return _open(session, came, now)
    if another(session, stay, came):
        _split(session, stay, event, now)
        _open(session, came, now)
        return "split"
    return goes_on(session, stay, came)


def _open(session: Session, came: Seen, now: datetime) -> str:
    event = came.event
    found = whose(session, came, now)
    stay = Stay(
        space=came.space,
        gateway=event.gateway,
        epoch=event.epoch,
        first_seq=event.seq,
        booking=found.booking.id if found.booking else None,
        arrived_ms=came.at_ms,
        kind=found.kind,
    )
    session.add(stay)
    session.flush()
    if found.booking is not None:
        early = came.at_ms < found.booking.starts_ms
        bookings.move(session, found.booking, "arrive_early" if early else "arrive", event.at)
    told(session, stay, found, came, now)
    return "opened"


def _split(session: Session, stay: Stay, event: Event, now: datetime) -> None:
    """When the first car left nobody saw: its stay is not priced by itself."""
    stay.last_seq, stay.departed_ms = event.seq, to_ms(event.at)
    booking = bookings.get(session, stay.booking or "")
    bookings.move(session, booking, "depart", event.at)
    _dispute(session, stay, booking, UNPROVEN, now)


def _close(session: Session, stay: Stay, event: Event, now: datetime) -> str:
    stay.last_seq, stay.departed_ms = event.seq, to_ms(event.at)
    one_run = (event.gateway, event.epoch) == (stay.gateway, stay.epoch)
    stay.state = "closed" if one_run else "disputed"
    session.add(stay)
    session.flush()
    if stay.booking is None:
        owed_nothing = stay.kind == "owner" or stay.state != "closed"
        stay.state = stay.state if owed_nothing else "unpaid"
        return "closed"
    booking = bookings.get(session, stay.booking)
    bookings.move(session, booking, "depart", event.at)
    # Whoever comes next may come as early as was agreed with them.
    place, command = (booking.space, booking.starts_ms), f"left-{stay.number}"
    booking_grants.widen_early(session, place, command, now)
    why = _unpriced(session, stay, booking, now)
    if why is not None:
        _dispute(session, stay, booking, why, now)
    return "closed"


def _unpriced(
    session: Session, stay: Stay, booking: Booking, now: datetime
) -> tuple[str, str] | None:
    if stay.state == "disputed":
        return UNPROVEN
    if not matched(session, stay) and not as_the_gateway_knew(session, stay, booking, now):
        return UNPROVEN
    if (stay.departed_ms or 0) > stay_overstays.past_ms(booking):
        if not stay_overstays.confirmed(session, stay, booking, events_of(session, stay)):
            return UNCONFIRMED
        trust.note(session, booking.driver, "overstay", f"stay:{stay.number}", now)
    return None if billing.settle(session, stay, booking) else UNPROVEN


def _dispute(
    session: Session, stay: Stay, booking: Booking, why: tuple[str, str], now: datetime
) -> None:
    """Nothing is charged by itself, and nothing stays held."""
    stay.state = "disputed"
    session.add(stay)
    bookings.void_hold(session, booking, now)
    code, sentence = why
    text = sentence.format(space=stay.space)
    raise_alarm(session, f"dispute:{stay.number}", code, stay.space, text, now)

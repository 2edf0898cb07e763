"""What one event changes: a stay opens, goes on, is split by another plate, or ends."""

from datetime import datetime

from sqlmodel import Session, select

from cloud.tables import Booking, EventRow, Stay
from cloud.usecases import billing, bookings, stay_overstays, trust
from cloud.usecases.gateways import raise_alarm
from cloud.usecases.receipts import events_of
from cloud.usecases.stay_arrivals import Seen, same, told, whose
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
    if event.occupancy == "free" and stay is not None:
        return _close(session, stay, event, now)
    if event.occupancy != "occupied":
        return "noted"
    if stay is None:
        return _open(session, came, now)
    if _another(session, stay, came):
        _split(session, stay, event, now)
        _open(session, came, now)
        return "split"
    return _goes_on(session, stay, event)


def matched(session: Session, stay: Stay) -> bool:
    """Whether the gateway itself tied the car to its booking: nothing else proves whose it is.

    By the grant of what is agreed: one of before a change proves another agreement.
    """
    row = session.get_one(EventRow, (stay.gateway, stay.epoch, stay.first_seq))
    first = Event.model_validate_json(row.body)
    booking = session.get(Booking, stay.booking) if stay.booking else None
    agreed = booking is None or first.grant in (None, booking.grant)
    return first.match == "accepted" and agreed


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


def _another(session: Session, stay: Stay, came: Seen) -> bool:
    """Whether this event names another vehicle than the one that the gateway had accepted."""
    event = came.event
    if stay.booking is None or event.match not in ("accepted", "other"):
        return False
    booking = bookings.get(session, stay.booking)
    if came.plate and same(came.plate, booking.plate):
        return False
    if not matched(session, stay):
        return False
    return event.match == "other" or event.grant not in (None, booking.grant)


def _split(session: Session, stay: Stay, event: Event, now: datetime) -> None:
    """When the first car left nobody saw: its stay is not priced by itself."""
    stay.last_seq, stay.departed_ms = event.seq, to_ms(event.at)
    booking = bookings.get(session, stay.booking or "")
    bookings.move(session, booking, "depart", event.at)
    _dispute(session, stay, booking, UNPROVEN, now)


def _goes_on(session: Session, stay: Stay, event: Event) -> str:
    """A car that was tied to its booking by more than the gateway's match is billed from the first

    event on that the gateway matched: before that nothing of its own is proven.
    """
    booking = session.get(Booking, stay.booking) if stay.booking else None
    if booking is None or event.match != "accepted" or event.grant != booking.grant:
        return "noted"
    if matched(session, stay) or event.epoch != stay.epoch:
        return "noted"
    stay.first_seq = event.seq
    session.add(stay)
    session.flush()
    return "matched"


def _close(session: Session, stay: Stay, event: Event, now: datetime) -> str:
    stay.last_seq, stay.departed_ms = event.seq, to_ms(event.at)
    stay.state = "closed" if event.epoch == stay.epoch else "disputed"
    session.add(stay)
    session.flush()
    if stay.booking is None:
        owed_nothing = stay.kind == "owner" or stay.state != "closed"
        stay.state = stay.state if owed_nothing else "unpaid"
        return "closed"
    booking = bookings.get(session, stay.booking)
    bookings.move(session, booking, "depart", event.at)
    why = _unpriced(session, stay, booking, now)
    if why is not None:
        _dispute(session, stay, booking, why, now)
    return "closed"


def _unpriced(
    session: Session, stay: Stay, booking: Booking, now: datetime
) -> tuple[str, str] | None:
    if stay.state == "disputed" or not matched(session, stay):
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

"""By which agreement the gateway knew a stay's car: what proves whose it is, and since when."""

from datetime import datetime

from sqlmodel import Session, col, select

from cloud.booking_tables import Superseded
from cloud.core.booking import AHEAD
from cloud.tables import Booking, EventRow, Stay
from cloud.usecases import booking_agreed, bookings, plate_vault, stay_overstays
from cloud.usecases.gateways import clear_alarm
from cloud.usecases.stay_arrivals import Seen, same
from contracts.wire.messages import Event
from contracts.wire.types import from_ms

# What was told of a car that nobody knew, by the stay's number.
_OF_STRANGERS = ("ambiguous", "unbooked", "returned", "early", "elsewhere")


def matched(session: Session, stay: Stay) -> bool:
    """Whether the gateway itself tied the car to its booking: nothing else proves whose it is.

    By the grant of what is agreed: one of before a change proves another agreement.
    """
    first = _first(session, stay)
    booking = session.get(Booking, stay.booking) if stay.booking else None
    agreed = booking is None or first.grant in (None, booking.grant)
    return first.match == "accepted" and agreed


def another(session: Session, stay: Stay, came: Seen) -> bool:
    """Whether this event names another vehicle than the one that the gateway had accepted."""
    event = came.event
    if stay.booking is None or event.match not in ("accepted", "other"):
        return False
    booking = bookings.get(session, stay.booking)
    if came.plate and same(came.plate, plate_vault.of_booking(session, booking)):
        return False
    first, own = _first(session, stay), _grants(session, booking)
    if first.match != "accepted" or first.grant not in own:
        return False
    return event.match == "other" or event.grant not in own


def goes_on(session: Session, stay: Stay, came: Seen) -> str:
    """A car that was tied to its booking by more than the gateway's match is billed from the first

    event on that the gateway matched; asked, it tells the stay again from its beginning.
    """
    event = came.event
    one_run = (event.gateway, event.epoch) == (stay.gateway, stay.epoch)
    if event.match != "accepted" or event.grant is None or not one_run:
        return "noted"
    if stay.booking is None:
        return _known_now(session, stay, came)
    booking = bookings.get(session, stay.booking)
    if event.grant != booking.grant or matched(session, stay):
        return "noted"
    stay.opened_seq = stay.began_seq
    stay.first_seq = event.seq
    session.add(stay)
    session.flush()
    return "matched"


def tie(session: Session, stay: Stay, booking: Booking, at_ms: int) -> None:
    """This car is that booking's, and came then."""
    early = at_ms < booking.starts_ms
    at = max(from_ms(at_ms), bookings.record_of(booking).confirmed_at)
    bookings.move(session, booking, "arrive_early" if early else "arrive", at)
    stay.booking, stay.kind = booking.id, "booked"
    session.add(stay)
    session.flush()
    told = (f"{about}:{stay.number}" for about in _OF_STRANGERS)
    clear_alarm(session, *told, f"wrong_vehicle:{booking.id}")


def as_the_gateway_knew(session: Session, stay: Stay, booking: Booking, now: datetime) -> bool:
    """A car that had left before its gateway heard of a change is billed by what was agreed before,

    if it left within that: then both cost what was used, and only the older can be proven.
    """
    first = _first(session, stay)
    old = session.get(Superseded, first.grant) if first.match == "accepted" else None
    if old is None or (old.booking, old.space) != (booking.id, stay.space):
        return False
    if (stay.departed_ms or 0) > stay_overstays.past_of(old.record):
        return False
    booking_agreed.restore(session, booking, old, now)
    return True


def _first(session: Session, stay: Stay) -> Event:
    row = session.get_one(EventRow, (stay.gateway, stay.epoch, stay.first_seq))
    return Event.model_validate_json(row.body)


def _grants(session: Session, booking: Booking) -> set[str | None]:
    """All that this booking ever had; an event may name none."""
    older = select(Superseded.grant).where(col(Superseded.booking) == booking.id)
    return {None, booking.grant, *session.exec(older)}


def _known_now(session: Session, stay: Stay, came: Seen) -> str:
    """Nobody knew whose it was when it came; the gateway does by now."""
    booking = bookings.by_grant(session, came.event.grant)
    if booking is None or booking.state not in AHEAD or stay.kind == "owner":
        return "noted"
    if booking.space != stay.space or booking.early_ms > came.at_ms:
        return "noted"
    stay.opened_seq = stay.began_seq
    stay.first_seq = came.event.seq
    tie(session, stay, booking, came.at_ms)
    return "matched"

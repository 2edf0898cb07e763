"""Changing what was agreed. A change is a new agreement: the space's present offer at its present

price, a hold of the new quote, and a grant made of the new terms, which takes the old one's place.
Once the car is there only a later end may be agreed, until the booked one: the gateway then tells
the stay again under the new grant.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from cloud.booking_tables import Booking, Superseded
from cloud.core import money
from cloud.core.booking import AHEAD, Move
from cloud.core.matching import SOON, Candidate
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Offer, Stay
from cloud.usecases import (
    accounts,
    booking_agreed,
    booking_fees,
    booking_grants,
    booking_keys,
    booking_prices,
    bookings,
    plate_vault,
    stay_asks,
)
from cloud.usecases.offers import MAX_ADVANCE, candidates, unbookable
from contracts.ledger.pricing import Line, Window, quote, total
from contracts.ledger.records import BookingRecord, tariff_digest
from contracts.wire.types import from_ms, to_ms

INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class By:
    """`account`: whose key it is. `quoted_minor`: what they were shown; None: at no extra cost,

    which only the operator and the system itself may ask: `causer` owes the difference then.
    """

    request_key: str
    account: int
    command: str
    quoted_minor: int | None = None
    causer: int = money.PLATFORM


@dataclass(frozen=True, slots=True)
class New:
    """What will be agreed instead, with its price."""

    candidate: Candidate
    record: BookingRecord
    lines: tuple[Line, ...]


def extend(
    session: Session, booking_id: str, ends_at: datetime, by: By, now: datetime
) -> Booking | Refusal:
    """A later end, until the old one, parked or not; asks nothing of the terms' time for changes.

    The whole window has its price anew, which the driver is shown and names.
    """
    booking = bookings.get(session, booking_id)
    window = Window(starts_at=from_ms(booking.starts_ms), ends_at=ends_at)
    return _change(session, booking, ("extend", booking.space, window), by, now)


def change_window(
    session: Session, booking_id: str, window: Window, by: By, now: datetime
) -> Booking | Refusal:
    """Sooner, later, longer or shorter, as long as the terms allow changes."""
    booking = bookings.get(session, booking_id)
    return _change(session, booking, ("change", booking.space, window), by, now)


def move_space(
    session: Session, booking_id: str, space: str, by: By, now: datetime
) -> Booking | Refusal:
    """To another space for the same time. By the driver at its own price; at no extra cost under

    the tariff and terms as they were, and what the new owner misses by it is due.
    """
    booking = bookings.get(session, booking_id)
    what: Move = "change" if by.quoted_minor is not None else "reassign"
    return _change(session, booking, (what, space, _window(booking)), by, now)


def change_plate(
    session: Session, booking_id: str, plate: str, by: By, now: datetime
) -> Booking | Refusal:
    """Until the car comes. The terms stay, and so does their grant: its next version has it."""
    wish: list[object] = ["plate", by.account, booking_id, plate_vault.mark(session, plate)]
    done = booking_keys.before(session, by.request_key, wish)
    if done is not None:
        return done
    booking = bookings.get(session, booking_id)
    if booking.state not in AHEAD:
        return refuse(_past(booking))
    if not bookings.PLATE.fullmatch(plate):
        return refuse("bad_plate")
    if plate != plate_vault.of_booking(session, booking):
        plate_vault.put(session, booking, plate)
        booking.version += 1
        bookings.move(session, booking, "change", now)
        booking_grants.send(session, booking, by.command, now)
        if _stranger_there(session, booking):
            stay_asks.snapshot(session, booking.space, f"{by.command}.ask", now)
    booking_keys.keep(session, by.request_key, wish, booking.id, now)
    return booking


def quote_change(
    session: Session, booking_id: str, window: Window, space: str | None, now: datetime
) -> tuple[tuple[Line, ...], int] | Refusal:
    """To be shown before: the lines of the new quote, and their sum."""
    booking = bookings.get(session, booking_id)
    only_longer = (space or booking.space) == booking.space and _longer(booking, window)
    what: Move = "extend" if only_longer else "change"
    made = _found(session, booking, (what, space or booking.space, window), now)
    return made if isinstance(made, Refusal) else (made.lines, made.record.quoted_minor)


def _change(
    session: Session, booking: Booking, wish: tuple[Move, str, Window], by: By, now: datetime
) -> Booking | Refusal:
    what, space, window = wish
    times = (to_ms(window.starts_at), to_ms(window.ends_at))
    # The start of an extension is the booking's own, and may be another by the second time.
    asked = (times[1],) if what == "extend" else (space, *times)
    told: list[object] = [what, by.account, booking.id, *asked, by.quoted_minor]
    done = booking_keys.before(session, by.request_key, told)
    if done is not None:
        return done
    made = _found(session, booking, wish, now)
    if isinstance(made, Refusal):
        return made
    has_minor = booking.held_minor + accounts.balance(session, booking.driver)
    price, currency = made.record.quoted_minor, made.candidate.tariff.currency
    if refusal := booking_prices.unpaid(price, by.quoted_minor, has_minor, currency):
        return refusal
    if not _agree(session, booking, what, made, by, now):
        return refuse("overlap")
    booking_keys.keep(session, by.request_key, told, booking.id, now)
    return booking


def _found(
    session: Session, booking: Booking, wish: tuple[Move, str, Window], now: datetime
) -> New | Refusal:
    what, space, window = wish
    code = _forbidden(booking, what, window, now)
    if code is not None:
        return refuse(code)
    free = what == "reassign"
    candidate = next(iter(candidates(session, window, space, standby=free)), None)
    if candidate is None:
        return refuse("no_offer")
    own = _window(booking) if space == booking.space else None
    candidate = replace(candidate, booked=tuple(w for w in candidate.booked if w != own))
    # Where it stays, whoever stands there now will be gone, or is what the driver complains of.
    soon = own is None and window.starts_at - now < SOON
    before = bookings.record_of(booking)
    if free:
        candidate = replace(candidate, terms=before.terms)
    code = bookings.unfit(candidate, window, soon)
    if code is not None:
        return refuse(code)
    return _new(session, before, candidate, (window, free), now)


def _new(
    session: Session,
    before: BookingRecord,
    candidate: Candidate,
    how: tuple[Window, bool],
    now: datetime,
) -> New:
    """`how`: the window, and whether the price stays what it was."""
    window, free = how
    lines = tuple(quote(candidate.tariff, candidate.terms, window))
    changes = {
        "space": candidate.space,
        "grant": bookings.UNBOUND,
        "window": window,
        "terms": candidate.terms,
        "tariff": before.tariff if free else tariff_digest(candidate.tariff),
        "owner_account": session.get_one(Offer, candidate.offer).owner,
        "quoted_minor": before.quoted_minor if free else total(lines),
        # Agreed after what it replaces, in the same instant, too: back where it was is a new grant.
        "confirmed_at": max(now, before.confirmed_at + INSTANT),
    }
    return New(candidate, before.model_copy(update=changes).bound(), lines)


def _forbidden(booking: Booking, what: Move, window: Window, now: datetime) -> str | None:
    if booking.state not in AHEAD and not (what == "extend" and _parked_within(booking, now)):
        return _past(booking)
    terms = bookings.record_of(booking).terms
    starts_at = from_ms(booking.starts_ms)
    if what == "extend" and not _longer(booking, window):
        return "not_longer"
    if what == "change" and starts_at - now < timedelta(seconds=terms.change_until_s):
        return "change_late"
    if window.starts_at != starts_at:
        return unbookable(window, now)
    # Under way already, as of a driver who is late: its start may stay in the past.
    sound = window.starts_at < window.ends_at and now < window.ends_at
    far = window.starts_at >= now + MAX_ADVANCE
    return ("too_far_ahead" if far else None) if sound else "bad_window"


def _past(booking: Booking) -> str:
    return "parked_already" if booking.state == "active" else "booking_over"


def _parked_within(booking: Booking, now: datetime) -> bool:
    return booking.state == "active" and to_ms(now) < booking.ends_ms


def _stranger_there(session: Session, booking: Booking) -> bool:
    """A car that nobody knows stands there: by the plate as it is now it may be known."""
    found = select(Stay.number).where(
        Stay.space == booking.space, Stay.state == "open", col(Stay.booking).is_(None)
    )
    return session.exec(found).first() is not None


def _longer(booking: Booking, window: Window) -> bool:
    return to_ms(window.starts_at) == booking.starts_ms and to_ms(window.ends_at) > booking.ends_ms


def _window(booking: Booking) -> Window:
    return Window(starts_at=from_ms(booking.starts_ms), ends_at=from_ms(booking.ends_ms))


def _agree(
    session: Session, booking: Booking, what: Move, made: New, by: By, now: datetime
) -> bool:
    """False where the database knows of a booking in its way; then nothing has changed."""
    old = booking_agreed.superseded(booking, now)
    place = (booking.space, booking.starts_ms)
    try:
        with session.begin_nested():
            session.add(old)
            _rewrite(booking, what, made)
            bookings.move(session, booking, what, now)
    except IntegrityError as error:
        if "booking_overlap" not in str(error.orig):
            raise
        return False
    more_minor = booking.held_minor - old.held_minor
    if more_minor:
        name = f"rehold:{booking.id}:{booking.version}"
        accounts.post(session, name, money.hold(booking.driver, more_minor), to_ms(now))
    if what == "reassign":
        _compensate(session, booking, made, by, now)
    _tell(session, booking, (old, place), by.command, now)
    return True


def _rewrite(booking: Booking, what: Move, made: New) -> None:
    booking_agreed.write(booking, made.record)
    booking.offer = made.candidate.offer
    if what != "reassign":
        booking.tariff = made.candidate.tariff.model_dump_json()
    booking.held_minor = made.record.quoted_minor
    booking.version += 1


def _compensate(session: Session, booking: Booking, made: New, by: By, now: datetime) -> None:
    """The new owner gets the old price; who caused it owes him the rest."""
    sides = (by.causer, made.record.owner_account)
    rest_minor = total(made.lines) - booking.held_minor
    booking_fees.owe(session, booking, "reassignment", sides, (rest_minor, ""), now)


def _tell(
    session: Session,
    booking: Booking,
    before: tuple[Superseded, tuple[str, int]],
    command: str,
    now: datetime,
) -> None:
    """The new grant first: between the two the car is known by either. `before`: what was agreed,

    and where and from when on, for those who come after it.
    """
    old, place = before
    booking_grants.send(session, booking, command, now, booking_grants.compared(session, booking))
    booking_grants.revoke(session, (old.space, old.grant), booking.id, f"{command}.old", now)
    booking_grants.shorten_early(session, booking, f"{command}.next", now)
    booking_grants.widen_early(session, place, f"{command}.after", now)
    if booking.state == "active":
        stay_asks.snapshot(session, booking.space, f"{command}.ask", now)

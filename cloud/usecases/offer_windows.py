"""When a space can be had: the owner's hours, until the title ends, without closed times."""

import json
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlmodel import Session, col, select

from cloud.core.windows import meeting, until, windows_of_text, without
from cloud.core.windows_local import instants
from cloud.core.windows_model import schedule_of
from cloud.offer_tables import LotCalendar, Offer, SpaceClosure
from cloud.tables import Lot, Space, Title
from cloud.usecases import offer_calendars
from cloud.usecases.offer_conflicts import window_of
from contracts.ledger.pricing import Window
from contracts.wire.types import to_ms

MAX_TERMS = 16_384  # titles of a district, kept as read
LOOK_AHEAD_DAYS = 400
STRIDE_DAYS = 31
MIDNIGHT = datetime.min.time()


def windows_of(
    offer: Offer, tz: str, holidays: frozenset[date], around: Window
) -> tuple[Window, ...]:
    """The owner's word alone: those that meet `around`, cut as cloud/core/windows.py says."""
    return windows_of_text(offer.windows, tz, holidays, around)


def free_windows(session: Session, offer: Offer, around: Window) -> tuple[Window, ...]:
    """What of the offer can be booked, but for the bookings that are there."""
    tz, calendar, record = place_of(session, offer.space)
    owned = owned_windows(offer, (tz, calendar, record), around)
    closed = select(SpaceClosure).where(
        SpaceClosure.space == offer.space,
        col(SpaceClosure.lifted_ms).is_(None),
        col(SpaceClosure.ends_ms) > to_ms(around.starts_at - timedelta(days=1)),
        col(SpaceClosure.starts_ms) < to_ms(around.ends_at + timedelta(days=1)),
    )
    gone = [window_of(row.starts_ms, row.ends_ms) for row in session.exec(closed)]
    return meeting(without(owned, gone), around)


def owned_windows(
    offer: Offer, place: tuple[str, LotCalendar | None, str | None], around: Window
) -> tuple[Window, ...]:
    """`place`: the lot's zone and calendar, and the title's record."""
    tz, calendar, record = place
    found = windows_of(offer, tz, offer_calendars.of_row(calendar, around), around)
    ends_at = title_ends_at(record, tz)
    return found if ends_at is None else meeting(until(found, ends_at), around)


def place_of(session: Session, space: str) -> tuple[str, LotCalendar | None, str | None]:
    found = (
        select(Lot.tz, LotCalendar, Title.record)
        .select_from(Space)
        .join(Lot, col(Lot.id) == col(Space.lot))
        .outerjoin(LotCalendar, col(LotCalendar.lot) == col(Space.lot))
        .outerjoin(Title, col(Title.space) == col(Space.id))
        .where(Space.id == space)
    )
    return session.exec(found).one()


def title_ends_at(record: str | None, tz: str) -> datetime | None:
    """The end of the last day of the title's term, by the lot's clock; None: it has no end."""
    return None if record is None else _term(record, tz)


@lru_cache(maxsize=MAX_TERMS)
def _term(record: str, tz: str) -> datetime | None:
    last = json.loads(record).get("valid_until")
    if not last:
        return None
    return instants(tz, datetime.combine(date.fromisoformat(last) + timedelta(days=1), MIDNIGHT))[0]


def begins_in(session: Session, offer: Offer, now: datetime) -> tuple[bool, bool]:
    """Whether any offered time is still to come, and whether any of it is within the title's."""
    tz, calendar, record = place_of(session, offer.space)
    ends_at = title_ends_at(record, tz)
    for window in schedule_of(offer.windows).one_off:
        if window.ends_at > now:
            return True, ends_at is None or max(window.starts_at, now) < ends_at
    for days in range(0, LOOK_AHEAD_DAYS, STRIDE_DAYS):
        begins_at = now + timedelta(days=days)
        ahead = Window(starts_at=begins_at, ends_at=begins_at + timedelta(days=STRIDE_DAYS))
        found = windows_of(offer, tz, offer_calendars.of_row(calendar, ahead), ahead)
        if found:
            return True, ends_at is None or max(found[0].starts_at, now) < ends_at
    return False, False


def ends_at(offer: Offer, open_ended: datetime) -> datetime:
    """The end of the last offered time; of hours without an end, `open_ended`."""
    schedule = schedule_of(offer.windows)
    last = [window.ends_at for window in schedule.one_off]
    if not (schedule.weekly or schedule.rules or any(it.hours for it in schedule.exceptions)):
        return max(last, default=open_ended)
    until = schedule.valid_until
    if until is not None:
        # A night's hours end on the day after; of which zone does not matter to a day or two.
        day = datetime.combine(until + timedelta(days=1), MIDNIGHT, open_ended.tzinfo)
        return max([day, *last])
    return max([open_ended, *last])

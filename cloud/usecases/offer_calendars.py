"""Which days are public holidays at a lot: by its country, and by what the operator adds."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

import holidays
from sqlmodel import Session

from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.offer_tables import LotCalendar
from cloud.tables import Lot
from contracts.ledger.pricing import Window

MAX_YEARS = 2048  # (country, subdivision, year), kept as computed
MAX_DATES = 400
NONE: frozenset[date] = frozenset()
# Local dates reach beyond those of UTC, and hours that begin the day before are asked for, too.
MARGIN = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Calendar:
    """`country`: ISO 3166-1 as in `CN`, or empty; `subdivision`: its part as in `BE` (Berlin).

    `extra` are holidays of the lot's own; on `workdays` people work though the law has a holiday.
    """

    country: str = ""
    subdivision: str = ""
    extra: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()


def set_calendar(session: Session, lot: str, calendar: Calendar) -> LotCalendar | Refusal:
    """Of the operator; it counts from now on, and changes nothing that is booked."""
    if session.get(Lot, lot) is None:
        raise Unknown(f"Lot {lot}.")
    if max(len(calendar.extra), len(calendar.workdays)) > MAX_DATES or not _known(calendar):
        return refuse("bad_calendar")
    row = session.get(LotCalendar, lot) or LotCalendar(lot=lot, country="")
    row.country, row.subdivision = calendar.country, calendar.subdivision
    row.extra, row.workdays = _plain(calendar.extra), _plain(calendar.workdays)
    session.add(row)
    session.flush()
    return row


def set_zone(session: Session, lot: str, tz: str) -> Lot | Refusal:
    """In which the hours of the lot's offers are meant; bookings stay at the times they have."""
    row = session.get(Lot, lot)
    if row is None:
        raise Unknown(f"Lot {lot}.")
    if tz not in available_timezones():
        return refuse("bad_zone")
    row.tz = tz
    session.add(row)
    session.flush()
    return row


def holidays_of(session: Session, lot: str, around: Window) -> frozenset[date]:
    return of_row(session.get(LotCalendar, lot), around)


def of_row(row: LotCalendar | None, around: Window) -> frozenset[date]:
    """Every holiday that can matter to hours of `around`."""
    if row is None:
        return NONE
    first, last = around.starts_at - MARGIN, around.ends_at + MARGIN
    return _days((row.country, row.subdivision), (row.extra, row.workdays), first.year, last.year)


@lru_cache(maxsize=MAX_YEARS)
def _days(place: tuple[str, str], own: tuple[str, str], first: int, last: int) -> frozenset[date]:
    """One object for all who ask the same: it is a key of what is computed with it."""
    found: set[date] = set()
    for year in range(first, last + 1):
        found |= _of_law(*place, year)
    extra, workdays = ({date.fromisoformat(day) for day in json.loads(text)} for text in own)
    return frozenset((found | extra) - workdays)


@lru_cache(maxsize=MAX_YEARS)
def _of_law(country: str, subdivision: str, year: int) -> frozenset[date]:
    if not country:
        return NONE
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


def _known(calendar: Calendar) -> bool:
    if not calendar.country:
        return not calendar.subdivision
    parts = holidays.list_supported_countries(include_aliases=False).get(calendar.country)
    return parts is not None and calendar.subdivision in ("", *parts)


def _plain(days: Iterable[date]) -> str:
    return json.dumps([day.isoformat() for day in sorted(set(days))])

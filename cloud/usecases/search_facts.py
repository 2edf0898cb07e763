"""What the database says of spaces that are offered: the statements, and their hours."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Select, cast, func, select
from sqlmodel import Session, col

from cloud.core.booking import HOLDING
from cloud.core.search_busy import Offered
from cloud.core.search_segment import EMPTY, KNOWN
from cloud.core.windows import until, windows, without
from cloud.core.windows_local import instants
from cloud.core.windows_model import schedule_of
from cloud.offer_tables import LotCalendar, SpaceClosure, StandbySpace
from cloud.tables import Booking, Gateway, Lot, Offer, Registration, Space, Title
from cloud.usecases import offer_calendars
from cloud.usecases.offer_conflicts import window_of
from contracts.ledger.pricing import Window
from contracts.wire.types import to_ms

MIDNIGHT = datetime.min.time()
Times = tuple[tuple[int, int], ...]
# (windows, zone, lot with a calendar, last day of the title, closed times)
_Key = tuple[str, str, str | None, str | None, Times]


def seen(occupancy: str) -> int:
    """The flags of what its sensors say."""
    return KNOWN * (occupancy != "unknown") | EMPTY * (occupancy == "free")


class Hours:
    """Each distinct schedule, zone, calendar, end of a title and closure once: a city has few."""

    def __init__(self, session: Session, span: Window, spaces: Sequence[str] | None = None) -> None:
        """`spaces`: of these only."""
        self.all: list[Offered] = []
        self.last_day = span.ends_at.date().isoformat()
        self._span, self._known = span, dict[_Key, int]()
        self._places = dict[Offered, int]()
        calendars, closed = select(LotCalendar), _closed(to_ms(span.starts_at))
        if spaces is not None:
            lots = select(col(Space.lot)).where(col(Space.id).in_(spaces))
            calendars = calendars.where(col(LotCalendar.lot).in_(lots))
            closed = closed.where(col(SpaceClosure.space).in_(spaces))
        self._calendars = {row.lot: row for row in session.execute(calendars).scalars()}
        self._closed = times(session, closed)

    def number(self, space: str, windows: str, lot: tuple[str, str], ends_on: str | None) -> int:
        """In `all`. `lot`: its id and zone; `ends_on`: the last day of the title, if it has one."""
        place, tz = lot
        ends_on = ends_on if ends_on and ends_on <= self.last_day else None
        calendar = place if place in self._calendars else None
        key = (windows, tz, calendar, ends_on, self._closed.get(space, ()))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._numbered(self._offered(*key))
        return known

    def _numbered(self, offered: Offered) -> int:
        """Many ways of saying the same hours are one."""
        if offered not in self._places:
            self._places[offered] = len(self.all)
            self.all.append(offered)
        return self._places[offered]

    def _offered(
        self, text: str, tz: str, lot: str | None, ends_on: str | None, closed: Times
    ) -> Offered:
        calendar = self._calendars.get(lot) if lot else None
        days = offer_calendars.of_row(calendar, self._span)
        # Not windows_of_text: what it keeps for those who ask often is a week long, not a hundred
        # days that nobody asks for again.
        found = windows(schedule_of(text), tz, days, self._span)
        if ends_on:
            midnight = datetime.combine(date.fromisoformat(ends_on) + timedelta(days=1), MIDNIGHT)
            found = until(found, instants(tz, midnight)[0])
        found = without(found, (window_of(*some) for some in closed))
        return Offered(
            tuple(to_ms(window.starts_at) for window in found),
            tuple(to_ms(window.ends_at) for window in found),
        )


def times(session: Session, statement: Select[Any]) -> dict[str, Times]:
    """Of each space that has any; rows are (space, starts_ms, ends_ms)."""
    found = dict[str, Times]()
    for space, starts_ms, ends_ms in session.execute(statement):
        found[space] = (*found.get(space, ()), (starts_ms, ends_ms))
    return found


def listed(session: Session) -> Select[Any]:
    """What offers.candidates() offers to the public, as plain columns; for some spaces."""
    # By the index of its space: those of status and owner would read all of them for each.
    status, owner = col(Registration.status).op("||")(""), col(Registration.owner) + 0
    shared = select(col(Registration.id)).where(
        col(Registration.space) == col(Space.id), status == "shared", owner == col(Offer.owner)
    )
    standby = select(col(StandbySpace.space)).where(col(StandbySpace.space) == col(Space.id))
    columns: tuple[Any, ...] = (Space.id, Space.lat, Space.lon, Space.occupancy, Space.lot)
    offered: tuple[Any, ...] = (Offer.windows, Offer.max_height_cm, Gateway.online, Lot.tz)
    return (
        select(*columns, *offered, ends_on(session).label("ends_on"))
        .join(Offer, col(Offer.space) == col(Space.id))
        .join(Gateway, col(Gateway.id) == col(Space.gateway))
        .join(Lot, col(Lot.id) == col(Space.lot))
        .outerjoin(Title, col(Title.space) == col(Space.id))
        .where(col(Offer.status) == "open", shared.exists(), ~standby.exists())
    )


def ends_on(session: Session) -> Any:
    """The last day of the title's term, which stands in its record."""
    if session.get_bind().dialect.name == "sqlite":
        return func.json_extract(Title.record, "$.valid_until")
    return cast(col(Title.record), JSON)["valid_until"].as_string()


def booked(base_ms: int) -> Select[Any]:
    """(space, starts_ms, ends_ms) of bookings that hold."""
    columns: tuple[Any, ...] = (Booking.space, Booking.starts_ms, Booking.ends_ms)
    return select(*columns).where(col(Booking.state).in_(HOLDING), col(Booking.ends_ms) > base_ms)


def _closed(base_ms: int) -> Select[Any]:
    columns: tuple[Any, ...] = (SpaceClosure.space, SpaceClosure.starts_ms, SpaceClosure.ends_ms)
    found = select(*columns).where(
        col(SpaceClosure.lifted_ms).is_(None), col(SpaceClosure.ends_ms) > base_ms
    )
    return found.order_by(col(SpaceClosure.starts_ms), col(SpaceClosure.ends_ms))

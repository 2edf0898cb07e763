"""The index of the city: read from the database at once, then kept up by what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from cloud.core.places import blurred
from cloud.core.search_busy import QUARTER_MS
from cloud.core.search_index import SearchIndex
from cloud.core.search_segment import LISTED, ONLINE, Fact, segment
from cloud.search_tables import SearchChange
from cloud.tables import Booking, Space
from cloud.usecases import search_city, search_facts
from cloud.usecases.search_facts import Hours
from contracts.ledger.pricing import Window
from contracts.wire.types import from_ms, to_ms

# People book for a start of a few minutes ago.
BACK = timedelta(hours=1)
# As far as bookings go, and some days for an index that is not renewed in time.
AHEAD = timedelta(days=100)
ASKED_AT_ONCE = 500
# More than that: reading everything is faster than reading each.
MAX_CHANGED = 20_000
RENEW_AFTER = timedelta(hours=6)


@dataclass
class Held:
    """An index, and the last change it knows."""

    index: SearchIndex
    change: int


def built(session: Session, now: datetime) -> Held:
    """Everything that is offered, as of this session's moment."""
    change, span = last_change(session), _span(now)
    base_ms, until_ms = to_ms(span.starts_at), to_ms(span.ends_at)
    columns, names = search_city.columns(session, Hours(session, span))
    taken = search_city.taken(session, names, base_ms)
    del names
    return Held(SearchIndex(segment(columns, taken, base_ms), until_ms), change)


def refreshed(session: Session, held: Held) -> Held | None:
    """With all that changed until this session's moment; None: build it anew."""
    oldest = session.execute(select(func.min(col(SearchChange.id)))).scalar() or 0
    if oldest > held.change + 1:
        return None
    found = select(col(SearchChange.id), col(SearchChange.space)).where(
        col(SearchChange.id) > held.change
    )
    rows = session.execute(found.order_by(col(SearchChange.id)).limit(MAX_CHANGED + 1)).all()
    if not rows:
        return held
    if len(rows) > MAX_CHANGED or held.index.full:
        return None
    _reread(session, held.index, sorted({space for _, space in rows}))
    held.change = rows[-1][0]
    return held


def due(held: Held, now: datetime) -> bool:
    """Its bitmap ends, or it is half full of changes; it answers rightly all the same."""
    return held.index.base_ms < to_ms(now - BACK - RENEW_AFTER) or held.index.filling


def last_change(session: Session) -> int:
    return session.execute(select(func.max(col(SearchChange.id)))).scalar() or 0


def _reread(session: Session, index: SearchIndex, spaces: Sequence[str]) -> None:
    span = Window.model_construct(starts_at=from_ms(index.base_ms), ends_at=from_ms(index.until_ms))
    for first in range(0, len(spaces), ASKED_AT_ONCE):
        some = spaces[first : first + ASKED_AT_ONCE]
        hours = Hours(session, span, some)
        booked = search_facts.booked(index.base_ms).where(col(Booking.space).in_(some))
        times = search_facts.times(session, booked)
        listed = search_facts.listed(session).where(col(Space.id).in_(some))
        rows = session.execute(listed).all()
        index.drop(set(some) - {row.id for row in rows})
        index.put(_fact(row, hours, times.get(row.id, ())) for row in rows)


def _fact(row: Any, hours: Hours, taken: Iterable[tuple[int, int]]) -> Fact:
    lat, lon = blurred(row.lat, row.lon)
    return Fact(
        space=row.id,
        lat=lat,
        lon=lon,
        flags=LISTED | ONLINE * bool(row.online) | search_facts.seen(row.occupancy),
        offered=hours.all[hours.number(row.id, row.windows, (row.lot, row.tz), row.ends_on)],
        taken=tuple(taken),
        max_height_cm=row.max_height_cm or 0,
    )


def _span(now: datetime) -> Window:
    begin_ms = to_ms(now - BACK) // QUARTER_MS * QUARTER_MS
    return Window.model_construct(starts_at=from_ms(begin_ms), ends_at=now + AHEAD)

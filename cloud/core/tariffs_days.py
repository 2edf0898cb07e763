"""Local days and minutes of a stretch of time, cut where a price may change. UTC outside.

The Python trap: two aware times of one zoneinfo subtract by wall clock. Here only UTC is added to,
and the wall clock is UTC plus an offset that holds between two changes of the clocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# No zone ever changed its clocks twice in so little time.
LOOK = timedelta(hours=6)
EXACT = timedelta(seconds=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """Half-open, UTC; `day` and `minute` (of that day) are the lot's wall clock at its start."""

    starts_at: datetime
    ends_at: datetime
    day: date
    minute: int


def pieces(since: datetime, until: datetime, tz: str, edges_min: Sequence[int]) -> Iterator[Piece]:
    """From `since` to `until` without a gap, cut at each of the day's minutes in `edges_min`.

    `edges_min` ascend and begin with midnight, 0. ValueError if there is no such zone.
    """
    zone = _zone(tz)
    for begin, end in pairwise([since, *_changes(zone, since, until), until]):
        offset = _offset(zone, begin)
        for first, last in pairwise([begin, *_cuts(begin, end, offset, edges_min), end]):
            wall = (first + offset).replace(tzinfo=None)
            yield Piece(first, last, wall.date(), wall.hour * 60 + wall.minute)


def _zone(tz: str) -> ZoneInfo:
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"there is no time zone {tz!r}") from error


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """When the clocks change in between, by halving."""
    at = since
    while at < until:
        ahead = min(at + LOOK, until)
        if _offset(zone, at) != _offset(zone, ahead):
            change = _between(zone, at, ahead)
            if since < change < until:
                yield change
        at = ahead


def _between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    low, high = 0, -(-(after - before) // EXACT)
    # Clocks change on whole seconds of UTC.
    whole = before.replace(microsecond=0)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, whole + middle * EXACT) == _offset(zone, before):
            low = middle
        else:
            high = middle
    return whole + high * EXACT


def _cuts(
    begin: datetime, end: datetime, offset: timedelta, edges_min: Sequence[int]
) -> Iterator[datetime]:
    """Every edge strictly between the two, under one offset."""
    midnight = datetime.combine((begin + offset).date(), datetime.min.time(), UTC) - offset
    while midnight < end:
        for minute in edges_min:
            at = midnight + minute * MINUTE
            if begin < at < end:
                yield at
        midnight += DAY

"""Which instants the clock on a lot's wall means, where it jumps, too.

A start is the first instant at which the clock has reached it; an end is the instant after which
the clock never reads less again. So a time that is skipped in spring is the instant of the jump,
and of a time that comes twice in autumn a start takes the first and an end the second: hours that
touch on the wall touch in UTC, and nobody loses the hour that is there twice.

Never subtract two datetimes of one zoneinfo: Python does it by the clock on the wall.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MAX_INSTANTS = 65_536  # of a city's lots and hours, kept as computed
SECOND = timedelta(seconds=1)


@lru_cache(maxsize=MAX_INSTANTS)
def instants(tz: str, local: datetime) -> tuple[datetime, datetime]:
    """(as a start, as an end) in UTC of a time without a zone; whole seconds.

    Raises ZoneInfoNotFoundError.
    """
    zone = ZoneInfo(tz)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first, first
    if first > second:
        jump = _jump(zone, second, first)
        return jump, jump
    # Where the second pass begins with this very time, the clock never reads less than it.
    return first, first if _jump(zone, first, second) == second else second


def local_date(tz: str, at: datetime) -> date:
    return at.astimezone(ZoneInfo(tz)).date()


def _jump(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second in (before, after] from which the zone's offset is another."""
    old = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after

"""When an offered space can be had: an owner's schedule as half-open UTC windows."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

from cloud.core.windows_local import instants, local_date
from cloud.core.windows_model import DAY_MINUTES, Hours, Schedule, days_between, schedule_of
from contracts.ledger.pricing import Window

# A window is told as far as this beyond what was asked for, however long it is: so the answer is
# the same whoever computes it, and from however many days of the schedule.
REACH = timedelta(days=1)
MAX_AROUND = timedelta(days=400)
MAX_SPANS = 16_384  # (schedule, lot, days) of a district, kept as computed
MIDNIGHT = datetime.min.time()
Span = tuple[datetime, datetime]


def windows(
    schedule: Schedule, tz: str, holidays: frozenset[date], around: Window
) -> tuple[Window, ...]:
    """Offered time within REACH of `around`, merged where it touches; those that meet `around`.

    Raises ValueError where `around` is longer than MAX_AROUND.
    """
    return _meeting(_spans(schedule, tz, holidays, *_days(tz, around)), around)


def windows_of_text(
    text: str, tz: str, holidays: frozenset[date], around: Window
) -> tuple[Window, ...]:
    """The same of an offer's column, for those who ask often."""
    return _meeting(_spans_of_text(text, tz, holidays, *_days(tz, around)), around)


def meeting(offered: Iterable[Window], around: Window) -> tuple[Window, ...]:
    """Those that meet it still, after they were cut."""
    return tuple(
        window
        for window in offered
        if window.starts_at < around.ends_at and around.starts_at < window.ends_at
    )


def without(offered: Iterable[Window], taken: Iterable[Window]) -> tuple[Window, ...]:
    """What is left of them where the `taken` windows are cut out."""
    left = [(window.starts_at, window.ends_at) for window in offered]
    for gone in taken:
        left = [
            (begin, end)
            for first, last in left
            for begin, end in ((first, min(last, gone.starts_at)), (max(first, gone.ends_at), last))
            if begin < end
        ]
    return _as_windows(sorted(set(left)))


def until(offered: Iterable[Window], ends_at: datetime) -> tuple[Window, ...]:
    """Cut where the right to the space ends."""
    cut = ((window.starts_at, min(window.ends_at, ends_at)) for window in offered)
    return _as_windows(span for span in cut if span[0] < span[1])


def inside(asked: Window, offered: Iterable[Window]) -> bool:
    return any(
        window.starts_at <= asked.starts_at and asked.ends_at <= window.ends_at
        for window in offered
    )


def _days(tz: str, around: Window) -> tuple[date, date]:
    """Local dates on which hours may begin that reach into it; two days, as a clock may go back
    over midnight."""
    if around.ends_at - around.starts_at > MAX_AROUND:
        raise ValueError(f"windows are told for at most {MAX_AROUND.days} days at once")
    first = local_date(tz, around.starts_at - REACH) - timedelta(days=2)
    return first, local_date(tz, around.ends_at + REACH) + timedelta(days=1)


@lru_cache(maxsize=MAX_SPANS)
def _spans_of_text(
    text: str, tz: str, holidays: frozenset[date], first: date, last: date
) -> tuple[Span, ...]:
    return _spans(schedule_of(text), tz, holidays, first, last)


def _spans(
    schedule: Schedule, tz: str, holidays: frozenset[date], first: date, last: date
) -> tuple[Span, ...]:
    found = [(window.starts_at, window.ends_at) for window in schedule.one_off]
    for day in days_between(first, last):
        found += [_span(tz, day, hours) for hours in schedule.hours_on(day, holidays)]
    return _merged(span for span in found if span[0] < span[1])


def _span(tz: str, day: date, hours: Hours) -> Span:
    midnight = datetime.combine(day, MIDNIGHT)
    over = DAY_MINUTES if hours.to_min <= hours.from_min else 0
    begin = midnight + timedelta(minutes=hours.from_min)
    end = midnight + timedelta(minutes=hours.to_min + over)
    return instants(tz, begin)[0], instants(tz, end)[1]


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return tuple(merged)


def _meeting(spans: Iterable[Span], around: Window) -> tuple[Window, ...]:
    first, last = around.starts_at - REACH, around.ends_at + REACH
    return _as_windows(
        (max(begin, first), min(end, last))
        for begin, end in spans
        if begin < around.ends_at and around.starts_at < end and around.starts_at < around.ends_at
    )


def _as_windows(spans: Iterable[Span]) -> tuple[Window, ...]:
    return tuple(Window(starts_at=begin, ends_at=end) for begin, end in spans)

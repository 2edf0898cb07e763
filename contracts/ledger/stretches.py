"""Which billed second has which rate: a timetable laid over the certain time of a stay.

The billed time is put end to end and counted in whole seconds: second `k` is what lies between
`k` and `k + 1` seconds of it, and has the rate of the instant it begins at. Whole milliseconds.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.ledger.tariffs import Rate, Stretch
from contracts.wire.types import to_ms

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Share:
    """So many seconds at one rate, in one stretch or outside of all."""

    stretch: Stretch | None
    per_hour_minor: int
    seconds: int


@dataclass(frozen=True, slots=True)
class _Run:
    """The seconds from `first` to before `until` begin in one stretch."""

    first: int
    until: int
    stretch: Stretch | None


def shares(
    timetable: Sequence[Stretch],
    otherwise_minor: int,
    billed: Sequence[Interval],
    charged: range,
    counted: int = 0,
) -> list[Share]:
    """Of the `charged` ones among the billed seconds, in their order.

    `counted`: how many seconds of the stay were billed before the first of these intervals.
    """
    plain = (Rate(after_s=0, per_hour_minor=otherwise_minor),)
    found: list[Share] = []
    for run in _runs(timetable, billed):
        rates = run.stretch.rates if run.stretch else plain
        for rate, since, until in _spans(rates, counted):
            first = max(run.first, since, charged.start)
            last = min(run.until, charged.stop if until is None else min(until, charged.stop))
            if first < last:
                _add(found, Share(run.stretch, rate.per_hour_minor, last - first))
    return found


def _spans(rates: Sequence[Rate], counted: int) -> Iterator[tuple[Rate, int, int | None]]:
    """From which of these seconds on each rate holds, and until which."""
    for rate, following in zip(rates, (*rates[1:], None), strict=True):
        until = None if following is None else following.after_s - counted
        yield rate, rate.after_s - counted, until


def _add(found: list[Share], share: Share) -> None:
    before = found[-1] if found else None
    same = before is not None and before.stretch is share.stretch
    if before and same and before.per_hour_minor == share.per_hour_minor:
        found[-1] = Share(share.stretch, share.per_hour_minor, before.seconds + share.seconds)
    else:
        found.append(share)


def _runs(timetable: Sequence[Stretch], billed: Sequence[Interval]) -> Iterator[_Run]:
    before_ms = 0
    for begin, end in billed:
        # The billed time's place at an instant of this interval.
        shift_ms = before_ms - to_ms(begin)
        for stretch, since, until in _pieces(timetable, begin, end):
            first, last = _begun(to_ms(since) + shift_ms), _begun(to_ms(until) + shift_ms)
            if first < last:
                yield _Run(first, last, stretch)
        before_ms += to_ms(end) - to_ms(begin)


def _begun(ms: int) -> int:
    """How many seconds begin before so many milliseconds of billed time."""
    return -(-ms // 1000)


def _pieces(
    timetable: Sequence[Stretch], begin: datetime, end: datetime
) -> Iterator[tuple[Stretch | None, datetime, datetime]]:
    """An interval cut where a stretch begins or ends; what no stretch holds has None."""
    at = begin
    first = max(0, bisect_right(timetable, begin, key=lambda stretch: stretch.starts_at) - 1)
    for stretch in timetable[first:]:
        if stretch.starts_at >= end:
            break
        if at < stretch.starts_at:
            yield None, at, stretch.starts_at
            at = stretch.starts_at
        until = min(stretch.ends_at, end)
        if at < until:
            yield stretch, at, until
            at = until
    if at < end:
        yield None, at, end

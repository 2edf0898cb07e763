"""What a score is counted from: plain pairs, never averages, so that the tallies of many spaces
and seeds add up to exactly the score of all of them together, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from edge.core.fusion import Change
from firmware_sim.scoring.matching import KINDS, Surroundings, match
from firmware_sim.scoring.money import price_minor
from firmware_sim.scoring.stays import (
    FoundStay,
    TrueStay,
    Watch,
    found_stays,
    true_stays,
    unknown_ns,
)
from firmware_sim.trace import NS, Truth

T = TypeVar("T", Change, Truth)


@dataclass(frozen=True, slots=True)
class Moment:
    """A true arrival or departure; the figures are None where nothing was found for it.

    `error_s` is signed (found - true) and `doubt_s` what the change admits, with the truth's own.
    """

    arrives: bool
    tags: tuple[str, ...]
    error_s: float | None = None
    doubt_s: float = 0.0
    report_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FalseChange:
    arrives: bool
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StayBill:
    """A true stay, a found one, or (by their matched arrivals) both. Amounts in minor units.

    `dwell_error_s` is None unless both ends were found; `resolved` is a stay whose arrival was
    missed and of which a later `known` still said that somebody stands there.
    """

    true: bool
    tags: tuple[str, ...]
    dwell_error_s: float | None
    true_minor: int
    found_minor: int
    certain_minor: int
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    moments: tuple[Moment, ...] = ()
    false: tuple[FalseChange, ...] = ()
    bills: tuple[StayBill, ...] = ()
    unknown_ns: int = 0
    judged_ns: int = 0
    watched_ns: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.moments + other.moments,
            self.false + other.false,
            self.bills + other.bills,
            self.unknown_ns + other.unknown_ns,
            self.judged_ns + other.judged_ns,
            self.watched_ns + other.watched_ns,
        )

    def tags(self) -> list[str]:
        named = [one.tags for one in self.moments] + [one.tags for one in self.false]
        return sorted({tag for tags in named for tag in tags})

    def only(self, tag: str) -> Tally:
        """What bears the tag. Watching has none, so figures per time do not exist here."""
        return Tally(
            tuple(one for one in self.moments if tag in one.tags),
            tuple(one for one in self.false if tag in one.tags),
            tuple(one for one in self.bills if tag in one.tags),
        )


def tally(
    changes: Iterable[Change], truth: Iterable[Truth], watch: Mapping[str, Watch] | None = None
) -> Tally:
    """`watch`: the first and last reading of each space; without it nothing per time is known."""
    found, rows, watched = by_space(changes), by_space(truth), watch or {}
    everywhere = rows.pop(None, [])
    whole = Tally()
    for space in sorted({*found, *rows, *watched} - {None}, key=str):
        whole += _of_space(
            found.get(space, []), rows.get(space, []), everywhere, watched.get(str(space))
        )
    return whole


def by_space(rows: Iterable[T]) -> dict[str | None, list[T]]:
    spaces: dict[str | None, list[T]] = {}
    for row in rows:
        spaces.setdefault(row.space, []).append(row)
    return spaces


def _of_space(
    changes: list[Change], rows: list[Truth], everywhere: list[Truth], watch: Watch | None
) -> Tally:
    pairs = match(changes, rows)
    around = Surroundings([*rows, *everywhere])
    matched = {id(change) for change, _ in pairs}
    claims = [change for change in changes if change.kind in KINDS]
    false = [change for change in claims if id(change) not in matched]
    blind = unknown_ns(changes, watch) if watch else (0, 0)
    return Tally(
        _moments(rows, pairs),
        tuple(FalseChange(c.kind == "arrival", around.tags_at(c.at_ns)) for c in false),
        _bills(changes, rows, pairs, watch, around),
        *blind,
        watched_ns=watch[1] - watch[0] if watch else 0,
    )


def _moments(rows: list[Truth], pairs: list[tuple[Change, Truth]]) -> tuple[Moment, ...]:
    change_of = {id(row): change for change, row in pairs}
    return tuple(_moment(row, change_of.get(id(row))) for row in rows if row.kind in KINDS.values())


def _moment(row: Truth, change: Change | None) -> Moment:
    arrives = row.kind == "arrive"
    if change is None:
        return Moment(arrives, row.tags)
    return Moment(
        arrives,
        row.tags,
        (change.at_ns - row.mono_ns) / NS,
        change.uncertainty_s + row.unc_ms / 1000,
        (change.reported_ns - row.mono_ns) / NS,
    )


def _bills(
    changes: list[Change],
    rows: list[Truth],
    pairs: list[tuple[Change, Truth]],
    watch: Watch | None,
    around: Surroundings,
) -> tuple[StayBill, ...]:
    change_of = {id(row): change for change, row in pairs}
    found_at = {id(stay.arrived): stay for stay in found_stays(changes, watch)}
    seen_ns = [change.at_ns for change in changes if change.kind == "known"]
    bills: list[StayBill] = []
    for stay in true_stays(rows, watch):
        begin = change_of.get(id(stay.arrived))
        end = change_of.get(id(stay.departed)) if stay.departed else None
        found = found_at.pop(id(begin), None)
        resolved = begin is None and any(stay.span[0] <= ns < stay.span[1] for ns in seen_ns)
        bills.append(_bill(stay, found, _dwell_error_s(stay, begin, end), resolved))
    for false in found_at.values():
        minor, certain = price_minor([false.span]), price_minor(false.certain)
        bills.append(StayBill(False, around.tags_at(false.arrived.at_ns), None, 0, minor, certain))
    return tuple(bills)


def _bill(
    stay: TrueStay, found: FoundStay | None, dwell_error_s: float | None, resolved: bool
) -> StayBill:
    tags = {*stay.arrived.tags, *(stay.departed.tags if stay.departed else ())}
    return StayBill(
        True,
        tuple(sorted(tags)),
        dwell_error_s,
        price_minor([stay.span]),
        price_minor([found.span]) if found else 0,
        price_minor(found.certain) if found else 0,
        resolved,
    )


def _dwell_error_s(stay: TrueStay, begin: Change | None, end: Change | None) -> float | None:
    if begin is None or end is None:
        return None
    true_ns = stay.span[1] - stay.span[0]
    return abs((end.at_ns - begin.at_ns) - true_ns) / NS

"""Which detected change is which true moment, and what was going on around a false one.

Only `arrival` and `departure` are claims that a car came or went: they alone can match, and they
alone can be false. `known` claims nothing of the kind (no event opens or ends a stay by it), so it
never matches a true arrival, however right it is: a car that came while the space was unknown and
was only seen to stand there is a missed arrival. Beside that, `Score.resolved_stays` counts those.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence

from edge.core.fusion import Change
from firmware_sim.trace import NS, Truth, TruthKind

EARLY_S, LATE_S = 15.0, 30.0
KINDS = {"arrival": "arrive", "departure": "depart"}
# A false change is put down to what the truth names from so long before it to so long after it.
# The lane is busy and a pass is short; of what may last the truth names only the beginning; a car
# that pauses half-way comes to rest a while later.
CAUSE_BEFORE_S: dict[TruthKind, float] = {
    "pass": 20.0,
    "pedestrian": 120.0,
    "arrive": 120.0,
    "depart": 60.0,
    "blocked": 3600.0,
    "maintenance": 1800.0,
}
CAUSE_AFTER_S: dict[TruthKind, float] = {"pass": 20.0, "arrive": 60.0}
UNTAGGED = "nothing named"

Pair = tuple[Change, Truth]


def match(changes: Iterable[Change], truth: Iterable[Truth]) -> list[Pair]:
    """Each change with at most one true moment of its space and kind inside [-15, +30] s.

    Both in time order with one window for all: taking the first that fits matches the most.
    """
    waiting: dict[tuple[str, str | None], deque[Truth]] = {}
    for row in sorted(truth, key=lambda row: row.mono_ns):
        waiting.setdefault((row.kind, row.space), deque()).append(row)
    pairs: list[Pair] = []
    for change in sorted(changes, key=lambda change: change.at_ns):
        rows = waiting.get((KINDS.get(change.kind, ""), change.space), deque())
        while rows and change.at_ns - rows[0].mono_ns > LATE_S * NS:
            rows.popleft()
        if rows and change.at_ns - rows[0].mono_ns >= -EARLY_S * NS:
            pairs.append((change, rows.popleft()))
    return pairs


def tags_of(row: Truth) -> tuple[str, ...]:
    """An interference is its own tag."""
    return row.tags if row.kind in KINDS.values() else (row.kind, *row.tags)


class Surroundings:
    """The rows of one space (and of the whole lot) by time."""

    def __init__(self, rows: Iterable[Truth]) -> None:
        self._rows: Sequence[Truth] = sorted(rows, key=lambda row: row.mono_ns)
        self._times = [row.mono_ns for row in self._rows]

    def tags_at(self, at_ns: int) -> tuple[str, ...]:
        first = bisect_left(self._times, at_ns - int(max(CAUSE_BEFORE_S.values()) * NS))
        last = bisect_right(self._times, at_ns + int(max(CAUSE_AFTER_S.values()) * NS))
        near = [row for row in self._rows[first:last] if _may_cause(row, at_ns)]
        named = {tag for row in [*near, *self._standing(at_ns)] for tag in tags_of(row)}
        return tuple(sorted(named)) or (UNTAGGED,)

    def _standing(self, at_ns: int) -> list[Truth]:
        """The arrival of the car that stands there, however long ago."""
        for row in reversed(self._rows[: bisect_right(self._times, at_ns)]):
            if row.kind in KINDS.values():
                return [row] if row.kind == "arrive" else []
        return []


def _may_cause(row: Truth, at_ns: int) -> bool:
    after_s = (at_ns - row.mono_ns) / NS
    return -CAUSE_AFTER_S.get(row.kind, 0.0) <= after_s <= CAUSE_BEFORE_S[row.kind]

"""Vehicles that went by: a by-product of the field, and a measure of how a sensor is mounted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import exp

KEPT = 64
HOUR_NS = 3_600_000_000_000
LONGEST_NS = 20_000_000_000


@dataclass(frozen=True, slots=True)
class Pass:
    """The field moved by at most `peak_ut` and came back to where it had been."""

    from_ns: int
    to_ns: int
    peak_ut: float


class PassCounter:
    __slots__ = ("_an_hour", "_at_ns", "count", "recent")

    def __init__(self) -> None:
        self.count = 0
        self.recent: deque[Pass] = deque(maxlen=KEPT)
        self._an_hour, self._at_ns = 0.0, 0

    def an_hour(self, now_ns: int) -> float:
        """The present rate, in which a pass of an hour ago counts a third as much as one now."""
        return self._an_hour * exp(-max(0, now_ns - self._at_ns) / HOUR_NS)

    def take(self, from_ns: int, to_ns: int, peak_ut: float) -> None:
        if 0 < to_ns - from_ns <= LONGEST_NS:
            self.count += 1
            self._an_hour = self.an_hour(to_ns) + 1.0
            self._at_ns = to_ns
            self.recent.append(Pass(from_ns, to_ns, round(peak_ut, 2)))

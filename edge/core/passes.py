"""Vehicles that went by: a by-product of the field, and a measure of how a sensor is mounted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

KEPT = 64
LONGEST_NS = 20_000_000_000


@dataclass(frozen=True, slots=True)
class Pass:
    """The field moved by at most `peak_ut` and came back to where it had been."""

    from_ns: int
    to_ns: int
    peak_ut: float


class PassCounter:
    __slots__ = ("count", "recent")

    def __init__(self) -> None:
        self.count = 0
        self.recent: deque[Pass] = deque(maxlen=KEPT)

    def take(self, from_ns: int, to_ns: int, peak_ut: float) -> None:
        if 0 < to_ns - from_ns <= LONGEST_NS:
            self.count += 1
            self.recent.append(Pass(from_ns, to_ns, round(peak_ut, 2)))

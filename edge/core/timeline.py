"""A damaged time in a stream of readings: one line with it would age every learned level and date
events into next year. What jumps is held back until the readings after it agree or do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub

from edge.core.readings import Reading

NS = 1_000_000_000
# A gateway that was off for longer comes back with many readings; a bit that flipped, with one.
AHEAD_NS, BACK_NS = 3_600 * NS, 10 * NS
AGREE = 20
JUMPS = "its time jumps, and what follows does not agree"


@dataclass(frozen=True, slots=True)
class Held:
    reading: Reading
    line: int


@dataclass(frozen=True, slots=True)
class Judged:
    """`bad` are the numbers of lines whose time cannot be. `back_ns`: `good` begins a run so much
    before the last one; the clock was set."""

    good: Sequence[Reading] = ()
    bad: Sequence[int] = ()
    back_ns: int = 0


class Timeline:
    """At most AGREE readings are held."""

    def __init__(self) -> None:
        self._last_ns: int | None = None
        self._held: list[Held] = []

    def all_follow(self, times: list[int]) -> bool:
        """True if readings of these times are all good: then they are taken."""
        last_ns = self._last_ns
        if self._held or last_ns is None or not follows(last_ns, times[0]):
            return False
        if times[-1] - times[0] > AHEAD_NS or times != sorted(times):
            steps = list(map(sub, times[1:], times))
            if steps and (min(steps) < -BACK_NS or max(steps) > AHEAD_NS):
                return False
        self._last_ns = times[-1]
        return True

    def take(self, reading: Reading, line: int = 0) -> Judged:
        last_ns, now_ns, held = self._last_ns, reading.mono_ns, self._held
        if last_ns is None or follows(last_ns, now_ns):
            self._last_ns = now_ns
            return Judged((reading,), self.end())
        bad = () if not held or follows(held[-1].reading.mono_ns, now_ns) else self.end()
        self._held.append(Held(reading, line))
        if len(self._held) <= AGREE:
            return Judged((), bad)
        good, self._held, self._last_ns = [it.reading for it in self._held], [], now_ns
        return Judged(good, bad, max(0, last_ns - good[0].mono_ns))

    def end(self) -> Sequence[int]:
        """Lines that were held and found no agreement."""
        if not self._held:
            return ()
        held, self._held = self._held, []
        return [it.line for it in held]


def follows(last_ns: int, now_ns: int) -> bool:
    return -BACK_NS <= now_ns - last_ns <= AHEAD_NS

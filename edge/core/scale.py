"""The wall clock as it was set when a stay began: the whole stay is dated by it.

Somebody may set the clock while a car stands there, by an hour or by ten years. Its arrival and its
departure would then be apart by what was set, and not by the time that passed: within one boot the
monotonic clock tells that, so the stay goes on by the clock that its arrival was dated with.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.wire.types import EPOCH, to_ms
from edge.core.outputs import EARLIEST, LATEST, Begun, WallClock, wall_ms

# A clock that is slewed, or a crystal, is not set: what is left of a stay follows it.
SET_MS = 1_000
NS_A_MS = 1_000_000


class Scale:
    """`begun` is of the record: it holds as long as its boot, whatever becomes of the process."""

    def __init__(self, clock: WallClock, begun: Begun | None) -> None:
        self._clock = clock
        self.begun = begun if begun is not None and begun.boot_id == clock.boot_id else None

    def wall(self, mono_ns: int) -> datetime:
        """In whole milliseconds, as signed."""
        now = wall_ms(self._clock, mono_ns)
        if self.begun is None or abs(_ahead_ms(now, mono_ns) - self.begun.ahead_ms) <= SET_MS:
            return now
        since_1970_ms = self.begun.ahead_ms + mono_ns // NS_A_MS
        within_ms = min(max(since_1970_ms, to_ms(EARLIEST)), to_ms(LATEST))
        return EPOCH + timedelta(milliseconds=within_ms)

    def told(self, occupancy: str | None, mono_ns: int) -> None:
        """A clock that nothing vouches for dates nobody's stay."""
        if occupancy == "free":
            self.begun = None
        elif occupancy == "occupied" and self.begun is None and self._clock.state() != "unsynced":
            ahead_ms = _ahead_ms(wall_ms(self._clock, mono_ns), mono_ns)
            self.begun = Begun(boot_id=self._clock.boot_id, ahead_ms=ahead_ms)


def _ahead_ms(wall: datetime, mono_ns: int) -> int:
    return to_ms(wall) - mono_ns // NS_A_MS

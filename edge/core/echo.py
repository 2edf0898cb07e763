"""What the ultrasonic sensor of one space says: something near and at rest, or nothing near."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median
from typing import Literal, TypeAlias

from edge.core.occupancy import DetectorSettings

Verdict: TypeAlias = Literal["present", "absent"]
_Test: TypeAlias = Callable[[float | None], bool]
NS = 1_000_000_000
# Faster sensors are thinned to this, so that the ring covers the longest window.
CLOSEST_NS = NS // 5
RING = 256
# A window with fewer samples says nothing.
FEWEST, SLOWEST_S = 3, 2.0
# So many samples off the level in a row end a run; lost and ghost echoes come singly or in twos.
STRAYS = 3
ECHO_MAX_US = 200_000.0


def echo_distance_m(echo_us: float, temperature_c: float) -> float:
    return echo_us * 1e-6 * (331.3 + 0.606 * temperature_c) / 2


class Echo:
    """`parked_m` is the distance of the car at rest; None while none is."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._set = settings
        self._ring: deque[tuple[int, float | None]] = deque(maxlen=RING)
        self.last_ns: int | None = None
        self.parked_m: float | None = None
        self._left_ns: int | None = None
        self._level_m = 0.0

    def add(self, mono_ns: int, distance_m: float | None) -> None:
        if self.last_ns is not None:
            if mono_ns < self.last_ns + CLOSEST_NS:
                return
            if mono_ns > self.last_ns + self._set.silent_s * NS:
                self._ring.clear()
        self.last_ns = mono_ns
        self._ring.append((mono_ns, distance_m))
        if self.parked_m is None:
            return
        if distance_m is not None and self._near(distance_m, self.parked_m):
            self._left_ns = None
        elif self._left_ns is None:
            self._left_ns = mono_ns

    def judge(self, now_ns: int, alone: bool) -> tuple[Verdict, int] | None:
        """The verdict with the first sample of the run that led to it; None while unsettled."""
        s = self._set
        gone = self._window(now_ns, s.echo_alone_leave_s if alone else s.leave_s)
        if gone and self._share(gone, self._is_far) >= s.share:
            return "absent", self._left_ns or self._run_start(self._is_far)
        settled = self._window(now_ns, s.echo_alone_arrive_s if alone else s.arrive_s)
        near = [d for _, d in settled if d is not None and d < s.near_m]
        if not near:
            return None
        self._level_m = median(near)
        if self._share(settled, self._at_level) >= (s.share if alone else s.share_of_two):
            return "present", self._run_start(self._at_level)
        return None

    def park(self) -> None:
        """The car at rest is where the last present verdict saw it."""
        self.parked_m = self._level_m

    def leave(self) -> None:
        self.parked_m = self._left_ns = None

    def spacing_s(self) -> float:
        if len(self._ring) < 2:
            return self._set.settle_s
        return (self._ring[-1][0] - self._ring[0][0]) / (len(self._ring) - 1) / NS

    def _near(self, distance_m: float, level_m: float) -> bool:
        return abs(distance_m - level_m) <= self._set.level_tolerance_m

    def _at_level(self, distance_m: float | None) -> bool:
        return distance_m is not None and self._near(distance_m, self._level_m)

    def _is_far(self, distance_m: float | None) -> bool:
        return distance_m is None or distance_m > self._set.far_m

    def _window(self, now_ns: int, window_s: float) -> list[tuple[int, float | None]]:
        """The samples of the last window; empty unless we watched it all."""
        start_ns = now_ns - int(window_s * NS)
        if not self._ring or self._ring[0][0] > start_ns:
            return []
        window = [sample for sample in self._ring if sample[0] >= start_ns]
        return window if len(window) >= max(FEWEST, window_s / SLOWEST_S) else []

    def _share(self, window: list[tuple[int, float | None]], holds: _Test) -> float:
        return sum(holds(d) for _, d in window) / len(window)

    def _run_start(self, holds: _Test) -> int:
        """Walks back over the run; only `STRAYS` samples in a row end it."""
        start_ns, strays = self._ring[-1][0], 0
        for mono_ns, distance_m in reversed(self._ring):
            if holds(distance_m):
                start_ns, strays = mono_ns, 0
                continue
            strays += 1
            if strays == STRAYS:
                break
        return start_ns

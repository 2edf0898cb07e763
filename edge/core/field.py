"""What the magnetometer of one space says: the field has settled near the empty or a car's level.

Only norms of differences are used, so how the chip is turned does not matter.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TypeAlias

from edge.core.echo import NS, Verdict
from edge.core.occupancy import DetectorSettings

Vector: TypeAlias = tuple[float, float, float]
BIN_NS = NS // 5
RING = 80
UT_PER_GAUSS = 100.0
DRIFT_S, FOLLOW_S = 600.0, 30.0
OVERFLOW_QMC, OVERFLOW_HMC = 0b10, -4096


def field_ut(counts: tuple[int, int, int], lsb_per_gauss: float) -> Vector:
    scale = UT_PER_GAUSS / lsb_per_gauss
    return (counts[0] * scale, counts[1] * scale, counts[2] * scale)


def overflowed(sensor: str | None, counts: tuple[int, int, int], status: int) -> bool:
    if sensor == "qmc5883l":
        return bool(status & OVERFLOW_QMC)
    return sensor == "hmc5883l" and OVERFLOW_HMC in counts


class Field:
    """`baseline_ut` is the level of the empty space, `parked_ut` that of the car at rest."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._set = settings
        self._ring: deque[tuple[int, Vector]] = deque(maxlen=RING)
        self._bin: list[Vector] = []
        self._bin_ns = 0
        self.last_ns: int | None = None
        self.baseline_ut: Vector | None = None
        self.parked_ut: Vector | None = None
        self._left_ns: int | None = None
        self._level: Vector | None = None
        self._strange_since_ns: int | None = None

    def add(self, mono_ns: int, value_ut: Vector) -> None:
        if self.last_ns is not None:
            if mono_ns <= self.last_ns:
                return
            if mono_ns > self.last_ns + self._set.silent_s * NS:
                self._ring.clear()
                self._bin.clear()
        self.last_ns = mono_ns
        # Means over 0.2 s bound the memory at any sample rate; a slower sensor fills one bin each.
        if self._bin and mono_ns >= self._bin_ns + BIN_NS:
            self._close_bin()
        if not self._bin:
            self._bin_ns = mono_ns
        self._bin.append(value_ut)

    def judge(self, now_ns: int, alone: bool) -> tuple[Verdict, int] | None:
        """As `Echo.judge`; None while the field moves or lies between the levels."""
        s = self._set
        on_ut = s.alone_on_ut if alone else s.on_ut
        self._level = self._settled(now_ns, s.field_alone_s if alone else s.field_s)
        if self._level is None or self.baseline_ut is None:
            return None
        from_empty = math.dist(self._level, self.baseline_ut)
        if self.parked_ut is None:
            near_empty, near_car = from_empty <= s.off_ut, from_empty >= on_ut
        else:
            # Nearest of two levels: a drift during a long stay does not hide the departure.
            from_parked = math.dist(self._level, self.parked_ut)
            near_empty = from_empty <= max(s.off_ut, 0.5 * from_parked)
            near_car = from_empty >= on_ut and from_parked <= from_empty
        if near_empty:
            return "absent", self._left_ns or self._run_start(self._level)
        return ("present", self._run_start(self._level)) if near_car else None

    def park(self) -> None:
        self.parked_ut = self._level or self.parked_ut

    def leave(self) -> None:
        self.parked_ut = self._left_ns = None

    def assume_settled(self) -> tuple[Verdict, int] | None:
        """With no other sensor: the first settled field is the empty one, or the assumed car's."""
        if self._level is None:
            return None
        if self.parked_ut is None or math.dist(self._level, self.parked_ut) >= self._set.on_ut:
            self.baseline_ut = self._level
            return "absent", self._left_ns or self._run_start(self._level)
        return "present", self._run_start(self._level)

    def adapt(self, now_ns: int, elapsed_s: float, echo_says_empty: bool) -> None:
        """Follows the empty level: quickly where the echo vouches for it, slowly where none does.

        A far level is adopted only after the echo has called it empty for `rebaseline_s`.
        """
        if self._level is None:
            return
        if self.baseline_ut is None:
            self.baseline_ut = self._level if echo_says_empty else None
            return
        if math.dist(self._level, self.baseline_ut) >= self._set.on_ut:
            self._strange_since_ns = self._strange_since_ns or now_ns
            if echo_says_empty and now_ns - self._strange_since_ns > self._set.rebaseline_s * NS:
                self.baseline_ut = self._level
            return
        self._strange_since_ns = None
        part = min(1.0, elapsed_s / (FOLLOW_S if echo_says_empty else DRIFT_S))
        self.baseline_ut = _between(self.baseline_ut, self._level, part)

    def spacing_s(self) -> float:
        if len(self._ring) < 2:
            return self._set.settle_s
        return (self._ring[-1][0] - self._ring[0][0]) / (len(self._ring) - 1) / NS

    def _close_bin(self) -> None:
        mean = _mean(self._bin)
        self._ring.append((self._bin_ns, mean))
        self._bin.clear()
        if self.parked_ut is None:
            return
        if math.dist(mean, self.parked_ut) <= self._set.level_tolerance_ut:
            self._left_ns = None
        elif self._left_ns is None:
            self._left_ns = self._bin_ns

    def _settled(self, now_ns: int, window_s: float) -> Vector | None:
        start_ns = now_ns - int(window_s * NS)
        if not self._ring or self._ring[0][0] > start_ns:
            return None
        window = [value for mono_ns, value in self._ring if mono_ns >= start_ns]
        if len(window) < 2:
            return None
        mean = _mean(window)
        spread = sum(math.dist(value, mean) ** 2 for value in window) / len(window)
        return mean if spread <= self._set.still_ut**2 else None

    def _run_start(self, level: Vector) -> int:
        start_ns, strays = self._ring[-1][0], 0
        for mono_ns, value in reversed(self._ring):
            if math.dist(value, level) <= self._set.level_tolerance_ut:
                start_ns, strays = mono_ns, 0
                continue
            strays += 1
            if strays == 2:
                break
        return start_ns


def _mean(values: list[Vector]) -> Vector:
    n = len(values)
    return (
        sum(v[0] for v in values) / n,
        sum(v[1] for v in values) / n,
        sum(v[2] for v in values) / n,
    )


def _between(a: Vector, b: Vector, part: float) -> Vector:
    return (
        a[0] + (b[0] - a[0]) * part,
        a[1] + (b[1] - a[1]) * part,
        a[2] + (b[2] - a[2]) * part,
    )

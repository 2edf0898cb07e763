"""What the magnetometer of one space has seen: runs of a still field, and moves between them.

Only distances between field vectors are used, so how the chip is turned does not matter.
"""

from __future__ import annotations

from collections import deque
from math import dist, sqrt
from typing import TypeAlias

from edge.core.echo import NS
from edge.core.occupancy import DetectorSettings
from edge.core.passes import PassCounter

Vector: TypeAlias = tuple[float, float, float]
UT_PER_GAUSS = 100.0
OVERFLOW_QMC, OVERFLOW_HMC = 0b10, -4096
# A run's level is the mean of its first bins, then follows them slowly.
FOLLOW_BINS = 20
# The median distance of two readings with noise s on each axis is 2.18 s (chi, three degrees).
MEDIAN_OF_PAIR, PAIR_STEP = 2.175, 0.04
# No bin of a still field lies further from its level than this many deviations, 1 in 50,000.
DEVIATIONS = 4.8
# What stood still for so long was a level of its own, not a pause within a move.
LEVEL_S = 3.0
# Passes and neighbours seldom move the field by so much of a car's own step.
GONE_PART = 0.35
# Of the newest bins, so many make the level they are compared with; two in a row so far off it
# were another level.
KEPT_BINS, NEWEST, CREEP_DEVIATIONS = 32, 4, 3.5


class FieldTrack:
    """`level_ut` of the present run, `run_ns` its start. `baseline_ut` is the empty space's level,
    `parked_ut` the car's while one is in, `left_ns` when the field last left it, `gone_ns` when it
    was last a good part of the car's own step away.
    """

    __slots__ = (
        "_bins", "_deviation_ut", "_far_ut", "_last", "_n", "_pair", "_set", "_stray",
        "_stray_n", "_stray_ns",
        "baseline_ut", "before_ut", "calm_ns", "gap_ns", "gone_ns", "last_ns", "left_ns",
        "level_ut", "moved_ns", "parked_ut", "passes", "peak_ut", "run_ns", "same_n",
        "tolerance_ut",
    )  # fmt: skip

    def __init__(self, settings: DetectorSettings, baseline_ut: Vector | None = None) -> None:
        self._set = settings
        self.baseline_ut = baseline_ut
        self.parked_ut: Vector | None = None
        self._far_ut = settings.still_ut
        self.last_ns: int | None = None
        self.calm_ns: int | None = None
        self.gap_ns = NS // 2
        self._pair = 0.5
        self.tolerance_ut = settings.still_ut
        self._deviation_ut = settings.still_ut / DEVIATIONS
        self._bins: deque[tuple[int, Vector]] = deque(maxlen=KEPT_BINS)
        self.passes = PassCounter()
        self.forget()

    def forget(self) -> None:
        self.level_ut: Vector | None = None
        self.run_ns = self._n = 0
        self._stray: Vector | None = None
        self._stray_n = self._stray_ns = 0
        self._last: Vector | None = None
        self._bins.clear()
        self.left_ns: int | None = None
        self.gone_ns: int | None = None
        self.before_ut: Vector | None = None
        self.moved_ns: int | None = None
        self.peak_ut = 0.0
        self.same_n = 0

    def add(self, start_ns: int, value: Vector, spread_ut: float | None, count: int) -> None:
        """One bin: its mean, the distance of its first and last reading, and how many it held."""
        if self.last_ns is not None:
            if start_ns - self.last_ns > self._set.silent_s * NS:
                self.forget()
            self.gap_ns += (min(start_ns - self.last_ns, 4 * NS) - self.gap_ns) // 8
        self.last_ns = start_ns
        if spread_ut is None and self._last is not None:
            spread_ut = dist(value, self._last)
        if spread_ut is not None:
            self._learn_noise(spread_ut, count)
        self.same_n = self.same_n + 1 if value == self._last else 0
        self._last = value
        self._bins.append((start_ns, value))
        if self.parked_ut is not None:
            self._watch_parked(start_ns, dist(value, self.parked_ut))
        self._run(start_ns, value)

    def _watch_parked(self, start_ns: int, away_ut: float) -> None:
        if away_ut <= self.tolerance_ut:
            self.left_ns = None
        elif self.left_ns is None:
            self.left_ns = start_ns
        if away_ut <= self._far_ut:
            self.gone_ns = None
        elif self.gone_ns is None:
            self.gone_ns = start_ns

    def _run(self, start_ns: int, value: Vector) -> None:
        level = self.level_ut
        if level is None:
            self.level_ut, self.run_ns, self._n = value, start_ns, 1
            return
        away_ut = dist(value, level)
        if away_ut > self.tolerance_ut:
            self._strayed(start_ns, value, away_ut)
            return
        if self._stray_n == 1 and self.moved_ns is None:
            self._short_pass(start_ns)
        self._stray_n = 0
        self._n += 1
        lasts_ns = start_ns - self.run_ns
        if lasts_ns >= (LEVEL_S if self.baseline_ut else self._set.cold_s) * NS:
            self.calm_ns = start_ns
        part = 1 / self._n if self._n < FOLLOW_BINS else 1 / FOLLOW_BINS
        self.level_ut = _between(level, value, part)
        if self.moved_ns is not None and start_ns - self.run_ns >= LEVEL_S * NS:
            self._settled(start_ns)

    def still_s(self, now_ns: int) -> float:
        """How long the field has been still; 0 while it moves."""
        if self.level_ut is None or self._stray_n:
            return 0.0
        return (now_ns - self.run_ns) / NS

    def rest_ns(self) -> int:
        """Since when the present run has been at the very level it has now: a car that creeps the
        last half-metre moves the field by less than any tolerance a run can have."""
        if len(self._bins) < 2 * NEWEST:
            return self.run_ns
        bins = list(self._bins)
        newest = [value for _, value in bins[-NEWEST:]]
        level = (sum(v[0] for v in newest) / NEWEST, sum(v[1] for v in newest) / NEWEST,
                 sum(v[2] for v in newest) / NEWEST)  # fmt: skip
        away, near_ut = 0, CREEP_DEVIATIONS * self._deviation_ut
        for start_ns, value in reversed(bins[:-NEWEST]):
            if start_ns < self.run_ns:
                break
            away = away + 1 if dist(value, level) > near_ut else 0
            if away == 2:
                return start_ns + 2 * NS // 2
        return self.run_ns

    def from_empty_ut(self) -> float:
        """How far the present level lies from the empty one; 0 if either is not known."""
        if self.level_ut is None or self.baseline_ut is None:
            return 0.0
        return dist(self.level_ut, self.baseline_ut)

    def now_ut(self) -> Vector | None:
        """The newest bin."""
        return self._last

    def step_ut(self) -> float | None:
        """How much the car that is in moved the field; None if one of its levels is not known."""
        if self.parked_ut is None or self.baseline_ut is None:
            return None
        return dist(self.parked_ut, self.baseline_ut)

    def park(self) -> None:
        self.parked_ut = self.level_ut or self.parked_ut
        self.left_ns = self.gone_ns = None
        self._far_ut = max(self.tolerance_ut, GONE_PART * (self.step_ut() or 0.0))

    def leave(self) -> None:
        self.parked_ut = self.left_ns = self.gone_ns = None

    def follow_empty(self, part: float) -> None:
        if self.level_ut is not None and self.baseline_ut is not None:
            self.baseline_ut = _between(self.baseline_ut, self.level_ut, part)

    def _learn_noise(self, spread_ut: float, count: int) -> None:
        """A median moves by small steps up or down: a car that drives by hardly changes it."""
        up = spread_ut > self._pair
        self._pair = max(0.02, self._pair * (1 + PAIR_STEP if up else 1 - PAIR_STEP))
        deviation_ut = self._pair / MEDIAN_OF_PAIR / sqrt(max(count, 1))
        self._deviation_ut = deviation_ut
        self.tolerance_ut = max(self._set.still_ut, DEVIATIONS * deviation_ut)

    def _strayed(self, start_ns: int, value: Vector, away_ut: float) -> None:
        self._stray_n += 1
        if self._stray_n == 1:
            self._stray, self._stray_ns = value, start_ns
            self.peak_ut = away_ut if self.moved_ns is None else max(self.peak_ut, away_ut)
            return
        if self.moved_ns is None:
            long_enough = self._stray_ns - self.run_ns >= LEVEL_S * NS
            self.before_ut = self.level_ut if long_enough else None
            self.moved_ns = self._stray_ns
        if self.before_ut is not None:
            self.peak_ut = max(self.peak_ut, dist(value, self.before_ut))
        near = self._stray is not None and dist(value, self._stray) <= self.tolerance_ut
        self.level_ut, self._n = value, 1
        self.run_ns = self._stray_ns if near else start_ns
        self._stray_n = 0

    def _settled(self, now_ns: int) -> None:
        """The move has come to an end: back where it began is a pass."""
        if self.before_ut is not None and self.level_ut is not None:
            back = dist(self.level_ut, self.before_ut) <= 1.5 * self.tolerance_ut
            if back and self.moved_ns is not None:
                self.passes.take(self.moved_ns, self.run_ns, self.peak_ut)
        self.moved_ns, self.before_ut, self.peak_ut = None, None, 0.0

    def _short_pass(self, start_ns: int) -> None:
        if self.peak_ut >= 2 * self.tolerance_ut:
            self.passes.take(self._stray_ns, start_ns, self.peak_ut)


def _between(a: Vector, b: Vector, part: float) -> Vector:
    return (
        a[0] + (b[0] - a[0]) * part,
        a[1] + (b[1] - a[1]) * part,
        a[2] + (b[2] - a[2]) * part,
    )

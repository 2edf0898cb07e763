"""What the ultrasonic sensor of one space has seen: runs of echoes at one level, and of none near.

All memory is a few numbers: a sample is taken in constant time and nothing is kept of it.
"""

from __future__ import annotations

from edge.core.occupancy import DetectorSettings

NS = 1_000_000_000
# Longer than any range needs: 38, 58, 70 and 103 ms are how modules say that nothing came back.
NO_ECHO_US = 35_000.0
# Nearer than a car can stand: dirt, ice or snow on the sensor's face.
FACE_M = 0.12
# Two measured strays end a run, ghosts come singly; lost echoes end it only after a while.
STRAYS = 2
LOST_S, LOST_SAMPLES = 3.0, 4
# A run goes on at its level after so long an interruption.
WALK_S, KEEP_NS = 10.0, 5 * NS
QUIET_NS, QUIET_SAMPLES = 3 * NS // 2, 3
FOLLOW, LOSS_FOLLOW, WOBBLE_FOLLOW = 0.1, 0.02, 0.25
# A wide cone hears the next space's car in some of its pings: a level seen so often is known.
CLUTTER_SAMPLES, CLUTTER_TOLERANCE_M, CLUTTER_FROM_M = 40, 0.12, 1.4
CLUTTER_EVERY_NS = 2 * NS // 5
# A car there sends nearly all of its echoes, and so many of them in a row.
STEADY_SAMPLES, STEADY_SHARE = 8, 0.75
# A far level that held for so many samples is the floor or the wall of the empty space.
FLOOR_SAMPLES, FLOOR_TOLERANCE_M = 60, 0.15


def m_per_us(temperature_c: float) -> float:
    """Distance per microsecond of echo: the way there and back at the speed of sound."""
    return (331.3 + 0.606 * temperature_c) * 0.5e-6


def echo_distance_m(echo_us: float, temperature_c: float) -> float:
    return echo_us * m_per_us(temperature_c)


class EchoTrack:
    """`near_*`: the present run at one level, `since_ns` its start before what only interrupted it.

    `far_ns`: since when nothing is near. `parked_m` is the car's level while one is in, `left_ns`
    the first sample off it since the last one on it, `moved_ns` the first that was measured
    elsewhere, not only lost.
    """

    __slots__ = (
        "_alt_m",
        "_alt_ns",
        "_clutter_m",
        "_clutter_n",
        "_clutter_ns",
        "_floor_m",
        "_floor_n",
        "_kept",
        "_lost_n",
        "_lost_ns",
        "_near_streak",
        "_raw",
        "_set",
        "_strays",
        "empty_m",
        "face_n",
        "far_n",
        "far_ns",
        "floor_n",
        "gap_ns",
        "last_ns",
        "left_ns",
        "limit_m",
        "loss",
        "moved_ns",
        "near_hits",
        "near_last_ns",
        "near_m",
        "near_n",
        "near_ns",
        "parked_m",
        "same_n",
        "since_ns",
        "wobble_m",
    )  # fmt: skip

    def __init__(self, settings: DetectorSettings, empty_m: float | None = None) -> None:
        self._set = settings
        self.empty_m = empty_m
        self.limit_m = settings.near_limit_m(empty_m)
        self.parked_m: float | None = None
        self.last_ns: int | None = None
        self.gap_ns = NS // 2
        self.loss = 0.1
        self._clutter_m, self._clutter_n, self._clutter_ns = 0.0, 0, 0
        self.forget()

    def forget(self) -> None:
        """After a silence: no run goes on across it."""
        self.near_ns: int | None = None
        self.near_last_ns = self.near_hits = self.near_n = 0
        self.near_m = self.wobble_m = 0.0
        self.far_ns: int | None = None
        self.far_n = self.floor_n = self.face_n = self.same_n = 0
        self.left_ns: int | None = None
        self.moved_ns: int | None = None
        self._alt_m, self._alt_ns, self._strays = 0.0, 0, 0
        self._lost_n = self._lost_ns = self._near_streak = 0
        self.since_ns = 0
        self._kept = (0.0, 0, 0)
        self._raw: float | None = None
        self._floor_m, self._floor_n = 0.0, 0

    def add(self, mono_ns: int, raw_us: float | None, scale: float) -> None:
        """`scale` is `m_per_us` of now; None: the sensor measured that nothing is in range."""
        if self.last_ns is not None:
            gap_ns = mono_ns - self.last_ns
            if gap_ns <= 0:
                return
            if gap_ns > self._set.silent_s * NS:
                self.forget()
            self.gap_ns += (min(gap_ns, 4 * NS) - self.gap_ns) // 8
        self.last_ns = mono_ns
        if raw_us is None or raw_us >= NO_ECHO_US:
            self._raw, self.same_n, self.face_n = None, 0, 0
            self._far(mono_ns, None)
            return
        self.same_n = self.same_n + 1 if raw_us == self._raw else 0
        self._raw = raw_us
        distance_m = raw_us * scale
        if distance_m < FACE_M:
            self.face_n += 1
            self.far_ns = self.near_ns = None
            return
        self.face_n = 0
        if distance_m >= self.limit_m:
            self._far(mono_ns, distance_m)
        else:
            self._near(mono_ns, distance_m)

    def near_s(self, now_ns: int) -> float:
        """How long the run at one level has lasted; 0 while there is none, or its echoes stop."""
        if self.near_ns is None or self._strays or now_ns - self.near_last_ns > self._quiet_ns():
            return 0.0
        return (now_ns - self.near_ns) / NS

    def far_s(self, now_ns: int) -> float:
        return 0.0 if self.far_ns is None else (now_ns - self.far_ns) / NS

    def share(self) -> float:
        """Of the samples since the run began, those at its level."""
        return self.near_hits / self.near_n if self.near_n else 0.0

    def surely_gone_s(self) -> float:
        """How long nothing may be near before it cannot be bad luck, at the loss seen so far."""
        samples = 2
        chance = self.loss**samples
        while chance > self._set.chance and samples < 400:
            chance *= self.loss
            samples += 1
        return samples * self.gap_ns / NS

    def park(self) -> None:
        self.parked_m, self.left_ns, self.moved_ns = self.near_m, None, None

    def leave(self) -> None:
        """What comes now is another run, even at the same level."""
        self.near_ns, self._kept = None, (0.0, 0, 0)
        self.parked_m = self.left_ns = self.moved_ns = None

    def _far(self, mono_ns: int, distance_m: float | None) -> None:
        self._near_streak = 0
        if self.far_ns is None:
            self.far_ns, self.far_n, self.floor_n = mono_ns, 0, 0
        self.far_n += 1
        self.floor_n += distance_m is not None
        if self.parked_m is not None:
            self._off(mono_ns, distance_m is not None)
            self.loss += (1.0 - self.loss) * LOSS_FOLLOW if self.near_ns is not None else 0.0
        elif distance_m is not None:
            self._learn_floor(distance_m)
        if self.near_ns is None:
            return
        self.near_n += 1
        if distance_m is None:
            self._lost_ns = self._lost_ns or mono_ns
            self._lost_n += 1
            if self._lost_n < LOST_SAMPLES or mono_ns - self._lost_ns < LOST_S * NS:
                return
        else:
            self._strays += 1
            if self._strays < STRAYS:
                return
        self.near_ns = None

    def _near(self, mono_ns: int, distance_m: float) -> None:
        tolerance_m = self._set.level_tolerance_m
        parked = self.parked_m is not None and abs(distance_m - self.parked_m) <= tolerance_m
        steady = self.near_hits >= STEADY_SAMPLES and self.share() >= STEADY_SHARE
        if self.parked_m is None and not steady and distance_m > CLUTTER_FROM_M:
            self._learn_clutter(mono_ns, distance_m)
        clutter = self.at_clutter(distance_m) and not steady
        self._near_streak += not clutter
        if parked or self._near_streak >= STRAYS:
            self.far_ns = None
        if parked:
            self.left_ns = self.moved_ns = None
            self.loss -= self.loss * LOSS_FOLLOW
        elif self.parked_m is not None:
            self._off(mono_ns, True)
        self._lost_n = self._lost_ns = 0
        if self.near_ns is not None:
            self.near_n += 1
            if abs(distance_m - self.near_m) <= tolerance_m:
                away_m = distance_m - self.near_m
                self.near_m += away_m * FOLLOW
                self.wobble_m += (abs(away_m) - self.wobble_m) * WOBBLE_FOLLOW
                self.near_hits += 1
                self.near_last_ns, self._strays = mono_ns, 0
                return
        self._strays += 1
        old = mono_ns - self._alt_ns > max(LOST_S * NS, QUIET_SAMPLES * self.gap_ns)
        if self._strays < STRAYS or old or abs(distance_m - self._alt_m) > tolerance_m:
            self._alt_m, self._alt_ns = distance_m, mono_ns
            if self._strays >= STRAYS:
                self.near_ns = None
            return
        self._begin_run(mono_ns, (distance_m + self._alt_m) / 2)
        self.wobble_m = abs(distance_m - self._alt_m) / 2
        self.near_last_ns, self._strays = mono_ns, 0

    def at_clutter(self, distance_m: float) -> bool:
        """At the level of something beside the empty space that sends an echo now and then."""
        known = self._clutter_n >= CLUTTER_SAMPLES
        return known and abs(distance_m - self._clutter_m) <= CLUTTER_TOLERANCE_M

    def _learn_clutter(self, mono_ns: int, distance_m: float) -> None:
        """While no car is in; what comes again and again from one level gains, all else loses."""
        if mono_ns - self._clutter_ns < CLUTTER_EVERY_NS:
            return
        self._clutter_ns = mono_ns
        if abs(distance_m - self._clutter_m) > CLUTTER_TOLERANCE_M:
            self._clutter_n -= 1
            if self._clutter_n < 0:
                self._clutter_m, self._clutter_n = distance_m, 0
        else:
            self._clutter_m += (distance_m - self._clutter_m) * FOLLOW
            self._clutter_n = min(self._clutter_n + 1, 2 * CLUTTER_SAMPLES)

    def _quiet_ns(self) -> int:
        return max(QUIET_NS, QUIET_SAMPLES * self.gap_ns)

    def _begin_run(self, mono_ns: int, level_m: float) -> None:
        """Someone who walked through between the two did not move what stands there."""
        if self.near_last_ns - self.since_ns > KEEP_NS:
            self._kept = (self.near_m, self.since_ns, self.near_last_ns)
        kept_m, kept_ns, last_ns = self._kept
        same = abs(level_m - kept_m) <= self._set.level_tolerance_m
        goes_on = same and mono_ns - last_ns <= WALK_S * NS
        self.near_ns = self._alt_ns
        self.since_ns = kept_ns if goes_on else self._alt_ns
        self.near_m, self.near_hits, self.near_n = level_m, 2, 2

    def _off(self, mono_ns: int, measured: bool) -> None:
        if self.left_ns is None:
            self.left_ns = mono_ns
        if measured and self.moved_ns is None:
            self.moved_ns = mono_ns

    def _learn_floor(self, distance_m: float) -> None:
        if abs(distance_m - self._floor_m) > FLOOR_TOLERANCE_M:
            self._floor_m, self._floor_n = distance_m, 0
            return
        self._floor_m += (distance_m - self._floor_m) * FOLLOW
        self._floor_n += 1
        if self._floor_n == FLOOR_SAMPLES:
            self._floor_n = 0
            self.empty_m = self._floor_m
            self.limit_m = self._set.near_limit_m(self.empty_m)

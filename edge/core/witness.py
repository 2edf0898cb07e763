"""The sensors of one space together: who is heard, and what follows from what they have seen.

A ruling is made from runs (echo.py, field.py) and what they show (signs.py); nothing here remembers
more than a few numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import dist

from edge.core import levels, signs
from edge.core.echo import NS, EchoTrack
from edge.core.field import FieldTrack
from edge.core.hearing import Hearing
from edge.core.levels import FLOOR_SAMPLES, STRANGER_S
from edge.core.occupancy import DetectorSettings, Standing
from edge.core.patience import Patience
from edge.core.plates import other_vehicle
from edge.core.signs import OTHER_S, Ruling

SWAP_FAR_SAMPLES = 2
# A car may be moved about within its first minute; later it is leaving.
YOUNG_S = 35.0
# A car on its way out may stand half-way for so long; nothing near for `GONE_S` ends that.
LEAVING_S, GONE_S = 25.0, 3.0
# No two cars pass each other in less.
PASSING_NS = 4 * NS
# A car that the field sees and the echo has not seen for so long is in doubt.
DEAF_S = 1800.0


class Witness(Hearing):
    def __init__(
        self,
        settings: DetectorSettings,
        echo: EchoTrack,
        field: FieldTrack,
        plates: Sequence[tuple[int, str]] = (),
    ) -> None:
        """`plates`: the newest confident reads of the space's cameras, kept by another."""
        super().__init__(settings, echo, field)
        self.plates, self._patience = plates, Patience(settings)
        self._since_ns: int | None = None
        self._fresh = False
        self._moved_ns: int | None = None
        self._leaving_ns: int | None = None
        self._left_ut = 0.0
        self._strange_ns: int | None = None
        self._swap_ns: int | None = None

    def forget(self) -> None:
        self.echo.forget()
        self.field.forget()
        self.heard, self._strange_ns, self._swap_ns = (), None, None
        self.first_ns = self._since_ns = self._leaving_ns = None

    def arrive(self, now_ns: int) -> None:
        self._since_ns = now_ns
        self._patience.told()
        self._settle()

    def _settle(self) -> None:
        if "echo" in self.heard and self.echo.near_ns is not None:
            self.echo.park()
        if "field" in self.heard:
            self.field.park()
        self._strange_ns = self._swap_ns = self._moved_ns = None

    def leave(self, now_ns: int, was_in: bool = True) -> None:
        """What still stands near may be the tail of the car that left."""
        if len(self.heard) > 1 and self.echo.far_s(now_ns) < GONE_S:
            self._leaving_ns = now_ns
        if was_in:
            lasted_s = (now_ns - (self._since_ns or now_ns)) / NS
            self._patience.habits.parked(lasted_s, self.echo.parked_m, self.field.step_ut())
        self._left_ut = max(self.field.step_ut() or 0.0, self.field.from_empty_ut())
        self._fresh = was_in and len(self.heard) > 1
        self.echo.leave()
        self.field.leave()
        self._strange_ns = self._swap_ns = None

    def stands(self) -> bool:
        """The car that is in is where it was, as far as each sensor that is heard can tell."""
        echo, field = self.echo, self.field
        if "echo" not in self.heard:
            return field.parked_ut is not None and field.left_ns is None
        if "field" not in self.heard:
            return echo.parked_m is not None and echo.left_ns is None
        return echo.parked_m is not None and echo.left_ns is None and field.left_ns is None

    # What follows: a car, none, or a doubt.

    def car(self, now_ns: int) -> Ruling | None:
        s, echo, field = self.settings, self.echo, self.field
        if self._still_leaving(now_ns):
            return None
        if self.heard == ("echo",):
            stands = echo.near_s(now_ns) >= s.echo_alone_arrive_s and echo.share() >= s.share_alone
            return Ruling("car", echo.since_ns) if stands else None
        still_s = field.still_s(now_ns)
        if self.heard == ("field",):
            on_ut = max(s.alone_on_ut, 2 * field.tolerance_ut)
            if still_s < s.field_alone_s or field.from_empty_ut() < on_ut:
                return None
            return Ruling("car", field.run_ns)
        near_s = echo.near_s(now_ns)
        from_empty_ut, passes = field.from_empty_ut(), field.passes.an_hour(now_ns)
        wait_s = self._patience.wait_s(passes, echo.near_m, from_empty_ut)
        if near_s < wait_s or still_s < s.field_s:
            return None
        if echo.share() < (s.share_at_clutter if echo.at_clutter(echo.near_m) else s.share_of_two):
            return None
        if field.baseline_ut is None:
            return signs.stood(self) if min(near_s, still_s) >= s.cold_s else None
        if from_empty_ut < self._on_ut(near_s):
            return None
        return signs.stood(self, self._patience.spread_s())

    def _on_ut(self, near_s: float) -> float:
        """The less the field has moved, the stiller it must stand, and the sooner after it came."""
        s, field = self.settings, self.field
        apart_ns = abs(field.run_ns - (self.echo.near_ns or 0))
        if self.echo.wobble_m > s.rigid_m or apart_ns > s.coincide_s * NS:
            return max(s.sure_ut, 2 * field.tolerance_ut)
        if s.weak_arrive_s <= near_s <= s.weak_within_s:
            return max(s.weak_ut, field.tolerance_ut)
        return max(s.on_ut, 1.5 * field.tolerance_ut)

    def empty(self, now_ns: int) -> Ruling | None:
        """Of a space that held a car (its levels are parked) or of which nothing is known."""
        s, echo = self.settings, self.echo
        far_s = echo.far_s(now_ns)
        if self._young(now_ns):
            self._learn_patience(now_ns)
            if far_s < s.leave_young_s:
                return None
        if self.heard == ("echo",):
            gone_s = max(s.echo_alone_leave_s, 2 * echo.surely_gone_s())
            gone = far_s >= gone_s or echo.floor_n >= FLOOR_SAMPLES
            return self._left() if gone else None
        if self.heard == ("field",):
            return signs.field_left(self, now_ns, s.field_alone_s)
        if signs.surely_left(self, now_ns):
            return self._left()
        if far_s < (s.leave_sure_s if signs.nearly_empty(self) else s.leave_s):
            return signs.echo_stuck(self, now_ns)
        return self._left() if self._gone(now_ns, far_s) else None

    def _gone(self, now_ns: int, far_s: float) -> bool:
        """Nothing has been near for a while: what else must be so."""
        s, echo, field = self.settings, self.echo, self.field
        if field.parked_ut is None:
            return field.still_s(now_ns) >= s.cold_s or field.baseline_ut is not None
        if signs.field_gone(self, now_ns) and far_s >= echo.surely_gone_s():
            return True
        if echo.floor_n >= FLOOR_SAMPLES and echo.far_n < 3 * echo.floor_n:
            return True
        if far_s < max(s.echo_alone_leave_s, 2 * echo.surely_gone_s()):
            return False
        if signs.field_frozen(self):
            return True
        if field.left_ns is not None and field.still_s(now_ns) >= s.field_s:
            return True
        # A car this weak may leave without a trace in the field; one that is not, never does.
        step_ut = field.step_ut()
        return step_ut is None or step_ut < 2 * s.weak_ut

    def doubt(self, now_ns: int, occupied: bool) -> Ruling | None:
        """Something that no vehicle explains has lasted."""
        s, echo, field = self.settings, self.echo, self.field
        if len(self.heard) < 2:
            return None
        if occupied and echo.far_ns is None:
            strange = field.left_ns is not None and signs.looks_empty(self)
        elif occupied:
            deaf = echo.far_s(now_ns) > DEAF_S
            strange = field.left_ns is None and (deaf or not signs.firm(self))
        elif echo.far_ns is None:
            strange = echo.near_s(now_ns) > s.weak_arrive_s
        else:
            strange = levels.strange_free(self) and field.still_s(now_ns) > 0
        if not strange:
            if field.still_s(now_ns) > 0:
                self._strange_ns = None
            return None
        since_ns = self._strange_ns = self._strange_ns or now_ns
        return Ruling("doubt", since_ns) if now_ns - since_ns >= s.disagree_s * NS else None

    def doubtful(self, standing: Standing) -> bool:
        """What made a free space unknown still lasts, so it is not empty yet."""
        return standing == "unknown_was_free" and levels.strange_free(self)

    def leaving(self, now_ns: int) -> Ruling | None:
        """It has left its place and stands half-way: no need to wait until it drives on."""
        echo, field, latest = self.echo, self.field, self.field.now_ut()
        moved_ns, parked = echo.moved_ns, field.parked_ut
        if len(self.heard) < 2 or moved_ns is None:
            return None
        lasted_s = (now_ns - moved_ns) / NS
        if lasted_s < self.settings.leaving_s or self._young(moved_ns):
            return None
        if parked is None or latest is None or field.left_ns is None or echo.parked_m is None:
            return None
        if echo.near_ns is None or echo.near_m - echo.parked_m < self.settings.displaced_m:
            return None
        step_ut = field.step_ut() or 0.0
        if dist(latest, parked) < max(self.settings.on_ut, 0.35 * step_ut):
            return None
        return self._left()

    def again(self, now_ns: int) -> Ruling | None:
        """It stands again: another car, if the space was seen empty in between; or the same."""
        echo, field = self.echo, self.field
        if len(self.heard) < 2 or echo.parked_m is None or field.parked_ut is None:
            return None
        if min(echo.near_s(now_ns), field.still_s(now_ns)) < self.settings.arrive_s:
            far = echo.far_n >= SWAP_FAR_SAMPLES and echo.far_ns is not None
            empty = far and echo.near_ns is None and signs.nearly_empty(self)
            if empty and self._swap_ns is None and not self._young(now_ns):
                self._swap_ns = self._left().at_ns
            return None
        elsewhere = abs(echo.near_m - echo.parked_m) > 1.5 * self.settings.level_tolerance_m
        left = self._left()
        if other_vehicle(self.plates, self._since_ns or 0, left.at_ns):
            return Ruling("empty", left.at_ns, left.spread_s, self._came_ns(left.at_ns))
        if self._swap_ns is not None and signs.is_other(self, elsewhere):
            came = field.from_empty_ut() >= self._on_ut(echo.near_s(now_ns))
            then_ns = self._came_ns(self._swap_ns) if came else None
            return Ruling("empty", self._swap_ns, 0.0, then_ns)
        if self._swap_ns is not None:
            self._park_again(now_ns)
        elif elsewhere:
            # A field that has not moved says that it is no car which moved before the sensor.
            moved = field.gone_ns is not None
            if echo.near_s(now_ns) >= (OTHER_S if moved else STRANGER_S):
                self._park_again(now_ns)
        elif field.left_ns is not None and not signs.looks_empty(self):
            levels.shift(self)
        return None

    def _came_ns(self, left_ns: int) -> int:
        """The echo may not have noticed the gap between the two; the field has."""
        stood_ns = signs.stood(self).at_ns
        return stood_ns if stood_ns > left_ns else self.field.run_ns

    def _park_again(self, now_ns: int) -> None:
        """The same car, moved about. If it drives off soon, it began to leave before this."""
        began_ns, moved = self._left().at_ns, self.field.gone_ns is not None
        self._learn_patience(now_ns)
        self._settle()
        if moved and not self._young(now_ns):
            self._moved_ns = began_ns

    def _learn_patience(self, now_ns: int) -> None:
        """It was told, and then moved about: next time wait longer."""
        moved_ns = self.echo.moved_ns
        if moved_ns is None or not self._young(moved_ns):
            return
        if now_ns - moved_ns > NS and signs.field_gone(self, now_ns):
            self._patience.moved_about()

    def _young(self, now_ns: int) -> bool:
        return self._since_ns is not None and now_ns - self._since_ns < YOUNG_S * NS

    def _still_leaving(self, now_ns: int) -> bool:
        """The car that was seen to leave half-way must be gone before another can come."""
        if self._leaving_ns is None:
            return False
        gone = self.echo.far_s(now_ns) >= GONE_S or "echo" not in self.heard
        if gone or self._came_after(self._leaving_ns) or now_ns - self._leaving_ns > LEAVING_S * NS:
            self._leaving_ns = None
        return self._leaving_ns is not None

    def _came_after(self, leaving_ns: int) -> bool:
        """What stands there came to rest after the other had been told, and moves the field more
        than that did, in its place or half-way."""
        field = self.field
        more = field.from_empty_ut() > max(1.3 * self._left_ut, self.settings.sure_ut)
        return more and field.run_ns > leaving_ns + PASSING_NS

    # How the levels follow what is known.

    def follow_free(self, now_ns: int, elapsed_s: float) -> None:
        since_ns = now_ns if self._strange_ns is None else self._strange_ns
        strange_s = (now_ns - since_ns) / NS
        self._fresh = levels.follow_free(self, now_ns, elapsed_s, self._fresh, strange_s)

    def follow_car(self, now_ns: int) -> None:
        levels.follow_car(self, now_ns, self._swap_ns is not None)

    # The parts of a ruling.

    def _left(self) -> Ruling:
        """The first sign of leaving; lost echoes alone are none where the field tells."""
        ruling = signs.left(self)
        moved_ns = self._moved_ns
        if moved_ns is not None and 0 < ruling.at_ns - moved_ns < YOUNG_S * NS:
            return Ruling("empty", moved_ns, ruling.spread_s)
        return ruling

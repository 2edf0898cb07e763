"""The sensors of one space together: who is heard, and what follows from what they have seen.

A ruling says what the space holds and when that began. It is made from runs (echo.py, field.py);
nothing here remembers more than a few numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import dist

from edge.core.echo import NS, EchoTrack
from edge.core.field import FieldTrack
from edge.core.occupancy import DetectorSettings, Signal

# Two starts further apart than this: the middle, with half the distance as uncertainty.
APART_S = 2.5
# A field that moves again this long after the echo came to rest is another vehicle's.
OTHER_S = 15.0
# Who stands before the sensor for longer than this is no person who loads the car.
STRANGER_S = 90.0
# A roof may pass under the sensor for so long before a car has left, and the field lag as much.
SLACK_S, ROOF_S = 4.0, 8.0
SWAP_FAR_SAMPLES = 2
# A car may be moved about within its first minute; later it is leaving.
YOUNG_S = 35.0
# A car on its way out may stand half-way for so long; nothing near for `GONE_S` ends that.
LEAVING_S, GONE_S = 25.0, 3.0
# So many echoes from beyond the space in a row: no car is in the beam, whatever the field says.
FLOOR_SAMPLES = 6
# The first still field after a departure is the empty one.
FRESH_S = 4.0
FACE_SAMPLES, SAME_SAMPLES = 6, 20


@dataclass(frozen=True, slots=True)
class Ruling:
    """`then_ns`: one car left at `at_ns` and another has stood there since then."""

    signal: Signal
    at_ns: int
    spread_s: float = 0.0
    then_ns: int | None = None


class Witness:
    """`heard` names the sensors whose evidence counts now: echo, field, both or none."""

    def __init__(self, settings: DetectorSettings, echo: EchoTrack, field: FieldTrack) -> None:
        self._set, self.echo, self.field = settings, echo, field
        self.heard: tuple[str, ...] = ()
        self._since_ns = 0
        # How long a car must have been at rest here before it is told: cars that were moved about
        # once more after it had been told make it longer, others shorter.
        self.patience_s = settings.arrive_s
        self._premature = self._fresh = False
        self._moved_ns: int | None = None
        self._leaving_ns: int | None = None
        self._left_ut = 0.0
        self._strange_ns: int | None = None
        self._swap_ns: int | None = None

    def listen(self, now_ns: int) -> None:
        limit_ns = now_ns - int(self._set.silent_s * NS)
        echo, field = self.echo, self.field
        echo_heard = echo.last_ns is not None and echo.last_ns > limit_ns
        echo_heard = echo_heard and echo.face_n < FACE_SAMPLES
        field_heard = field.last_ns is not None and field.last_ns > limit_ns
        self.heard = ("echo",) * echo_heard + ("field",) * field_heard

    def forget(self) -> None:
        self.echo.forget()
        self.field.forget()
        self.heard, self._strange_ns, self._swap_ns = (), None, None

    def arrive(self, now_ns: int) -> None:
        self._since_ns = now_ns
        self.patience_s = max(self._set.arrive_s, self.patience_s - self._set.patience_loss_s)
        self._premature = False
        self._settle()

    def _settle(self) -> None:
        if "echo" in self.heard and self.echo.near_ns is not None:
            self.echo.park()
        if "field" in self.heard:
            self.field.park()
        self._strange_ns = self._swap_ns = self._moved_ns = None

    def leave(self, now_ns: int) -> None:
        """What still stands near may be the tail of the car that left."""
        if len(self.heard) > 1 and self.echo.far_s(now_ns) < GONE_S:
            self._leaving_ns = now_ns
        self._left_ut = self.field.step_ut() or 0.0
        self._fresh = len(self.heard) > 1
        self.echo.leave()
        self.field.leave()
        self._strange_ns = self._swap_ns = None

    def stands(self) -> bool:
        """The car that is in is where it was, as far as each sensor that is heard can tell."""
        echo, field = self.echo, self.field
        if "echo" not in self.heard:
            return field.parked_ut is not None and field.left_ns is None
        return echo.parked_m is not None and echo.left_ns is None and field.left_ns is None

    # What follows: a car, none, or a doubt.

    def car(self, now_ns: int) -> Ruling | None:
        s, echo, field = self._set, self.echo, self.field
        if self._still_leaving(now_ns):
            return None
        if self.heard == ("echo",):
            stands = echo.near_s(now_ns) >= s.echo_alone_arrive_s and echo.share() >= s.share_alone
            return Ruling("car", echo.near_ns or now_ns) if stands else None
        still_s = field.still_s(now_ns)
        if self.heard == ("field",):
            on_ut = max(s.alone_on_ut, 2 * field.tolerance_ut)
            if still_s < s.field_alone_s or field.from_empty_ut() < on_ut:
                return None
            return Ruling("car", field.run_ns)
        near_s = echo.near_s(now_ns)
        if near_s < max(self.patience_s, self._busy_s(now_ns)) or still_s < s.field_s:
            return None
        if echo.share() < (s.share_at_clutter if echo.at_clutter(echo.near_m) else s.share_of_two):
            return None
        if field.baseline_ut is None:
            return self._stood(now_ns) if min(near_s, still_s) >= s.cold_s else None
        moved_ut = field.from_empty_ut()
        if moved_ut >= self._on_ut(near_s):
            return self._stood(now_ns)
        return None

    def _busy_s(self, now_ns: int) -> float:
        """Where much goes by, drivers stop for others and correct: they take longer to park."""
        s, passes = self._set, self.field.passes.an_hour(now_ns)
        part = min(1.0, max(0.0, (passes - s.busy_passes) / s.busy_passes))
        return s.arrive_s + part * (s.arrive_latest_s - s.arrive_s)

    def _on_ut(self, near_s: float) -> float:
        """The less the field has moved, the stiller it must stand, and the sooner after it came."""
        s, field = self._set, self.field
        apart_ns = abs(field.run_ns - (self.echo.near_ns or 0))
        if self.echo.wobble_m > s.rigid_m or apart_ns > s.coincide_s * NS:
            return max(s.sure_ut, 2 * field.tolerance_ut)
        if s.weak_arrive_s <= near_s <= s.weak_within_s:
            return max(s.weak_ut, field.tolerance_ut)
        return max(s.on_ut, 1.5 * field.tolerance_ut)

    def empty(self, now_ns: int) -> Ruling | None:
        """Of a space that held a car (its levels are parked) or of which nothing is known."""
        s, echo, field = self._set, self.echo, self.field
        far_s = echo.far_s(now_ns)
        if self._young(now_ns):
            self._learn_patience(now_ns)
            if far_s < s.leave_young_s:
                return None
        if self.heard == ("echo",):
            gone_s = max(s.echo_alone_leave_s, 2 * echo.surely_gone_s())
            return self._left() if far_s >= gone_s else None
        if self.heard == ("field",):
            return self._field_left(now_ns, s.field_alone_s)
        if self._surely_left(now_ns):
            return self._left()
        if far_s < (s.leave_sure_s if self._nearly_empty() else s.leave_s):
            return self._echo_stuck(now_ns)
        if field.parked_ut is None:
            still = field.still_s(now_ns) >= s.cold_s or field.baseline_ut is not None
            return self._left() if still else None
        if self._field_gone(now_ns) and far_s >= echo.surely_gone_s():
            return self._left()
        if echo.floor_n >= FLOOR_SAMPLES and echo.far_n < 3 * echo.floor_n:
            return self._left()
        slow_s = max(s.echo_alone_leave_s, 2 * echo.surely_gone_s())
        if far_s >= slow_s and field.left_ns is not None and field.still_s(now_ns) >= s.field_s:
            return self._left()
        # A car this weak may leave without a trace in the field; one that is not, never does.
        step_ut = field.step_ut()
        if step_ut is not None and step_ut >= 2 * s.weak_ut:
            return None
        return self._left() if far_s >= slow_s else None

    def doubt(self, now_ns: int, occupied: bool) -> Ruling | None:
        """Something that no vehicle explains has lasted."""
        s, echo, field = self._set, self.echo, self.field
        if len(self.heard) < 2:
            return None
        strange = False
        if occupied and echo.far_ns is None:
            strange = field.left_ns is not None and self._looks_empty()
        elif occupied:
            strange = field.left_ns is None and not self._firm()
        elif echo.far_ns is None:
            strange = echo.near_s(now_ns) > s.weak_arrive_s
        elif field.baseline_ut is not None:
            strange = field.from_empty_ut() >= s.strange_ut and field.still_s(now_ns) > 0
            strange = strange and echo.floor_n < FLOOR_SAMPLES
        if not strange:
            self._strange_ns = None if not self._still_moving(now_ns) else self._strange_ns
            return None
        if self._strange_ns is None:
            self._strange_ns = now_ns
        lasted_s = (now_ns - self._strange_ns) / NS
        return Ruling("doubt", self._strange_ns) if lasted_s >= s.disagree_s else None

    def leaving(self, now_ns: int) -> Ruling | None:
        """It has left its place and stands half-way: no need to wait until it drives on."""
        echo, field, latest = self.echo, self.field, self.field.now_ut()
        moved_ns, parked = echo.moved_ns, field.parked_ut
        if len(self.heard) < 2 or moved_ns is None:
            return None
        lasted_s = (now_ns - moved_ns) / NS
        if lasted_s < self._set.leaving_s or self._young(moved_ns):
            return None
        if parked is None or latest is None or field.left_ns is None or echo.parked_m is None:
            return None
        if echo.near_ns is None or echo.near_m - echo.parked_m < self._set.displaced_m:
            return None
        step_ut = field.step_ut() or 0.0
        if dist(latest, parked) < max(self._set.on_ut, 0.35 * step_ut):
            return None
        return self._left()

    def again(self, now_ns: int) -> Ruling | None:
        """It stands again: another car, if the space was seen empty in between; or the same."""
        echo, field = self.echo, self.field
        if len(self.heard) < 2 or echo.parked_m is None or field.parked_ut is None:
            return None
        if min(echo.near_s(now_ns), field.still_s(now_ns)) < self._set.arrive_s:
            far = echo.far_n >= SWAP_FAR_SAMPLES and echo.far_ns is not None
            empty = far and echo.near_ns is None and self._nearly_empty()
            if empty and self._swap_ns is None and not self._young(now_ns):
                self._swap_ns = self._left().at_ns
            return None
        elsewhere = abs(echo.near_m - echo.parked_m) > 1.5 * self._set.level_tolerance_m
        if self._swap_ns is not None and self._is_other(elsewhere):
            stood_ns = self._stood(now_ns).at_ns
            came = field.from_empty_ut() >= self._on_ut(echo.near_s(now_ns))
            return Ruling("empty", self._swap_ns, 0.0, stood_ns if came else None)
        if self._swap_ns is not None:
            self._park_again(now_ns)
        elif elsewhere:
            # A field that has not moved says that it is no car which moved before the sensor.
            moved = field.gone_ns is not None
            if echo.near_s(now_ns) >= (OTHER_S if moved else STRANGER_S):
                self._park_again(now_ns)
        elif field.left_ns is not None and not self._looks_empty():
            self._shift_levels()
        return None

    def _park_again(self, now_ns: int) -> None:
        """The same car, moved about. If it drives off soon, it began to leave before this."""
        began_ns, moved = self._left().at_ns, self.field.gone_ns is not None
        self._learn_patience(now_ns)
        self._settle()
        if moved and now_ns - self._since_ns > YOUNG_S * NS:
            self._moved_ns = began_ns

    def _is_other(self, elsewhere: bool) -> bool:
        field = self.field
        if field.level_ut is None or field.parked_ut is None:
            return False
        other_ut = dist(field.level_ut, field.parked_ut)
        step_ut = field.step_ut() or 0.0
        return other_ut > max(2 * field.tolerance_ut, (0.2 if elsewhere else 0.35) * step_ut)

    def _looks_empty(self) -> bool:
        """A car that moved the field much seems to have gone, whatever the echo says."""
        field, step_ut = self.field, self.field.step_ut()
        if field.level_ut is None or field.parked_ut is None or step_ut is None:
            return False
        gone = field.from_empty_ut() < 0.3 * dist(field.level_ut, field.parked_ut)
        return gone and step_ut >= self._set.strange_ut

    def _learn_patience(self, now_ns: int) -> None:
        """It was told, and then moved about: next time wait longer."""
        moved_ns = self.echo.moved_ns
        if self._premature or moved_ns is None or not self._young(moved_ns):
            return
        if now_ns - moved_ns > NS and self._field_gone(now_ns):
            self._premature = True
            longer_s = self.patience_s + self._set.patience_gain_s
            self.patience_s = min(longer_s, self._set.arrive_latest_s)

    def _young(self, now_ns: int) -> bool:
        return now_ns - self._since_ns < YOUNG_S * NS

    def _still_leaving(self, now_ns: int) -> bool:
        """The car that was seen to leave half-way must be gone before another can come."""
        if self._leaving_ns is None:
            return False
        gone = self.echo.far_s(now_ns) >= GONE_S or "echo" not in self.heard
        if gone or now_ns - self._leaving_ns > LEAVING_S * NS:
            self._leaving_ns = None
        return self._leaving_ns is not None

    # How the levels follow what is known.

    def follow_free(self, now_ns: int, elapsed_s: float) -> None:
        s, field = self._set, self.field
        still_s = field.still_s(now_ns)
        if still_s <= 0 or field.level_ut is None:
            return
        echo_says_empty = "echo" in self.heard and self.echo.far_ns is not None
        if field.baseline_ut is None:
            if still_s >= s.cold_s and (echo_says_empty or self.heard == ("field",)):
                field.baseline_ut = field.level_ut
            return
        away_ut = field.from_empty_ut()
        if echo_says_empty:
            if self._fresh and min(still_s, self.echo.far_s(now_ns)) >= FRESH_S:
                field.baseline_ut, self._fresh = field.level_ut, False
            elif away_ut < s.strange_ut or self.echo.floor_n >= FLOOR_SAMPLES:
                field.follow_empty(min(1.0, elapsed_s / s.follow_s))
            elif still_s >= s.rebaseline_s:
                field.baseline_ut = field.level_ut
        elif self.heard == ("field",) and away_ut < s.alone_on_ut:
            field.follow_empty(min(1.0, elapsed_s / s.drift_s))

    def follow_car(self, now_ns: int) -> None:
        """The echo vouches for a car that stands while the field around it changes."""
        echo, field = self.echo, self.field
        if "field" in self.heard and field.level_ut is not None:
            if field.parked_ut is None:
                if field.still_s(now_ns) >= self._set.field_s and echo.far_ns is None:
                    field.parked_ut = field.level_ut
            elif field.left_ns is None:
                if field.still_s(now_ns) > 0:
                    field.parked_ut = field.level_ut
        if "echo" not in self.heard or echo.far_ns is not None or self._swap_ns is not None:
            return
        near_s = echo.near_s(now_ns)
        if echo.parked_m is None:
            if near_s >= self._set.arrive_s:
                echo.park()
        elif abs(echo.near_m - echo.parked_m) <= 1.5 * self._set.level_tolerance_m:
            if near_s >= OTHER_S:
                echo.park()
        elif near_s >= STRANGER_S and "field" not in self.heard:
            echo.park()

    def _shift_levels(self) -> None:
        """What a neighbour's car adds, it adds to the empty level too."""
        field = self.field
        new, old, base = field.level_ut, field.parked_ut, field.baseline_ut
        if new is None or old is None:
            return
        if base is not None and dist(new, old) < self._set.sure_ut:
            field.baseline_ut = (
                base[0] + new[0] - old[0],
                base[1] + new[1] - old[1],
                base[2] + new[2] - old[2],
            )
        field.park()

    # The parts of a ruling.

    def _stood(self, now_ns: int) -> Ruling:
        echo_ns, field_ns = self.echo.near_ns, self.field.run_ns
        if echo_ns is None:
            return Ruling("car", field_ns)
        apart_s = abs(field_ns - echo_ns) / NS
        if apart_s > OTHER_S:
            return Ruling("car", echo_ns)
        # What still moved for one of the two was not at rest.
        return Ruling("car", max(echo_ns, field_ns), apart_s if apart_s > APART_S else 0.0)

    def _left(self) -> Ruling:
        """The first sign of leaving; lost echoes alone are none where the field tells."""
        ruling = self._left_now()
        moved_ns = self._moved_ns
        if moved_ns is not None and 0 < ruling.at_ns - moved_ns < YOUNG_S * NS:
            return Ruling("empty", moved_ns, ruling.spread_s)
        return ruling

    def _left_now(self) -> Ruling:
        echo, field = self.echo, self.field
        echo_ns = echo.left_ns if "echo" in self.heard else None
        field_ns = self._field_moved_ns() if "field" in self.heard else None
        if echo_ns is None or field_ns is None:
            at_ns = echo_ns if echo_ns is not None else field_ns
            if at_ns is None:
                at_ns = echo.far_ns if "echo" in self.heard else field.run_ns
            return Ruling("empty", at_ns or 0)
        if abs(echo_ns - field_ns) <= APART_S * NS:
            return Ruling("empty", min(echo_ns, field_ns))
        # A person may stand before the sensor, a roof go by under it, a neighbour move the field.
        apart_s = abs(echo_ns - field_ns) / NS
        if self._firm() and (echo_ns < field_ns or apart_s <= ROOF_S):
            return Ruling("empty", field_ns, min(apart_s, SLACK_S))
        return Ruling("empty", max(echo_ns, field_ns), min(apart_s, SLACK_S))

    def _field_moved_ns(self) -> int | None:
        """When the field began the move that took it away from the car's level."""
        left_ns, gone_ns = self.field.left_ns, self.field.gone_ns
        if left_ns is None or gone_ns is None or gone_ns - left_ns <= SLACK_S * NS:
            return left_ns
        return gone_ns - NS

    def _field_left(self, now_ns: int, still_s: float) -> Ruling | None:
        """By the field alone: settled nearer to the empty level than to the car's."""
        field = self.field
        if field.still_s(now_ns) < still_s or field.level_ut is None:
            return None
        if field.baseline_ut is None:
            if field.parked_ut is not None and field.left_ns is None:
                return None
            return Ruling("empty", field.left_ns or field.run_ns)
        if field.parked_ut is None:
            near = field.from_empty_ut() < self._set.alone_on_ut
            return Ruling("empty", field.run_ns) if near else None
        from_car_ut = dist(field.level_ut, field.parked_ut)
        if field.from_empty_ut() > 0.6 * from_car_ut or field.left_ns is None:
            return None
        return Ruling("empty", field.left_ns)

    def _surely_left(self, now_ns: int) -> bool:
        """The field of a strong car is gone and still, and the echo has left its level too."""
        echo, field, step_ut = self.echo, self.field, self.field.step_ut()
        if echo.left_ns is None or step_ut is None or step_ut < self._set.sure_ut:
            return False
        off_s = (now_ns - echo.left_ns) / NS
        still = field.still_s(now_ns) >= self._set.field_s
        return off_s >= 1.5 and still and field.from_empty_ut() < 0.25 * step_ut

    def _field_gone(self, now_ns: int) -> bool:
        """The field has left the car's level, by half of what the car had moved it."""
        field = self.field
        latest, parked = field.now_ut(), field.parked_ut
        if field.left_ns is None or latest is None or parked is None:
            return False
        if now_ns - field.left_ns < NS:
            return False
        away_ut = dist(latest, parked)
        step_ut = field.step_ut()
        if step_ut is None or field.baseline_ut is None:
            return away_ut > 1.5 * field.tolerance_ut
        nearer = dist(latest, field.baseline_ut) < away_ut
        if self.echo.loss > 0.3 and field.still_s(now_ns) < 1.0:
            return False
        return away_ut > max(field.tolerance_ut, 0.5 * step_ut) and nearer

    def _echo_stuck(self, now_ns: int) -> Ruling | None:
        """The field says that the car has left, and the echo has long repeated one raw value."""
        if self.echo.same_n < SAME_SAMPLES or self.field.parked_ut is None:
            return None
        if (self.field.step_ut() or 0.0) < self._set.alone_on_ut:
            return None
        return self._field_left(now_ns, self._set.field_alone_s)

    def _firm(self) -> bool:
        """A car that moved the field so much cannot have left without moving it back."""
        step_ut = self.field.step_ut()
        return step_ut is not None and step_ut >= self._set.on_ut

    def _nearly_empty(self) -> bool:
        latest, parked, field = self.field.now_ut(), self.field.parked_ut, self.field
        if latest is None or parked is None or field.left_ns is None:
            return False
        if field.baseline_ut is None:
            return dist(latest, parked) > 2 * field.tolerance_ut
        step_ut = field.step_ut() or 0.0
        return dist(latest, field.baseline_ut) < max(1.5 * field.tolerance_ut, 0.3 * step_ut)

    def _still_moving(self, now_ns: int) -> bool:
        return self.field.still_s(now_ns) <= 0

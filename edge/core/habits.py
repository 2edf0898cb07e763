"""How cars usually stand in one space. What stands otherwise is mostly on its way in.

Half-way in, a car is farther from the sensor on the wall than any that has parked there, and its
engine may lie right above the magnetometer.
"""

from __future__ import annotations

# A parked car moves the field by 3 to 30 uT; one over the sensor by far more.
USUAL_UT = 40.0
MORE, FARTHER_M = 1.3, 0.5
# Of one that stood for so long it is known that it had parked; so many make a habit.
STOOD_S, ENOUGH = 120.0, 4
# The limits come back by so much with every car, so that one odd car is forgotten in weeks.
FORGET = 0.02


class Habits:
    __slots__ = ("_farthest_m", "_n", "_strongest_ut")

    def __init__(self) -> None:
        self._n, self._farthest_m, self._strongest_ut = 0, 0.0, USUAL_UT

    def parked(self, lasted_s: float, at_m: float | None, step_ut: float | None) -> None:
        """A car has left that had stood there for `lasted_s`."""
        if lasted_s < STOOD_S or at_m is None or step_ut is None:
            return
        self._n += 1
        self._farthest_m += max(at_m - self._farthest_m, FORGET * (at_m - self._farthest_m))
        more_ut = MORE * step_ut
        down_ut = FORGET * (USUAL_UT - self._strongest_ut)
        self._strongest_ut = max(self._strongest_ut + down_ut, more_ut)

    def odd(self, at_m: float, step_ut: float) -> bool:
        far = self._n >= ENOUGH and at_m > self._farthest_m + FARTHER_M
        return far or step_ut > self._strongest_ut

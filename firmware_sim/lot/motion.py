"""How a car moves along its path: how far it is from where it rests, at any time.

A drive is a list of waypoints (offset, speed there, wait there); between two of them the car
accelerates evenly, so the time it needs follows from the two speeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from firmware_sim.lot.physics import Array

Waypoint: TypeAlias = tuple[float, float, float]
"""offset_m from the resting place, speed_m_s there, wait_s there (only with speed 0)."""

FAR_M, LANE_M = 18.0, 8.0
WAITS_M = 9.5  # where one waits in the lane for the space to become free
LEAST_M_S = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """Knots in time order: times_s, offsets_m, slopes_m_s (negative while it comes nearer)."""

    times_s: Array
    offsets_m: Array
    slopes_m_s: Array

    @property
    def from_s(self) -> float:
        return float(self.times_s[0])

    @property
    def until_s(self) -> float:
        return float(self.times_s[-1])

    def offset_m(self, at_s: Array) -> Array:
        """Cubic between the knots; before the first and after the last it stands still."""
        times, offsets, slopes = self.times_s, self.offsets_m, self.slopes_m_s
        at_s = np.clip(at_s, times[0], times[-1])
        k = np.clip(np.searchsorted(times, at_s, side="right") - 1, 0, len(times) - 2)
        span = times[k + 1] - times[k]
        u = (at_s - times[k]) / span
        bend, rest = u * u * (3 - 2 * u), 1 - u
        value = offsets[k] * (1 - bend) + offsets[k + 1] * bend
        return np.asarray(value + span * u * rest * (slopes[k] * rest - slopes[k + 1] * u))

    def moved(self, by_s: float) -> Drive:
        return Drive(self.times_s + by_s, self.offsets_m, self.slopes_m_s)

    def ending_at(self, at_s: float) -> Drive:
        return self.moved(at_s - self.until_s)


def drive(waypoints: Sequence[Waypoint], from_s: float = 0.0) -> Drive:
    """Two waypoints at the same offset, or both with speed 0, are no drive: give one a wait."""
    times: list[float] = []
    offsets: list[float] = []
    slopes: list[float] = []
    at_s = from_s
    for index, (offset, speed, wait_s) in enumerate(waypoints):
        way = 1.0
        if index:
            before, speed_before, _ = waypoints[index - 1]
            way = float(np.sign(offset - before))
            at_s += 2 * abs(offset - before) / max(speed + speed_before, LEAST_M_S)
        elif len(waypoints) > 1:
            way = float(np.sign(waypoints[1][0] - offset))
        for later_s in (0.0, wait_s) if wait_s > 0 else (0.0,):
            times.append(at_s + later_s)
            offsets.append(offset)
            slopes.append(way * speed)
        at_s += wait_s
    return Drive(np.array(times), np.array(offsets), np.array(slopes))


def to_and_fro(start_m: float, end_m: float, speed_m_s: float) -> list[Waypoint]:
    """From standing to standing: speed up to half-way, brake from there."""
    return [((start_m + end_m) / 2, speed_m_s, 0.0), (end_m, 0.0, 0.0)]

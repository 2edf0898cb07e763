"""How drivers park and leave: the waypoints of one visit, and the tags of what was odd."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_sim.lot.levels import Level
from firmware_sim.lot.motion import FAR_M, LANE_M, WAITS_M, Drive, Waypoint, drive, to_and_fro

ENTRY_M = 3.0


@dataclass(frozen=True, slots=True)
class Manners:
    """Of one visit; drawn from a level, or said by a tester."""

    pauses: bool = False
    creeps: bool = False
    reparks: bool = False
    swaps: bool = False
    pauses_out: bool = False
    pause_most_s: float = 12.0
    repark_most_s: float = 4.0

    def tags(self) -> tuple[str, ...]:
        named = {
            "pause": self.pauses,
            "creep": self.creeps,
            "repark": self.reparks,
            "swap": self.swaps,
            "pause-out": self.pauses_out,
        }
        return tuple(name for name, true in named.items() if true)


def draw_manners(rng: np.random.Generator, level: Level, swaps: bool) -> Manners:
    chance = rng.random(4)
    return Manners(
        pauses=bool(chance[0] < level.pause_share) and not swaps,
        creeps=bool(chance[1] < level.creep_share),
        reparks=bool(chance[2] < level.repark_share),
        swaps=swaps,
        pauses_out=bool(chance[3] < level.pause_out_share),
        pause_most_s=level.pause_most_s,
        repark_most_s=level.repark_most_s,
    )


def way_in(rng: np.random.Generator, manners: Manners) -> Drive:
    """Ends at rest, at time 0."""
    speed = rng.uniform(0.9, 2.0)
    points = _approach(rng, manners, speed)
    if manners.creeps:
        slow = rng.uniform(0.06, 0.15)
        points.append((rng.uniform(0.2, 0.8), slow, 0.0))
    if manners.reparks:
        first, back = rng.uniform(0.0, 0.15), rng.uniform(0.6, 2.0)
        points.append((first, 0.0, rng.uniform(1.0, max(1.5, manners.repark_most_s))))
        points += to_and_fro(first, back, rng.uniform(0.7, 1.3))
        points[-1] = (back, 0.0, rng.uniform(0.5, 1.5))
        points += to_and_fro(back, 0.0, rng.uniform(0.5, 1.1))
    else:
        points.append((0.0, 0.0, 0.0))
    return drive(points).ending_at(0.0)


def way_out(rng: np.random.Generator, manners: Manners, from_m: float = 0.0) -> Drive:
    """Begins to leave at time 0."""
    points: list[Waypoint] = [(from_m, 0.0, 0.0)]
    if manners.pauses_out:
        stop = from_m + rng.uniform(0.3, 2.5)
        points += to_and_fro(from_m, stop, rng.uniform(0.4, 1.0))
        points[-1] = (stop, 0.0, rng.uniform(2.0, max(3.0, manners.pause_most_s)))
    points.append((points[-1][0] + ENTRY_M, rng.uniform(0.9, 2.0), 0.0))
    points.append((max(LANE_M, points[-1][0] + 1), rng.uniform(1.8, 3.0), 0.0))
    points.append((FAR_M, rng.uniform(2.5, 5.0), 0.0))
    return drive(points)


def way_to_turn(rng: np.random.Generator, to_m: float) -> Drive:
    """Into the mouth of the space and no further; ends standing, at time 0."""
    points = _approach(rng, Manners(), rng.uniform(0.9, 1.6))[:-1]
    return drive([*points, (to_m, 0.0, 0.0)]).ending_at(0.0)


def _approach(rng: np.random.Generator, manners: Manners, speed: float) -> list[Waypoint]:
    if manners.swaps:
        points: list[Waypoint] = [(FAR_M, 3.0, 0.0), (WAITS_M, 0.0, rng.uniform(5.0, 25.0))]
    else:
        points = [(FAR_M, rng.uniform(2.5, 5.0), 0.0), (LANE_M, rng.uniform(1.8, 2.8), 0.0)]
    if manners.pauses:
        stop = rng.uniform(1.5, 4.5)
        points.append((stop, 0.0, rng.uniform(2.0, max(3.0, manners.pause_most_s))))
        points.append((0.6 * stop, min(speed, 1.2), 0.0))
    else:
        points.append((ENTRY_M, speed, 0.0))
    return points

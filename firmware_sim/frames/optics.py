"""A camera as a pinhole over the plan of a row: x along it, y into the spaces, z up; metres."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge.core.plate_tracks import View

Points: TypeAlias = NDArray[np.float64]
Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

SIZE: Size = (640, 480)
# Nothing nearer than this is drawn.
NEAREST_M = 0.3
# Across the lane on a post, and where a parked car's plate hangs.
POST_Y_M, POST_Z_M = (-7.6, -6.6), (2.5, 3.3)
PLATE_Y_M, PLATE_Z_M, PLATE_WIDE_M = 0.3, 0.55, 0.44
# How many pixels wide a plate appears; and how far from the picture's edge it stays.
PLATE_PX, MARGIN_M = (70.0, 100.0), 0.7

# A plate that hangs so far aside of the space's middle is still that of its car.
OWN_M = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Optics:
    """`turn`: rows are the camera's right, down and forward."""

    at_m: Points
    turn: Points
    focal_px: float
    size: Size

    def pixels(self, points_m: Points) -> tuple[Points, Points]:
        """(n, 2) x, y in the picture and (n) metres ahead of the lens."""
        seen = (points_m - self.at_m) @ self.turn.T
        ahead = np.maximum(seen[:, 2], NEAREST_M / 10)
        middle = np.array(self.size, float) / 2
        return seen[:, :2] * (self.focal_px / ahead)[:, None] + middle, seen[:, 2]


def looking(at_m: Points, aim_m: Points, focal_px: float, size: Size) -> Optics:
    forward = (aim_m - at_m) / np.linalg.norm(aim_m - at_m)
    right = np.cross(forward, np.array([0.0, 0.0, 1.0]))
    right /= np.linalg.norm(right)
    return Optics(at_m, np.stack([right, np.cross(forward, right), forward]), focal_px, size)


def mounted(rng: Random, x_m: float, size: Size = SIZE) -> Optics:
    """As an installer hangs it before the space whose middle is at `x_m`; the neighbours' cars are
    partly in view."""
    at = np.array([x_m + rng.uniform(-1.2, 1.2), rng.uniform(*POST_Y_M), rng.uniform(*POST_Z_M)])
    plate_px = rng.uniform(*PLATE_PX)
    aside_m = max(0.0, size[0] / 2 / plate_px * PLATE_WIDE_M - MARGIN_M)
    aim = np.array([x_m + rng.uniform(-aside_m, aside_m), PLATE_Y_M, PLATE_Z_M + 0.3])
    far_m = float(np.linalg.norm(np.array([x_m, PLATE_Y_M, PLATE_Z_M]) - at))
    return looking(at, aim, plate_px * far_m / PLATE_WIDE_M, size)


def part_of(optics: Optics, x_m: float) -> View:
    """Where the plates of cars in the space about `x_m` are, as shares of the picture."""
    wide, high = optics.size
    around = [
        (x_m + x, PLATE_Y_M + y, z)
        for x in (-OWN_M, OWN_M)
        for y in (-1.6, 0.6)
        for z in (0.1, 1.2)
    ]
    points, _ = optics.pixels(np.array(around))
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    shares = left / wide, top / high, right / wide, bottom / high
    return View(*(round(min(1.0, max(0.0, float(it))), 3) for it in shares))

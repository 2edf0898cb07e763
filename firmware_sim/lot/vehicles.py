"""Cars, lorries and motorbikes: a few dipoles on wheels, with a shape that an echo finds.

The ground plan: x along the row of spaces, y into them from the lane's edge, z up. Space number n
is the strip around x = 2.5 n, from y = 0 to 5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from firmware_sim.lot.physics import Array, dipole_ut, direction, log_uniform

PITCH_M, DEPTH_M = 2.5, 5.0
STRAIGHT_M, TURN_M = 1.4, 3.5
ARC_M = TURN_M * np.pi / 2
HALF_WIDTH_M = 0.9
BONNET_M, SCREEN_M, TAIL_M = 1.1, 0.8, 0.5
MOST_A_M2 = 600.0  # of one car altogether
TRIES = 12
PASS_REFERENCE_M = 3.5
WEAK_UT, USUAL_UT = (1.0, 3.0), (3.0, 30.0)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """`dipoles`: (k, 2) metres ahead of the middle and above the ground; `moments`: (k, 3) ahead,
    to the left, up. `slant` is the share of echoes that its sloping bonnet throws away."""

    length_m: float
    bonnet_m: float
    roof_m: float
    dipoles: Array
    moments: Array
    slant: float = 0.0

    def stronger(self, times: float) -> Body:
        return replace(self, moments=self.moments * times)

    def field_ut(self, at_m: Array, heading: Array, point_m: Array) -> Array:
        """At `point_m` (3), of the body with its middle at `at_m` (n, 2), its nose to `heading`."""
        left = np.stack([-heading[:, 1], heading[:, 0]], axis=1)
        total = np.zeros((len(at_m), 3))
        for (ahead, height), moment in zip(self.dipoles, self.moments, strict=True):
            away = np.empty((len(at_m), 3))
            away[:, :2] = point_m[:2] - at_m - ahead * heading
            away[:, 2] = point_m[2] - height
            turned = np.empty((len(at_m), 3))
            turned[:, :2] = moment[0] * heading + moment[1] * left
            turned[:, 2] = moment[2]
            total += dipole_ut(turned, away)
        return total

    def height_m(self, ahead_m: Array) -> Array:
        """Of the outline above a point so far ahead of the middle; the ground outside."""
        nose = self.length_m / 2
        xs = [-nose, -nose + TAIL_M, nose - BONNET_M - SCREEN_M, nose - BONNET_M, nose]
        heights = [0.75 * self.roof_m, self.roof_m, self.roof_m, self.bonnet_m, 0.9 * self.bonnet_m]
        return np.asarray(np.interp(ahead_m, xs, heights, left=0.0, right=0.0))


def path(offset_m: Array, rest_m: float, side: float) -> tuple[Array, Array]:
    """Middle (n, 2) relative to the space and the way into it (n, 2), so far before the rest:
    straight out, round a quarter circle, along the lane towards `side` (+1 or -1)."""
    turn = np.clip((offset_m - STRAIGHT_M) / TURN_M, 0.0, np.pi / 2)
    lane = np.maximum(offset_m - STRAIGHT_M - ARC_M, 0.0)
    sin, cos = np.sin(turn), np.cos(turn)
    x = side * (TURN_M * (1 - cos) + lane)
    y = rest_m - np.minimum(offset_m, STRAIGHT_M) - TURN_M * sin
    return np.stack([x, y], axis=1), np.stack([-side * sin, cos], axis=1)


def car(rng: np.random.Generator, slanted: bool) -> Body:
    """Engine, two axles and sometimes the body; 1 A m2 until it is scaled."""
    length = rng.uniform(3.6, 5.1)
    axle = 0.29 * length
    dipoles = [(rng.uniform(0.9, 1.5), rng.uniform(0.45, 0.75)), (axle, 0.3), (-axle, 0.3)]
    dipoles += [(rng.uniform(-0.5, 0.3), rng.uniform(0.5, 0.9))] * int(rng.random() < 0.7)
    share = np.array([rng.uniform(0.6, 1.2), *rng.uniform(0.15, 0.5, len(dipoles) - 1)])
    moments = np.array([part * direction(rng) for part in share])
    slant = rng.uniform(0.2, 0.4) if slanted else rng.uniform(0.0, 0.02)
    bonnet, roof = rng.uniform(0.85, 1.05), rng.uniform(1.42, 1.85)
    return Body(length, bonnet, roof, np.array(dipoles), moments, slant)


def strength_ut(rng: np.random.Generator, weak: bool) -> float:
    """What a parked car adds to the field at its sensor."""
    if weak:
        return rng.uniform(*WEAK_UT)
    low, high = USUAL_UT
    return float(np.clip(np.exp(rng.normal(np.log(10.0), 0.6)), low, high))


def scaled_to_rest(body: Body, at_m: Array, heading: Array, point_m: Array, want_ut: float) -> Body:
    """So strong that it adds `want_ut` where it rests; never beyond what steel can be."""
    there = float(np.linalg.norm(body.field_ut(at_m[None], heading[None], point_m)))
    total = float(np.linalg.norm(body.moments, axis=1).sum())
    return body.stronger(min(want_ut / max(there, 1e-9), MOST_A_M2 / total))


def reaches(body: Body, at_m: Array, heading: Array, point_m: Array, want_ut: float) -> bool:
    there = float(np.linalg.norm(body.field_ut(at_m[None], heading[None], point_m)))
    return there > 0.95 * want_ut


def passing(rng: np.random.Generator) -> Body:
    """Of the lane, with a peak of 1 uT so far beside it as `PASS_REFERENCE_M`."""
    body = car(rng, slanted=False)
    along = np.stack([np.linspace(-8, 8, 65), np.zeros(65)], axis=1)
    heading = np.tile([1.0, 0.0], (65, 1))
    field = body.field_ut(along, heading, np.array([0.0, PASS_REFERENCE_M, 0.1]))
    return body.stronger(1.0 / float(np.linalg.norm(field, axis=1).max()))


def pass_strength_ut(rng: np.random.Generator, kind: str) -> float:
    """The peak 3.5 m beside its way: 1 to 8 uT of a car, up to 15 of a lorry, 1 of a motorbike."""
    bounds = {"lorry": (6.0, 15.0), "motorbike": (0.15, 1.0)}
    return log_uniform(rng, *bounds.get(kind, (1.0, 8.0)))


def motorbike_parked(rng: np.random.Generator) -> Body:
    """One small dipole: half a microtesla at a metre and a half, give or take."""
    moment = log_uniform(rng, 5.0, 40.0) * direction(rng)
    return Body(2.0, 1.0, 1.0, np.array([(0.0, 0.4)]), moment[None])

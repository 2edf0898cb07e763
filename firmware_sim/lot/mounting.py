"""Where the sensors of one space hang and what they are: drawn once, the same in all levels but
for their quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from firmware_sim.lot.levels import Level
from firmware_sim.lot.physics import Array, direction, rotation
from firmware_sim.lot.vehicles import DEPTH_M

Place: TypeAlias = Literal["overhead", "wall", "post"]
EARTH_UT = 50.0
WALL_M = DEPTH_M + 0.3
HOLDS_US = (38_000.0, 70_200.0, 102_800.0)
RANGE_M = {"hc-sr04": 4.0, "jsn-sr04t": 5.0, "a02yyuw": 4.5}


@dataclass(frozen=True, slots=True, eq=False)
class EchoMount:
    """`eye_m`: y of an overhead sensor, else of the wall; `height_m`: above the floor, of the eye.
    `background_m`: what it sees of an empty space (floor, kerb, wall opposite), if anything.
    `hold_us`: what it writes for a lost echo; None: it says that there was none."""

    place: Place
    sensor: str
    eye_m: float
    height_m: float
    background_m: float | None
    background_lost: float
    jitter_m: float
    lost: float
    ghost: float
    hold_us: float | None
    neighbour_share: float
    neighbour_m: float


@dataclass(frozen=True, slots=True, eq=False)
class FieldMount:
    """`point_m`: relative to the space; `turn`: from the lot's axes to the chip's."""

    sensor: str
    lsb_per_gauss: float
    point_m: Array
    turn: Array
    noise_ut: float
    drift: Array
    drift_phase: Array


@dataclass(frozen=True, slots=True, eq=False)
class Mount:
    echo: EchoMount
    field: FieldMount


def draw_mount(rng: np.random.Generator, level: Level) -> Mount:
    place: Place = ("overhead", "wall", "post")[int(rng.choice(3, p=[0.4, 0.35, 0.25]))]
    return Mount(_echo(rng, level, place), _field(rng, level, place))


def _echo(rng: np.random.Generator, level: Level, place: Place) -> EchoMount:
    sensor = str(rng.choice(list(RANGE_M), p=[0.5, 0.3, 0.2]))
    height = rng.uniform(2.2, 3.5) if place == "overhead" else rng.uniform(0.45, 0.75)
    background: float | None = height
    if place != "overhead":
        background = rng.uniform(2.6, 4.0) if rng.random() < 0.4 else None
    wide = place != "overhead" and rng.random() < level.wide_share
    raw = rng.random() < level.raw_hold_share and sensor != "a02yyuw"  # it has no echo line
    hold = 58_000.0 if sensor == "jsn-sr04t" else HOLDS_US[int(rng.integers(3))]
    return EchoMount(
        place=place,
        sensor=sensor,
        eye_m=rng.uniform(1.8, 3.2) if place == "overhead" else WALL_M,
        height_m=height,
        background_m=background,
        background_lost=rng.uniform(0.02, 0.3),
        jitter_m=rng.uniform(0.003, level.jitter_most_m),
        lost=rng.uniform(0.003, level.lost_most),
        ghost=rng.uniform(0.0, level.ghost_most),
        hold_us=hold if raw else None,
        neighbour_share=rng.uniform(0.02, 0.5) if wide else 0.0,
        neighbour_m=rng.uniform(1.5, 2.6),
    )


def _field(rng: np.random.Generator, level: Level, place: Place) -> FieldMount:
    sensor, lsb = (("qmc5883l", 12000.0), ("qmc5883l", 3000.0), ("hmc5883l", 1090.0))[
        int(rng.choice(3, p=[0.5, 0.3, 0.2]))
    ]
    in_ground = place == "overhead" or rng.random() < 0.6
    y = rng.uniform(1.2, 4.2) if in_ground else rng.uniform(4.6, WALL_M)
    z = rng.uniform(-0.1, 0.05) if in_ground else rng.uniform(0.1, 0.5)
    return FieldMount(
        sensor=sensor,
        lsb_per_gauss=lsb,
        point_m=np.array([rng.uniform(-0.3, 0.3), y, z]),
        turn=rotation(rng),
        noise_ut=rng.uniform(0.18, level.noise_most_ut),
        drift=rng.uniform(1.0, level.drift_most_ut) / 2 * direction(rng),
        drift_phase=rng.uniform(0.0, 2 * np.pi, 2),
    )

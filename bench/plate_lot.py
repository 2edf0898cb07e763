"""The simulated arrivals of bench.plate_arrivals: who comes, beside whom, in what light, and what a
camera sees of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Literal, TypeAlias

import numpy as np

from edge.core.plate_regions import REGIONS
from edge.core.plates import fold
from firmware_sim.drawing.plates import Image
from firmware_sim.drawing.texts import CN_LETTERS, DIGITS, PROVINCES, text_of
from firmware_sim.frames.optics import PLATE_Y_M, PLATE_Z_M, Optics, mounted
from firmware_sim.frames.painting import Thing, backdrop, painted
from firmware_sim.frames.skies import Sky, decoded, jpeg, lit, sky_at
from firmware_sim.frames.vehicles import Look, Vehicle, Walker, look_of
from firmware_sim.lot.vehicles import PITCH_M

Kind: TypeAlias = Literal["expected", "stranger", "near", "neighbour", "lane"]
SEED, CAMERAS, EXPECTED = 1, 60, 100
# How far the car still has to go in each frame, and how fast it is.
OFFSETS_M, ROLLING_M_S = (0.5, 0.0, 0.0), 0.7
# Of twenty arrivals: who comes. Two are hard impostors; at two an expected car drives by first.
MIX: tuple[Kind, ...] = (*("expected",) * 11, *("stranger",) * 5, *("near",) * 2, *("lane",) * 2)
# So much further out drives the car that only passes.
LANE_M = 1.6
KINDS = (*("cn_blue",) * 6, *("cn_green",) * 3, "cn_yellow")
# What is taken for each other; only what a place of the plate allows is put there.
ALIKE = ("0DQ", "8B", "5S", "2Z", "17", "4A")
NEAR_ALIKE, BESIDE, NEAR_OF_IMPOSTORS, ON_FOOT = 0.75, 0.5, 0.75, 0.04
STEP_M = 1.2


@dataclass(frozen=True, slots=True)
class Arrival:
    """`plate`: of the car that comes. `beside`: those of the cars to its left and right. `passing`:
    of the one that is seen on the lane before it."""

    number: int
    kind: Kind
    plate: str
    beside: tuple[str | None, str | None]
    camera: int
    sky: Sky
    person: bool
    passing: str | None = None


def expected_plates(seed: int = SEED) -> tuple[str, ...]:
    rng = Random(f"expected {seed}")
    return tuple(text_of(rng.choice(KINDS), rng) for _ in range(EXPECTED))


def arrival(number: int, expected: Sequence[str], seed: int = SEED) -> Arrival:
    rng = Random(f"arrival {seed} {number}")
    kind = MIX[number % len(MIX)]
    if kind == "near" and rng.random() > NEAR_OF_IMPOSTORS:
        kind = "neighbour"
    plate = _plate(kind, expected, rng)
    beside = [_stranger(expected, rng) if rng.random() < BESIDE else None for _ in range(2)]
    place = rng.randrange(CAMERAS)
    if kind == "neighbour":
        place, side = rng.choice(_both_in_view())
        beside[side] = rng.choice(expected)
    left, right = beside
    sky, person = _sky(rng), rng.random() < ON_FOOT
    passing = rng.choice(expected) if kind == "lane" else None
    return Arrival(number, kind, plate, (left, right), place, sky, person, passing)


def _plate(kind: Kind, expected: Sequence[str], rng: Random) -> str:
    if kind == "expected":
        return rng.choice(expected)
    return near(rng.choice(expected), expected, rng) if kind == "near" else _stranger(expected, rng)


def _stranger(expected: Sequence[str], rng: Random) -> str:
    while (text := text_of(rng.choice(KINDS), rng)) in expected:
        continue
    return text


def near(text: str, expected: Sequence[str], rng: Random) -> str:
    """Another plate one character away that may be issued; confusable characters first."""
    known, region = {fold(it) for it in expected}, REGIONS["cn"]
    sets = (PROVINCES, CN_LETTERS, *(DIGITS + CN_LETTERS,) * (len(text) - 2))
    any_ = [(place, char) for place, chars in enumerate(sets) for char in chars]
    alike = _alike(text) if rng.random() < NEAR_ALIKE else []
    rng.shuffle(alike)
    rng.shuffle(any_)
    made = (text[:place] + char + text[place + 1 :] for place, char in (*alike, *any_))
    return next(it for it in made if fold(it) not in known and region.fits(it) is not None)


def _alike(text: str) -> list[tuple[int, str]]:
    """(place, character that looks like what stands there)."""
    return [
        (place, other)
        for place, char in enumerate(text)
        for group in ALIKE
        if char in group
        for other in group
        if other != char
    ]


def _sky(rng: Random) -> Sky:
    """The hour, and what falls: three in twenty in rain, one in thirty in snow."""
    what, hour = rng.random(), rng.uniform(0, 24)
    rain = rng.uniform(0.1, 1.0) if what < 0.15 else 0.0
    snow = 0.5 if 0.15 <= what < 0.18 else 0.0
    return sky_at(hour, rain, snow, rng.random() < 0.4, rng.random())


def frames(one: Arrival) -> Iterator[Image]:
    optics, empty = camera(one.camera)
    rng = Random(f"frames {one.number}")
    look = _sized(look_of(f"car {one.number}", one.plate), rng)
    passer = None if one.passing is None else _sized(look_of(one.passing, one.passing), rng)
    rest_y, aside, nose_in = rng.uniform(2.1, 2.9), rng.uniform(-0.25, 0.25), rng.random() < 0.6
    others = _others(one, rng)
    shift = np.array([0.0, ROLLING_M_S * one.sky.open_s])
    ground = lit(empty, one.sky)
    way = np.array([0.0, 1.0 if nose_in else -1.0])
    for frame, offset_m in enumerate(OFFSETS_M):
        at_m = np.array([aside, rest_y - offset_m])
        car = Vehicle(look, at_m, way, "S1", shift * (offset_m > 0), lit=one.sky.night)
        if passer is not None and offset_m > 0:
            out_m = at_m - np.array([0.0, LANE_M])
            car = Vehicle(passer, out_m, way, "S1", shift, lit=one.sky.night)
        passers = [_on_foot(one.number, frame)] if one.person else []
        things = [car, *others, *passers]
        yield decoded(jpeg(painted(ground, optics, things, one.sky, rng)))


def _sized(look: Look, rng: Random) -> Look:
    length_m, roof_m = rng.uniform(3.6, 5.1), rng.uniform(1.42, 1.85)
    return replace(look, length_m=length_m, roof_m=roof_m, bonnet_m=rng.uniform(0.85, 1.05))


def _others(one: Arrival, rng: Random) -> list[Thing]:
    found: list[Thing] = []
    for side, text in zip((-1.0, 1.0), one.beside):
        if text is not None:
            at_m = np.array([side * PITCH_M + rng.uniform(-0.25, 0.25), rng.uniform(2.1, 2.9)])
            look = _sized(look_of(f"beside {one.number} {side}", text), rng)
            way = np.array([0.0, rng.choice((-1.0, 1.0))])
            found.append(Vehicle(look, at_m, way))
    return found


def _on_foot(number: int, frame: int) -> Walker:
    """Somebody who walks by, a step further in each frame."""
    rng = Random(f"on foot {number}")
    x = rng.choice((-1, 1)) * (rng.uniform(-3.0, 1.0) + STEP_M * frame)
    return Walker(np.array([x, -0.6]), (60, 55, 50))


@cache
def camera(number: int) -> tuple[Optics, Image]:
    optics = _optics(number)
    return optics, backdrop(Random(f"behind {number}"), optics, 1)


def _optics(number: int) -> Optics:
    return mounted(Random(f"arrivals' camera {number}"), 0.0)


@cache
def _both_in_view() -> list[tuple[int, int]]:
    """Cameras, each with the side (0 left, 1 right) on which it sees the neighbour's plate too."""
    found = []
    for place in range(CAMERAS):
        optics = _optics(place)
        ends = np.array([(way * (PITCH_M + 0.2), PLATE_Y_M, PLATE_Z_M) for way in (-1, 1)])
        points, _ = optics.pixels(ends)
        found += [(place, side) for side in (0, 1) if 0 < points[side, 0] < optics.size[0]]
    return found

"""Cars as a camera sees them: a body of few faces, lamps, and a plate at each end.

A point of a car is (ahead of its middle, to its left, above the ground), in metres.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

import numpy as np

from firmware_sim.drawing import plates, weather
from firmware_sim.drawing.plates import STYLES, Colour, Image
from firmware_sim.drawing.scenes import PAINTS
from firmware_sim.drawing.texts import PROVINCES
from firmware_sim.frames.optics import Points
from firmware_sim.lot.vehicles import BONNET_M, HALF_WIDTH_M, SCREEN_M, TAIL_M

Face: TypeAlias = tuple[Points, Colour]
"""Corners (n, 3) on the ground plan, and the colour in full light."""

UNDER_M, BELT_M = 0.28, 0.92
MM = 1000.0
GLASS, RUBBER, RED, LAMP = (58, 50, 46), (24, 24, 26), (38, 30, 175), (225, 232, 235)
SKIN = (120, 150, 190)
KIND_OF_LAST = {"学": "cn_yellow", "警": "cn_white", "港": "cn_black", "澳": "cn_black",
                "使": "cn_black", "领": "cn_black", "挂": "cn_yellow"}  # fmt: skip
# Of all cars so many carry dirt on the plate; on the others it is as washed.
DIRTY = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Worn:
    """A plate as this car wears it. `roll`, `pitch` in radians; `aside_m`, `high_m`: its middle."""

    text: str
    kind: str
    flat: Image
    roll: float
    pitch: float
    aside_m: float
    high_m: float
    mount: Colour | None

    @property
    def size_m(self) -> tuple[float, float]:
        return STYLES[self.kind].width / MM, STYLES[self.kind].height / MM


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What stays the same of a car, whenever it is seen."""

    paint: Colour
    front: Worn
    rear: Worn
    shine: float
    length_m: float = 4.3
    bonnet_m: float = 0.95
    roof_m: float = 1.5
    half_m: float = HALF_WIDTH_M


@dataclass(frozen=True, slots=True, eq=False)
class Vehicle:
    """At one moment. `at_m` and `heading`: (2) on the plan; `shift_m`: how far it moves while the
    shutter is open; `lit`: its lamps are on; `space`: where it stands or will, None elsewhere."""

    look: Look
    at_m: Points
    heading: Points
    space: str | None = None
    shift_m: Points = field(default_factory=lambda: np.zeros(2))
    lit: bool = False

    def on_plan(self, points: Points) -> Points:
        left = np.array([-self.heading[1], self.heading[0]])
        flat = self.at_m + points[:, :1] * self.heading + points[:, 1:2] * left
        return np.hstack([flat, points[:, 2:3]])

    def ends(self) -> tuple[tuple[Worn, float], tuple[Worn, float]]:
        """Each plate with the way it faces: +1 ahead, -1 back."""
        return (self.look.front, 1.0), (self.look.rear, -1.0)

    def corners_m(self, worn: Worn, way: float) -> Points:
        """Of the plate, from its top left clockwise as it is read."""
        wide, high = worn.size_m
        x = np.array([-0.5, 0.5, 0.5, -0.5]) * wide
        y = np.array([0.5, 0.5, -0.5, -0.5]) * high
        right = x * np.cos(worn.roll) + y * np.sin(worn.roll)
        up = y * np.cos(worn.roll) - x * np.sin(worn.roll)
        return self.on_end(way, worn, right, up * np.cos(worn.pitch), up * np.sin(worn.pitch))

    def on_end(self, way: float, worn: Worn, right: Points, up: Points, out: Points) -> Points:
        """Points about the plate's middle, `right` as one sees who stands before it."""
        ahead = way * (self.look.length_m / 2 + 0.03 + out)
        left = way * (right + worn.aside_m)
        return self.on_plan(np.stack([ahead, left, worn.high_m + up], axis=1))

    def faces(self) -> list[Face]:
        """Of the body, each wound so that its outside can be told (`outward`)."""
        outline, half, paint = _outline(self.look), self.look.half_m, self.look.paint
        found: list[Face] = []
        for n, (one, other) in enumerate(zip(outline, outline[1:])):
            colour = GLASS if n in (1, 3) else paint
            quad = [(*one, half), (*other, half), (*other, -half), (*one, -half)]
            found.append((self._plan(quad), colour))
        for side in (1.0, -1.0):
            ring = [(*point, side * half) for point in outline]
            found.append((self._plan(ring), _darker(paint, 0.8)))
        return found

    def trim(self) -> list[tuple[Points, Colour, float]]:
        """Lamps and bumpers: corners, colour, and the way (+1, -1, or 0 beside) they face."""
        found: list[tuple[Points, Colour, float]] = []
        half, belt = self.look.half_m, min(BELT_M, self.look.bonnet_m * 0.9)
        for worn, way in self.ends():
            lamp = LAMP if way > 0 else RED
            high = np.array([belt, belt, belt - 0.16, belt - 0.16]) - worn.high_m
            for side in (-1.0, 1.0):
                x = side * half - side * np.array([0.42, 0.06, 0.06, 0.36])
                corners = self.on_end(way, worn, x - worn.aside_m, high, np.zeros(4))
                found.append((corners, lamp, way))
            x = np.array([-1, 1, 1, -1]) * half * 0.96 - worn.aside_m
            low = np.array([UNDER_M + 0.2, UNDER_M + 0.2, UNDER_M, UNDER_M]) - worn.high_m
            found.append((self.on_end(way, worn, x, low, np.zeros(4)), RUBBER, way))
        return found

    def shadow(self) -> Points:
        x, y = self.look.length_m / 2 + 0.15, self.look.half_m + 0.12
        ring = np.array([(x, y, 0.0), (x, -y, 0.0), (-x, -y, 0.0), (-x, y, 0.0)])
        return self.on_plan(ring)

    def wheels(self) -> list[Points]:
        turn = np.linspace(0, 2 * np.pi, 14)
        found = []
        for side in (-1.0, 1.0):
            for ahead in (-0.29, 0.29):
                ring = np.stack(
                    [ahead * self.look.length_m + 0.31 * np.cos(turn),
                     np.full(14, side * (self.look.half_m + 0.01)),
                     0.31 + 0.31 * np.sin(turn)], axis=1)  # fmt: skip
                found.append(self.on_plan(ring))
        return found

    def _plan(self, points: list[tuple[float, float, float]]) -> Points:
        """(ahead, up, left) as it is written above."""
        return self.on_plan(np.array(points)[:, [0, 2, 1]])


@dataclass(frozen=True, slots=True, eq=False)
class Walker:
    """Somebody on foot, at (2) on the plan."""

    at_m: Points
    coat: Colour

    def faces(self) -> list[Face]:
        """Legs and coat, then the head: flat, and always turned to the camera across the lane."""
        legs = [(-0.17, 0.0), (0.17, 0.0), (0.26, 1.42), (-0.26, 1.42)]
        turn = np.linspace(0, 2 * np.pi, 10)
        head = list(zip(0.11 * np.cos(turn), 1.58 + 0.14 * np.sin(turn)))
        return [(self._up(legs), self.coat), (self._up(head), SKIN)]

    def _up(self, points: list[tuple[float, float]]) -> Points:
        x, y = self.at_m
        return np.array([(x + aside, y, high) for aside, high in points])


def look_of(seed: str, text: str, dirty: float = DIRTY) -> Look:
    """The same seed and text: the same car. Both its plates carry the text."""
    rng = Random(f"{seed} {text}")
    kind = kind_of(text, rng)
    return Look(
        paint=rng.choice(PAINTS),
        front=_worn(rng, kind, text, dirty, (0.36, 0.5)),
        rear=_worn(rng, kind, text, dirty, (0.42, 0.8)),
        shine=rng.random(),
    )


def kind_of(text: str, rng: Random) -> str:
    """Which plate a text is written on; what no region knows is written on a European one."""
    if text[:1] in PROVINCES:
        return KIND_OF_LAST.get(text[-1], "cn_green" if len(text) == 8 else "cn_blue")
    bare = "".join("A" if it.isalpha() else "0" for it in text)
    if bare == "AAA0A00":
        return "br_new"
    if bare == "AAA0000":
        return rng.choice(("br", "us"))
    return "us" if len(text) == 6 and bare in ("AAA000", "000AAA") else "eu"


def _worn(rng: Random, kind: str, text: str, dirty: float, highs_m: tuple[float, float]) -> Worn:
    flat = plates.draw(kind, text, rng)
    if rng.random() < dirty:
        flat = weather.dirt(flat, rng)
    mount = rng.choice((None, RUBBER, (60, 60, 60), (185, 185, 185)))
    roll, pitch = rng.gauss(0, 0.018), rng.gauss(0, 0.06)
    return Worn(text, kind, flat, roll, pitch, rng.uniform(-0.08, 0.08), rng.uniform(*highs_m),
                mount)  # fmt: skip


def _outline(look: Look) -> list[tuple[float, float]]:
    """From the rear's foot over the roof to the nose's foot: (ahead, up)."""
    nose, deck = look.length_m / 2, 0.72 * look.roof_m
    return [
        (-nose, UNDER_M), (-nose, deck), (-nose + TAIL_M, look.roof_m),
        (nose - BONNET_M - SCREEN_M, look.roof_m), (nose - BONNET_M, look.bonnet_m),
        (nose, 0.88 * look.bonnet_m), (nose, UNDER_M),
    ]  # fmt: skip


def _darker(colour: Colour, by: float) -> Colour:
    blue, green, red = (int(it * by) for it in colour)
    return blue, green, red

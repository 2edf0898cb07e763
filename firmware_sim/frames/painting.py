"""One frame: the empty street, the cars on it from far to near, then weather and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_sim.drawing.plates import Colour, Image
from firmware_sim.drawing.scenes import street
from firmware_sim.drawing.warping import Quad, lay
from firmware_sim.frames.optics import NEAREST_M, Optics, Points
from firmware_sim.frames.skies import Sky, lit, seen_through
from firmware_sim.frames.vehicles import Face, Look, Vehicle, Walker, Worn
from firmware_sim.lot.vehicles import DEPTH_M, PITCH_M

# A face that looks away from the camera by more than this (its cosine) shows nothing.
EDGE_ON = 0.12
# Less than this of a pixel's way while the shutter is open blurs nothing.
LEAST_BLUR_PX, MOST_BLUR_PX = 1.2, 15
ASPHALT, LINE = (98, 98, 100), (205, 208, 210)
REACH_M, NEAR_REACH_M = 9.0, 5.0

Thing: TypeAlias = Vehicle | Walker


@dataclass(frozen=True, slots=True, eq=False)
class InView:
    """A plate that the frame shows. `share`: of it that is in the picture and not covered."""

    quad: Quad
    text: str
    kind: str
    space: str | None
    share: float

    @property
    def width_px(self) -> float:
        return float(np.linalg.norm(self.quad[1] - self.quad[0]))


def backdrop(rng: Random, optics: Optics, spaces: int) -> Image:
    """What is always there: a wall, the ground, and the spaces' lines."""
    image = street(rng, optics.size)
    grey = rng.uniform(0.75, 1.25)
    here, back = float(optics.at_m[0]), DEPTH_M + 0.3
    ring = ((-NEAR_REACH_M, -4.2), (-REACH_M, back), (REACH_M, back), (NEAR_REACH_M, -4.2))
    ground = [(here + x, y, 0.0) for x, y in ring]
    colour = tuple(min(255, int(it * grey)) for it in ASPHALT)
    flat = np.zeros_like(image)
    _fill(flat, optics, np.array(ground), (1, 1, 1))
    rough = np.clip(0.75 + image.mean(axis=2, keepdims=True) / 510, 0.5, 1.5)
    image = np.where(flat > 0, np.clip(rough * np.array(colour), 0, 255), image).astype(np.uint8)
    for n in range(-1, spaces + 2):
        x = (n - 0.5) * PITCH_M
        line = [(x - 0.05, 0, 0), (x + 0.05, 0, 0), (x + 0.05, DEPTH_M, 0), (x - 0.05, DEPTH_M, 0)]
        _fill(image, optics, np.array(line, float), LINE)
    if rng.random() < 0.4:
        _advert(image, optics, rng, PITCH_M * spaces)
    return image


def painted(empty: Image, optics: Optics, things: Sequence[Thing], sky: Sky, rng: Random) -> Image:
    """`empty`: the backdrop in the light of `sky`. What `rng` gives is new in every frame."""
    image = empty.copy()
    for thing in _far_first(optics, things):
        if isinstance(thing, Vehicle):
            _car(image, optics, thing, sky)
        else:
            for points, colour in _shown(optics, thing.faces()):
                cv2.fillPoly(image, [points], _in(colour, sky.light), cv2.LINE_AA)
    return seen_through(image, sky, rng)


def in_view(optics: Optics, things: Sequence[Thing]) -> tuple[InView, ...]:
    """The truth of a frame, the nearest plate first."""
    owners = np.zeros(optics.size[::-1], np.uint8)
    found: list[tuple[int, InView]] = []
    for number, thing in enumerate(_far_first(optics, things), 1):
        for points, _ in _shown(optics, thing.faces()):
            cv2.fillPoly(owners, [points], number)
        if isinstance(thing, Vehicle):
            found += [(number, _truth(*it, thing)) for it in quads(optics, thing)]
    return tuple(
        replace(one, share=_share(owners, one.quad, number)) for number, one in reversed(found)
    )


def quads(optics: Optics, vehicle: Vehicle) -> list[tuple[Quad, Worn]]:
    """Of the plates that face the camera, whether something stands before them or not."""
    found = []
    for worn, way in vehicle.ends():
        corners = vehicle.corners_m(worn, way)
        toward = optics.at_m - corners.mean(axis=0)
        facing = float(np.dot(toward[:2], way * vehicle.heading) / np.linalg.norm(toward))
        points, ahead_m = optics.pixels(corners)
        if facing > EDGE_ON and ahead_m.min() > NEAREST_M:
            found.append((points.astype(np.float32), worn))
    return found


def _truth(quad: Quad, worn: Worn, vehicle: Vehicle) -> InView:
    return InView(quad, worn.text, worn.kind, vehicle.space, 1.0)


def _share(owners: NDArray[np.uint8], quad: Quad, number: int) -> float:
    whole = max(cv2.contourArea(quad), 1.0)
    mask = np.zeros_like(owners)
    cv2.fillPoly(mask, [quad.round().astype(np.int32)], 1)
    seen = float(((owners == number) & (mask > 0)).sum())
    # Rounding makes a small plate a little larger than it is.
    return min(1.0, seen / max(whole, float((mask > 0).sum())))


def _far_first(optics: Optics, things: Sequence[Thing]) -> list[Thing]:
    eye = optics.at_m[:2]
    return sorted(things, key=lambda it: -float(np.linalg.norm(it.at_m - eye)))


def _car(image: Image, optics: Optics, vehicle: Vehicle, sky: Sky) -> None:
    look = vehicle.look
    _fill(image, optics, vehicle.shadow(), (int(34 * sky.light),) * 3)
    for wheel in vehicle.wheels():
        _fill(image, optics, wheel, (18, 18, 20))
    for points, colour in _shown(optics, vehicle.faces()):
        cv2.fillPoly(image, [points], _in(colour, sky.light), cv2.LINE_AA)
    for corners, colour, way in vehicle.trim():
        if _faces(optics, vehicle, corners, way):
            burns = vehicle.lit and colour[2] > colour[0] - 20 and way != 0
            _fill(image, optics, corners, colour if burns else _in(colour, sky.light))
    for quad, worn in quads(optics, vehicle):
        _mount(image, quad, worn, sky)
        flat = cv2.convertScaleAbs(worn.flat, alpha=sky.plate_light)
        lay(image, flat, quad)  # type: ignore[arg-type]
    if vehicle.lit:
        _headlights(image, optics, vehicle)
    _smear(image, optics, vehicle, look)


def _shown(optics: Optics, faces: Sequence[Face]) -> list[tuple[NDArray[np.int32], Colour]]:
    """Those in front of the lens, from far to near."""
    found = []
    for corners, colour in faces:
        points, ahead_m = optics.pixels(corners)
        if ahead_m.min() > NEAREST_M:
            found.append((float(ahead_m.mean()), points.round().astype(np.int32), colour))
    return [(points, colour) for _, points, colour in sorted(found, key=lambda it: -it[0])]


def _faces(optics: Optics, vehicle: Vehicle, corners: Points, way: float) -> bool:
    toward = optics.at_m - corners.mean(axis=0)
    return float(np.dot(toward[:2], way * vehicle.heading)) > 0


def _mount(image: Image, quad: Quad, worn: Worn, sky: Sky) -> None:
    if worn.mount is not None:
        middle = quad.mean(axis=0)
        grown = middle + (quad - middle) * 1.1
        cv2.fillConvexPoly(image, grown.round().astype(np.int32), _in(worn.mount, sky.light),
                           cv2.LINE_AA)  # fmt: skip


def _headlights(image: Image, optics: Optics, vehicle: Vehicle) -> None:
    """They burn out what is near them, where they shine into the lens."""
    for corners, colour, way in vehicle.trim():
        if colour[0] > 200 and _faces(optics, vehicle, corners, way):
            points, ahead_m = optics.pixels(corners)
            if ahead_m.min() > NEAREST_M:
                x, y = points.mean(axis=0)
                radius = max(2, round(0.11 * optics.focal_px / float(ahead_m.mean())))
                cv2.circle(image, (round(float(x)), round(float(y))), radius, (255, 255, 255), -1,
                           cv2.LINE_AA)  # fmt: skip


def _smear(image: Image, optics: Optics, vehicle: Vehicle, look: Look) -> None:
    """What moves while the shutter is open."""
    if not vehicle.shift_m.any():
        return
    here = np.array([[*vehicle.at_m, 0.6], [*(vehicle.at_m + vehicle.shift_m), 0.6]])
    (one, other), ahead_m = optics.pixels(here)
    way = other - one
    long = min(float(np.linalg.norm(way)), float(MOST_BLUR_PX))
    ring, _ = optics.pixels(vehicle.shadow() + np.array([0, 0, look.roof_m / 2]))
    if long < LEAST_BLUR_PX or ahead_m.min() < NEAREST_M:
        return
    tall = np.array([0.0, look.roof_m * optics.focal_px / float(ahead_m[0])])
    low_x, low_y = np.maximum(ring.min(axis=0) - tall, 0).astype(int)
    top_x, top_y = np.maximum(ring.max(axis=0) + tall, 0).astype(int)
    part = image[low_y:top_y, low_x:top_x]
    if part.size:
        part[:] = cv2.filter2D(part, -1, _line_kernel(way / max(np.linalg.norm(way), 1e-9), long))


def _line_kernel(way: Points, long: float) -> NDArray[np.float32]:
    side = 2 * int(np.ceil(long / 2)) + 1
    kernel = np.zeros((side, side), np.float32)
    half, middle = way * long / 2, side // 2
    ends = [tuple(round(float(middle + s * it)) for it in half) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return kernel / max(float(kernel.sum()), 1.0)


def _advert(image: Image, optics: Optics, rng: Random, wide_m: float) -> None:
    """Large letters on the wall, which are no plate."""
    words = rng.choice(("PARK 24H", "TAXI 96103", "CAFE 1980", "EXIT B2", "SALE 50"))
    board = np.full((60, 300, 3), rng.randrange(20, 230), np.uint8)
    ink = (235, 235, 235) if int(board[0, 0, 0]) < 128 else (20, 20, 20)
    cv2.putText(board, words, (8, 44), cv2.FONT_HERSHEY_TRIPLEX, 1.3, ink, 2, cv2.LINE_AA)
    x, z = rng.uniform(-1.0, max(wide_m - 1.0, 0.0)), rng.uniform(2.0, 2.6)
    y = DEPTH_M + 0.3
    corners = np.array([(x, y, z + 0.4), (x + 2, y, z + 0.4), (x + 2, y, z), (x, y, z)])
    points, ahead_m = optics.pixels(corners)
    if ahead_m.min() > NEAREST_M:
        lay(image, board, points.astype(np.float32))


def _fill(image: Image, optics: Optics, corners: Points, colour: Colour) -> None:
    points, ahead_m = optics.pixels(corners)
    if ahead_m.min() > NEAREST_M:
        cv2.fillPoly(image, [points.round().astype(np.int32)], colour, cv2.LINE_AA)


def _in(colour: Colour, light: float) -> Colour:
    blue, green, red = (min(255, int(it * light)) for it in colour)
    return blue, green, red


__all__ = ["InView", "Sky", "backdrop", "in_view", "lit", "painted", "quads"]

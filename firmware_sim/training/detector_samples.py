"""What the detector learns from: drawn scenes, and photographs with other plates laid over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_sim.drawing import plates, weather
from firmware_sim.drawing.scenes import scene
from firmware_sim.drawing.texts import KINDS
from firmware_sim.drawing.warping import Image, Quad, lay
from firmware_sim.training.real import KINDS as KINDS_OF
from firmware_sim.training.real import Photograph
from firmware_sim.training.sizes import CORNER_PX, STRIDE

SIDE_PX, LONG_PX = 352, 640
CELLS = SIDE_PX // STRIDE
REAL, LAID_OVER = 0.45, 0.5
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """`image` (3, S, S) RGB; `heat` and `care` (1, C, C); `corners` (8, C, C); `at` (1, C, C): how
    much the corners count in each cell."""

    image: NDArray[np.uint8]
    heat: Floats
    care: Floats
    corners: Floats
    at: Floats


@dataclass(frozen=True, slots=True)
class Marked:
    """`weight` 0: neither a plate nor none."""

    quad: Quad
    weight: float


def samples(seed: int, photographs: Sequence[Photograph]) -> Iterator[Sample]:
    """Without end; the same of the same seed."""
    rng = Random(seed)
    while True:
        if photographs and rng.random() < REAL:
            image, marked = _of_photograph(rng, rng.choice(photographs))
        else:
            image, marked = _of_scene(rng)
        if rng.random() < 0.5:
            image, marked = _mirrored(image, marked)
        yield target(image, marked)


def _of_scene(rng: Random) -> tuple[Image, list[Marked]]:
    made = scene(rng, (rng.choice((416, 480, 560)), 416), KINDS)
    marked = [Marked(it.quad, float(it.legible)) for it in made.plates]
    return _window(rng, made.image, marked, np.eye(2, 3, dtype=np.float32))


def _of_photograph(rng: Random, photo: Photograph) -> tuple[Image, list[Marked]]:
    image, marked = photo.image.copy(), []
    for quad, exact in zip(photo.quads, photo.exact):
        if rng.random() < LAID_OVER:
            quad, exact = _laid_over(image, rng, quad, photo.region), True
        marked.append(Marked(quad, 1.0 if exact else 0.5))
    scale = LONG_PX / max(image.shape[:2]) * float(np.exp(rng.gauss(0.05, 0.3)))
    turn = rng.gauss(0, 4) if rng.random() < 0.5 else 0.0
    matrix = cv2.getRotationMatrix2D((0.0, 0.0), turn, scale).astype(np.float32)
    image, marked = _window(rng, image, marked, matrix)
    return weather.spoiled(image, rng, 0.6), marked


def _laid_over(image: Image, rng: Random, quad: Quad, region: str) -> Quad:
    """Another plate in place of the true one, as light as that was."""
    kind = rng.choice(KINDS_OF[region] if rng.random() < 0.7 else KINDS)
    flat, _ = plates.drawn(kind, rng)
    low, high = quad.min(axis=0).astype(int), quad.max(axis=0).astype(int) + 1
    part = image[max(low[1], 0) : high[1], max(low[0], 0) : high[0]]
    light = min(1.2, max(0.2, (float(np.percentile(part, 90)) + 10) / 245)) if part.size else 1.0
    middle = quad.mean(axis=0)
    sides = np.ptp(quad, axis=0)
    grown = middle + (quad - middle) * rng.uniform(1.02, 1.2)
    grown += np.array([[rng.gauss(0, 0.04) for _ in range(2)] for _ in range(4)]) * sides[1]
    if rng.random() < 0.5:
        flat = weather.dirt(flat, rng)
    lay(image, np.clip(flat * light, 0, 255).astype(np.uint8), grown.astype(np.float32))
    return grown.astype(np.float32)


def _window(
    rng: Random, image: Image, marked: Sequence[Marked], matrix: Floats
) -> tuple[Image, list[Marked]]:
    """A square of the picture after `matrix`, mostly one with a plate in it."""
    moved = [Marked(it.quad @ matrix[:, :2].T + matrix[:, 2], it.weight) for it in marked]
    high, wide = image.shape[:2]
    edges = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32) @ matrix[:, :2].T
    low, top = edges.min(axis=0), edges.max(axis=0) - SIDE_PX
    at = np.array([rng.uniform(min(a, b), max(a, b)) for a, b in zip(low, top)], np.float32)
    if moved and rng.random() < 0.85:
        middle = rng.choice(moved).quad.mean(axis=0)
        at = middle - np.array([rng.uniform(0.12, 0.88) * SIDE_PX for _ in range(2)])
        at = np.clip(at, np.minimum(low, top) - 40, np.maximum(low, top) + 40)
    shift = matrix.copy()
    shift[:, 2] -= at
    size, grey = (SIDE_PX, SIDE_PX), (128, 128, 128)
    if float(np.hypot(*matrix[0, :2])) < 0.7:
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(
            np.uint8
        )
        shift[:, :2] *= 2
    made = cv2.warpAffine(image, shift, size, flags=cv2.INTER_LINEAR, borderValue=grey)
    return made.astype(np.uint8), [
        Marked((it.quad - at).astype(np.float32), it.weight) for it in moved
    ]


def _mirrored(image: Image, marked: Sequence[Marked]) -> tuple[Image, list[Marked]]:
    """The corners keep their places in the picture: nobody reads a mirrored plate here."""
    side = np.array([SIDE_PX, 0], np.float32)
    flip = np.array([-1, 1], np.float32)
    turned = [Marked((side + it.quad * flip)[[1, 0, 3, 2]], it.weight) for it in marked]
    return np.ascontiguousarray(image[:, ::-1]), turned


def target(image: Image, marked: Sequence[Marked]) -> Sample:
    heat, care = np.zeros((CELLS, CELLS), np.float32), np.ones((CELLS, CELLS), np.float32)
    corners, at = np.zeros((8, CELLS, CELLS), np.float32), np.zeros((CELLS, CELLS), np.float32)
    middles = (np.arange(CELLS, dtype=np.float32) + 0.5) * STRIDE
    for it in marked:
        x, y = it.quad.mean(axis=0)
        wide, tall = np.ptp(it.quad, axis=0)
        if not (0 <= x < SIDE_PX and 0 <= y < SIDE_PX):
            continue
        spread_x, spread_y = max(3.0, 0.09 * wide), max(3.0, 0.18 * tall)
        far = ((middles - x) / spread_x) ** 2 + ((middles[:, None] - y) / spread_y) ** 2
        bell = np.exp(-far / 2).astype(np.float32)
        if it.weight == 0:
            care[bell > 0.05] = 0
            continue
        bell[int(y / STRIDE), int(x / STRIDE)] = 1
        near = (bell > 0.6) & (bell > heat)
        heat = np.maximum(heat, bell)
        for n, (cx, cy) in enumerate(it.quad):
            corners[2 * n][near] = ((cx - middles)[None, :].repeat(CELLS, 0) / CORNER_PX)[near]
            corners[2 * n + 1][near] = ((cy - middles)[:, None].repeat(CELLS, 1) / CORNER_PX)[near]
        at[near] = it.weight * CORNER_PX / max(float(tall), 8.0) / max(1, int(near.sum()))
    rgb = np.ascontiguousarray(image[:, :, ::-1].transpose(2, 0, 1))
    return Sample(rgb, heat[None], care[None], corners, at[None])

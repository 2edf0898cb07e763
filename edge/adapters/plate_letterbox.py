"""A frame as a detector wants it, and what it found as quads of the frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.adapters.plate_models import Floats, opencv
from edge.plate_ports import MOST_FOUND, Found, Image, Quad, box_of

# A plate that is smaller in the frame cannot be read: some 12 x 4 pixels.
LEAST_AREA_PX2 = 48.0
# Of the smaller of two: one plate found twice, at two sizes or a little aside.
MOST_OVERLAP = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """`blob`: (1, 3, height, width), red first, 0..1. A point of the frame lies at scale * point +
    offset in it."""

    blob: Floats
    scale_x: float
    scale_y: float
    left_px: int = 0
    top_px: int = 0

    def quad(self, points: npt.NDArray[Any]) -> Quad | None:
        """Four rows x, y of the blob as the frame's; None for what is no plate's outline."""
        offset = np.array([self.left_px, self.top_px])
        corners = (points - offset) / np.array([self.scale_x, self.scale_y])
        if not np.isfinite(corners).all() or not _is_outline(corners):
            return None
        a, b, c, d = ((float(x), float(y)) for x, y in corners)
        return a, b, c, d


def letter_of(image: Image, size: tuple[int, int], grey: float, centred: bool = False) -> Letter:
    """The whole frame within `size` (width, height), the rest `grey` (0..1): at the right and the
    bottom, or on both sides."""
    cv2 = opencv()
    height_px, width_px = image.shape[:2]
    scale = min(size[0] / width_px, size[1] / height_px)
    inner = (max(1, round(width_px * scale)), max(1, round(height_px * scale)))
    small = cv2.resize(
        image, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    right, below = size[0] - inner[0], size[1] - inner[1]
    left, above = (right // 2, below // 2) if centred else (0, 0)
    canvas = np.full((size[1], size[0], 3), round(grey * 255), np.uint8)
    canvas[above : above + inner[1], left : left + inner[0]] = small
    blob = cv2.dnn.blobFromImage(canvas, 1 / 255, swapRB=True)
    return Letter(blob, inner[0] / width_px, inner[1] / height_px, left, above)


def quad_of_box(x: float, y: float, right: float, below: float) -> npt.NDArray[Any]:
    return np.array([(x, y), (right, y), (right, below), (x, below)])


def apart(found: Iterable[Found]) -> list[Found]:
    """The best first, none of them twice, `MOST_FOUND` at most."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda it: -it.score):
        if len(kept) == MOST_FOUND:
            break
        if all(overlap(one.quad, other.quad) <= MOST_OVERLAP for other in kept):
            kept.append(one)
    return kept


def overlap(one: Quad, other: Quad) -> float:
    """The share of the smaller one's box that lies in the other's."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = box_of(one), box_of(other)
    wide = min(ax + aw, bx + bw) - max(ax, bx)
    high = min(ay + ah, by + bh) - max(ay, by)
    least = min(aw * ah, bw * bh)
    return max(wide, 0.0) * max(high, 0.0) / least if least > 0 else 0.0


def _is_outline(corners: npt.NDArray[Any]) -> bool:
    """Convex, clockwise (y points down), and of some size."""
    sides = np.roll(corners, -1, axis=0) - corners
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    x, y = corners[:, 0], corners[:, 1]
    area = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    return bool((turns > 0).all()) and area >= LEAST_AREA_PX2

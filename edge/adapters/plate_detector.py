"""Our own finder of plates: a small network that says where their centres and corners are.

Card, figures and licence: edge/models/plate_detector.md. The frame is made small for finding only;
crops are cut from it as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.adapters.plate_letterbox import Letter, apart, letter_of
from edge.adapters.plate_models import DETECTOR, Floats, Model, opencv
from edge.errors import PlateModelWrong
from edge.plate_ports import Found, Image, Quad

# Where nothing is found: a plate that fills much of the frame is found in a smaller one, and one
# that leans by more than any that the network learned from, in a turned one.
SIDE_PX, NEAR_SIDE_PX, MULTIPLE_PX = 640, 320, 32
TURNS_DEG = (-25.0, 25.0)
GREY = 0.5
# What the network counts in: cells of 4 pixels, corners in sixteenths of pixels.
CELL_PX, CORNER_PX = 4, 16
LEAST_SCORE = 0.3
# Peaks looked at, before those of one plate are told apart.
MOST_PEAKS = 24


class PlateDetector:
    """FindsPlates. Some 10 ms a frame; one thread at a time."""

    def __init__(self, file: Path = DETECTOR, least_score: float = LEAST_SCORE) -> None:
        """Raises VisionMissing or PlateModelWrong."""
        self._model, self._least = Model(file), least_score
        if not {"heat", "corners"} <= set(self._model.outputs):
            raise PlateModelWrong(f"{file.name} does not tell heat and corners.")

    def find(self, image: Image) -> list[Found]:
        found = self._found(image, SIDE_PX)
        if not _any_sure(found):
            found += self._found(image, NEAR_SIDE_PX)
        if not _any_sure(found):
            for turn_deg in TURNS_DEG:
                found += self._found_turned(image, turn_deg)
        return apart(sorted(found, key=lambda it: -it.score))

    def _found_turned(self, image: Image, turn_deg: float) -> list[Found]:
        turned, back = _turned(image, turn_deg)
        found = self._found(turned, SIDE_PX)
        return [Found(_moved(it.quad, back), it.score) for it in found]

    def _found(self, image: Image, side_px: int) -> list[Found]:
        letter = letter_of(image, size_for(image, side_px), GREY)
        heat, corners = self._model.run(letter.blob, "heat", "corners")
        return _founds(heat[0, 0], corners[0], letter, self._least)


def _any_sure(found: Sequence[Found]) -> bool:
    return any(it.score >= LEAST_SCORE for it in found)


def _moved(quad: Quad, by: npt.NDArray[Any]) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in np.array(quad) @ by[:, :2].T + by[:, 2])
    return a, b, c, d


def _turned(image: Image, turn_deg: float) -> tuple[Image, npt.NDArray[Any]]:
    """Grey where nothing was, and (2, 3): from the turned picture's pixels to the image's."""
    cv2 = opencv()
    high, wide = image.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), turn_deg, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    size = round(high * sin + wide * cos), round(high * cos + wide * sin)
    turn[:, 2] += size[0] / 2 - wide / 2, size[1] / 2 - high / 2
    grey = (round(GREY * 255),) * 3
    return cv2.warpAffine(image, turn, size, borderValue=grey), cv2.invertAffineTransform(turn)


def size_for(image: Image, side_px: int = SIDE_PX) -> tuple[int, int]:
    """Width and height: `side_px` on the long side, the other as short as the network allows."""
    height_px, width_px = image.shape[:2]
    long_px = max(height_px, width_px)
    width, height = (
        max(1, -(-round(side * side_px / long_px) // MULTIPLE_PX)) * MULTIPLE_PX
        for side in (width_px, height_px)
    )
    return width, height


def _founds(heat: Floats, corners: Floats, letter: Letter, least: float) -> list[Found]:
    founds = []
    for row, column in _peaks(heat, least):
        quad = letter.quad(_corners_at(corners, row, column))
        if quad is not None:
            founds.append(Found(quad, min(float(heat[row, column]), 1.0)))
    return founds


def _peaks(heat: Floats, least: float) -> list[tuple[int, int]]:
    """Row and column of the cells that none beside them exceeds, the hottest first."""
    around = opencv().dilate(heat, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((heat >= least) & (heat >= around))
    order = np.argsort(-heat[rows, columns], kind="stable")[:MOST_PEAKS]
    return [(int(rows[at]), int(columns[at])) for at in order]


def _corners_at(corners: Floats, row: int, column: int) -> npt.NDArray[Any]:
    """(4, 2) in the blob's pixels."""
    centre = (np.array([column, row]) + 0.5) * CELL_PX
    return corners[:, row, column].reshape(4, 2).astype(np.float64) * CORNER_PX + centre

"""A plate cut out of the frame and made upright, at the resolution that the frame has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.adapters.plate_models import opencv
from edge.plate_ports import Image, Quad

# A reader makes 48 of a crop's height: a plate that fills the frame costs no more than others.
LEAST_CROP_PX, MOST_WIDE_PX, MOST_HIGH_PX = 8, 640, 256
# The widest plates of two lines are 440 x 220 mm (Chinese lorries), seen from the front. The
# gap lies about the middle.
TWO_LINE_RATIO = 2.4
GAP_FROM, GAP_TO = 0.3, 0.6
# The upper line's characters are the smaller; it is made as high as the lower, and so much wider.
MOST_WIDENED = 1.5


@dataclass(frozen=True, slots=True)
class View:
    """How much is cut around a plate: shares of its width and height, more than none is beyond its
    edge and less is within."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


def rectified(image: Image, quad: Quad, view: View) -> Image:
    """From the quad's first corner to its second runs the line of text."""
    cv2 = opencv()
    corners = _cut(np.array(quad, np.float64), view)
    width, height = _size(corners)
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    how = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return cv2.warpPerspective(
        image, how, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def may_have_two_lines(quad: Quad) -> bool:
    width, height = _sides(np.array(quad, np.float64))
    return width < TWO_LINE_RATIO * height


def side_by_side(crop: Image) -> Image:
    """The two lines of a plate as one: the upper, made as high as the lower, before it."""
    cv2 = opencv()
    cut = gap_row(crop)
    upper, lower = crop[:cut], crop[cut:]
    wider = min(lower.shape[0] / upper.shape[0], MOST_WIDENED)
    size = (max(1, round(upper.shape[1] * wider)), lower.shape[0])
    return np.hstack([cv2.resize(upper, size, interpolation=cv2.INTER_LINEAR), lower])


def gap_row(crop: Image) -> int:
    """Where least is written about the middle: strokes make neighbours in a row differ."""
    ink = np.abs(np.diff(crop.mean(axis=2), axis=1)).mean(axis=1)
    smooth = np.convolve(ink, np.ones(3) / 3, "same")
    high = crop.shape[0]
    first, last = max(1, int(high * GAP_FROM)), max(2, int(high * GAP_TO))
    return first + int(np.argmin(smooth[first:last]))


def _cut(corners: npt.NDArray[np.float64], view: View) -> npt.NDArray[np.float64]:
    """Along its own sides, so that a plate seen askew keeps its shape."""
    a, b, c, d = corners
    along, below, left, right = b - a, c - d, d - a, c - b
    return np.array(
        [
            a - view.left * along - view.top * left,
            b + view.right * along - view.top * right,
            c + view.right * below + view.bottom * right,
            d - view.left * below + view.bottom * left,
        ]
    )


def _sides(corners: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Width and height, of the longer sides: askew, a plate is the narrower at its far end."""
    top, right, bottom, left = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float(max(top, bottom)), float(max(left, right))


def _size(corners: npt.NDArray[np.float64]) -> tuple[int, int]:
    width, height = _sides(corners)
    scale = min(1.0, MOST_WIDE_PX / max(width, 1.0), MOST_HIGH_PX / max(height, 1.0))
    sides: list[Any] = [width * scale, height * scale]
    wide_px, high_px = (max(LEAST_CROP_PX, round(side)) for side in sides)
    return wide_px, high_px

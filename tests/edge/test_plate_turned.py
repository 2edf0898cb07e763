"""A plate that leans by more than any that the detector learned from is found in a turned frame."""

from random import Random

import numpy as np
import pytest

from edge.adapters.plate_detector import LEAST_SCORE, PlateDetector, _moved, _turned
from edge.adapters.plate_letterbox import overlap
from edge.errors import VisionMissing
from firmware_sim.drawing.plates import draw
from firmware_sim.drawing.warping import Image, Quad, lay, quad_at


def leaning(roll_deg: float) -> tuple[Image, Quad]:
    """A street at noon and one plate in it."""
    rng = np.random.default_rng(4)
    image = rng.normal(120, 6, (480, 640, 3)).clip(0, 255).astype(np.uint8)
    image[140:400, 120:520] = (70, 60, 60)
    quad = quad_at((320.0, 270.0), 130, 440 / 140, (np.deg2rad(roll_deg), 0.1, 0.1))
    lay(image, draw("cn_blue", "川A019W2", Random(3)), quad)
    return image, quad


@pytest.mark.parametrize("roll_deg", [-48, 48])
def test_a_plate_that_leans_by_half_a_right_angle_is_found(roll_deg: float) -> None:
    image, quad = leaning(roll_deg)
    try:
        detector = PlateDetector()
    except VisionMissing as missing:
        pytest.skip(str(missing))
    straight = [it for it in detector._found(image, 640) if it.score >= LEAST_SCORE]
    assert not straight, "the frame as it is would do"
    found = detector.find(image)
    places = [tuple((float(x), float(y)) for x, y in quad)]
    assert found and found[0].score >= LEAST_SCORE
    assert overlap(found[0].quad, places[0]) > 0.6  # type: ignore[arg-type]


def test_a_point_of_a_turned_frame_lies_where_it_was() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[100:104, 500:504] = 255
    turned, back = _turned(image, 25.0)
    row, column = (float(np.mean(it)) for it in np.nonzero(turned[:, :, 0] > 128))
    (x, y), *_ = _moved(((column, row),) * 4, back)
    assert abs(x - 501.5) < 1 and abs(y - 101.5) < 1

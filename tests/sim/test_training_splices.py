"""New plates for training are joined between characters, and say what they show."""

from random import Random

import cv2
import numpy as np
import pytest

from edge.adapters.plate_reader import OPENED_BY
from edge.core.plate_decoding import best
from edge.core.plate_regions import REGIONS
from edge.errors import VisionMissing
from firmware_sim.drawing.plates import draw
from firmware_sim.drawing.warping import Image
from firmware_sim.training.spliced import SIZE_PX, Splicer, _joined

TEXTS = ("沪A12345", "京B67890", "苏C8K4M2", "粤D5T9Z7", "川E3W6F1")


def crop_of(text: str, seed: int) -> tuple[Image, str]:
    flat = draw("cn_blue", text, Random(seed))
    edge = flat.shape[0] // 4
    made = cv2.copyMakeBorder(flat, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    return made.astype(np.uint8), text


@pytest.fixture(scope="module")
def splicer() -> Splicer:
    try:
        return Splicer([crop_of(text, seed) for seed, text in enumerate(TEXTS)])
    except VisionMissing as missing:
        pytest.skip(str(missing))


def test_what_is_joined_says_what_it_shows(splicer: Splicer) -> None:
    reader, region, rng = OPENED_BY["ppocr-v4"](), REGIONS["cn"], Random(1)
    made = [splicer(rng) for _ in range(20)]
    read = [best(reader.read([image]), region, 1) for image, _ in made]
    right = sum(bool(one) and one[0].text == text for one, (_, text) in zip(read, made))
    assert right >= 16
    assert len({text for _, text in made} - set(TEXTS)) >= 12


def test_cuts_stay_between_the_characters_of_what_was_joined(splicer: Splicer) -> None:
    rng = Random(2)
    left, right = splicer._any(rng), splicer._any(rng)
    for at in range(6):
        joined = _joined(left, right, at)
        assert joined.text == left.text[: at + 1] + right.text[at + 1 :]
        assert list(joined.cuts_px) == sorted(joined.cuts_px)
        assert joined.image.shape == (SIZE_PX[1], SIZE_PX[0], 3)
        assert np.array_equal(
            joined.image[:, : left.cuts_px[at]], left.image[:, : left.cuts_px[at]]
        )


def test_plates_of_another_make_are_left_alone() -> None:
    try:
        splicer = Splicer([crop_of("沪A1234学", 1), (crop_of("沪A12345", 2)[0], "ABC1234")])
    except VisionMissing as missing:
        pytest.skip(str(missing))
    assert len(splicer) == 0

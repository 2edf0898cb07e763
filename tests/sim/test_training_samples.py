"""What models learn from says where plates are in the words that the gateway reads back."""

import json
from itertools import islice
from pathlib import Path
from random import Random

import cv2
import numpy as np

from edge.adapters import plate_detector
from edge.adapters.plate_letterbox import letter_of
from edge.adapters.plate_reader import OWN_SIZE
from firmware_sim.drawing import plates
from firmware_sim.drawing.warping import quad_at
from firmware_sim.training import detector_samples as detector
from firmware_sim.training import reader_samples as reader
from firmware_sim.training.real import held, photographs
from firmware_sim.training.sizes import CHARS, CORNER_PX, HIGH_PX, STRIDE, WIDE_PX

SIDE = detector.SIDE_PX


def test_cells_and_units_are_those_of_the_gateway() -> None:
    assert (STRIDE, CORNER_PX) == (plate_detector.CELL_PX, plate_detector.CORNER_PX)
    assert (WIDE_PX, HIGH_PX) == OWN_SIZE


def test_a_target_read_back_by_the_gateway_is_the_plate() -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    quad = quad_at((150.0, 200.0), 120, 3.1, (0.1, 0.3, 0.1))
    made = detector.target(image, [detector.Marked(quad, 1.0)])
    letter = letter_of(image, (SIDE, SIDE), 0.5)
    [found] = plate_detector._founds(made.heat[0], made.corners, letter, 0.5)
    assert found.score == 1.0
    assert np.abs(np.array(found.quad) - quad).max() < 1.5


def test_what_cannot_be_read_is_neither_learned_nor_punished() -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    quad = quad_at((150.0, 200.0), 120, 3.1, (0.0, 0.0, 0.0))
    made = detector.target(image, [detector.Marked(quad, 0.0)])
    assert made.heat.max() == 0 and made.at.max() == 0
    assert made.care[0, 200 // STRIDE, 150 // STRIDE] == 0 and made.care.mean() > 0.9


def test_a_mirrored_picture_has_its_corners_where_they_were_in_the_picture() -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    marked = [detector.Marked(quad_at((100.0, 200.0), 80, 3.0, (0.0, 0.0, 0.0)), 1.0)]
    _, [turned] = detector._mirrored(image, marked)
    assert np.allclose(turned.quad.mean(axis=0), (SIDE - 100.0, 200.0))
    assert (turned.quad[1] - turned.quad[0])[0] > 0 and (turned.quad[3] - turned.quad[0])[1] > 0


def test_samples_are_the_same_of_the_same_seed() -> None:
    one, again = (list(islice(detector.samples(3, ()), 3)) for _ in range(2))
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, again))
    crops, crops_again = (list(islice(reader.samples(3, ()), 3)) for _ in range(2))
    assert [it[1] for it in crops] == [it[1] for it in crops_again]


def test_crops_are_of_the_readers_size_and_alphabet() -> None:
    for image, text in islice(reader.samples(4, ()), 60):
        assert image.shape == (HIGH_PX, WIDE_PX, 3)
        assert 4 <= len(text) <= 8 and set(text) <= set(CHARS)


def test_photographs_are_split_by_their_vehicle_and_their_outline_is_put_upright(
    tmp_path: Path,
) -> None:
    names = ["京A12345", "沪B23456", "粤C34567", "苏D45678", "浙E56789", "川F67890"]
    rng, rows = Random(1), []
    for number, text in enumerate(names):
        picture = np.full((300, 400, 3), 90, np.uint8)
        picture[100:140, 100:225] = plates.draw("cn_blue", text, rng)[:40, :125]
        (tmp_path / f"{number}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        turned = [[100, 140], [100, 100], [225, 100], [225, 140]]
        plate = {"box": [100, 100, 225, 140], "quad": turned, "text": text}
        rows.append({"image": f"{number}.png", "region": "cn", "plates": [plate]})
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "truth.jsonl").write_text(lines, "utf-8")
    learned, kept = (photographs(tmp_path, held_out=it) for it in (False, True))
    assert len(learned) + len(kept) == len(names) and learned and kept
    assert all(held(it.texts[0]) for it in kept)
    for photo in (*learned, *kept):
        assert photo.quads[0].tolist() == [[100, 100], [225, 100], [225, 140], [100, 140]]
    sample = next(detector.samples(1, learned))
    assert sample.image.shape == (3, SIDE, SIDE)

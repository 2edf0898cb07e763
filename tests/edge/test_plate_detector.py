"""One suite for the finders: the fake, ours, and YOLO's three kinds of export."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.fake_plates import FakeFinder
from edge.adapters.plate_detector import PlateDetector, size_for
from edge.adapters.plate_eye import open_finder
from edge.adapters.plate_letterbox import apart, letter_of, overlap
from edge.adapters.plate_yolo import YoloOnnx, open_yolo
from edge.errors import PlateModelWrong, VisionMissing
from edge.plate_ports import MOST_FOUND, FindsPlates, Found, Quad, box_of
from tests.edge import tiny_finders
from tests.edge.tiny_finders import HIGH_PX, WIDE_PX
from tests.edge.tiny_onnx import model, node

Places = list[tuple[int, int]]
Make = Callable[[Places], tuple[FindsPlates, Any]]
"""(top left corners of plates in a frame of 640 by 480) -> a finder, the frame."""


def frame(places: Places, width: int = 640, height: int = 480) -> Any:
    image = np.full((height, width, 3), 60, np.uint8)
    for x, y in places:
        image[y : y + HIGH_PX, x : x + WIDE_PX] = (0, 0, 255)
    return image


def at(x: float, y: float, wide: float = WIDE_PX, high: float = HIGH_PX) -> Quad:
    return ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))


@pytest.fixture(params=["fake", "ours", "yolo detect", "yolo pose", "yolo apart"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def made(places: Places) -> tuple[FindsPlates, Any]:
        if request.param == "fake":
            return FakeFinder([Found(at(*place), 0.9) for place in places]), frame(places)
        if request.param == "ours":
            return PlateDetector(tiny_finders.ours(tmp_path / "ours.onnx")), frame(places)
        task = request.param.removeprefix("yolo ")
        return open_yolo(tiny_finders.yolo(tmp_path / "own.onnx", task)), frame(places)

    return made


def near(quad: Quad, other: Quad, px: float = 6.0) -> bool:
    return bool(np.abs(np.array(quad) - np.array(other)).max() <= px)


def test_a_plate_is_found_with_its_corners_from_the_top_left_clockwise(make: Make) -> None:
    finder, image = make([(200, 240)])
    (found,) = finder.find(image)
    assert near(found.quad, at(200, 240))
    assert 0.25 <= found.score <= 1


def test_two_plates_in_view_are_two(make: Make) -> None:
    finder, image = make([(40, 80), (400, 320)])
    first, second = sorted(finder.find(image), key=lambda it: it.quad[0])
    assert near(first.quad, at(40, 80))
    assert near(second.quad, at(400, 320))


def test_where_there_is_no_plate_none_is_found(make: Make) -> None:
    finder, image = make([])
    assert finder.find(image) == []


def test_of_many_plates_no_more_than_the_bound_are_told_the_best_first(make: Make) -> None:
    finder, image = make([(20, 40), (300, 40), (20, 200), (300, 200), (20, 400), (300, 400)])
    scores = [one.score for one in finder.find(image)]
    assert len(scores) == MOST_FOUND
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("size", [(16, 16), (2000, 16), (16, 2000), (641, 479), (3000, 2000)])
def test_a_frame_of_any_size_is_looked_at(make: Make, size: tuple[int, int]) -> None:
    finder, _ = make([])
    assert finder.find(np.zeros((size[1], size[0], 3), np.uint8)) == []


def test_corners_are_those_of_the_frame_as_it_came(tmp_path: Path) -> None:
    """Twice as large as the network sees it, and higher than wide."""
    image = np.kron(frame([(100, 480)], 480, 640), np.ones((2, 2, 1), np.uint8))
    for file in (tiny_finders.ours(tmp_path / "a.onnx"), tiny_finders.yolo(tmp_path / "b.onnx")):
        finder = PlateDetector(file) if file.name == "a.onnx" else YoloOnnx(file)
        (found,) = finder.find(image)
        assert near(found.quad, at(200, 960, 2 * WIDE_PX, 2 * HIGH_PX), 12)


sides = st.integers(16, 5000)


@given(sides, sides, st.booleans())
def test_what_lies_in_the_letter_lies_in_the_frame_where_it_was(
    width: int, height: int, centred: bool
) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    size = size_for(image)
    assert max(size) == 640
    assert not (size[0] % 32 or size[1] % 32)
    letter = letter_of(image, size, 0.5, centred)
    assert letter.blob.shape == (1, 3, size[1], size[0])
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    scale = np.array([letter.scale_x, letter.scale_y])
    inside = corners * scale + (letter.left_px, letter.top_px)
    assert (inside > -1e-6).all()
    assert (inside <= np.array(size) + 1e-6).all()
    quad = letter.quad(inside)
    assert quad is not None
    assert np.allclose(quad, corners)


def test_what_is_not_filled_by_the_frame_is_grey_and_colours_come_red_first() -> None:
    image = np.zeros((320, 640, 3), np.uint8)
    image[:] = (255, 0, 51)
    blob = letter_of(image, (640, 352), 0.5).blob
    assert np.allclose(blob[0, :, 100, 100], (0.2, 0, 1), atol=0.01)
    assert np.allclose(blob[0, :, 340, 100], 0.5, atol=0.01)


@pytest.mark.parametrize(
    "corners",
    [
        [(0, 0), (0, 40), (100, 40), (100, 0)],
        [(0, 0), (100, 40), (100, 0), (0, 40)],
        [(0, 0), (4, 0), (4, 4), (0, 4)],
        [(0, 0), (100, 0), (20, 10), (0, 100)],
        [(0, 0), (100, 0), (float("nan"), 40), (0, 40)],
        [(0, 0), (0, 0), (0, 0), (0, 0)],
    ],
)
def test_corners_that_are_no_plates_outline_are_no_find(corners: list[tuple[float, float]]) -> None:
    letter = letter_of(np.zeros((480, 640, 3), np.uint8), (640, 480), 0.5)
    assert letter.quad(np.array(corners)) is None


boxes = st.builds(
    at, st.integers(0, 600), st.integers(0, 400), st.integers(20, 200), st.integers(8, 90)
)


@given(st.lists(st.builds(Found, boxes, st.floats(0, 1)), max_size=12))
def test_what_is_kept_lies_apart_and_nothing_better_was_dropped_for_it(many: list[Found]) -> None:
    kept = apart(many)
    assert len(kept) <= MOST_FOUND
    assert [one.score for one in kept] == sorted((one.score for one in kept), reverse=True)
    assert not any(
        overlap(one.quad, other.quad) > 0.4 for one in kept for other in kept if one is not other
    )
    assert not many or max(one.score for one in many) == kept[0].score


def test_a_users_model_of_other_things_is_refused_with_the_reason(tmp_path: Path) -> None:
    file = tiny_finders.yolo(tmp_path / "coco.onnx", names="{0: 'person', 1: 'car'}")
    with pytest.raises(PlateModelWrong, match=r"None of the 2 classes of coco.onnx is a plate"):
        open_yolo(file)


def test_of_a_model_of_cars_and_plates_only_plates_are_found(tmp_path: Path) -> None:
    names = "{0: 'car', 1: 'License_Plate'}"
    both = open_yolo(_two_classes(tmp_path / "both.onnx", names, car=0.9, plate=0.6))
    assert [found.score for found in both.find(frame([]))] == [pytest.approx(0.6)]
    cars = open_yolo(_two_classes(tmp_path / "cars.onnx", names, car=0.9, plate=0.1))
    assert cars.find(frame([])) == []


def _two_classes(file: Path, names: str, car: float, plate: float) -> Path:
    """It finds the same box in every picture."""
    row = np.array([320, 320, 100, 30, car, plate]).reshape(1, 6, 1)
    nothing = np.zeros((6, 3, 1, 1))
    nodes = [
        node("GlobalAveragePool", "images", "mean"),
        node("Conv", "mean nothing", "zero"),
        node("Reshape", "zero flat", "column"),
        node("Add", "column row", "one"),
        node("Expand", "one many", "output0"),
    ]
    constants = {"nothing": nothing, "row": row, "flat": np.array([1, 6, 1])}
    constants["many"] = np.array([1, 6, 40])
    about = {"names": names, "task": "detect"}
    shape: dict[str, list[int | str]] = {"images": [1, 3, 640, 640]}
    file.write_bytes(model(nodes, shape, {"output0": [1, 6, 40]}, constants, about))
    return file


def test_a_file_that_is_no_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "torn.onnx").write_bytes(tiny_finders.ours(tmp_path / "a.onnx").read_bytes()[:200])
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "model.txt").write_text("no model")
    for name in ("torn.onnx", "text.onnx", "model.txt", "none.onnx"):
        with pytest.raises(PlateModelWrong, match=name):
            open_finder(str(tmp_path / name))
    with pytest.raises(PlateModelWrong, match="heat and corners"):
        PlateDetector(tiny_finders.yolo(tmp_path / "own.onnx"))


def test_a_model_that_is_not_there_is_told_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(VisionMissing, match=r"none\.onnx is not there") as missing:
        PlateDetector(tmp_path / "none.onnx")
    assert "berth[vision]" in str(missing.value)


@pytest.mark.skipif(importlib.util.find_spec("ultralytics") is not None, reason="it is installed")
def test_a_pt_without_ultralytics_names_the_extra_and_its_licence(tmp_path: Path) -> None:
    (tmp_path / "own.pt").write_bytes(b"")
    with pytest.raises(VisionMissing, match="AGPL"):
        open_yolo(tmp_path / "own.pt")


def test_a_box_is_around_the_corners_of_a_plate_seen_askew() -> None:
    assert box_of(((10, 5), (50, 2), (52, 20), (8, 25))) == (8, 2, 44, 23)

"""From a frame to glimpses: what is cut out, turned upright, laid side by side, and read."""

from collections.abc import Sequence
from random import Random
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters import plate_crops
from edge.adapters.fake_plates import FakeEye, FakeFinder, FakeReader, glimpse_of, line_of
from edge.adapters.plate_crops import View, gap_row, may_have_two_lines, rectified, side_by_side
from edge.adapters.plate_eye import HABITS, PlateEye, open_readers
from edge.core.plate_decoding import Line, best
from edge.core.plate_regions import REGIONS
from edge.errors import VisionMissing
from edge.plate_ports import MOST_FOUND, Eye, Found, Image, Quad
from firmware_sim.drawing.plates import draw

FRAME = np.zeros((720, 1280, 3), np.uint8)


def quad_at(x: float, y: float, wide: float = 200, high: float = 60) -> Quad:
    return ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))


def plate() -> Any:
    """Its four corners in four colours, blue at the top left."""
    image = np.zeros((60, 200, 3), np.uint8)
    image[:30, :100], image[:30, 100:] = (255, 0, 0), (0, 255, 0)
    image[30:, 100:], image[30:, :100] = (0, 0, 255), (255, 255, 255)
    return image


def warped(quad: Quad) -> Any:
    flat = np.array([(0, 0), (200, 0), (200, 60), (0, 60)], np.float32)
    how = cv2.getPerspectiveTransform(flat, np.array(quad, np.float32))
    return cv2.warpPerspective(plate(), how, (1280, 720))


@pytest.mark.parametrize(
    "quad",
    [
        quad_at(300, 200),
        ((300, 200), (500, 260), (490, 330), (290, 250)),
        ((600, 400), (400, 400), (400, 340), (600, 340)),
        ((300, 200), (300, 500), (200, 480), (200, 220)),
    ],
)
def test_a_plate_seen_from_any_side_is_made_upright(quad: Quad) -> None:
    crop = rectified(warped(quad), quad, View())
    high, wide = crop.shape[:2]
    corners = [crop[high // 6, wide // 6], crop[high // 6, -wide // 6]]
    corners += [crop[-high // 6, -wide // 6], crop[-high // 6, wide // 6]]
    seen = [tuple(int(level > 128) for level in corner) for corner in corners]
    assert seen == [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]
    assert wide > high


def test_a_crop_has_the_resolution_of_the_frame_and_is_bounded() -> None:
    assert rectified(FRAME, quad_at(10, 10, 300, 90), View()).shape == (90, 300, 3)
    assert rectified(FRAME, quad_at(0, 0, 4000, 1000), View()).shape[1] == plate_crops.MOST_WIDE_PX
    assert min(rectified(FRAME, quad_at(0, 0, 12, 3), View()).shape[:2]) >= 8


def test_a_view_leaves_out_what_is_above_and_below_the_characters() -> None:
    image = FRAME.copy()
    image[200:300, 100:300] = 50
    image[220:280, 100:300] = 200
    inner = rectified(image, quad_at(100, 200, 200, 100), View(0, -0.2, 0, -0.2))
    assert inner.shape[:2] == (60, 200)
    assert inner[2:-2].min() == 200
    outer = rectified(image, quad_at(100, 200, 200, 100), View(0.1, 0.1, 0.1, 0.1))
    assert outer.shape[:2] == (120, 240)
    assert outer[:8, :, :].max() <= 1


points = st.tuples(st.floats(-300, 1600), st.floats(-300, 1000))


@given(st.tuples(points, points, points, points))
def test_whatever_four_points_are_told_a_crop_of_bounded_size_comes(quad: Quad) -> None:
    high, wide = rectified(FRAME, quad, View()).shape[:2]
    assert 8 <= high <= plate_crops.MOST_HIGH_PX
    assert 8 <= wide <= plate_crops.MOST_WIDE_PX


def two_lines(gap: int) -> Any:
    """Strokes above and below an empty band at row `gap`, 100 high."""
    image = np.full((100, 140, 3), 220, np.uint8)
    for x in range(4, 136, 8):
        image[4 : gap - 4, x : x + 4] = 20
        image[gap + 4 : 96, x : x + 4] = 20
    return image


@pytest.mark.parametrize("gap", [34, 42, 50, 58])
def test_two_lines_are_cut_where_nothing_is_written_and_laid_side_by_side(gap: int) -> None:
    crop = two_lines(gap)
    assert abs(gap_row(crop) - gap) <= 4
    one = side_by_side(crop)
    assert one.shape[0] == pytest.approx(100 - gap, abs=4)
    assert one.shape[1] >= 220
    middle = one[one.shape[0] // 2, :, 0]
    assert (middle[:80] < 100).any()
    assert (middle[-130:] < 100).any()


def test_only_a_plate_that_is_high_for_its_width_may_have_two_lines() -> None:
    assert may_have_two_lines(quad_at(0, 0, 140, 100))
    assert not may_have_two_lines(quad_at(0, 0, 300, 100))


@given(st.integers(1, 300), st.integers(1, 300))
def test_a_crop_of_any_size_can_be_laid_side_by_side(wide: int, high: int) -> None:
    crop = np.zeros((max(8, high), max(8, wide), 3), np.uint8)
    assert side_by_side(crop).shape[0] <= crop.shape[0]


class ByShape:
    """A reader that makes sense of a crop only if it is wide enough to be one line."""

    name = "own"

    def read(self, crops: Sequence[Image]) -> list[Line]:
        wide = [crop.shape[1] > 3 * crop.shape[0] for crop in crops]
        return [line_of("京A12345", 0.99 if it else 0.3) for it in wide]


def test_a_plate_of_two_lines_is_read_as_one_where_that_makes_more_sense() -> None:
    image = FRAME.copy()
    image[100:200, 100:240] = two_lines(42)
    finder = FakeFinder([Found(quad_at(100, 100, 140, 100), 0.9)])
    (seen,) = PlateEye(finder, [ByShape()]).look(image)
    assert best(seen.lines, REGIONS["cn"])[0].text == "京A12345"
    assert np.exp(seen.lines[0].log_probs).max() == pytest.approx(0.99, abs=0.001)
    (seen,) = PlateEye(finder, [ByShape()], [REGIONS["us"]]).look(image)
    assert np.exp(seen.lines[0].log_probs).max() == pytest.approx(0.3, abs=0.001)


@pytest.mark.parametrize(
    ("kind", "text", "region"),
    [
        ("cn_rear", "皖L4805挂", "cn"),
        ("cn_rear", "粤R16352", "cn"),
        ("br_two", "KWH1071", "br"),
        ("cn_green", "沪AD12345", "cn"),
    ],
)
def test_a_drawn_plate_is_read_by_the_weights_of_ppocr(kind: str, text: str, region: str) -> None:
    try:
        readers = open_readers(HABITS[region].readers)
    except VisionMissing as missing:
        pytest.skip(str(missing))
    flat = draw(kind, text, Random(3))
    high, wide = flat.shape[:2]
    image = np.full((high + 80, wide + 80, 3), 60, np.uint8)
    image[40 : 40 + high, 40 : 40 + wide] = flat
    finder = FakeFinder([Found(quad_at(40, 40, wide, high), 0.9)])
    eye = PlateEye(finder, readers, [REGIONS[region]], [HABITS[region].view])
    assert best(eye.look(image)[0].lines, REGIONS[region])[0].text == text


def test_each_glimpse_has_a_line_of_each_reader_and_view_the_surest_find_first() -> None:
    founds = [Found(quad_at(100, 100), 0.4), Found(quad_at(600, 300), 0.8)]
    readers = [FakeReader("A1", name="ppocr-v4"), FakeReader("A1", name="own")]
    regions, views = [REGIONS["cn"], REGIONS["us"]], [View(), View(0, -0.1, 0, -0.1)]
    eye = PlateEye(FakeFinder(founds), readers, regions, views)
    seen = eye.look(FRAME)
    assert [one.found for one in seen] == [0.8, 0.4]
    assert [line.reader for line in seen[0].lines] == ["ppocr-v4", "ppocr-v4", "own"]
    # What was cut for one region's plates says nothing of the other's; ours saw the whole plate.
    assert [line.region for line in seen[0].lines] == ["cn", "us", ""]
    assert readers[0].shapes == [(60, 200), (48, 200)] * 2
    # Ours is shown the whole plate, whatever lines the others are shown.
    assert readers[1].shapes == [(60, 200)] * 2
    assert seen[0].quad == founds[1].quad


def test_however_many_plates_are_in_view_a_bounded_number_is_read() -> None:
    class FindsMany(FakeFinder):
        def find(self, image: Image) -> list[Found]:
            return [Found(quad_at(10 * at, 10 * at), 0.5) for at in range(20)]

    reader = FakeReader("A1")
    eye = PlateEye(FindsMany(), [reader])
    assert len(eye.look(FRAME)) == MOST_FOUND
    assert len(reader.shapes) == MOST_FOUND


def test_where_nothing_is_found_nothing_is_read() -> None:
    reader = FakeReader("A1")
    assert PlateEye(FakeFinder(), [reader]).look(FRAME) == []
    assert reader.shapes == []


def test_the_fake_eye_sees_what_it_is_told_and_then_nothing() -> None:
    eye = FakeEye([[glimpse_of("京A12345")], []])
    seeing: Eye = eye
    assert [len(seeing.look(FRAME)) for _ in range(3)] == [1, 0, 0]
    assert eye.looks == 3

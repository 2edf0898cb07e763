"""One suite for the readers: the fake, ours and PP-OCR's on small hand-made networks of the same
interfaces; then PP-OCR's own weights, where they are installed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.adapters import plate_reader
from edge.adapters.fake_plates import FakeReader, line_of
from edge.adapters.plate_eye import HABITS, open_readers
from edge.adapters.plate_models import packaged
from edge.adapters.plate_reader import OPENED_BY, OwnReader, PpOcrReader
from edge.core.plate_decoding import Line, best
from edge.core.plate_regions import PLATE_CHARS, REGIONS
from edge.errors import PlateModelWrong, VisionMissing
from edge.plate_ports import ReadsPlates
from tests.edge.tiny_onnx import model, node

# What each tiny network knows: bars of one colour are a character, grey is blank.
BLUE, GREEN, RED, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)
SURENESS = 4.0


def bars(*colours: tuple[int, int, int], wide: int = 160, high: int = 48) -> Any:
    image = np.full((high, wide, 3), GREY, np.uint8)
    step = wide // len(colours)
    for at, colour in enumerate(colours):
        image[:, at * step : (at + 1) * step] = colour
    return image


def tiny(file: Path, classes: Any, about: dict[str, str], own: bool) -> Path:
    """`classes`: (classes, 3 channels) what each is drawn by. A step is 8 pixels wide."""
    name, told = ("crop", "log_probs") if own else ("x", "probs")
    nodes = [
        node("AveragePool", name, "steps", kernel_shape=[48, 8], strides=[48, 8]),
        node("Conv", "steps colours", "scores"),
        node("Reshape", "scores flat", "rows"),
        node("Transpose", "rows", "turned", perm=[0, 2, 1]),
        node("LogSoftmax" if own else "Softmax", "turned", told, axis=2),
    ]
    constants = {
        "colours": np.asarray(classes, float)[:, :, None, None] * SURENESS,
        "flat": np.array([0, len(classes), -1]),
    }
    sides: list[int | str] = ["n", 3, 48, 160 if own else "wide"]
    outputs: dict[str, list[int | str]] = {told: ["n", "steps", len(classes)]}
    file.write_bytes(model(nodes, {name: sides}, outputs, constants, about))
    return file


def own_reader(folder: Path) -> ReadsPlates:
    """Red first, 0..1. Blank: all channels alike."""
    classes = [(1, 1, 1), (-1, -1, 3), (-1, 3, -1), (3, -1, -1)]
    return OwnReader(tiny(folder / "own.onnx", classes, {"alphabet": "A8京"}, own=True))


def ppocr_reader(folder: Path) -> ReadsPlates:
    """Blue first, -1..1. Classes: blank, and then as the list tells them, and a space."""
    classes = [(0, 0, 0), (1, -1, -1), (-1, 1, -1), (-1, -1, 1), (0, 0, 0), (0, 0, 0)]
    file = tiny(folder / "ppocr.onnx", classes, {"character": "a\n8\n京\n疗"}, own=False)
    return PpOcrReader("ppocr-v4", file)


READERS: dict[str, Callable[[Path], ReadsPlates]] = {
    "fake": lambda folder: FakeReader("A8京"),
    "own": own_reader,
    "ppocr": ppocr_reader,
}


@pytest.fixture(params=list(READERS))
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> ReadsPlates:
    return READERS[request.param](tmp_path)


def likeliest(line: Line) -> str:
    steps = line.log_probs.argmax(axis=1).tolist()
    said = [at for at, before in zip(steps, [-1, *steps]) if at != before]
    return "".join(line.alphabet.chars[at] for at in said if at != line.alphabet.blank)


SHOWN = bars(BLUE, GREY, GREEN, GREY, RED)


def test_a_line_is_read_from_left_to_right_in_plate_characters(reader: ReadsPlates) -> None:
    (line,) = reader.read([SHOWN])
    assert likeliest(line) == "A8京"
    assert line.reader == reader.name
    assert line.alphabet.chars[1:] == tuple(PLATE_CHARS)


def test_of_a_batch_each_crop_has_its_line_whatever_its_size(reader: ReadsPlates) -> None:
    crops = [SHOWN, bars(BLUE, wide=8, high=8), bars(RED, wide=640, high=60), SHOWN]
    lines = reader.read(crops)
    assert len(lines) == 4
    assert likeliest(lines[0]) == likeliest(lines[3]) == "A8京"
    for line in lines:
        assert np.allclose(np.exp(line.log_probs).sum(axis=1), 1, atol=1e-4)


def test_no_crops_are_no_lines(reader: ReadsPlates) -> None:
    assert reader.read([]) == []


def test_a_crop_in_a_batch_is_read_as_it_is_alone(tmp_path: Path) -> None:
    for made in (own_reader(tmp_path), ppocr_reader(tmp_path)):
        (alone,) = made.read([SHOWN])
        together = made.read([SHOWN, bars(GREEN, wide=500, high=50)])[0]
        steps = len(alone.log_probs)
        assert np.allclose(together.log_probs[:steps], alone.log_probs, atol=1e-3)


def test_what_is_between_characters_is_blank_to_a_plate(tmp_path: Path) -> None:
    """The dot of `京A·8` is a class of its own to PP-OCR."""
    # Next to the dot, what is green looks like an A.
    classes = [(0, 0, 0), (1, 0.5, -1), (-1, 1, -1), (-1, -1, 1), (0, 0, 0)]
    file = tiny(tmp_path / "a.onnx", classes, {"character": "A\n·\n8"}, own=False)
    (line,) = PpOcrReader("ppocr-v4", file).read([bars(BLUE, GREEN, BLUE, GREEN, RED)])
    assert likeliest(line) == "AA8"


def test_a_model_without_its_characters_is_refused(tmp_path: Path) -> None:
    classes = [(0, 0, 0), (1, -1, -1)]
    with pytest.raises(PlateModelWrong, match="characters"):
        PpOcrReader("ppocr-v4", tiny(tmp_path / "a.onnx", classes, {}, own=False))
    with pytest.raises(PlateModelWrong, match="alphabet"):
        OwnReader(tiny(tmp_path / "b.onnx", classes, {}, own=True))


def test_a_reader_that_is_not_installed_is_left_out_unless_it_is_the_last() -> None:
    with pytest.raises(VisionMissing, match="berth_nothing is not installed"):
        packaged("berth_nothing", "models", "a.onnx")
    with pytest.raises(VisionMissing, match="No reader"):
        open_readers(())


def test_every_region_names_readers_that_can_be_opened() -> None:
    assert set(HABITS) == set(REGIONS)
    assert {name for habit in HABITS.values() for name in habit.readers} <= set(OPENED_BY)


def written(text: str) -> Any:
    image = np.full((60, 220, 3), 245, np.uint8)
    cv2.putText(image, text, (12, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.35, (20, 20, 20), 4)
    return image


@pytest.mark.parametrize("name", ["ppocr-v4", "ppocr-v6"])
@pytest.mark.parametrize(("text", "region"), [("BRA2E19", "br"), ("KX34807", "eu")])
def test_the_weights_of_ppocr_read_a_plate(name: str, text: str, region: str) -> None:
    try:
        reader = OPENED_BY[name]()
    except VisionMissing as missing:
        pytest.skip(str(missing))
    (line,) = reader.read([written(text)])
    assert best([line], REGIONS[region])[0].text == text


def test_the_fake_is_as_sure_as_it_is_told() -> None:
    probs = np.exp(line_of("A8", 0.9).log_probs)
    assert np.allclose(probs.max(axis=1), 0.9, atol=1e-4)
    with pytest.raises(ValueError, match="no plate has"):
        line_of("ñ")


def test_a_wide_crop_costs_a_bounded_number_of_steps(tmp_path: Path) -> None:
    (line,) = ppocr_reader(tmp_path).read([bars(RED, wide=4000, high=20)])
    assert len(line.log_probs) * 8 <= plate_reader.MOST_WIDTH_PX

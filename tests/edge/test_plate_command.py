"""`berth-edge plates` with a real finder of the user's own (a tiny YOLO export of red plates) and
PP-OCR's real weights."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.adapters.fake_plates import glimpse_of
from edge.adapters.plate_reader import OPENED_BY
from edge.cli import app
from edge.commands.plates import reads_of
from edge.errors import PlateModelWrong, VisionMissing
from tests.edge import tiny_finders

PLATE = "BRA2E19"


@pytest.fixture(scope="module", autouse=True)
def readers() -> None:
    try:
        OPENED_BY["ppocr-v4"](), OPENED_BY["ppocr-v6"]()
    except VisionMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def finder(tmp_path: Path) -> Path:
    return tiny_finders.yolo(tmp_path / "red.onnx")


def call(*args: str | Path) -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(app, ["plates", *map(str, args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def car(text: str, place: tuple[int, int] = (512, 480)) -> Any:
    """Of 1,280 by 960 pixels; its plate is red, of 256 by 64."""
    image = np.full((960, 1280, 3), 70, np.uint8)
    x, y = place
    image[y : y + 64, x : x + 256] = (0, 0, 255)
    font, black = cv2.FONT_HERSHEY_SIMPLEX, (0, 0, 0)
    cv2.putText(image, text, (x + 14, y + 48), font, 1.5, black, 4)
    return image


def kept(image: Any, file: Path) -> Path:
    cv2.imwrite(str(file), image)
    return file


def test_each_picture_is_a_line_of_json_with_the_plates_it_shows(
    tmp_path: Path, finder: Path
) -> None:
    shown = kept(car(PLATE), tmp_path / "a car.png")
    empty = kept(
        np.full((480, 640, 3), 70, np.uint8) + np.eye(480, 640, dtype=np.uint8)[..., None] * 90,
        tmp_path / "b.jpg",
    )
    code, (first, second) = call(shown, empty, "--region", "br", "--detector", finder)
    assert code == 0
    assert set(first) == {"image", "reads", "ms"}
    assert first["image"] == str(shown)
    (read,) = first["reads"]
    assert set(read) == {"text", "confidence", "box", "asserted"}
    assert read["asserted"] is True
    assert read["text"] == PLATE
    assert 0.9 < read["confidence"] <= 1
    assert np.abs(np.array(read["box"]) - (512, 480, 256, 64)).max() <= 16
    assert all(isinstance(side, int) for side in read["box"])
    assert (second["reads"], first["ms"] > 0) == ([], True)


def test_a_bad_picture_has_its_error_on_its_line_and_the_others_are_read(
    tmp_path: Path, finder: Path
) -> None:
    good = kept(car(PLATE), tmp_path / "good.png")
    torn = tmp_path / "torn.png"
    torn.write_bytes(good.read_bytes()[:2000])
    black = kept(np.zeros((480, 640, 3), np.uint8), tmp_path / "black.png")
    pictures = [tmp_path / "none.png", torn, black, tmp_path, good]
    code, lines = call(*pictures, "--region", "br", "--detector", finder)
    assert code == 2
    codes = ["picture_missing", "picture_torn", "picture_black", "picture_unreadable"]
    assert [line["error"]["code"] for line in lines[:4]] == codes
    for line in lines[:4]:
        assert set(line["error"]) == {"code", "sentence", "remedy"}
        assert all(line["error"].values())
        assert (line["reads"], line["ms"] >= 0) == ([], True)
    assert [read["text"] for read in lines[4]["reads"]] == [PLATE]


def test_two_plates_in_view_are_two_reads(tmp_path: Path, finder: Path) -> None:
    image = car(PLATE, (100, 300))
    image[600:] = car("ABC1234", (800, 700))[600:]
    code, (line,) = call(
        kept(image, tmp_path / "two.png"), "--region", "br", "--detector", finder, "--json"
    )
    assert code == 0
    assert sorted(read["text"] for read in line["reads"]) == ["ABC1234", PLATE]


def test_an_expected_plate_is_accepted_and_its_neighbour_is_not(
    tmp_path: Path, finder: Path
) -> None:
    shown = kept(car(PLATE), tmp_path / "a.png")
    settings = ["--region", "br", "--detector", finder]
    _, (line,) = call(shown, *settings, "--expected", "ABC1D23", "--expected", PLATE)
    assert [(read["text"], read["verdict"]) for read in line["reads"]] == [(PLATE, "accepted")]
    _, (line,) = call(shown, *settings, "--expected", "BRA2F19")
    assert line["reads"][0]["verdict"] != "accepted"


def test_of_several_regions_the_one_that_makes_most_sense_is_told() -> None:
    (read,) = reads_of([glimpse_of("京A12345", 0.999)], ["us", "cn"], ())
    assert read["text"] == "京A12345"


def test_a_sticker_that_no_plate_can_be_is_no_read() -> None:
    assert reads_of([glimpse_of("A", 0.999)], ["cn"], ()) == []


def test_an_unknown_region_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plates", "a.png", "--region", "mars"])
    assert result.exit_code == 2
    assert "cn, eu, br, us" in result.stderr


def test_a_file_that_is_no_model_ends_it_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_text("none")
    with pytest.raises(PlateModelWrong, match="cannot be loaded"):
        call("a.png", "--detector", tmp_path / "model.onnx")


@pytest.mark.parametrize("absent", ["numpy", "cv2", "onnxruntime"])
def test_without_the_extra_it_says_in_one_sentence_what_to_install(
    absent: str, tmp_path: Path, finder: Path
) -> None:
    script = (
        f"import sys; sys.modules[{absent!r}] = None; from edge.cli import main; "
        f"sys.argv = ['berth-edge', 'plates', {str(tmp_path / 'a.png')!r}, "
        f"'--detector', {str(finder)!r}]; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Install the extra: pip install 'berth[vision]'." in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_terminal_without_chinese_characters_is_no_crash(tmp_path: Path) -> None:
    name = tmp_path / "沪A.png"
    script = f"import sys; from edge.cli import main; sys.argv = ['x', 'plates', {str(name)!r}]"
    model = tiny_finders.yolo(tmp_path / "red.onnx")
    ended = subprocess.run(
        [sys.executable, "-c", f"{script} + ['--detector', {str(model)!r}]; main()"],
        capture_output=True,
        timeout=60,
        check=False,
        env={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "1"},
    )
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["image"] == str(name)

"""Whether plates can be read as the settings want it: told at the start, and by the doctor."""

from collections.abc import Callable
from pathlib import Path

import pytest
from looking_rig import PLATES
from test_plate_settings import config, spec

from edge.adapters.checks import Level, Machine
from edge.adapters.doctor import Hands, _tasks
from edge.adapters.open_looking import eye_of
from edge.adapters.plate_checks import check_plates, missing_readers
from edge.adapters.plate_reader import OwnReader
from edge.errors import ReaderMissing, VisionMissing


def there() -> Path:
    return Path(__file__)


def gone() -> Path:
    raise VisionMissing("rapidocr_onnxruntime is not installed.")


def files(**missing: Callable[[], Path]) -> dict[str, Callable[[], Path]]:
    names = {"v4": "ppocr-v4", "v6": "ppocr-v6", "own": "own"}
    return {name: missing.get(short, there) for short, name in names.items()}


def test_a_reader_that_is_missing_is_a_warning_with_its_remedy() -> None:
    check = check_plates(spec("regions: [cn]"), files(v4=gone))
    assert check.level is Level.WARNING and check.sentence.startswith("ppocr-v4 not installed")
    assert "berth[vision]" in check.remedy and "Python 3.12" in check.remedy
    assert check_plates(spec("regions: [cn]"), files()).level is Level.OK


def test_our_own_reader_is_in_no_extra() -> None:
    nowhere = files(own=lambda: Path("nowhere.onnx"))
    check = check_plates(spec("regions: [cn], readers: {cn: [own]}"), nowhere)
    assert check.level is Level.WARNING and "extra" not in check.remedy
    with pytest.raises(ReaderMissing, match="Install berth anew") as missing:
        OwnReader(Path("nowhere.onnx"))
    assert "extra" not in str(missing.value)


def test_only_readers_that_the_settings_want_are_missed() -> None:
    plates = spec("regions: [cn, eu], readers: {cn: [ppocr-v6], eu: [ppocr-v6]}")
    assert missing_readers(plates, files(v4=gone)) == []
    assert missing_readers(plates, files(v6=gone)) == ["ppocr-v6"]


def test_without_a_library_no_plate_is_read_and_the_doctor_fails() -> None:
    check = check_plates(spec("regions: [cn]"), files(), lambda library: library != "onnxruntime")
    assert check.level is Level.FAILED and "onnxruntime" in check.sentence
    assert "berth[vision]" in check.remedy


def test_the_doctor_looks_at_it_only_where_plates_are_read(tmp_path: Path) -> None:
    def names(plates: str) -> list[str]:
        settings = config(plates, cameras="", data=str(tmp_path))
        return [task.name for task in _tasks(settings, Machine("", True), Hands())]

    assert "plates" in names(PLATES) and "plates" not in names("")


def test_a_gateway_that_starts_tells_which_reader_is_missing() -> None:
    told: list[tuple[str, str]] = []
    eye_of(spec("regions: [cn]"), lambda *said: told.append(said), files(v4=gone))
    assert told == [("reader_missing", "ppocr-v4")]

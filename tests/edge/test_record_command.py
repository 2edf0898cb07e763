"""Recording from a stream, in this process; a recording that is killed is in tests/sim."""

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge.adapters.trace_file import TraceFile
from edge.commands.record import Taking
from edge.core.readings import NO_ECHO, Channel, PlateRead, Reading
from edge.core.trace_lines import TraceHeader, format_header, format_reading
from edge.errors import RecordingBroken, RecordingExists
from edge.ports import BadReading, Ended, Took
from tests.edge.test_recorder import read_back

NS = 1_000_000_000
HEADER = TraceHeader(
    "gw-1",
    "UTC",
    0,
    datetime(2026, 5, 1, tzinfo=UTC),
    {"us0": Channel("us0", "ultrasonic", "S1"), "cam0": Channel("cam0", "camera", "S1")},
)
READINGS = [
    *(Reading(n * NS, "us0", 5800.0 + n) for n in range(600)),
    Reading(600 * NS, "cam0", PlateRead("沪A12345", 0.9)),
    Reading(601 * NS, "us0", None, NO_ECHO),
    Reading(602 * NS, "us0", None, "timeout"),
]


def write(path: Path, *extra: str) -> Path:
    lines = [format_header(HEADER), *map(format_reading, READINGS), *extra]
    path.write_text("\n".join(lines) + "\n")
    return path


def run(*args: object) -> Result:
    from edge.cli import app

    return CliRunner().invoke(app, ["record", *map(str, args)])


@pytest.mark.parametrize("name", ["b.trace.jsonl", "b.trace.jsonl.gz"])
def test_a_stream_is_recorded_as_it_is_and_its_bad_lines_are_said(
    name: str, tmp_path: Path
) -> None:
    source, out = write(tmp_path / "a", "half a li"), tmp_path / name
    done = run("--readings", source, "--out", out)
    assert (done.exit_code, done.stdout) == (0, f"{out} with {len(READINGS)} readings\n")
    assert done.stderr.splitlines() == [
        "1 bad lines were left out",
        "us0: 1 readings are faults or pictures",
    ]
    assert read_back(out) == (HEADER, READINGS)


def test_minutes_are_those_of_the_stream(tmp_path: Path) -> None:
    source, out = write(tmp_path / "a"), tmp_path / "b.trace.jsonl"
    assert run("--readings", source, "--out", out, "--minutes", "2").exit_code == 0
    assert read_back(out)[1] == READINGS[:120]


def test_plates_are_stars_where_asked_for(tmp_path: Path) -> None:
    source, out = write(tmp_path / "a"), tmp_path / "b.trace.jsonl.gz"
    run("--readings", source, "--out", out, "--mask-plates")
    assert read_back(out)[1][600].value == PlateRead("*******", 0.9)


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    source, out = write(tmp_path / "a"), tmp_path / "b.trace.jsonl"
    out.write_text("mine")
    done = run("--readings", source, "--out", out)
    assert isinstance(done.exception, RecordingExists)
    assert out.read_text() == "mine"


def test_a_folder_that_is_not_there_is_refused_with_its_remedy(tmp_path: Path) -> None:
    done = run("--readings", write(tmp_path / "a"), "--out", tmp_path / "no" / "b.trace.jsonl")
    assert isinstance(done.exception, RecordingBroken)
    assert "No such file" in str(done.exception) and "--out" in str(done.exception)


def test_the_place_is_refused_before_a_sensor_is_asked(tmp_path: Path) -> None:
    settings = tmp_path / "gateway.yaml"
    settings.write_text("this is not read\n")
    done = run("--config", settings, "--out", settings)
    assert isinstance(done.exception, RecordingExists)


def test_a_recording_in_which_nothing_was_measured_fails_with_the_remedies(tmp_path: Path) -> None:
    source, out = tmp_path / "a", tmp_path / "b.trace.jsonl"
    faults = [Reading(n * NS, "us0", None, "timeout") for n in range(3)]
    source.write_text("\n".join([format_header(HEADER), *map(format_reading, faults)]) + "\n")
    done = run("--readings", source, "--out", out)
    assert done.exit_code == 1
    assert "us0: The ultrasonic sensor does not answer its trigger. Check its 5 V" in done.stderr
    assert read_back(out)[1] == faults


def test_minutes_and_until_ctrl_c_contradict_each_other(tmp_path: Path) -> None:
    done = run("--out", tmp_path / "b", "--minutes", "1", "--until-ctrl-c")
    assert done.exit_code == 2


def test_an_idle_second_brings_what_waits_to_the_disk(tmp_path: Path) -> None:
    out = tmp_path / "b.trace.jsonl"
    with TraceFile(out, HEADER, mask_plates=False) as file:
        taking = Taking(file, None, HEADER.channels)
        taking.take([Took(READINGS[0]), BadReading("not JSON")])
        assert read_back(out)[1] == []
        taking.take([])
        assert read_back(out)[1] == READINGS[:1]
        taking.take([Took(READINGS[1]), Ended("The stream broke off."), Took(READINGS[2])])
        assert (taking.over, taking.bad_lines, taking.broke_off) == (
            *(True, 1),
            "The stream broke off.",
        )
    assert read_back(out)[1] == READINGS[:2]


class FullDisk:
    """A file that takes so many bytes and then no more."""

    def __init__(self, path: Path, room: int) -> None:
        self._file, self._room, self.name = path.open("xb", buffering=0), room, str(path)

    def write(self, data: bytes) -> int:
        if self._room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = self._file.write(data[: self._room])
        self._room -= taken
        return taken

    def tell(self) -> int:
        return self._file.tell()

    def truncate(self, size: int) -> int:
        return self._file.truncate(size)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


@pytest.mark.parametrize("name", ["b.trace.jsonl", "b.trace.jsonl.gz"])
def test_a_full_disk_ends_the_recording_and_what_is_there_is_whole(
    name: str, tmp_path: Path
) -> None:
    out = tmp_path / name
    disk = FullDisk(out, 900)
    with (
        pytest.raises(RecordingBroken, match="No space left"),
        TraceFile(out, HEADER, mask_plates=False, opened=lambda _: disk) as file,
    ):
        for reading in READINGS:
            file.add(reading)
            file.flush()
    readings = read_back(out)[1]
    assert readings == READINGS[: len(readings)]
    assert len(readings) == file.readings > 0

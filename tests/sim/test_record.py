"""A recording that is killed, and one that is stopped; then replayed as it is."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.commands.record import INBOX_ITEMS
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.core.ring import PACK_READINGS
from edge.core.trace_lines import TraceHeader, format_header, format_reading
from firmware_sim.cli import app
from firmware_sim.trace import TraceReader

NS = 1_000_000_000
WAIT_S = 30
PIPE_BYTES, READ_BYTES = 65_536, 131_072
HEADER = TraceHeader(
    "gw-1", "UTC", 0, datetime(2026, 5, 1, tzinfo=UTC), {"us0": Channel("us0", "ultrasonic", "S1")}
)
HEAD = format_header(HEADER).encode() + b"\n"

Start = Callable[[Path], "subprocess.Popen[bytes]"]


def echo(tenth: int) -> Reading:
    """Ten a second; a car from 0:30 on."""
    car = tenth >= 300
    return Reading(tenth * NS // 10, "us0", 5800.0 if car else None, None if car else NO_ECHO)


def lines(count: int) -> list[bytes]:
    return [format_reading(echo(n)).encode() + b"\n" for n in range(count)]


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[subprocess.Popen[bytes]] = []

    def begin(out: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", "from edge.cli import main; main()", "record"]
        command += ["--readings", "-", "--out", str(out)]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", ["a.trace.jsonl", "a.trace.jsonl.gz"])
def test_a_killed_recording_is_whole_up_to_what_had_not_been_packed(
    name: str, tmp_path: Path, start: Start
) -> None:
    out, rows = tmp_path / name, lines(40_000)
    process = start(out)
    assert process.stdin is not None
    process.stdin.write(HEAD + b"".join(rows))
    process.stdin.flush()
    process.kill()
    process.wait(WAIT_S)
    with TraceReader(out) as reader:
        found = list(reader)
    assert reader.header == HEADER
    assert found == [echo(n) for n in range(len(found))]
    assert reader.bad == 0
    # The pipe and the inbox were full at most; all else was on its way to the disk.
    on_the_way = (PIPE_BYTES + READ_BYTES) // len(rows[0]) + 2 * INBOX_ITEMS + 2 * PACK_READINGS
    assert len(found) >= len(rows) - on_the_way


def test_a_stopped_recording_is_replayed_unchanged(tmp_path: Path, start: Start) -> None:
    out, rows = tmp_path / "a.trace.jsonl.gz", lines(900)
    process = start(out)
    process.communicate(HEAD + b"".join(rows), WAIT_S)
    assert process.returncode == 0
    events = tmp_path / "events.jsonl"
    assert CliRunner().invoke(app, ["replay", str(out), "--events", str(events)]).exit_code == 0
    kinds = [json.loads(line)["kind"] for line in events.read_text().splitlines()]
    assert kinds[-1] == "arrival"


def test_ctrl_c_closes_the_file_and_says_what_it_holds(tmp_path: Path, start: Start) -> None:
    out, rows = tmp_path / "a.trace.jsonl", lines(40_000)
    process = start(out)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(HEAD + b"".join(rows))
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=WAIT_S)
    with TraceReader(out) as reader:
        count = len(list(reader))
    assert process.returncode == 0
    assert said.decode() == f"{out} with {count} readings\n"
    assert reader.bad == 0

"""`berth-edge run` from its settings: safe mode, and what it refuses to start with."""

import json
from pathlib import Path

import pytest
from edge_settings import SETTINGS, WALL
from typer.testing import CliRunner

from edge.adapters.keys import make_key
from edge.adapters.sensors import pins_or_none
from edge.cli import app
from edge.core.readings import Channel, Reading
from edge.core.trace_lines import TraceHeader, format_header, format_reading
from edge.errors import ConfigWrong, NothingToRead, PinsMissing

QUICK = SETTINGS.replace(":1883", ":9") + "timing: {drain_s: 0}\n"
NS = 1_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_key(tmp_path)
    channel = Channel("us0", "ultrasonic", "S1")
    lines = [format_header(TraceHeader("gw-1", "UTC", 0, WALL, {"us0": channel}))]
    lines += [format_reading(Reading(n * NS, "us0", 5000.0)) for n in range(3)]
    (tmp_path / "lot.trace.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "gateway.yaml").write_text(QUICK)
    return tmp_path


def run(folder: Path, *more: str) -> list[dict[str, str]]:
    """What it logged."""
    result = CliRunner().invoke(app, ["run", "--config", str(folder / "gateway.yaml"), *more])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return [json.loads(line) for line in result.stderr.splitlines()]


def stream(folder: Path) -> tuple[str, str]:
    return "--readings", str(folder / "lot.trace.jsonl")


def test_settings_it_ran_on_are_kept_and_used_when_the_file_is_broken(folder: Path) -> None:
    assert "safe_mode_with_last_good_settings" not in [
        e["event"] for e in run(folder, *stream(folder))
    ]
    (folder / "gateway.yaml").write_text(QUICK.replace("chain_id: 31337", "chain_id: none"))
    logged = run(folder, *stream(folder))
    loud = [entry for entry in logged if entry["event"] == "safe_mode_with_last_good_settings"]
    assert len(loud) == 1
    assert loud[0]["level"] == "error"
    assert loud[0]["at"].endswith("gateway.yaml:4:20")
    assert "readings_ended" in [entry["event"] for entry in logged]


@pytest.mark.skipif(pins_or_none() is not None, reason="this machine has pins")
def test_a_lock_that_cannot_be_moved_stops_the_start_before_the_outbox_is_made(
    folder: Path,
) -> None:
    (folder / "gateway.yaml").write_text(QUICK + "outputs: {S1: {lock: 25}}\n")
    before = sorted(folder.iterdir())
    with pytest.raises(PinsMissing, match=r"deploy/install\.sh"):
        run(folder)
    assert sorted(folder.iterdir()) == before
    assert "readings_ended" in [entry["event"] for entry in run(folder, *stream(folder))]


def test_broken_settings_without_good_ones_stop_the_start(folder: Path) -> None:
    (folder / "gateway.yaml").write_text("gateway: [\n")
    with pytest.raises(ConfigWrong):
        run(folder, *stream(folder))


def test_without_sensors_and_without_a_stream_there_is_nothing_to_read(folder: Path) -> None:
    (folder / "gateway.yaml").write_text(QUICK[: QUICK.index("sensors:")])
    with pytest.raises(NothingToRead, match="--readings"):
        run(folder)

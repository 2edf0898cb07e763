"""`berth-edge watch` on a stream: lines for a person, JSON for a program."""

import json
from io import StringIO
from pathlib import Path

from edge_settings import WALL
from rich.console import Console
from typer.testing import CliRunner

from edge.cli import app
from edge.commands.watch_view import BAR_WIDTH, bar, screen
from edge.core.health import ChannelState
from edge.core.live import SpaceView
from edge.core.readings import Channel, Reading
from edge.core.trace_lines import TraceHeader, format_header, format_reading

NS = 1_000_000_000
EMPTY_US, CAR_US = 15_000.0, 5_000.0


def trace(tmp_path: Path) -> str:
    """Empty for a minute, a car for two; the second space's sensor is unplugged at second 100."""
    channels = {f"us{n}": Channel(f"us{n}", "ultrasonic", f"S{n}") for n in (1, 2)}
    lines = [format_header(TraceHeader("gw-1", "UTC", 0, WALL, channels))]
    for half in range(360):
        at_ns, wave = half * NS // 2, float(half % 7)
        echo_us = (CAR_US if half >= 120 else EMPTY_US) + wave
        lines.append(format_reading(Reading(at_ns, "us1", echo_us)))
        gone = half >= 200
        other = Reading(at_ns, "us2", None if gone else EMPTY_US, "timeout" if gone else None)
        lines.append(format_reading(other))
    path = tmp_path / "lot.trace.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def call(*args: str) -> str:
    result = CliRunner().invoke(app, ["watch", *args])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_lines_tell_changes_faults_with_their_remedy_and_the_last_state(tmp_path: Path) -> None:
    said = call("--readings", trace(tmp_path))
    assert "S1 arrival at 00:01:0" in said
    assert "us2: The ultrasonic sensor does not answer its trigger. Check its 5 V" in said
    last = said.splitlines()[-2:]
    assert last[0].startswith("00:02:59 S1 O occupied: 0.8")
    assert last[1].startswith("00:02:59 S2 ? unknown")


def test_json_is_a_row_a_space_each_second_of_the_stream(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in call("--readings", trace(tmp_path), "--json").splitlines()]
    assert len(rows) == 2 * 180
    assert {row["space"] for row in rows} == {"S1", "S2"}
    assert rows[-2]["occupancy"] == "occupied"


def test_it_ends_by_itself_after_so_many_seconds(tmp_path: Path) -> None:
    rows = call("--readings", trace(tmp_path), "--json", "--seconds", "10").splitlines()
    assert len(rows) == 2 * 10


def test_the_screen_shows_every_space_and_sensor() -> None:
    view = SpaceView("S1", "occupied", None, True, 2.0, 48.0, 1.5, (), ())
    state = ChannelState("us0", "S1", "timeout", 0, 0, 12)
    assert screen((view,), (state,), WALL) is not None
    assert bar(2.0) == "█" * (BAR_WIDTH // 2) + "░" * (BAR_WIDTH // 2)
    assert bar(None) == "█" * BAR_WIDTH
    assert bar(None, heard=False) == "░" * BAR_WIDTH


def test_before_a_first_reading_the_screen_waits_and_shows_no_distance() -> None:
    view = SpaceView("S1", "unknown", None, False, None, None, None, (), ())
    state = ChannelState("us0", "S1", None, None, None, 0)
    console = Console(width=120, record=True, file=StringIO())
    console.print(screen((view,), (state,), WALL))
    said = console.export_text()
    assert "waiting" in said and "well" not in said
    assert "░" * BAR_WIDTH + " no distance" in said

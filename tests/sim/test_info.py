import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.core.readings import NO_ECHO, Channel, PlateRead, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.cli import app
from firmware_sim.info import MOST_WHYS, tally
from firmware_sim.trace import write_trace

NS = 1_000_000_000
HEADER = TraceHeader(
    "gw-1",
    "UTC",
    0,
    datetime(2026, 5, 1, tzinfo=UTC),
    {
        "us0": Channel("us0", "ultrasonic", "S1", "hc-sr04"),
        "mag0": Channel("mag0", "magnetic", "S1", "qmc5883l", 12000.0),
        "cam0": Channel("cam0", "camera", "S1"),
        "temp0": Channel("temp0", "temperature", None),
    },
)


def echo(half: int) -> Reading:
    """Two a second; every fourth unanswered, and two kinds of fault."""
    whys = {0: NO_ECHO, 102: "timeout", 103: "timeout", 105: "stuck_high"}
    why = whys.get(half) if half else NO_ECHO
    why = why or (NO_ECHO if half % 4 == 0 else None)
    return Reading(half * NS // 2, "us0", None if why else 5000.0 + half, why)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "a.trace.jsonl.gz"
    readings = [echo(half) for half in range(200) if not 40 <= half < 60]
    readings += [Reading(NS, "mag0", (-5, 7, 1)), Reading(2 * NS, "mag0", (3, 9, 0))]
    readings += [Reading(NS, "cam0", PlateRead("沪A12345", 0.25))]
    readings += [Reading(60 * n * NS, "temp0", 20.5 - n) for n in range(3)]
    readings.sort(key=lambda reading: reading.mono_ns)
    late = Reading(NS // 2, "mag0", (0, 0, 0))
    readings.insert(1 + readings.index(Reading(2 * NS, "mag0", (3, 9, 0))), late)
    write_trace(path, HEADER, readings)
    return path


def test_each_channel_is_described_by_rate_range_gaps_and_faults(trace: Path) -> None:
    done = CliRunner().invoke(app, ["info", str(trace), "--json"])
    found = json.loads(done.stdout)
    us0, mag0 = found["channels"]["us0"], found["channels"]["mag0"]
    assert (done.exit_code, found["bad_lines"], found["lasts_s"]) == (0, 0, 120.0)
    assert found["readings"] == {"us0": 180, "mag0": 3, "cam0": 1, "temp0": 3}
    assert (us0["low"], us0["high"], us0["unit"]) == (5001, 5199, "us")
    assert us0["rate_hz"] == pytest.approx(179 / 99.5, abs=1e-3)
    assert us0["no_echo_share"] == 0.25
    assert (us0["longest_gap_s"], us0["longest_gap_at"], us0["gaps_over_5_s"]) == (
        *(10.5, "0:00:19.500"),
        1,
    )
    assert (us0["faults"], us0["whys"]) == (3, {"timeout": 2, "stuck_high": 1})
    assert (mag0["low"], mag0["high"], mag0["went_back"]) == (-5, 9, 1)
    assert found["channels"]["temp0"]["low"] == 18.5
    assert found["channels"]["cam0"]["high"] == 0.25


def test_the_text_says_the_same_without_a_plate(trace: Path) -> None:
    done = CliRunner().invoke(app, ["info", str(trace)])
    said = re.sub(" +", " ", done.stdout)
    assert " us0 S1 hc-sr04 180 1.799 5001 to 5199 us \n" in said
    assert (
        "\nus0: no echo 25.0%, 1 gaps over 5 s, the longest 10.5 s at 0:00:19.500, "
        "3 faults: timeout 2, stuck_high 1\n"
    ) in said
    assert "time goes back 1 times" in done.stdout
    assert "A12345" not in done.stdout


def test_a_channel_that_never_spoke_is_named_with_none(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_trace(path, HEADER, [])
    done = CliRunner().invoke(app, ["info", str(path)])
    assert (done.exit_code, " temp0 - temperature 0 - - \n" in re.sub(" +", " ", done.stdout)) == (
        0,
        True,
    )


def test_made_up_whys_do_not_fill_the_memory() -> None:
    readings = (Reading(n, "us0", None, f"why {n}") for n in range(1000))
    whys = tally(HEADER, readings)["us0"].whys
    assert len(whys) == MOST_WHYS + 1
    assert whys["other"] == 1000 - MOST_WHYS

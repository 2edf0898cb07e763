from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.core.readings import Channel, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.cli import app
from firmware_sim.cut import Cut, elapsed_text, moment_ns
from firmware_sim.trace import (
    TraceReader,
    Truth,
    read_truth,
    trace_sha256,
    write_trace,
    write_truth,
)

NS = 1_000_000_000
BOOTED_NS = 77 * NS
HEADER = TraceHeader(
    "gw-1",
    "Asia/Shanghai",
    BOOTED_NS,
    datetime(2026, 5, 1, tzinfo=UTC),
    {
        "us0": Channel("us0", "ultrasonic", "S1"),
        "us1": Channel("us1", "ultrasonic", "S2"),
        "temp0": Channel("temp0", "temperature", None),
    },
)
NAMES = tuple(HEADER.channels)
READINGS = [Reading(BOOTED_NS + n * NS, NAMES[n % 3], float(n)) for n in range(300)]
TRUTH = [
    Truth(BOOTED_NS + 50 * NS, "arrive", "S1"),
    Truth(BOOTED_NS + 150 * NS, "depart", "S1"),
    Truth(BOOTED_NS + 150 * NS, "arrive", "S2"),
    Truth(BOOTED_NS + 160 * NS, "pass", None),
]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "a.trace.jsonl.gz"
    write_truth(tmp_path / "a.truth.jsonl", write_trace(path, HEADER, READINGS), TRUTH)
    return path


def run(*args: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["cut", *map(str, args)])
    return done.exit_code, done.output


def read(path: Path) -> tuple[TraceHeader, list[Reading]]:
    with TraceReader(path) as reader:
        return reader.header, list(reader)


def test_a_cut_keeps_its_minutes_of_trace_and_truth_with_times_and_clock_as_they_were(
    trace: Path, tmp_path: Path
) -> None:
    out = tmp_path / "b.trace.jsonl"
    assert run(trace, out, "--from", "0:01:40", "--to", "3:20")[0] == 0
    assert read(out) == (HEADER, READINGS[100:200])
    assert read_truth(tmp_path / "b.truth.jsonl") == (trace_sha256(out), TRUTH[1:])


def test_wall_times_cut_the_same_with_an_offset_and_in_the_traces_own_zone(
    trace: Path, tmp_path: Path
) -> None:
    outs = [tmp_path / "b.trace.jsonl.gz", tmp_path / "c.trace.jsonl.gz"]
    run(trace, outs[0], "--from", "2026-05-01T00:01:40Z", "--to", "2026-05-01T00:03:20+00:00")
    run(trace, outs[1], "--from", "2026-05-01T08:01:40", "--to", "2026-05-01T08:03:20")
    assert read(outs[0])[1] == read(outs[1])[1] == READINGS[100:200]


def test_the_channels_of_a_space_come_with_what_all_spaces_share_and_its_truth_alone(
    trace: Path, tmp_path: Path
) -> None:
    out = tmp_path / "b.trace.jsonl"
    run(trace, out, "--spaces", "S2")
    header, readings = read(out)
    assert set(header.channels) == {r.channel for r in readings} == {"us1", "temp0"}
    assert [row.space for row in read_truth(tmp_path / "b.truth.jsonl")[1]] == ["S2", None]


def test_named_channels_alone_are_kept(trace: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.trace.jsonl"
    run(trace, out, "--channels", "us0, us1")
    assert {r.channel for r in read(out)[1]} == {"us0", "us1"}


def test_cutting_nothing_off_gives_the_same_lines(trace: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.trace.jsonl"
    run(trace, out)
    assert trace_sha256(out) == trace_sha256(trace)


def test_a_truth_of_another_trace_is_left_alone_if_found_and_refused_if_named(
    trace: Path, tmp_path: Path
) -> None:
    beside, out = tmp_path / "a.truth.jsonl", tmp_path / "b.trace.jsonl"
    write_truth(beside, "00", TRUTH)
    code, said = run(trace, out)
    assert (code, "left alone" in said, (tmp_path / "b.truth.jsonl").exists()) == (0, True, False)
    code, said = run(trace, out, "--truth", beside)
    assert (code, "another trace" in said) == (2, True)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--spaces", "S9"], "no space S9 in this trace; it has S1, S2"),
        (["--channels", "mag0"], "no channel mag0"),
        (["--spaces", "S1", "--channels", "us1"], "no channel is left"),
        (["--from", "soon"], "'soon' is no moment"),
        (["--from", "0:02:00", "--to", "0:01:00"], "--to is not after --from"),
        (["--from", "900:00:00"], "leave no reading"),
    ],
)
def test_what_cannot_be_cut_is_refused_and_nothing_is_written(
    args: list[str], said: str, trace: Path, tmp_path: Path
) -> None:
    out = tmp_path / "b.trace.jsonl"
    code, output = run(trace, out, *args)
    assert (code, said in output, out.exists()) == (2, True, False)


def test_a_trace_is_never_cut_onto_itself(trace: Path) -> None:
    before = trace.read_bytes()
    code, _ = run(trace, trace, "--to", "0:00:10")
    assert (code, trace.read_bytes()) == (2, before)


def test_a_wall_time_in_a_zone_unknown_here_asks_for_an_offset() -> None:
    with pytest.raises(ValueError, match="give the wall time an offset"):
        moment_ns("2026-05-01T08:00:00", replace(HEADER, tz="../etc/passwd"))


@given(st.integers(0, 10**6 * 3600 * 1000 - 1))
def test_a_moment_survives_its_text(ms: int) -> None:
    moment = BOOTED_NS + ms * 1_000_000
    assert moment_ns(elapsed_text(moment, HEADER), HEADER) == moment


@given(st.integers(0, 10**12), st.integers(-(10**6), 10**6))
def test_elapsed_and_wall_name_the_same_moment(mono_ns: int, later_s: int) -> None:
    header = replace(HEADER, mono_ns=mono_ns)
    wall = (header.wall + timedelta(seconds=later_s)).isoformat()
    assert moment_ns(wall, header) == mono_ns + later_s * NS
    if later_s >= 0:
        assert moment_ns(str(later_s), header) == moment_ns(wall, header)


@given(st.lists(st.integers(0, 100)), st.integers(0, 99), st.integers(1, 100))
def test_two_cuts_that_touch_hold_every_reading_once_even_where_time_goes_back(
    times: list[int], middle: int, end: int
) -> None:
    readings = [Reading(t, "us0", 1.0) for t in times]
    pieces = [Cut(0, middle), Cut(middle, max(end, middle + 1))]
    kept = [list(piece.readings(HEADER, readings)) for piece in pieces]
    assert sorted(r.mono_ns for r in kept[0] + kept[1]) == sorted(
        t for t in times if t < max(end, middle + 1)
    )

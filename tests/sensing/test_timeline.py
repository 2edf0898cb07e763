"""A time that jumps: alone it is damage, with twenty that agree it is a gap, or a
clock that was set."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.lines import LineSource
from edge.core.readings import Reading
from edge.core.timeline import AGREE, AHEAD_NS, BACK_NS, NS, Timeline
from edge.core.trace_lines import format_reading
from edge.ports import BadReading, Ended, Item, Took
from firmware_sim.trace import TraceReader

HEADER = (
    '{"format":"berth-trace","version":1,"gateway":"gw-1","tz":"UTC",'
    '"clock":{"mono_ns":0,"wall":"2026-05-01T00:00:00Z"},'
    '"channels":{"us0":{"kind":"ultrasonic","space":"S1"}}}\n'
)
YEAR_S = 31_536_000


def text(seconds: list[float]) -> str:
    readings = (Reading(round(s * NS), "us0", 5800.0) for s in seconds)
    return HEADER + "".join(format_reading(reading) + "\n" for reading in readings)


def by_stream(seconds: list[float]) -> tuple[list[float], int]:
    items: list[Item] = []
    LineSource(io.BytesIO(text(seconds).encode())).pump(lambda it: items.append(it) is None)
    assert items.pop() == Ended()
    times = [it.reading.mono_ns / NS for it in items if isinstance(it, Took)]
    return times, sum(isinstance(it, BadReading) for it in items)


def by_trace(folder: Path, seconds: list[float]) -> tuple[list[float], TraceReader]:
    path = folder / "a.trace.jsonl"
    path.write_text(text(seconds))
    with TraceReader(path) as reader:
        return [reading.mono_ns / NS for reading in reader], reader


@pytest.mark.parametrize("damaged_s", [YEAR_S, 30.0 + AHEAD_NS / NS, 19.0])
def test_one_damaged_time_costs_its_line_and_nothing_else(tmp_path: Path, damaged_s: float) -> None:
    seconds = [*range(30), damaged_s, *range(30, 60)]
    if damaged_s < 30:
        seconds[30] = 29 - BACK_NS / NS - 1
    good = [float(s) for s in range(60)]
    assert by_stream(seconds) == (good, 1)
    times, reader = by_trace(tmp_path, seconds)
    assert (times, reader.bad) == (good, 1)
    assert reader.reasons == ["line 32: its time jumps, and what follows does not agree"]


def test_a_real_gap_is_gone_over_with_all_that_comes_after_it(tmp_path: Path) -> None:
    seconds = [float(s) for s in (*range(30), *range(YEAR_S, YEAR_S + 30))]
    assert by_stream(seconds) == (seconds, 0)
    times, reader = by_trace(tmp_path, seconds)
    assert (times, reader.bad, reader.set_back) == (seconds, 0, [])


def test_a_clock_that_was_set_back_is_followed_and_told(tmp_path: Path) -> None:
    seconds = [float(s) for s in (*range(5000, 5030), *range(30))]
    assert by_stream(seconds) == (seconds, 0)
    times, reader = by_trace(tmp_path, seconds)
    assert (times, reader.bad) == (seconds, 0)
    assert reader.set_back == ["line 32: set back by 5029 s"]


def test_a_jump_that_too_few_agree_with_is_damage(tmp_path: Path) -> None:
    seconds = [*range(30), *range(YEAR_S, YEAR_S + AGREE), *range(30, 40)]
    assert by_stream(seconds) == ([float(s) for s in range(40)], AGREE)
    seconds = [*range(30), *range(YEAR_S, YEAR_S + AGREE)]
    times, reader = by_trace(tmp_path, seconds)
    assert (times, reader.bad) == ([float(s) for s in range(30)], AGREE)


def test_a_damaged_first_time_holds_the_stream_up_for_twenty_readings_only() -> None:
    assert by_stream([YEAR_S, *range(40)]) == ([YEAR_S, *map(float, range(40))], 0)


@given(st.lists(st.integers(0, 5) | st.integers(-12, 12) | st.integers(-7200, 7200), max_size=80))
def test_whole_blocks_and_single_readings_are_judged_alike(steps_s: list[int]) -> None:
    times, now_s = [], 100_000
    for step_s in steps_s:
        now_s += step_s
        times.append(now_s * NS)
    one, many = Timeline(), Timeline()
    one.take(Reading(100_000 * NS, "us0", 1.0)), many.take(Reading(100_000 * NS, "us0", 1.0))
    judged = [one.take(Reading(ns, "us0", 1.0)) for ns in times]
    if times and many.all_follow(times):
        assert all(len(it.good) == 1 and not it.bad for it in judged)
    given_on = sum(len(it.good) for it in judged)
    assert given_on + sum(len(it.bad) for it in judged) + len(one.end()) == len(times)

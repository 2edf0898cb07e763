"""Reading a trace block by block gives what reading it line by line gives."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.core.readings import Channel, Reading
from edge.core.trace_lines import MAX_LINE_BYTES, TraceHeader, format_header
from firmware_sim.trace import TraceReader

CHANNELS = {
    "us0": Channel("us0", "ultrasonic", "S1"),
    "mag0": Channel("mag0", "magnetic", "S1", "qmc5883l", 3000.0),
    "cam0": Channel("cam0", "camera", "S1"),
}
HEADER = TraceHeader("gw-1", "UTC", 0, datetime(2026, 5, 1, tzinfo=UTC), CHANNELS)
GOOD = (
    b'{"t":1,"ch":"us0","v":5000}',
    b'{"t":2,"ch":"mag0","v":[1,-2,3],"st":0}',
    b'{"t":3,"ch":"us0","v":null,"why":"no_echo"}',
    '{"t":4,"ch":"cam0","v":{"text":"沪A12345","confidence":0.9}}'.encode(),
)
ODD = (
    b'{"t":5,"ch":"cam0","v":{"image":"frames/1.jpg"}}',
    b' {"t":6,"ch":"us0","v":1} ',
    b'{"t":7,"ch":"us0","v":1}\r',
    b'{"t":8,"ch":"us0","v":1}{"t":9,"ch":"us0","v":1}',
    b'{"t":10,"ch":"us0",',
    b'"v":1}',
    b'{"t":11,"ch":"us0","v":null}',
    b'{"t":12,"ch":"us9","v":1}',
    b'{"t":9223372036854775808,"ch":"us0","v":1}',
    b'{"t":13,"ch":"us0","v":1e999}',
    b'{"t":14,"ch":"us0","v":1,"x":1}',
    b"[]",
    b"",
    b"\xff",
    b"\x00",
)


def written(path: Path, lines: Sequence[bytes], end: bytes) -> Path:
    path.write_bytes(b"\n".join([format_header(HEADER).encode(), *lines]) + end)
    return path


def by_line(path: Path) -> tuple[list[Reading], int, list[str]]:
    with TraceReader(path) as reader:
        parsed = [reader.parse(raw) for raw in reader.raw_lines()]
    return [one for one in parsed if one is not None], reader.bad, reader.reasons


def by_block(path: Path) -> tuple[list[Reading], int, list[str]]:
    with TraceReader(path) as reader:
        return list(reader), reader.bad, reader.reasons


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(GOOD + ODD) | st.binary(max_size=30)),
    st.sampled_from([b"", b"\n", b"\n\n"]),
)
def test_whatever_the_lines_both_ways_agree(tmp_path: Path, lines: list[bytes], end: bytes) -> None:
    path = written(tmp_path / "a.trace.jsonl", lines, end)
    assert by_block(path) == by_line(path)


@pytest.mark.parametrize("odd", [*ODD, b'{"t":8,"ch":"us0","v":1}{"t":9,"ch":"us0",\n"v":1}'])
def test_one_odd_line_among_good_ones_is_read_alike(tmp_path: Path, odd: bytes) -> None:
    path = written(tmp_path / "a.trace.jsonl", [*GOOD, odd, *GOOD], b"\n")
    assert by_block(path) == by_line(path)


@pytest.mark.parametrize("odd_share", [0.0, 0.0005, 0.2])
def test_over_many_blocks_both_ways_agree(tmp_path: Path, odd_share: float) -> None:
    rng = Random(1)
    lines = [rng.choice(ODD if rng.random() < odd_share else GOOD) for _ in range(20_000)]
    path = written(tmp_path / "a.trace.jsonl", lines, b"\n")
    readings, bad, _ = found = by_block(path)
    assert found == by_line(path)
    assert len(readings) + bad == 20_000
    assert path.stat().st_size > 8 * MAX_LINE_BYTES


def test_a_line_that_is_too_long_is_bad_and_the_rest_is_read(tmp_path: Path) -> None:
    long = b'{"t":5,"ch":"us0","v":null,"why":"' + b"x" * MAX_LINE_BYTES + b'"}'
    path = written(tmp_path / "a.trace.jsonl", [*GOOD, long, *GOOD], b"\n")
    readings, bad, reasons = by_block(path)
    assert [one.mono_ns for one in readings] == [1, 2, 3, 4] * 2
    assert bad >= 1
    assert reasons[0] == f"line 6: longer than {MAX_LINE_BYTES} bytes"


def test_a_file_without_a_single_line_end_stays_bounded_and_bad(tmp_path: Path) -> None:
    path = written(tmp_path / "a.trace.jsonl", [b"x" * (9 * MAX_LINE_BYTES)], b"")
    readings, bad, _ = by_block(path)
    assert readings == []
    assert bad >= 4

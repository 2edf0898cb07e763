import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.core.readings import Channel, Reading
from edge.core.trace_lines import BadLine, TraceHeader, format_header
from firmware_sim.trace import (
    TraceReader,
    Truth,
    read_truth,
    trace_sha256,
    write_trace,
    write_truth,
)

HEADER = TraceHeader(
    "gw-1", "UTC", 0, datetime(2026, 5, 1, tzinfo=UTC), {"us0": Channel("us0", "ultrasonic", "S1")}
)
READINGS = [Reading(n, "us0", 5000.0 + n) for n in range(1000)]


@pytest.mark.parametrize("name", ["a.trace.jsonl", "a.trace.jsonl.gz"])
def test_a_trace_comes_back_as_written_and_its_digest_ignores_compression(
    name: str, tmp_path: Path
) -> None:
    sha256 = write_trace(tmp_path / name, HEADER, READINGS)
    with TraceReader(tmp_path / name) as reader:
        assert reader.header == HEADER
        assert list(reader) == READINGS
        assert reader.bad == 0
    assert sha256 == trace_sha256(tmp_path / name)
    assert sha256 == write_trace(tmp_path / "b.jsonl", HEADER, READINGS)


def test_the_same_readings_give_the_same_compressed_bytes_under_any_name(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_trace(tmp_path / name, HEADER, READINGS)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_damaged_lines_are_counted_and_said_and_the_rest_is_read(tmp_path: Path) -> None:
    lines = [
        format_header(HEADER).encode(),
        b'{"t":1,"ch":"us0","v":5}',
        b'{"t":2,"ch":"us0"',
        b"\xff\xfe",
        b'{"t":3,"ch":"us7","v":5}',
        b"",
        b'{"t":4,"ch":"us0","v":5}',
        b'{"t":5,"ch":"us0","v":',
    ]
    path = tmp_path / "a.trace.jsonl"
    path.write_bytes(b"\n".join(lines))
    with TraceReader(path) as reader:
        assert [reading.mono_ns for reading in reader] == [1, 4]
        assert reader.bad == 5
        assert [reason.split(":")[0] for reason in reader.reasons] == [
            f"line {n}" for n in (3, 4, 5, 6, 8)
        ]


def test_a_cut_off_compressed_trace_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.trace.jsonl.gz"
    write_trace(path, HEADER, READINGS)
    path.write_bytes(path.read_bytes()[:-200])
    with TraceReader(path) as reader:
        some = list(reader)
        assert some == READINGS[: len(some)]
        assert reader.bad >= 1
        assert "damaged" in reader.reasons[-1]


@pytest.mark.parametrize("data", [b"", b"{}\n", b"\x1f\x8bnot gzip", gzip.compress(b"[]", mtime=0)])
def test_a_bad_header_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.trace.jsonl"
    path.write_bytes(data)
    with pytest.raises(BadLine, match=r"a\.trace\.jsonl:1"):
        TraceReader(path)


def test_a_truth_comes_back_as_written(tmp_path: Path) -> None:
    rows = [
        Truth(1, "arrive", "S1", 5, "script", "沪A12345", ("rain",)),
        Truth(2, "pass", None),
    ]
    write_truth(tmp_path / "a.truth.jsonl", "ab", rows)
    assert read_truth(tmp_path / "a.truth.jsonl") == ("ab", rows)


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[]\n", b"nothing\n"])
def test_what_is_no_truth_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.truth.jsonl").write_bytes(data)
    with pytest.raises(BadLine):
        read_truth(tmp_path / "a.truth.jsonl")

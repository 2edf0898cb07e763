"""Every tool on traces that were damaged at random: what is whole is used, the rest is counted."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer import Typer
from typer.testing import CliRunner, Result

from edge.cli import app as edge
from edge.core.readings import Channel, Reading
from edge.core.trace_lines import BadLine, TraceHeader, format_header, format_reading
from edge.errors import EdgeError
from firmware_sim.cli import app as sim
from firmware_sim.trace import TraceReader, write_truth

NS = 1_000_000_000
HEADER = TraceHeader(
    "gw-1", "UTC", 0, datetime(2026, 5, 1, tzinfo=UTC), {"us0": Channel("us0", "ultrasonic", "S1")}
)
HEAD = format_header(HEADER).encode()

readings = st.builds(
    Reading,
    st.integers(0, 9).map(lambda s: s * NS),  # time goes back as it likes
    st.just("us0"),
    st.integers(100, 30_000).map(float),
)
good = readings.map(lambda reading: (format_reading(reading).encode(), reading))
bad = st.one_of(
    st.binary(min_size=1, max_size=40).map(lambda junk: b"\xff" + junk.replace(b"\n", b"")),
    st.text('{}[]:,"tchv ', min_size=1).map(str.encode).filter(bytes.strip),
    readings.map(lambda r: format_reading(r).encode()[:-1]),
    readings.map(lambda r: format_reading(r).replace("us0", "us9").encode()),
    st.sampled_from(
        [
            b"",
            b"\x00" * 70_000,
            b'{"t":-1,"ch":"us0","v":1}',
            b'{"t":1,"ch":"us0"}',
            b'{"t":1,"ch":"us0","v":NaN}',
            b'{"t":1,"ch":"us0","v":[1,2]}',
            b'{"t":1e99,"ch":"us0","v":1}',
        ]
    ),
).map(lambda line: (line, None))
lines = st.lists(st.one_of(good, bad), max_size=30)


def data(rows: list[tuple[bytes, Reading | None]], packed: bool, end: bytes) -> bytes:
    text = b"\n".join([HEAD, *(line for line, _ in rows)]) + end
    return gzip.compress(text, mtime=0) if packed else text


def run(app: Typer, *args: object) -> Result:
    """No tool ever ends in anything but its own words and codes."""
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (0, 1, 2)
    return done


def read(path: Path) -> list[Reading]:
    with TraceReader(path) as reader:
        return list(reader)


def damaged_line(path: Path) -> int | None:
    with TraceReader(path) as reader:
        list(reader)
        return reader.damaged_line


def use_info(path: Path) -> int:
    return int(json.loads(run(sim, "info", path, "--json").stdout)["readings"]["us0"])


def use_cut(path: Path) -> int:
    out = path.with_name("cut.trace.jsonl")
    assert run(sim, "cut", path, out).exit_code == (1 if damaged_line(path) else 0)
    return len(read(out))


def use_diff(path: Path) -> int:
    done = run(sim, "diff", path, path, "--json")
    assert done.exit_code == 0
    return int(json.loads(done.stdout)["same"])


def use_diff_events(path: Path) -> int:
    done = run(sim, "diff", path, path, "--events", "--json")
    assert done.exit_code == 0
    return len(read(path))


def use_export(path: Path) -> int:
    done = run(sim, "export", path, "--to", path.with_name("a.mcap"))
    assert done.exit_code == (1 if damaged_line(path) else 0)
    return int(done.stdout.split()[-2])


def use_record(path: Path) -> int:
    out = path.with_name("recorded.trace.jsonl.gz")
    code = run(edge, "record", "--readings", path, "--out", out).exit_code
    assert code == 0 or not read(out)
    out.rename(path.with_name("again.gz"))
    return len(read(path.with_name("again.gz")))


TOOLS = [use_info, use_cut, use_diff, use_diff_events, use_export, use_record]


wild = st.lists(
    st.builds(Reading, st.integers(0, 100).map(lambda s: s * NS), st.just("us0"), st.just(500.0)),
    max_size=80,
)


@given(rows=wild)
def test_every_line_of_a_trace_whose_time_leaps_is_used_or_counted(rows: list[Reading]) -> None:
    text = b"\n".join([HEAD, *(format_reading(row).encode() for row in rows)]) + b"\n"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.trace.jsonl"
        path.write_bytes(text)
        with TraceReader(path) as reader:
            used = list(reader)
    left = iter(rows)
    assert all(reading in left for reading in used)
    assert len(used) + reader.bad == len(rows)


@pytest.mark.parametrize("tool", TOOLS)
@settings(deadline=None, max_examples=25)
@given(rows=lines, packed=st.booleans(), end=st.sampled_from([b"\n", b""]))
def test_every_whole_line_is_used_and_every_other_left_out(
    tool: Callable[[Path], int],
    rows: list[tuple[bytes, Reading | None]],
    packed: bool,
    end: bytes,
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("a.trace.jsonl.gz" if packed else "a.trace.jsonl")
        path.write_bytes(data(rows, packed, end))
        whole = [reading for _, reading in rows if reading is not None]
        assert tool(path) == len(whole)


@settings(deadline=None, max_examples=60)
@given(rows=lines, packed=st.booleans())
def test_every_bad_line_is_counted_and_the_first_are_said_with_their_numbers(
    rows: list[tuple[bytes, Reading | None]], packed: bool
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("a.trace.jsonl.gz" if packed else "a.trace.jsonl")
        path.write_bytes(data(rows, packed, b"\n"))
        done = run(sim, "info", path, "--json")
        found = json.loads(done.stdout)
        expected = [n for n, (_, reading) in enumerate(rows, 2) if reading is None]
        plain = all(len(line) < 65_536 for line, _ in rows)
        if plain:
            assert found["bad_lines"] == len(expected)
            numbers = [int(reason.split(":")[0].split()[1]) for reason in found["reasons"]]
            assert numbers == expected[:20]
        assert done.exit_code == (1 if expected else 0)


WHOLE = data(
    [
        (format_reading(Reading(n * NS, "us0", float(n * 7919 % 30011))).encode(), None)
        for n in range(1000)
    ],
    packed=True,
    end=b"\n",
)


@pytest.mark.parametrize("tool", TOOLS)
@settings(deadline=None, max_examples=20)
@given(place=st.integers(0, len(WHOLE) - 1), flip=st.integers(1, 255), cut=st.booleans())
def test_a_gzip_file_that_is_cut_off_or_flipped_is_refused_or_used_as_far_as_it_goes(
    tool: Callable[[Path], int], place: int, flip: int, cut: bool
) -> None:
    flipped = bytes([WHOLE[place] ^ flip]) + WHOLE[place + 1 :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.trace.jsonl.gz"
        path.write_bytes(WHOLE[:place] + (b"" if cut else flipped))
        try:
            whole = len(read(path))
        except BadLine:
            run(sim, "export", path, "--to", path.with_name("a.mcap"))
            done = CliRunner().invoke(
                edge, ["record", "--readings", str(path), "--out", f"{path}.2"]
            )
            assert isinstance(done.exception, EdgeError)
            return
        used = tool(path)
        # The gateway reads line by line, and may lose a block that the simulator does not.
        assert used <= whole if tool is use_record else used == whole


@pytest.mark.parametrize(
    "args",
    [
        ["cut", "TRACE", "out.trace.jsonl"],
        ["export", "TRACE", "--to", "out.mcap"],
        ["replay", "TRACE", "--events", "out.jsonl"],
        ["replay", "TRACE", "--events", "out.jsonl", "--truth", "TRUTH"],
    ],
)
def test_what_a_damaged_trace_still_gave_is_kept_and_the_end_is_said_with_exit_1(
    args: list[str], tmp_path: Path
) -> None:
    trace, truth = tmp_path / "a.trace.jsonl.gz", tmp_path / "a.truth.jsonl"
    trace.write_bytes(WHOLE[:-2000])
    write_truth(truth, "00", [])
    names = {"TRACE": trace, "TRUTH": truth}
    done = run(sim, *(names.get(a, tmp_path / a if a.startswith("out") else a) for a in args))
    line = damaged_line(trace)
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith(f"{trace}:{line}: the compressed file is")
    assert [path.name for path in tmp_path.glob("out*")] == [args[-1 if args[-1] != "TRUTH" else 3]]

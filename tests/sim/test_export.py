import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from typer.testing import CliRunner

from edge.core.readings import IMAGE, NO_ECHO, Channel, PlateRead, Reading
from edge.core.trace_lines import TraceHeader, parse_header
from firmware_sim.cli import app
from firmware_sim.export import ROW_GROUP_ROWS, export, wall_ns
from firmware_sim.trace import Truth, write_trace, write_truth

NS = 1_000_000_000
HEADER = TraceHeader(
    "gw-1",
    "Asia/Shanghai",
    5 * NS,
    datetime(2026, 5, 1, tzinfo=UTC),
    {
        "us0": Channel("us0", "ultrasonic", "S1", "hc-sr04"),
        "mag0": Channel("mag0", "magnetic", "S1", "qmc5883l", 12000.0),
        "cam0": Channel("cam0", "camera", "S1"),
        "temp0": Channel("temp0", "temperature", None),
    },
)
READINGS = [
    Reading(5 * NS, "us0", 5800.0),
    Reading(6 * NS, "us0", None, NO_ECHO),
    Reading(7 * NS, "mag0", (1, -2, 3), None, 4),
    Reading(8 * NS, "cam0", PlateRead("沪A12345", 0.5)),
    Reading(9 * NS, "cam0", None, IMAGE + "frames/1.jpg"),
    Reading(10 * NS, "temp0", 12.5),
    Reading(11 * NS, "mag0", None, "bus"),
]
TRUTH = [
    Truth(6 * NS, "arrive", "S1", 5, "script", "沪A12345", ("rain", "weak")),
    Truth(7, "pass", None),
]
WHERE = ["t_ns", "wall", "channel", "space", "kind"]
VALUES = ["echo_us", "x", "y", "z", "status", "text", "confidence", "celsius", "why"]
MAY_1_NS = 1_777_593_600 * NS

moments, texts = st.integers(0, 2**50), st.text(min_size=1, max_size=8)
counts = st.integers(-(2**31) + 1, 2**31 - 1)
readings = st.one_of(
    st.builds(Reading, moments, st.just("us0"), st.floats(0, 1e6)),
    st.builds(Reading, moments, st.just("us0"), st.none(), texts),
    st.builds(Reading, moments, st.just("mag0"), st.tuples(counts, counts, counts)),
    st.builds(Reading, moments, st.just("temp0"), st.floats(-60, 90)),
    st.builds(Reading, moments, st.just("cam0"), st.builds(PlateRead, texts, st.floats(0, 1))),
)


def read_mcap(path: Path) -> list[tuple[str, int, dict[str, Any]]]:
    with path.open("rb") as file:
        found = make_reader(file).iter_messages(log_time_order=False)
        return [(ch.topic, m.log_time, json.loads(m.data)) for _, ch, m in found]


def reading_of(topic: str, row: dict[str, Any]) -> Reading:
    """Either format's row back as a reading: nothing of it is lost."""
    why = row.get("why")
    value: float | tuple[int, int, int] | PlateRead | None = None
    if row.get("image") is not None:
        why = IMAGE + row["image"]
    if row.get("x") is not None:
        value = (row["x"], row["y"], row["z"])
    elif row.get("text") is not None:
        value = PlateRead(row["text"], row["confidence"])
    elif row.get("echo_us") is not None or row.get("celsius") is not None:
        value = row["celsius"] if topic == "temp0" else row["echo_us"]
    return Reading(row["t_ns"], topic, value, why, row.get("status") or 0)


def test_mcap_comes_back_whole_with_wall_time_header_and_schemas(tmp_path: Path) -> None:
    out = tmp_path / "a.mcap"
    assert export(out, HEADER, READINGS, TRUTH) == 7
    rows = read_mcap(out)
    assert [reading_of(topic, row) for topic, _, row in rows if topic != "truth"] == READINGS
    assert [at for _, at, _ in rows][:2] == [MAY_1_NS, MAY_1_NS + NS]
    truths = [row for topic, _, row in rows if topic == "truth"]
    assert truths[0] == {
        **{"t_ns": 6 * NS, "kind": "arrive", "space": "S1", "unc_ms": 5},
        **{"source": "script", "plate": "沪A12345", "tags": "rain,weak"},
    }
    with out.open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert summary is not None
        names = {schema.name: json.loads(schema.data) for schema in summary.schemas.values()}
        assert names["berth.ultrasonic"]["properties"]["echo_us"] == {"type": "number"}
        channels = {ch.topic: ch.metadata for ch in summary.channels.values()}
        assert channels["us0"] == {"space": "S1", "sensor": "hc-sr04"}
        (metadata,) = reader.iter_metadata()
        assert parse_header(metadata.metadata["header"]) == HEADER


def test_parquet_comes_back_whole_with_its_columns_and_the_truth_beside(tmp_path: Path) -> None:
    out = tmp_path / "a.parquet"
    assert export(out, HEADER, READINGS, TRUTH) == 7
    table = pq.read_table(out)
    assert table.column_names == [*WHERE, *VALUES]
    rows = table.drop_columns("wall").to_pylist()
    assert [reading_of(row["channel"], row) for row in rows] == READINGS
    assert table["wall"].cast("int64").to_pylist() == [MAY_1_NS + n * NS for n in range(7)]
    assert [row["space"] for row in rows][-2:] == [None, "S1"]
    assert parse_header(table.schema.metadata[b"berth-trace"]) == HEADER
    truth = pq.read_table(tmp_path / "a.truth.parquet").drop_columns("wall").to_pylist()
    assert [(row["kind"], row["space"], row["tags"]) for row in truth] == [
        ("arrive", "S1", ["rain", "weak"]),
        ("pass", None, []),
    ]


@settings(deadline=None, max_examples=30)
@given(st.lists(readings, max_size=30))
def test_any_readings_come_back_from_both(some: list[Reading]) -> None:
    with TemporaryDirectory() as folder:
        mcap, parquet = Path(folder) / "a.mcap", Path(folder) / "a.parquet"
        for out in (mcap, parquet):
            export(out, HEADER, some, None)
        rows = pq.read_table(parquet).drop_columns("wall").to_pylist()
        assert [reading_of(topic, row) for topic, _, row in read_mcap(mcap)] == some
        assert [reading_of(row["channel"], row) for row in rows] == some


def test_parquet_is_written_a_group_of_rows_at_a_time(tmp_path: Path) -> None:
    out = tmp_path / "a.parquet"
    source = (Reading(n, "us0", 1.0) for n in range(ROW_GROUP_ROWS + 10))
    assert export(out, HEADER, source, None) == ROW_GROUP_ROWS + 10
    assert pq.ParquetFile(out).num_row_groups == 2


@given(st.integers(0, 2**63 - 1), st.integers(1, 9998))
def test_a_wall_time_that_the_formats_cannot_say_is_held_at_their_bounds(
    mono_ns: int, year: int
) -> None:
    header = TraceHeader("gw-1", "UTC", 0, datetime(year, 1, 1, tzinfo=UTC), {})
    assert 0 <= wall_ns(mono_ns, header) < 2**63


def run(*args: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["export", *map(str, args)])
    return done.exit_code, done.output


@pytest.mark.parametrize("end", ["mcap", "parquet"])
def test_the_command_finds_the_truth_and_says_what_it_left_out(end: str, tmp_path: Path) -> None:
    trace, out = tmp_path / "a.trace.jsonl.gz", tmp_path / f"b.{end}"
    write_truth(tmp_path / "a.truth.jsonl", write_trace(trace, HEADER, READINGS), TRUTH)
    assert run(trace, "--to", out) == (0, f"{out} with 7 readings and the truth\n")
    trace.write_bytes(trace.read_bytes()[:-20])
    code, said = run(trace, "--to", out)
    assert (code, "damaged from here on" in said, "left alone" in said) == (1, True, True)


def test_another_format_is_refused_with_the_two_that_are_known(tmp_path: Path) -> None:
    trace = tmp_path / "a.trace.jsonl"
    write_trace(trace, HEADER, READINGS)
    code, said = run(trace, "--to", tmp_path / "a.xlsx")
    assert (code, ".mcap or .parquet" in said) == (2, True)

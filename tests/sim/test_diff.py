import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from edge.core.readings import NO_ECHO, Channel, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.cli import app
from firmware_sim.diff import MOVED_AT_MOST_NS, EventLine, diff_events
from firmware_sim.trace import write_trace

NS = 1_000_000_000
HEADER = TraceHeader(
    "gw-1", "UTC", 0, datetime(2026, 5, 1, tzinfo=UTC), {"us0": Channel("us0", "ultrasonic", "S1")}
)
READINGS = [Reading(n * NS, "us0", 5000.0 + n) for n in range(1000)]

times = st.integers(0, 300).map(lambda s: s * NS)
events = st.builds(
    EventLine,
    st.sampled_from(["S1", "S2"]),
    st.sampled_from(["arrival", "departure"]),
    times,
    st.sampled_from([1.0, 2.0]),
    times,
)


def run(*args: object) -> Result:
    return CliRunner().invoke(app, ["diff", *map(str, args)])


def write(path: Path, readings: list[Reading], header: TraceHeader = HEADER) -> Path:
    write_trace(path, header, readings)
    return path


def write_events(path: Path, rows: list[EventLine]) -> Path:
    lines = [json.dumps({name: getattr(row, name) for name in row.__slots__}) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_trace_is_the_same_packed_and_not_packed(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.gz", READINGS), write(tmp_path / "b", READINGS)
    done = run(a, b)
    assert (done.exit_code, "same 1000" in done.output) == (0, True)


def test_the_first_difference_is_shown_with_both_lines_and_all_are_counted(tmp_path: Path) -> None:
    other = [*READINGS[:500], *READINGS[502:]]
    other[10] = replace_value(other[10])
    other.insert(700, Reading(701 * NS + 1, "us0", 1.0))
    done = run(write(tmp_path / "a", READINGS), write(tmp_path / "b", other))
    assert done.exit_code == 1
    assert '< reading 11: {"t":10000000000,"ch":"us0","v":5010}' in done.output
    assert '> reading 11: {"t":10000000000,"ch":"us0","v":7}' in done.output
    assert "same 997, changed 1, only a 2, only b 1, bad a 0, bad b 0" in done.output


def replace_value(reading: Reading) -> Reading:
    return Reading(reading.mono_ns, reading.channel, 7.0)


def test_headers_that_differ_are_a_difference_and_named(tmp_path: Path) -> None:
    channels = {"us0": Channel("us0", "ultrasonic", "S2"), "x": Channel("x", "camera", "S2")}
    header = replace(HEADER, tz="Asia/Shanghai", channels=channels)
    done = run(write(tmp_path / "a", READINGS), write(tmp_path / "b", READINGS, header))
    assert done.exit_code == 1
    assert "header tz: UTC | Asia/Shanghai" in done.output
    assert "header channel us0: us0 ultrasonic S1 | us0 ultrasonic S2" in done.output
    assert "header channel x: none | x camera S2" in done.output


def test_bad_lines_alone_are_counted_and_no_difference(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", READINGS), write(tmp_path / "b", READINGS)
    b.write_bytes(b.read_bytes() + b"half a li")
    done = run(a, b, "--json")
    found = json.loads(done.output)
    assert (done.exit_code, found["same"], found["bad_a"], found["bad_b"]) == (0, 1000, 0, 1)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 50)), st.sets(st.integers(0, 50)))
def test_every_reading_of_sorted_traces_is_counted_once_on_the_right_side(
    ours: set[int], theirs: set[int]
) -> None:
    with TemporaryDirectory() as folder:
        paths = [
            write(Path(folder) / name, [Reading(t, "us0", 1.0) for t in sorted(ts)])
            for name, ts in (("a", ours), ("b", theirs))
        ]
        found = json.loads(run(*paths, "--json").output)
    assert found["same"] == len(ours & theirs)
    assert (found["only_a"], found["only_b"]) == (len(ours - theirs), len(theirs - ours))


def test_events_that_moved_vanished_and_appeared_are_told_apart(tmp_path: Path) -> None:
    a = [
        EventLine("S1", "arrival", 60 * NS, 1.0, 65 * NS),
        EventLine("S1", "departure", 600 * NS, 1.0, 605 * NS),
        EventLine("S2", "arrival", 100 * NS, 1.0, 105 * NS),
    ]
    b = [
        replace(a[0], at_ns=60 * NS + NS // 2, uncertainty_s=1.5),
        replace(a[1], at_ns=700 * NS),
        a[2],
    ]
    done = run(write_events(tmp_path / "a", a), write_events(tmp_path / "b", b))
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "same: 1",
        "moved: 1",
        "  ~ 0:01:00 S1 arrival ±1 s: by +0.500 s, ±1 s -> ±1.5 s",
        "only in the first: 1",
        "  - 0:10:00 S1 departure ±1 s",
        "only in the second: 1",
        "  + 0:11:40 S1 departure ±1 s",
    ]


def test_two_traces_are_replayed_where_events_are_asked_for(tmp_path: Path) -> None:
    def echo(t_ns: int, from_s: int) -> Reading:
        away = t_ns < from_s * NS
        return Reading(t_ns, "us0", None if away else 5800.0, NO_ECHO if away else None)

    paths = [
        write(tmp_path / str(car_s), [echo(half * NS // 2, car_s) for half in range(400)])
        for car_s in (60, 80)
    ]
    same, done = run(paths[0], paths[0], "--events"), run(*paths, "--events", "--json")
    assert (same.exit_code, done.exit_code) == (0, 1)
    ((ours, theirs),) = json.loads(done.output)["moved"]
    assert ours["kind"] == theirs["kind"] == "arrival"
    assert abs(theirs["at_ns"] - ours["at_ns"] - 20 * NS) <= 2 * NS


def test_damaged_event_lines_are_said_and_the_rest_compared(tmp_path: Path) -> None:
    rows = [EventLine("S1", "arrival", 60 * NS, 1.0, 65 * NS)]
    a, b = write_events(tmp_path / "a", rows), write_events(tmp_path / "b", rows)
    b.write_bytes(b'{"kind":1}\n\xff\n[]\n' + b.read_bytes() + b'{"kind":"arr')
    done = run(a, b)
    assert (done.exit_code, "b: 4 bad lines left out" in done.output) == (0, True)


def test_a_trace_against_events_is_refused_without_events_and_a_stranger_always(
    tmp_path: Path,
) -> None:
    trace = write(tmp_path / "a", READINGS)
    listed = write_events(tmp_path / "b", [EventLine("S1", "arrival", 60 * NS, 1.0, 65 * NS)])
    stranger = tmp_path / "c"
    stranger.write_bytes(b"\x00\x01nothing\n")
    assert run(trace, listed).exit_code == 2
    assert run(trace, listed, "--events").exit_code == 1
    assert run(listed, stranger).exit_code == 2
    assert run(trace, tmp_path / "nowhere").exit_code == 2


@given(st.lists(events), st.lists(events))
def test_every_event_is_in_one_group_and_the_two_directions_agree(
    a: list[EventLine], b: list[EventLine]
) -> None:
    there, back = diff_events(a, b), diff_events(b, a)
    assert there.same + len(there.moved) + len(there.vanished) == len(a)
    assert there.same + len(there.moved) + len(there.appeared) == len(b)
    assert (there.same, len(there.moved)) == (back.same, len(back.moved))
    for ours, theirs in there.moved:
        assert (ours.space, ours.kind) == (theirs.space, theirs.kind)
        assert ours != theirs
        assert abs(ours.at_ns - theirs.at_ns) <= MOVED_AT_MOST_NS
    assert there.differs == (sorted(map(repr, a)) != sorted(map(repr, b)))

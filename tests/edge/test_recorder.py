"""Kept traces. Jobs run at once here, and the disk's free space is a number."""

import errno
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.adapters.lines import LineSource, open_readings
from edge.adapters.recorder import Job, Means, Recorder
from edge.config.whole_file import write_whole
from edge.core.fusion import Change
from edge.core.readings import Channel, PlateRead, Reading
from edge.core.trace_lines import TraceHeader
from edge.ports import Ended, Item, Took

NS = 1_000_000_000
WALL = datetime(2026, 5, 1, tzinfo=UTC)
HEADER = TraceHeader(
    "gw-1",
    "UTC",
    0,
    WALL,
    {"us0": Channel("us0", "ultrasonic", "S1"), "cam0": Channel("cam0", "camera", "S1")},
)


@dataclass
class World:
    """Stands for the thread and the disk; `run` may be held back with `later`."""

    free: int = 10**12
    told: list[tuple[str, str]] = field(default_factory=list)
    later: list[Job] | None = None

    def run(self, job: Job) -> None:
        if self.later is None:
            job()
        else:
            self.later.append(job)

    def means(self) -> Means:
        return Means(
            self.run, lambda _: self.free, lambda code, detail: self.told.append((code, detail))
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def feed(recorder: Recorder, from_s: int, to_s: int, fault_at_s: int = -1) -> None:
    """Two echoes a second; one fault."""
    for half in range(from_s * 2, to_s * 2):
        faulty = half == fault_at_s * 2
        recorder.took(
            Reading(
                half * NS // 2, "us0", None if faulty else 5800.0, "timeout" if faulty else None
            )
        )


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


def read_back(path: Path) -> tuple[TraceHeader, list[Reading]]:
    """With the gateway's own reader of traces."""
    source = LineSource(open_readings(str(path)))
    items: list[Item] = []
    source.pump(lambda item: items.append(item) is None)
    assert items.pop() == Ended()
    assert all(isinstance(item, Took) for item in items)
    return source.header, [item.reading for item in items if isinstance(item, Took)]


def test_a_fault_keeps_the_minutes_before_and_one_after_and_says_why(
    folder: Path, world: World
) -> None:
    recorder = Recorder(folder, HEADER, keep_minutes=10, means=world.means())
    feed(recorder, 0, 1000, fault_at_s=900)
    name = "20260501T001500Z-fault-us0"
    assert kept(folder) == [f"{name}.trace.jsonl.gz", f"{name}.why.json"]
    header, readings = read_back(folder / f"{name}.trace.jsonl.gz")
    first_ns = readings[0].mono_ns
    assert 290 <= first_ns / NS <= 300
    assert header == replace(HEADER, mono_ns=first_ns, wall=WALL + timedelta(seconds=first_ns / NS))
    assert readings[-1].mono_ns == 960 * NS
    assert [r.why for r in readings if r.value is None] == ["timeout"]
    about = json.loads((folder / f"{name}.why.json").read_text())
    assert about["whys"] == [
        {"code": "fault", "where": "us0", "why": "channel us0: timeout", "mono_ns": 900 * NS}
    ]
    assert about["readings"] == len(readings)
    assert world.told == [("kept", f"{name}.trace.jsonl.gz")]


def test_nothing_odd_keeps_nothing(folder: Path, world: World) -> None:
    recorder = Recorder(folder, HEADER, means=world.means())
    feed(recorder, 0, 1000)
    recorder.close()
    assert kept(folder) == []


def test_plates_are_not_in_a_kept_trace(folder: Path, world: World) -> None:
    recorder = Recorder(folder, HEADER, means=world.means())
    recorder.took(Reading(1, "cam0", PlateRead("沪A12345", 0.9)))
    recorder.mark("an operator asked")
    recorder.close()
    trace = next(folder.glob("*.gz"))
    _, (reading,) = read_back(trace)
    assert reading.value == PlateRead("*******", 0.9)


def test_a_change_and_a_fault_within_the_minute_share_a_file(folder: Path, world: World) -> None:
    recorder = Recorder(folder, HEADER, means=world.means())
    feed(recorder, 0, 20, fault_at_s=10)
    recorder.changed(Change("S1", "unknown", 19 * NS, 1.0, 20 * NS, "0x", "no sensor speaks"))
    feed(recorder, 20, 200)
    (about,) = folder.glob("*.why.json")
    assert [why["code"] for why in json.loads(about.read_text())["whys"]] == ["fault", "unknown"]


def test_the_same_fault_again_within_the_kept_minutes_is_one_file(
    folder: Path, world: World
) -> None:
    recorder = Recorder(folder, HEADER, keep_minutes=10, means=world.means())
    for minute in range(20):
        feed(recorder, minute * 60, minute * 60 + 60, fault_at_s=minute * 60 + 5)
    assert recorder.kept == 2


def test_the_oldest_are_removed_and_the_newest_never(folder: Path, world: World) -> None:
    recorder = Recorder(folder, HEADER, keep_minutes=1, max_files=2, means=world.means())
    for hour in range(4):
        feed(recorder, hour * 3600, hour * 3600 + 90, fault_at_s=hour * 3600 + 5)
    assert [name for name in kept(folder) if name.endswith(".gz")] == [
        "20260501T020005Z-fault-us0.trace.jsonl.gz",
        "20260501T030005Z-fault-us0.trace.jsonl.gz",
    ]
    assert len(kept(folder)) == 4
    tiny = Recorder(folder, HEADER, keep_minutes=1, max_mb=0, means=world.means())
    feed(tiny, 0, 90, fault_at_s=5)
    assert kept(folder) == [
        "20260501T000005Z-fault-us0.trace.jsonl.gz",
        "20260501T000005Z-fault-us0.why.json",
    ]


def test_a_disk_that_is_nearly_full_is_left_alone_and_told(folder: Path, world: World) -> None:
    world.free = 5_000_000
    recorder = Recorder(folder, HEADER, means=world.means())
    feed(recorder, 0, 100, fault_at_s=5)
    assert (recorder.kept, recorder.not_kept, kept(folder)) == (0, 1, [])
    assert world.told[0][0] == "not_kept"
    assert world.told[0][1].endswith("the disk is nearly full")


def test_a_folder_that_cannot_be_made_is_told_and_the_next_time_tried_again(
    folder: Path, world: World
) -> None:
    folder.write_text("a file is in the way")
    recorder = Recorder(folder, HEADER, keep_minutes=1, means=world.means())
    feed(recorder, 0, 100, fault_at_s=5)
    assert (recorder.kept, recorder.not_kept) == (0, 1)
    folder.unlink()
    feed(recorder, 200, 300, fault_at_s=205)
    assert (recorder.kept, recorder.not_kept) == (1, 1)


def test_a_writer_that_is_not_done_is_not_given_a_second_job(folder: Path, world: World) -> None:
    world.later = []
    recorder = Recorder(folder, HEADER, keep_minutes=1, means=world.means())
    feed(recorder, 0, 100, fault_at_s=5)
    feed(recorder, 100, 300, fault_at_s=150)
    assert len(world.later) == 1
    world.later.pop()()
    feed(recorder, 300, 301)
    assert len(world.later) == 1


def test_a_day_has_a_budget_and_the_next_day_a_new_one(folder: Path, world: World) -> None:
    means = replace(world.means(), day_bytes=2000)
    recorder = Recorder(folder, HEADER, keep_minutes=1, means=means)
    for hour in range(12):
        feed(recorder, hour * 3600, hour * 3600 + 90, fault_at_s=hour * 3600 + 5)
    assert 1 <= recorder.kept < 12
    assert recorder.kept + recorder.not_kept == 12
    assert sum(path.stat().st_size for path in folder.glob("*.gz")) <= 2000 + 300 * recorder.kept
    assert "used up" in world.told[-1][1]
    before = recorder.kept
    feed(recorder, 90_000, 90_090, fault_at_s=90_005)
    assert recorder.kept == before + 1


def test_the_clock_that_counts_is_the_one_when_the_file_is_due(folder: Path, world: World) -> None:
    clocks = iter([replace(HEADER, wall=datetime(2026, 6, 1, tzinfo=UTC))])
    recorder = Recorder(folder, lambda: next(clocks), means=world.means())
    feed(recorder, 0, 100, fault_at_s=5)
    assert kept(folder)[0].startswith("20260601T000005Z")


def test_hostile_channel_names_stay_in_the_folder(folder: Path, world: World) -> None:
    recorder = Recorder(folder, HEADER, means=world.means())
    recorder.took(Reading(0, "../../etc/沪" + "x" * 300, None, "bus"))
    recorder.close()
    (trace,) = folder.glob("*.gz")
    assert trace.name == "20260501T000000Z-fault-etc-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.trace.jsonl.gz"


def test_what_an_interrupted_run_left_is_cleared_away(folder: Path, world: World) -> None:
    folder.mkdir()
    (folder / "old.trace.jsonl.gz.part").write_bytes(b"half")
    recorder = Recorder(folder, HEADER, means=world.means())
    feed(recorder, 0, 100, fault_at_s=5)
    assert not list(folder.glob("*.part"))


def parts(then: Callable[[], bytes]) -> Iterator[bytes]:
    yield b"some"
    yield then()


def test_a_write_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, [b"before"])

    def full() -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_whole(path, parts(full))
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"before", [path])


def test_the_real_means_write_on_a_thread_and_the_file_is_there_when_it_ends(folder: Path) -> None:
    recorder = Recorder(folder, HEADER, keep_minutes=1)
    feed(recorder, 0, 100, fault_at_s=5)
    for thread in threading.enumerate():
        if thread.name == "recorder":
            thread.join(10)
    assert recorder.kept == 1

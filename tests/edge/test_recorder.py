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

    def means(self, again_s: int = 3600) -> Means:
        return Means(
            self.run,
            lambda _: self.free,
            lambda code, detail: self.told.append((code, detail)),
            again_ns=again_s * NS,
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


def test_the_same_fault_again_within_the_hour_is_one_file(folder: Path, world: World) -> None:
    recorder = Recorder(folder, HEADER, means=world.means())
    for minute in range(0, 120, 5):
        feed(recorder, minute * 60, minute * 60 + 60, fault_at_s=minute * 60 + 5)
    assert recorder.kept == 2


SITE = replace(
    HEADER,
    channels={f"us{n}": Channel(f"us{n}", "ultrasonic", f"S{n}") for n in range(48)}
    | {"temp0": Channel("temp0", "temperature", None)},
)


def visit(recorder: Recorder, second: int, fault_of: str = "") -> None:
    """One reading of every channel of the site."""
    for name in SITE.channels:
        faulty = name == fault_of
        value = None if faulty else 5_800.0 + (second * 7 + len(name)) % 40 / 10
        recorder.took(Reading(second * NS, name, value, "timeout" if faulty else None))


def test_a_file_holds_the_space_that_it_is_about_and_what_is_of_no_space(
    folder: Path, world: World
) -> None:
    recorder = Recorder(folder, SITE, means=world.means())
    for second in range(300):
        visit(recorder, second, "us7" if second == 200 else "")
    trace = next(folder.glob("*.gz"))
    header, readings = read_back(trace)
    assert set(header.channels) == {reading.channel for reading in readings} == {"us7", "temp0"}
    times = [reading.mono_ns for reading in readings]
    assert times == sorted(times)
    assert 180 <= (times[-1] - times[0]) / NS <= 244
    about = json.loads(next(folder.glob("*.json")).read_text())
    assert about["readings"] == len(readings)


def test_what_a_space_tells_keeps_its_channels_and_what_is_asked_for_keeps_all(
    folder: Path, world: World
) -> None:
    recorder = Recorder(folder, SITE, means=world.means())
    visit(recorder, 0)
    recorder.changed(Change("S3", "unknown", 0, 1.0, 0, "0x", "no sensor speaks"))
    visit(recorder, 61)
    recorder.mark("an operator asked")
    recorder.close()
    of_space, of_all = (read_back(path)[0] for path in sorted(folder.glob("*.gz")))
    assert set(of_space.channels) == {"us3", "temp0"}
    assert of_all.channels == SITE.channels


def test_on_a_large_site_every_space_keeps_something_of_a_day(folder: Path, world: World) -> None:
    means = replace(world.means(), day_bytes=400_000)
    recorder = Recorder(folder, SITE, means=means)
    for number in range(48):
        for second in range(65):
            visit(recorder, number * 65 + second, f"us{number}" if second == 1 else "")
    recorder.close()
    kept_of = {json.loads(path.read_text())["whys"][0]["where"] for path in folder.glob("*.json")}
    assert kept_of == {f"us{number}" for number in range(48)}
    assert recorder.not_kept == 0


def test_when_all_fail_at_once_all_are_in_the_file(folder: Path, world: World) -> None:
    recorder = Recorder(folder, SITE, means=world.means())
    for name in SITE.channels:
        recorder.took(Reading(0, name, None, "timeout"))
    recorder.close()
    header, readings = read_back(next(folder.glob("*.gz")))
    assert header.channels == SITE.channels
    assert len(readings) == len(SITE.channels)


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
    recorder = Recorder(folder, HEADER, keep_minutes=1, means=world.means(again_s=60))
    feed(recorder, 0, 100, fault_at_s=5)
    assert (recorder.kept, recorder.not_kept) == (0, 1)
    folder.unlink()
    feed(recorder, 200, 300, fault_at_s=205)
    assert (recorder.kept, recorder.not_kept) == (1, 1)


def test_a_writer_that_is_not_done_is_not_given_a_second_job(folder: Path, world: World) -> None:
    world.later = []
    recorder = Recorder(folder, HEADER, keep_minutes=1, means=world.means(again_s=60))
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

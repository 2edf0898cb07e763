"""The DS18B20 by the kernel's file; a reading takes its time on a thread, here when it is told."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread, current_thread

import pytest

from edge.adapters.temperature import W1Temperature, in_a_thread, read_celsius
from edge.core.readings import Reading

NS = 1_000_000_000


class Rig:
    def __init__(self, device: Path) -> None:
        self.device, self.now_ns = device, 0
        self.jobs: list[Callable[[], None]] = []
        self.sensor = W1Temperature("temp0", device, lambda: self.now_ns, 10.0, self.jobs.append)

    def says(self, text: str) -> None:
        self.device.mkdir(exist_ok=True)
        (self.device / "temperature").write_text(text)

    def after(self, seconds: float) -> Reading | None:
        self.now_ns += round(seconds * NS)
        return self.sensor.sample()

    def finish(self) -> None:
        self.jobs.pop()()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "28-00000abcdef0")


def test_a_sample_never_waits_and_brings_what_was_measured_since(rig: Rig) -> None:
    rig.says("-10187\n")
    assert rig.sensor.open() is None
    assert rig.after(0) is None
    assert rig.after(0.5) is None
    rig.finish()
    assert rig.after(0.5) == Reading(NS, "temp0", -10.187)
    assert rig.after(9) is None
    rig.says("-10062\n")
    rig.finish()
    assert rig.after(1) == Reading(11 * NS, "temp0", -10.062)


def test_it_can_be_read_on_the_callers_thread(tmp_path: Path) -> None:
    (tmp_path / "temperature").write_text("21500\n")
    sensor = W1Temperature("temp0", tmp_path, lambda: 5, start=lambda job: job())
    assert sensor.sample() == Reading(5, "temp0", 21.5)


def test_by_itself_it_reads_on_a_thread_of_its_own() -> None:
    ran_on: list[Thread] = []
    done = Event()

    def job() -> None:
        ran_on.append(current_thread())
        done.set()

    in_a_thread(job)
    assert done.wait(5)
    assert ran_on[0] is not current_thread()
    assert ran_on[0].daemon


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("85000\n", "out_of_range"),  # its register after power-on
        ("127937\n", "out_of_range"),
        ("-55001\n", "out_of_range"),
        ("", "garbage"),
        ("NO\n", "garbage"),
        ("21.5\n", "garbage"),
        ("9" * 5000, "out_of_range"),
        ("\x00\xff", "garbage"),
    ],
)
def test_what_is_no_temperature_is_a_fault(rig: Rig, text: str, why: str) -> None:
    rig.says(text)
    assert read_celsius(rig.device) == why
    rig.after(0)
    rig.finish()
    assert rig.after(1) == Reading(NS, "temp0", None, why)


@pytest.mark.parametrize("text", ["0\n", "-55000", "125000", "84999", "85001", "-62"])
def test_every_temperature_of_its_range_is_one(rig: Rig, text: str) -> None:
    rig.says(text)
    assert read_celsius(rig.device) == int(text) / 1000


def test_a_wrong_checksum_three_times_is_garbage(tmp_path: Path) -> None:
    # The kernel gives an I/O error then; reading a folder is an error that a test can make.
    (tmp_path / "temperature").mkdir()
    assert read_celsius(tmp_path) == "garbage"


def test_unplugged_is_missing_and_plugged_in_again_it_goes_on(rig: Rig) -> None:
    assert rig.sensor.open() == "missing"
    rig.says("20000\n")
    assert rig.sensor.open() is None
    rig.after(0)
    (rig.device / "temperature").unlink()
    rig.finish()
    assert rig.after(1) == Reading(NS, "temp0", None, "missing")
    rig.says("20125\n")
    rig.after(10)
    rig.finish()
    assert rig.after(10) == Reading(21 * NS, "temp0", 20.125)


def test_a_read_that_hangs_is_told_and_no_second_one_is_started(rig: Rig) -> None:
    rig.says("20000\n")
    rig.after(0)
    for _ in range(6):
        last = rig.after(10)
    assert last == Reading(60 * NS, "temp0", None, "silent")
    assert len(rig.jobs) == 1
    rig.finish()
    assert rig.after(10) == Reading(70 * NS, "temp0", 20.0)

"""All sensors on one thread: who is sampled when, and what becomes of one that fails."""

from collections import defaultdict
from collections.abc import Callable
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.sampler import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    PING_GAP_NS,
    STRIKES,
    Sampler,
)
from edge.core.readings import Channel, Reading
from edge.ports import Item, Took
from firmware_sim.clock import VirtualClock

NS = 1_000_000_000


class Scripted:
    """A Sensor that says what `says` gives for the time, and notes when it was asked."""

    def __init__(
        self,
        name: str,
        clock: VirtualClock,
        period_s: float = 0.1,
        pings: bool = False,
        takes_s: float = 0.0,
    ) -> None:
        self.channel = Channel(name, "ultrasonic" if pings else "magnetic", "S1")
        self.period_s, self.pings, self._clock, self._takes_s = period_s, pings, clock, takes_s
        self.says: Callable[[int], float | str | None] = lambda now_ns: 1000.0
        self.opens: Callable[[int], str | None] = lambda now_ns: None
        self.sampled_ns: list[int] = []
        self.opened_ns: list[int] = []
        self.is_open = False

    def open(self) -> str | None:
        now_ns = self._clock.now_ns()
        self.opened_ns.append(now_ns)
        why = self.opens(now_ns)
        self.is_open = why is None
        return why

    def sample(self) -> Reading | None:
        assert self.is_open
        now_ns = self._clock.now_ns()
        self.sampled_ns.append(now_ns)
        self._clock.advance_to(now_ns + round(self._takes_s * NS))
        said = self.says(now_ns)
        if said is None:
            return None
        is_why = isinstance(said, str)
        value, why = (None, said) if is_why else (said, None)
        return Reading(now_ns, self.channel.name, value, why)

    def close(self) -> None:
        self.is_open = False


class Rig:
    def __init__(self) -> None:
        self.clock = VirtualClock(100 * NS)
        self.sensors: list[Scripted] = []
        self.readings: dict[str, list[Reading]] = defaultdict(list)
        self.is_full = False

    def add(
        self, name: str, period_s: float = 0.1, pings: bool = False, takes_s: float = 0.0
    ) -> Scripted:
        self.sensors.append(Scripted(name, self.clock, period_s, pings, takes_s))
        return self.sensors[-1]

    def put(self, item: Item) -> bool:
        if self.is_full:
            return False
        assert isinstance(item, Took)
        self.readings[item.reading.channel].append(item.reading)
        return True

    def run(self, seconds: float, sampler: Sampler | None = None) -> Sampler:
        sampler = sampler or Sampler(self.sensors, self.put, self.clock.now_ns)
        until_ns = self.clock.now_ns() + round(seconds * NS)
        while max(due_ns := sampler.due_ns(), self.clock.now_ns()) < until_ns:
            self.clock.advance_to(due_ns)
            sampler.turn()
        self.clock.advance_to(until_ns)
        return sampler

    def whys(self, name: str) -> list[str | None]:
        return [reading.why for reading in self.readings[name] if reading.value is None]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_each_sensor_is_sampled_at_its_own_period(rig: Rig) -> None:
    fast, slow = rig.add("mag0", 0.1), rig.add("temp0", 2.5)
    rig.run(10.0)
    assert len(fast.sampled_ns) == 100
    assert len(slow.sampled_ns) == 4


def test_sensors_of_one_period_are_spread_over_it(rig: Rig) -> None:
    sensors = [rig.add(f"mag{n}", 0.1) for n in range(4)]
    rig.run(1.0)
    starts = [sensor.sampled_ns[0] - 100 * NS for sensor in sensors]
    assert starts == [0, 25_000_000, 50_000_000, 75_000_000]


@given(
    count=st.integers(1, 12), takes_ms=st.integers(1, 80), period_s=st.sampled_from([0.2, 0.5, 1.0])
)
def test_no_two_pings_are_ever_close_and_all_sensors_get_their_turn(
    count: int, takes_ms: int, period_s: float
) -> None:
    rig = Rig()
    for n in range(count):
        rig.add(f"us{n}", period_s, pings=True, takes_s=takes_ms / 1000)
    rig.add("mag0")
    rig.run(10.0)
    pings = sorted(ns for sensor in rig.sensors[:count] for ns in sensor.sampled_ns)
    assert all(b - a >= PING_GAP_NS for a, b in zip(pings, pings[1:]))
    numbers = [len(sensor.sampled_ns) for sensor in rig.sensors[:count]]
    assert len(rig.sensors[-1].sampled_ns) >= 10.0 / max(0.1, takes_ms / 1000) - 3
    assert min(numbers) >= 0.75 * max(numbers) - 2
    # As often as asked for, or as often as the air and the thread allow.
    possible = 10.0 / max(period_s, count * max(PING_GAP_NS / NS, takes_ms / 1000))
    assert min(numbers) >= 0.6 * possible


def test_a_sampler_that_was_held_up_does_not_catch_up(rig: Rig) -> None:
    sensor = rig.add("mag0")
    sampler = rig.run(1.0)
    rig.clock.advance_to(rig.clock.now_ns() + 60 * NS)
    before = len(sensor.sampled_ns)
    rig.run(1.0, sampler)
    assert len(sensor.sampled_ns) - before <= 11


def test_what_is_not_new_is_not_passed_on(rig: Rig) -> None:
    sensor = rig.add("mag0")
    sensor.says = lambda now_ns: None
    rig.run(1.0)
    assert sensor.sampled_ns and not rig.readings


def test_no_echo_is_a_measurement_not_a_fault(rig: Rig) -> None:
    sensor = rig.add("us0", 0.5, pings=True)
    sensor.says = lambda now_ns: "no_echo"
    rig.run(10.0)
    assert len(sensor.opened_ns) == 1
    assert len(rig.whys("us0")) == 20


def test_one_fault_alone_closes_nothing(rig: Rig) -> None:
    sensor = rig.add("us0", 0.5, pings=True)
    sensor.says = lambda now_ns: "timeout" if now_ns // NS % 3 == 0 else 1000.0
    rig.run(10.0)
    assert len(sensor.opened_ns) == 1
    assert set(rig.whys("us0")) == {"timeout"}


def test_a_failing_sensor_is_told_once_a_second_and_tried_ever_more_seldom(rig: Rig) -> None:
    sensor = rig.add("us0", 0.5, pings=True)
    sensor.says = lambda now_ns: "timeout"
    rig.run(600.0)
    told = rig.readings["us0"]
    gaps_s = [(b.mono_ns - a.mono_ns) / NS for a, b in zip(told, told[1:])]
    assert {reading.why for reading in told} == {"timeout"}
    assert min(gaps_s) >= 1.0 and max(gaps_s) <= 1.6
    pauses_s = [(b - a) / NS for a, b in zip(sensor.opened_ns[1:], sensor.opened_ns[2:])]
    assert pauses_s == sorted(pauses_s)
    assert pauses_s[0] >= FIRST_PAUSE_S
    assert LONGEST_PAUSE_S <= pauses_s[-1] <= LONGEST_PAUSE_S + 1.5
    assert len(sensor.sampled_ns) <= STRIKES + 16


def test_a_sensor_that_is_not_there_at_the_start_is_told_and_found_later(rig: Rig) -> None:
    sensor = rig.add("mag0")
    sensor.opens = lambda now_ns: "bus" if now_ns < 110 * NS else None
    rig.run(30.0)
    assert set(rig.whys("mag0")) == {"bus"}
    assert rig.readings["mag0"][0].mono_ns == 100 * NS
    assert rig.readings["mag0"][-1].value == 1000.0


def test_a_sensor_that_comes_back_is_trusted_at_once_and_its_pauses_are_short_again(
    rig: Rig,
) -> None:
    sensor = rig.add("us0", 0.5, pings=True)
    sensor.says = lambda now_ns: "timeout" if now_ns < 160 * NS else 1000.0
    sampler = rig.run(130.0)
    assert rig.readings["us0"][-1].value == 1000.0
    opened = len(sensor.opened_ns)
    broken_ns = rig.clock.now_ns()
    sensor.says = lambda now_ns: "timeout" if now_ns < broken_ns + 2 * NS else 1000.0
    rig.run(6.0, sampler)
    assert len(sensor.opened_ns) > opened
    assert rig.readings["us0"][-1].value == 1000.0


def test_a_failing_sensor_takes_nothing_from_the_others(rig: Rig) -> None:
    dead, alive = rig.add("us0", 0.5, pings=True), rig.add("us1", 0.5, pings=True)
    dead.says = lambda now_ns: "timeout"
    magnetometer = rig.add("mag0")
    rig.run(60.0)
    assert len(alive.sampled_ns) >= 119
    assert len(magnetometer.sampled_ns) >= 599


@pytest.mark.parametrize("method", ["open", "sample", "close"])
def test_a_driver_that_raises_is_a_fault_is_told_once_and_takes_nothing_from_the_others(
    rig: Rig, method: str
) -> None:
    broken, alive, told = rig.add("us0", 0.5, pings=True), rig.add("mag0"), []

    def breaks(now_ns: int = 0) -> str | None:
        if now_ns < 160 * NS:
            raise KeyError("a secret")
        return None

    if method == "open":
        broken.opens = breaks
    elif method == "sample":
        broken.says = lambda now_ns: breaks(now_ns) or 1000.0
    else:
        broken.says = lambda now_ns: "bus" if now_ns < 160 * NS else 1000.0
        broken.close = breaks  # type: ignore[method-assign]
    sampler = Sampler(
        rig.sensors, rig.put, rig.clock.now_ns, broke=lambda name, kind: told.append((name, kind))
    )
    rig.run(130.0, sampler)
    assert told == [("us0", "KeyError")]
    assert set(rig.whys("us0")) == {"bus"}
    assert rig.readings["us0"][-1].value == 1000.0
    assert len(alive.sampled_ns) >= 1299


def test_what_a_full_inbox_does_not_take_is_counted(rig: Rig) -> None:
    rig.add("mag0")
    rig.is_full = True
    sampler = rig.run(1.0)
    assert (sampler.taken, sampler.dropped) == (0, 10)
    rig.is_full = False
    rig.run(1.0, sampler)
    assert sampler.taken >= 9 and sampler.dropped == 10


def test_without_sensors_there_is_nothing_to_do(rig: Rig) -> None:
    sampler = rig.run(5.0)
    sampler.turn()
    assert sampler.due_ns() > rig.clock.now_ns()


def test_stopping_closes_the_sensors(rig: Rig) -> None:
    sensor = rig.add("mag0")
    sampler = rig.run(1.0)
    assert sensor.is_open
    sampler.stop()
    assert not sensor.is_open


def test_on_a_thread_of_its_own_it_samples_until_it_is_stopped(rig: Rig) -> None:
    """Virtual time: whoever waits makes it pass, so nothing here depends on the machine."""
    sensor = rig.add("mag0")
    enough = Event()

    def put(item: Item) -> bool:
        rig.put(item)
        if len(rig.readings["mag0"]) == 50:
            enough.set()
        return True

    def wait(seconds: float) -> object:
        rig.clock.advance_to(rig.clock.now_ns() + round(seconds * NS))
        return enough.is_set()

    sampler = Sampler(rig.sensors, put, rig.clock.now_ns, wait)
    sampler.start()
    assert enough.wait(30)
    sampler.stop()
    assert not sensor.is_open
    times = [reading.mono_ns for reading in rig.readings["mag0"]]
    assert len(times) >= 50 and times == sorted(times)

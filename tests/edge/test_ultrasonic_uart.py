"""The real driver of the serial ultrasonics, on simulated sensors and on a real terminal device."""

import os
from collections.abc import Callable, Iterator
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.ultrasonic_uart import (
    MANNERS,
    FrameKind,
    SerialPort,
    UartUltrasonic,
    newest,
    open_serial,
)
from edge.core.echo import echo_distance_m
from edge.core.readings import Channel, Reading
from firmware_sim.clock import VirtualClock
from firmware_sim.uart import SimulatedUart

NS = 1_000_000_000
KINDS: tuple[FrameKind, ...] = get_args(FrameKind)


class Rig:
    def __init__(self, kind: FrameKind = "a02yyuw", asks: bool = False) -> None:
        self.clock = VirtualClock(5 * NS)
        self.distance_m: float | None = 1.5
        self.temperature_c = 20.0
        self.sensor = SimulatedUart(
            self.clock.now_ns,
            lambda _: self.distance_m,
            kind,
            asks,
            lambda _: self.temperature_c,
        )
        channel = Channel("us0", "ultrasonic", "S1", kind)
        self.driver = UartUltrasonic(channel, self.sensor, kind, asks, self.clock.now_ns, 0.5)

    def sample(self, after_s: float = 0.5) -> Reading | None:
        self.clock.advance_to(self.clock.now_ns() + round(after_s * NS))
        return self.driver.sample()

    def said(self, after_s: float = 0.5) -> float | str | None:
        reading = self.sample(after_s)
        if reading is None:
            return "nothing new"
        return reading.why if reading.value is None else reading.value

    def hear(self, seconds: float) -> list[float | str | None]:
        """Driven at its own period; what it says in that time."""
        every_s = self.driver.period_s
        said = [self.said(every_s) for _ in range(round(seconds / every_s))]
        return [word for word in said if word != "nothing new"]


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    assert rig.driver.open() is None
    return rig


def frame(distance_mm: int, head_counts: bool = True) -> bytes:
    high, low = divmod(distance_mm, 256)
    return bytes((0xFF, high, low, (0xFF * head_counts + high + low) & 0xFF))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("temperature_c", [-10.0, 20.0, 40.0])
def test_each_sensor_gives_the_true_distance_in_any_air(
    kind: FrameKind, asks: bool, temperature_c: float
) -> None:
    """The fixed-speed ones give what they timed; the A02YYUW has corrected it already."""
    rig = Rig(kind, asks)
    rig.driver.open()
    rig.distance_m, rig.temperature_c = 1.5, temperature_c
    heard = rig.hear(2.0)
    assert len(heard) >= 3
    air_c = 20.0 if kind == "a02yyuw" else temperature_c
    for echo_us in heard:
        assert isinstance(echo_us, float)
        assert echo_distance_m(echo_us, air_c) == pytest.approx(1.5, abs=0.001)


def test_of_all_that_came_in_the_newest_counts(rig: Rig) -> None:
    rig.distance_m = 2.0
    rig.sample()
    rig.distance_m = 1.0
    rig.clock.advance_to(rig.clock.now_ns() + NS)
    assert rig.said(0.2) == pytest.approx(2e6 / 343.42, abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_range_is_no_echo(kind: FrameKind) -> None:
    rig = Rig(kind)
    rig.driver.open()
    rig.distance_m = None
    assert rig.hear(2.0) == ["no_echo"] * 4


@pytest.mark.parametrize(
    ("distance_mm", "said"),
    [(0, "out_of_range"), (30, "out_of_range"), (31, float), (4500, float), (4501, "no_echo")],
)
def test_the_a02yyuw_measures_from_3_cm_to_450_and_nearer_its_face_is_covered(
    distance_mm: int, said: object
) -> None:
    rig = Rig()
    rig.driver.open()
    rig.distance_m = distance_mm / 1000
    heard = rig.said()
    assert heard == said or type(heard) is said


def test_a_covered_face_is_a_fault_until_it_is_clean_and_never_an_empty_space(rig: Rig) -> None:
    rig.sensor.covered = True
    assert rig.hear(2.0)[1:] == ["out_of_range"] * 3
    rig.sensor.covered = False
    rig.sample()
    assert isinstance(rig.said(), float)


@pytest.mark.parametrize("kind", ["jsn-sr04t", "aj-sr04m"])
def test_zero_of_the_others_is_no_echo(kind: FrameKind) -> None:
    rig = Rig(kind)
    rig.driver.open()
    rig.distance_m = 0.0
    assert rig.said() == "no_echo"


def test_an_asked_sensor_is_asked_once_a_period_and_read_a_turn_later() -> None:
    rig = Rig("jsn-sr04t", asks=True)
    rig.driver.open()
    assert rig.driver.pings and rig.driver.period_s == 0.1
    assert rig.said(0.1) == "nothing new"
    assert isinstance(rig.said(0.1), float)
    assert [rig.said(0.1) for _ in range(3)] == ["nothing new"] * 3
    assert rig.said(0.1) == "nothing new"
    assert isinstance(rig.said(0.1), float)


def test_a_sensor_set_to_asking_that_is_not_asked_is_silent() -> None:
    rig = Rig("jsn-sr04t", asks=True)
    driver = UartUltrasonic(
        rig.driver.channel, rig.sensor, "jsn-sr04t", False, rig.clock.now_ns, 0.5
    )
    driver.open()
    rig.driver = driver
    assert rig.hear(2.6)[-1] == "silent"


def test_an_unplugged_sensor_is_silent_after_two_seconds_and_heard_when_it_comes_back(
    rig: Rig,
) -> None:
    rig.sample(0.55)  # the last frame has come to its end
    rig.sensor.plugged = False
    assert rig.hear(2.0) == []
    assert rig.hear(1.0) == ["silent", "silent"]
    rig.sensor.plugged = True
    assert isinstance(rig.said(), float)


def test_garbage_is_told_as_garbage_and_ends_with_the_first_good_frame(rig: Rig) -> None:
    noise = Random(3)
    rig.sample(0.55)
    rig.sensor.mangle = lambda good: bytes(noise.randrange(0x80) for _ in good)
    assert set(rig.hear(4.0)) == {"garbage"}
    rig.sensor.mangle = lambda good: good
    assert isinstance(rig.said(), float)


def test_the_wrong_kind_in_the_settings_is_garbage_not_a_wrong_distance() -> None:
    rig = Rig("aj-sr04m")
    rig.driver = UartUltrasonic(
        rig.driver.channel, rig.sensor, "jsn-sr04t", False, rig.clock.now_ns, 0.5
    )
    rig.driver.open()
    assert set(rig.hear(4.0)) == {"garbage"}


def test_a_port_that_goes_away_is_missing_until_it_is_there_again(rig: Rig) -> None:
    rig.sensor.there = False
    assert rig.said() == "missing"
    rig.driver.close()
    assert rig.driver.open() == "missing"
    rig.sensor.there = True
    assert rig.driver.open() is None
    assert isinstance(rig.said(), float)


def test_a_reader_that_comes_in_the_middle_of_a_frame_waits_for_the_next(rig: Rig) -> None:
    rig.clock.advance_to(rig.clock.now_ns() + NS // 10 * 3 + 2_500_000)
    assert rig.driver.open() is None
    assert rig.said(0.001) == "nothing new"
    assert isinstance(rig.said(0.11), float)


@given(
    before=st.binary(max_size=40),
    distance_mm=st.integers(0, 9999),
    cuts=st.lists(st.integers(0, 50), max_size=6),
    head_counts=st.booleans(),
)
def test_a_frame_is_found_behind_any_bytes_and_however_it_is_cut(
    before: bytes, distance_mm: int, cuts: list[int], head_counts: bool
) -> None:
    """Two of them: whatever stands before may swallow the head of the first."""
    manner = MANNERS["a02yyuw" if head_counts else "aj-sr04m"]
    sent = before + frame(distance_mm, head_counts) * 2
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    rest, found = b"", None
    for start, end in zip(edges, edges[1:]):
        value, rest = newest(rest + sent[start:end], manner)
        found = value if value is not None else found
        assert len(rest) < 4
    if 0xFF not in before:
        assert found == distance_mm
    assert found is not None


@pytest.mark.parametrize("before", [b"\xff", b"\xff\x01", b"\xff\xff\xff", b"\x05\xff\x00"])
def test_a_byte_that_looks_like_a_head_costs_no_frame(before: bytes) -> None:
    assert newest(before + frame(1500), MANNERS["a02yyuw"]) == (1500, b"")


@given(st.binary(max_size=200))
def test_no_bytes_whatsoever_break_the_reader(received: bytes) -> None:
    for manner in MANNERS.values():
        value, rest = newest(received, manner)
        assert value is None or 0 <= value < 65_536
        assert len(rest) < 4


# One suite for the simulated port and the real one (a pseudo-terminal is a terminal to pyserial).


class Terminal:
    def __init__(self) -> None:
        self._far, self._near = os.openpty()
        self.port = open_serial(os.ttyname(self._near))

    def send(self) -> None:
        os.write(self._far, frame(1500))

    def unplug(self) -> None:
        self.port.close()

    def end(self) -> None:
        self.port.close()
        os.close(self._near)
        os.close(self._far)


class Simulated:
    def __init__(self) -> None:
        self._clock = VirtualClock(NS)
        self._uart = SimulatedUart(self._clock.now_ns, lambda _: 1.5)
        self.port: SerialPort = self._uart

    def send(self) -> None:
        self._clock.advance_to(self._clock.now_ns() + NS // 10)

    def unplug(self) -> None:
        self._uart.there = False

    def end(self) -> None:
        pass


@pytest.fixture(params=[Terminal, Simulated])
def line(request: pytest.FixtureRequest) -> Iterator[Terminal | Simulated]:
    make: Callable[[], Terminal | Simulated] = request.param
    line = make()
    yield line
    line.end()


def test_a_port_gives_what_came_in_and_never_waits(line: Terminal | Simulated) -> None:
    line.port.reset()
    line.send()
    assert frame(1500) in line.port.read(100)
    assert line.port.read(100) == b""


def test_a_port_gives_at_most_what_is_asked_for(line: Terminal | Simulated) -> None:
    line.port.reset()
    line.send()
    assert len(line.port.read(2)) == 2


def test_a_reset_forgets_what_came_in_before(line: Terminal | Simulated) -> None:
    line.port.reset()
    line.send()
    line.port.reset()
    assert frame(1500) not in line.port.read(100)


def test_a_port_that_is_gone_is_an_os_error(line: Terminal | Simulated) -> None:
    line.port.reset()
    line.unplug()
    with pytest.raises(OSError):
        line.port.read(1)
    with pytest.raises(OSError):
        line.port.write(b"\x55")


@pytest.mark.parametrize("path", ["/dev/there-is-none", "/dev/null"])
def test_a_device_that_is_none_is_an_os_error(path: str) -> None:
    with pytest.raises(OSError):
        open_serial(path).reset()

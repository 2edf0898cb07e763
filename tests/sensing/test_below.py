"""What happens before the sensors, told twice: as plain readings, and through the real drivers on
simulated pins, lines and registers. The detector must tell the same story.
"""

import math
from collections.abc import Iterator
from functools import cache
from random import Random

import numpy as np
import pytest

from edge.adapters.magnetometers import Magnetometer
from edge.adapters.ultrasonic_pins import PinPair, PinUltrasonic
from edge.core.chips import CHIPS, ChipKind
from edge.core.fusion import Change, DetectorSettings
from edge.core.readings import Channel, Reading
from firmware_sim.below import Below, below, below_readings
from firmware_sim.clock import VirtualClock
from firmware_sim.i2c import SimulatedBus
from firmware_sim.lot import make
from firmware_sim.pins import MODULES, SimulatedPins
from firmware_sim.registers import Mishap, Qmc5883l
from firmware_sim.replay import Replay

NS = 1_000_000_000
HOURS = 0.75
STEP_NS = NS // 20
LSB_PER_GAUSS = 12_000.0
CHANNELS = {
    "us0": Channel("us0", "ultrasonic", "S1", "hc-sr04"),
    "mag0": Channel("mag0", "magnetic", "S1", "qmc5883l", LSB_PER_GAUSS),
}


class Scene:
    """One space of a generated lot, as it is before any sensor looks: no noise, no lost echo."""

    def __init__(self, seed: int) -> None:
        lot = make("easy", seed, spaces=1, hours=HOURS, stays_per_day=160)
        at_s = np.arange(0, HOURS * 3600 + 1, STEP_NS / NS)
        self._distances = lot.echo_view("S1").at(at_s).distance_m.tolist()
        self._fields = [tuple(row) for row in lot.field_view("S1").at(at_s).tolist()]

    def distance_m(self, now_ns: int) -> float | None:
        distance_m = self._distances[now_ns // STEP_NS]
        return distance_m if math.isfinite(distance_m) and distance_m < 4.0 else None

    def field_ut(self, now_ns: int) -> tuple[float, float, float]:
        x, y, z = self._fields[now_ns // STEP_NS]
        return x, y, z

    def temperature_c(self, now_ns: int) -> float:
        return 20.0


@cache
def scene() -> Scene:
    return Scene(11)


def plain(seconds: float) -> Iterator[Reading]:
    """The readings seam: values straight into readings, 2 and 10 Hz, with a sensor's noise."""
    one, noise = scene(), Random(5)
    for tenth in range(int(seconds * 10)):
        now_ns = tenth * NS // 10
        if tenth % 5 == 0:
            distance_m = one.distance_m(now_ns)
            echo_us = None if distance_m is None else 2e6 * distance_m / 343.42 + noise.gauss(0, 15)
            yield Reading(now_ns, "us0", echo_us, "no_echo" if echo_us is None else None)
        x, y, z = (round((v + noise.gauss(0, 0.3)) * 120) for v in one.field_ut(now_ns))
        yield Reading(now_ns, "mag0", (x, y, z))


def through_drivers(chip: ChipKind, ultrasonic: str) -> Below:
    one = scene()
    return below(one.distance_m, one.field_ut, one.temperature_c, chip, ultrasonic)


def told(channels: dict[str, Channel], readings: Iterator[Reading]) -> list[Change]:
    return list(Replay(channels, DetectorSettings()).run(readings))


@cache
def story() -> list[Change]:
    return told(CHANNELS, plain(HOURS * 3600))


def test_there_is_a_story_to_be_told() -> None:
    kinds = [change.kind for change in story()]
    assert kinds.count("arrival") >= 3 and kinds.count("departure") >= 3


@pytest.mark.parametrize(
    ("chip", "ultrasonic"),
    [
        ("qmc5883l", "hc-sr04"),
        ("hmc5883l", "hc-sr04-103"),
        ("qmc5883p", "jsn-sr04t"),
        ("qmc5883l", "a02yyuw"),
        ("qmc5883l", "jsn-sr04t-uart"),
    ],
)
def test_the_real_drivers_below_give_the_events_of_the_readings_seam(
    chip: ChipKind, ultrasonic: str
) -> None:
    one = through_drivers(chip, ultrasonic)
    readings = one.readings(HOURS * 3600)
    first = next(readings)  # from here on the channels are final
    assert first.channel in ("us0", "mag0")
    changes = told(one.channels, readings)
    assert [change.kind for change in changes] == [change.kind for change in story()]
    for change, expected in zip(changes, story(), strict=True):
        assert abs(change.at_ns - expected.at_ns) <= NS, (change, expected)


def test_the_same_scene_and_seed_give_the_same_readings() -> None:
    first = list(through_drivers("qmc5883l", "hc-sr04").readings(600))
    assert first == list(through_drivers("qmc5883l", "hc-sr04").readings(600))


def test_readings_come_in_the_order_of_their_times_at_two_and_ten_hertz() -> None:
    one = scene()
    readings = list(below_readings(one.distance_m, one.field_ut, one.temperature_c, 100.0))
    times = [reading.mono_ns for reading in readings]
    assert times == sorted(times)
    assert sum(reading.channel == "us0" for reading in readings) == pytest.approx(200, abs=2)
    assert sum(reading.channel == "mag0" for reading in readings) == pytest.approx(1000, abs=5)


@pytest.mark.parametrize("chip", CHIPS)
def test_counts_are_the_field_and_echoes_the_distance(chip: ChipKind) -> None:
    one = below(lambda now_ns: 1.25, lambda now_ns: (12.0, -30.0, 41.0), lambda now_ns: -15.0, chip)
    readings = list(one.readings(60.0))
    scale = (one.channels["mag0"].lsb_per_gauss or 0.0) / 100
    counts = [r.value for r in readings if r.channel == "mag0" and isinstance(r.value, tuple)]
    means = [sum(axis) / len(counts) / scale for axis in zip(*counts)]
    assert means == pytest.approx([12.0, -30.0, 41.0], abs=0.2)
    (echo_us,) = {r.value for r in readings if r.channel == "us0"}
    assert echo_us == pytest.approx(2e6 * 1.25 / (331.3 - 0.606 * 15), abs=0.1)


def test_a_space_whose_sensors_are_all_unplugged_is_unknown_until_they_come_back() -> None:
    """A car stands there all the time; cables are out from 600 s to 700 s."""
    clock, out = VirtualClock(), Mishap("unplugged", 600 * NS, 700 * NS)
    pins = SimulatedPins(clock)
    sonar = pins.attach(23, 24, MODULES["hc-sr04"], lambda now_ns: 1.2)
    clock.at(out.from_ns, sonar.unplug)
    clock.at(out.to_ns, sonar.plug)
    chip = Qmc5883l(lambda now_ns: (20.0, 5.0, 40.0), clock.now_ns, Random(1), mishaps=[out])
    bus = SimulatedBus({0x0D: chip}, clock.now_ns)
    one = Below(
        clock,
        PinUltrasonic(CHANNELS["us0"], PinPair(23, 24), pins, clock.now_ns, 0.5, clock.wait),
        Magnetometer("mag0", "S1", bus, "qmc5883l", None, clock.now_ns),
    )
    readings = list(one.readings(900.0))
    whys = {(r.channel, r.why) for r in readings if r.value is None}
    assert whys == {("us0", "timeout"), ("mag0", "bus")}
    changes = told(one.channels, iter(readings))
    assert [change.kind for change in changes] == ["known", "unknown", "known"]
    silent_s = DetectorSettings().silent_s
    assert changes[1].reported_ns / NS == pytest.approx(600 + silent_s, abs=1.5)
    # The longest pause that 100 s of trying can have led to, and the time to settle.
    assert 700 < changes[2].reported_ns / NS < 700 + 64 + 20


def test_one_sensor_unplugged_leaves_the_other_to_decide() -> None:
    one = scene()
    clock = VirtualClock()
    pins = SimulatedPins(clock)
    sonar = pins.attach(23, 24, MODULES["hc-sr04"], one.distance_m)
    clock.at(300 * NS, sonar.unplug)
    chip = Qmc5883l(one.field_ut, clock.now_ns, Random(1))
    two = Below(
        clock,
        PinUltrasonic(CHANNELS["us0"], PinPair(23, 24), pins, clock.now_ns, 0.5, clock.wait),
        Magnetometer(
            "mag0", "S1", SimulatedBus({0x0D: chip}, clock.now_ns), "auto", None, clock.now_ns
        ),
    )
    heard = list(two.readings(600.0))
    late = [r for r in heard if r.mono_ns > 310 * NS]
    assert {r.why for r in late if r.channel == "us0"} == {"timeout"}
    assert sum(r.channel == "mag0" for r in late) == pytest.approx(2900, abs=20)

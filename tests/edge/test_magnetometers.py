"""One driver, three chips: a suite for all, on simulated registers and virtual time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from edge.adapters.i2c import Bus, BusUnusable, Gate
from edge.adapters.magnetometers import Found, Magnetometer, MagnetometerKind, probe
from edge.core.chips import CHIPS, ChipKind, overflowed
from edge.core.readings import Reading
from edge.ports import Sensor
from firmware_sim.clock import VirtualClock
from firmware_sim.registers import (
    Chip,
    Hmc5883l,
    Mishap,
    Qmc5883l,
    Qmc5883p,
    RegisterChip,
    SimulatedBus,
)

NS = 1_000_000_000
STEP_NS = NS // 10
EARTH_UT = (12.0, -30.0, 41.0)
MAKE: dict[ChipKind, type[RegisterChip]] = {
    "qmc5883l": Qmc5883l,
    "hmc5883l": Hmc5883l,
    "qmc5883p": Qmc5883p,
}
KINDS = list(MAKE)


@dataclass
class Rig:
    """A bus that is wired as `chips` says, asked ten times a second."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    chips: dict[int, Chip] = field(default_factory=dict)
    ut: Callable[[int], tuple[float, float, float]] = lambda _: EARTH_UT

    def add(self, kind: ChipKind, mishaps: Sequence[Mishap] = ()) -> RegisterChip:
        chip = MAKE[kind](
            lambda now_ns: self.ut(now_ns), self.clock.now_ns, Random(7), mishaps=mishaps
        )
        self.chips[CHIPS[kind].address] = chip
        return chip

    @property
    def bus(self) -> SimulatedBus:
        return SimulatedBus(self.chips, self.clock.now_ns)

    def sensor(self, kind: MagnetometerKind, address: int | None = None) -> Magnetometer:
        return Magnetometer("mag0", "S1", self.bus, kind, address, self.clock.now_ns)

    def run(self, sensor: Sensor, seconds: float) -> list[Reading]:
        readings = []
        for _ in range(round(seconds * 10)):
            self.clock.advance_to(self.clock.now_ns() + STEP_NS)
            reading = sensor.sample()
            readings += [reading] if reading else []
        return readings


def whys(readings: list[Reading]) -> set[str | None]:
    return {reading.why for reading in readings}


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> ChipKind:
    named: ChipKind = request.param
    return named


def test_every_sample_is_new_and_is_the_field(rig: Rig, kind: ChipKind) -> None:
    rig.add(kind)
    sensor = rig.sensor(kind)
    assert sensor.open() is None
    readings = rig.run(sensor, 60)

    scale = sensor.channel.lsb_per_gauss
    assert scale == CHIPS[kind].lsb_per_gauss
    assert len(readings) >= 598
    assert len({reading.value for reading in readings}) > 500
    for reading in readings:
        assert isinstance(reading.value, tuple)
        found_ut = tuple(count * 100 / scale for count in reading.value)
        assert found_ut == pytest.approx(EARTH_UT, abs=6 * 0.3 + 0.1)
        assert not overflowed(kind, reading.value, reading.status)


def test_auto_finds_the_chip_by_its_identity(rig: Rig, kind: ChipKind) -> None:
    rig.add(kind)
    sensor = rig.sensor("auto")
    assert sensor.open() is None
    assert sensor.channel.sensor == kind
    assert probe(rig.bus) == [Found(kind, CHIPS[kind].address)]


def test_probing_writes_nothing(rig: Rig, kind: ChipKind) -> None:
    before = bytes(rig.add(kind).registers)
    probe(rig.bus)
    assert bytes(rig.chips[CHIPS[kind].address].registers) == before  # type: ignore[attr-defined]


def test_a_sensor_that_was_never_plugged_in_is_a_bus_fault(rig: Rig, kind: ChipKind) -> None:
    sensor = rig.sensor(kind)
    assert sensor.open() == "bus"


def test_a_wrong_address_is_a_bus_fault(rig: Rig) -> None:
    rig.add("qmc5883p", [Mishap("unplugged", 0)])
    assert rig.sensor("qmc5883p", 0x2D).open() == "bus"


@pytest.mark.parametrize("sold_as", KINDS)
@pytest.mark.parametrize("holds", KINDS)
def test_a_board_with_another_chip_than_it_was_sold_with(
    rig: Rig, sold_as: ChipKind, holds: ChipKind
) -> None:
    rig.add(holds)
    assert rig.sensor(sold_as).open() == (None if holds == sold_as else "identity")


def test_another_chip_at_the_very_address_is_an_identity_fault(rig: Rig) -> None:
    rig.add("qmc5883p")
    assert rig.sensor("hmc5883l", CHIPS["qmc5883p"].address).open() == "identity"


def test_auto_does_not_guess_between_two_chips(rig: Rig) -> None:
    rig.add("qmc5883l")
    rig.add("hmc5883l")
    sensor = rig.sensor("auto")
    assert [sensor.open(), sensor.open()] == ["identity", "identity"]
    assert rig.sensor("auto", 0x1E).open() is None
    assert probe(rig.bus, [0x0D]) == [Found("qmc5883l", 0x0D)]


def test_auto_keeps_its_scale_when_another_chip_comes_late(rig: Rig) -> None:
    sensor = rig.sensor("auto")
    assert sensor.open() == "bus"
    scale = sensor.channel.lsb_per_gauss
    rig.add("hmc5883l")
    sensor._bus = rig.bus
    assert sensor.open() == "identity"
    assert sensor.channel.lsb_per_gauss == scale


def test_unplugged_is_a_fault_and_plugged_in_again_it_goes_on(rig: Rig, kind: ChipKind) -> None:
    rig.add(kind, [Mishap("unplugged", 10 * NS, 20 * NS)])
    sensor = rig.sensor(kind)
    assert sensor.open() is None
    assert whys(rig.run(sensor, 9.9)) == {None}
    assert whys(rig.run(sensor, 10)) == {"bus"}
    back = rig.run(sensor, 5)
    assert whys(back) == {None}
    assert len(back) >= 45


def test_unplugged_beside_another_sensor_is_no_identity_fault(rig: Rig) -> None:
    rig.add("qmc5883l", [Mishap("unplugged", NS)])
    rig.add("qmc5883p")
    sensor = rig.sensor("qmc5883l")
    assert sensor.open() is None
    rig.run(sensor, 2)
    assert sensor.open() == "bus"


def test_a_brown_out_costs_samples_but_no_wrong_one(rig: Rig, kind: ChipKind) -> None:
    rig.add(kind, [Mishap("brown_out", 5 * NS + 1)])
    sensor = rig.sensor(kind)
    sensor.open()
    readings = rig.run(sensor, 10)
    assert whys(readings) == {None}
    assert 95 <= len(readings) < 99
    assert all(isinstance(r.value, tuple) and any(r.value) for r in readings)


def test_a_chip_that_measures_nothing_is_not_ready_after_ten_periods(
    rig: Rig, kind: ChipKind
) -> None:
    rig.add(kind, [Mishap("asleep", 5 * NS, 15 * NS)])
    sensor = rig.sensor(kind)
    sensor.open()
    assert whys(rig.run(sensor, 5.9)) == {None}
    asleep = rig.run(sensor, 9)
    assert whys(asleep) == {"not_ready"}
    assert len(asleep) >= 89
    assert whys(rig.run(sensor, 5)[2:]) == {None}


def test_one_triple_for_over_a_minute_is_frozen(rig: Rig, kind: ChipKind) -> None:
    rig.add(kind, [Mishap("stuck", 5 * NS, 90 * NS)])
    sensor = rig.sensor(kind)
    sensor.open()
    assert whys(rig.run(sensor, 64.8)) == {None}
    assert whys(rig.run(sensor, 25)[3:]) == {"frozen"}
    assert whys(rig.run(sensor, 5)[2:]) == {None}


def test_opening_it_again_does_not_thaw_a_frozen_chip(rig: Rig) -> None:
    rig.add("qmc5883l", [Mishap("stuck", 5 * NS)])
    sensor = rig.sensor("qmc5883l")
    sensor.open()
    rig.run(sensor, 70)
    sensor.open()
    assert whys(rig.run(sensor, 5)) == {"frozen"}


def test_a_field_beyond_the_range_says_so_and_keeps_the_chips_own_word(
    rig: Rig, kind: ChipKind
) -> None:
    rig.add(kind)
    rig.ut = lambda now_ns: (0.0, 1500.0 if now_ns > NS else 30.0, 0.0)
    sensor = rig.sensor(kind)
    sensor.open()
    rig.run(sensor, 1.2)
    for reading in rig.run(sensor, 90):
        assert reading.why == "overflow"
        assert isinstance(reading.value, tuple)
        assert overflowed(kind, reading.value, reading.status)
    rig.ut = lambda _: EARTH_UT
    assert whys(rig.run(sensor, 2)[2:]) == {None}


def test_an_ordinary_field_in_every_direction_is_within_the_range(rig: Rig, kind: ChipKind) -> None:
    rig.add(kind)
    sensor = rig.sensor(kind)
    sensor.open()
    for ut in [(150.0, 0.0, 0.0), (0.0, -150.0, 0.0), (0.0, 0.0, 150.0)]:
        rig.ut = lambda _, ut=ut: ut  # type: ignore[misc]
        assert whys(rig.run(sensor, 1)[2:]) == {None}


def test_closed_it_is_at_rest_and_opened_it_measures(rig: Rig, kind: ChipKind) -> None:
    chip = rig.add(kind)
    sensor = rig.sensor(kind)
    sensor.open()
    rig.run(sensor, 1)
    sensor.close()
    assert rig.run(sensor, 0.1) == []  # it finds its settings lost and sets them again
    sensor.close()
    assert chip._output_ns == 0
    assert sensor.open() is None
    assert whys(rig.run(sensor, 2)) == {None}


def test_closing_an_unplugged_sensor_raises_nothing(rig: Rig, kind: ChipKind) -> None:
    rig.sensor(kind).close()


def test_a_bus_that_cannot_be_opened_is_missing(kind: ChipKind) -> None:
    class NoBus:
        gate = Gate()

        def read(self, address: int, register: int, count: int) -> bytes:
            raise BusUnusable("I2C bus 1 cannot be opened: No such file or directory.")

        def write(self, address: int, register: int, data: bytes) -> None:
            raise BusUnusable("I2C bus 1 cannot be opened: No such file or directory.")

    bus: Bus = NoBus()
    for named in (kind, "auto"):
        sensor = Magnetometer("mag0", "S1", bus, named, None, lambda: 0)
        assert sensor.open() == "missing"
    with pytest.raises(BusUnusable):
        probe(bus)

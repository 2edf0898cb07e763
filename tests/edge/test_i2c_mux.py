"""Several magnetometers of one address, each on its channel of a multiplexer."""

from random import Random

import pytest
from smbus2 import i2c_msg

from edge.adapters.i2c import Buses, BusUnusable, MuxBus, SmbusBus
from edge.adapters.magnetometers import Found, Magnetometer, probe
from firmware_sim.clock import VirtualClock
from firmware_sim.registers import Chip, Mishap, Qmc5883l, SimulatedBus, Tca9548a

NS = 1_000_000_000
MUX, OTHER_MUX, QMC = 0x70, 0x71, 0x0D


class Rig:
    """Channel c of the first multiplexer sees a field of c uT, the second one's channel 0 of 90."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.mux = Tca9548a({c: {QMC: self.chip(float(c))} for c in range(1, 4)})
        self.other = Tca9548a({0: {QMC: self.chip(90.0)}})
        chips: dict[int, Chip] = {MUX: self.mux, OTHER_MUX: self.other}
        self.bus = SimulatedBus(chips, self.clock.now_ns)

    def chip(self, ut: float, *mishaps: Mishap) -> Qmc5883l:
        return Qmc5883l(lambda _: (ut, 0.0, 0.0), self.clock.now_ns, Random(1), 0.0, mishaps)

    def sensor(self, mux: int, channel: int) -> Magnetometer:
        bus = MuxBus(self.bus, mux, channel)
        return Magnetometer(f"mag{channel}", "S1", bus, "auto", None, self.clock.now_ns)

    def masks(self) -> tuple[int, int]:
        return self.mux.open_mask, self.other.open_mask

    def step(self) -> None:
        self.clock.advance_to(self.clock.now_ns() + NS // 10)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def x_counts(sensor: Magnetometer) -> int | None:
    reading = sensor.sample()
    return reading.value[0] if reading and isinstance(reading.value, tuple) else None


def test_each_sensor_reads_its_own_channel(rig: Rig) -> None:
    sensors = {c: rig.sensor(MUX, c) for c in range(1, 4)}
    assert [sensor.open() for sensor in sensors.values()] == [None] * 3
    rig.step()
    assert [x_counts(sensor) for sensor in sensors.values()] == [None] * 3
    for _ in range(5):
        rig.step()
        assert [x_counts(sensor) for sensor in sensors.values()] == [30, 60, 90]


def test_the_channel_is_chosen_only_when_it_changes(rig: Rig) -> None:
    sensor = rig.sensor(MUX, 2)
    sensor.open()
    for _ in range(3):
        rig.step()
        sensor.sample()
    before = rig.bus.transactions
    rig.step()
    sensor.sample()
    assert rig.bus.transactions - before == 2  # its state, its data


def test_of_two_multiplexers_never_both_are_open(rig: Rig) -> None:
    near, far = rig.sensor(MUX, 1), rig.sensor(OTHER_MUX, 0)
    near.open(), far.open()
    for _ in range(3):
        rig.step()
        seen = [x_counts(near), x_counts(far)]
    assert seen == [30, 2700]


def test_after_an_error_on_one_multiplexer_the_next_closes_it_first(rig: Rig) -> None:
    rig.mux._channels[1][QMC] = rig.chip(1.0, Mishap("unplugged", NS, 2 * NS))
    near, far = rig.sensor(MUX, 1), rig.sensor(OTHER_MUX, 0)
    near.open(), far.open()
    for _ in range(40):
        rig.step()
        near.sample()
        assert rig.masks() in ((0b10, 0), (0, 1))
        x = x_counts(far)
        assert rig.masks() == (0, 1)
        assert x in (None, 2700)


def test_what_a_former_program_left_open_is_closed_before_the_first_reading(rig: Rig) -> None:
    rig.mux.open_mask = 0b1110
    rig.sensor(MUX, 1)
    far = rig.sensor(OTHER_MUX, 0)
    far.open()
    assert rig.masks() == (0, 1)


def test_a_multiplexer_that_is_gone_takes_nothing_from_the_sensors_of_another(rig: Rig) -> None:
    gone, near = rig.sensor(0x77, 1), rig.sensor(MUX, 1)
    assert (near.open(), gone.open()) == (None, "bus")
    for _ in range(3):
        rig.step()
        seen = x_counts(near)
    assert seen == 30


def test_a_multiplexer_that_cannot_be_closed_lets_nothing_be_read_past_it(rig: Rig) -> None:
    rig.sensor(OTHER_MUX, 0)
    near = rig.sensor(MUX, 1)
    rig.bus.jammed.add(OTHER_MUX)
    assert near.open() == "bus"
    rig.bus.jammed.clear()
    assert near.open() is None


def test_after_its_brown_out_the_multiplexer_is_told_again(rig: Rig) -> None:
    sensor = rig.sensor(MUX, 3)
    sensor.open()
    rig.step()
    sensor.sample()
    rig.mux.brown_out()
    rig.step()
    reading = sensor.sample()
    assert reading is not None and reading.why == "bus"
    rig.step()
    assert x_counts(sensor) == 90


def test_an_unplugged_sensor_leaves_the_other_channels_alone(rig: Rig) -> None:
    rig.mux._channels[2][QMC] = rig.chip(2.0, Mishap("unplugged", NS))
    good, bad = rig.sensor(MUX, 1), rig.sensor(MUX, 2)
    good.open(), bad.open()
    seen = []
    for _ in range(20):
        rig.step()
        broken = bad.sample()
        seen.append(x_counts(good))
    assert broken is not None and broken.why == "bus"
    assert seen[1:] == [30] * 19


def test_an_empty_channel_has_no_chip(rig: Rig) -> None:
    assert probe(MuxBus(rig.bus, MUX, 5)) == []
    assert probe(MuxBus(rig.bus, MUX, 1)) == [Found("qmc5883l", QMC)]


def test_a_missing_multiplexer_is_a_bus_fault(rig: Rig) -> None:
    assert rig.sensor(0x77, 1).open() == "bus"


def test_two_channels_open_at_once_give_the_and_of_both(rig: Rig) -> None:
    """The simulator's own honesty: a driver that left a channel open would read nonsense."""
    one, two = rig.sensor(MUX, 1), rig.sensor(MUX, 2)
    one.open(), two.open()
    rig.step()
    rig.bus.write(MUX, 0b110, b"")
    assert int.from_bytes(rig.bus.read(QMC, 0x00, 2), "little") == 30 & 60


def test_a_bus_is_opened_once_for_all_its_sensors() -> None:
    made: list[int] = []

    def make(number: int) -> SimulatedBus:
        made.append(number)
        return SimulatedBus({}, lambda: 0)

    buses = Buses(make)
    at = [buses.at(1), buses.at(1, MUX, 2), buses.at(1, MUX, 3), buses.at(0)]
    assert made == [1, 0]
    assert at[0].gate is at[1].gate is at[2].gate is not at[3].gate


class Wires:
    """As much of smbus2's bus as is used: its own messages, on simulated chips."""

    def __init__(self, bus: SimulatedBus) -> None:
        self.bus, self.closed = bus, False

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        register, *data = bytes(messages[0])
        if len(messages) == 1:
            return self.bus.write(messages[0].addr, register, bytes(data))
        wanted = messages[1]
        read = self.bus.read(wanted.addr, register, wanted.len)
        for at, value in enumerate(read):
            wanted.buf[at] = value

    def close(self) -> None:
        self.closed = True


def test_by_smbus2_a_driver_behind_a_multiplexer_reads_its_field(rig: Rig) -> None:
    wires = Wires(rig.bus)
    bus = SmbusBus(1, lambda number: wires)
    sensor = Magnetometer("mag", "S", MuxBus(bus, MUX, 3), "auto", None, rig.clock.now_ns)
    assert sensor.open() is None
    for _ in range(3):
        rig.step()
        reading = sensor.sample()
    assert reading is not None and reading.value == (90, 0, 0)
    bus.close()
    assert wires.closed


def test_a_machine_without_that_bus_says_so() -> None:
    with pytest.raises(BusUnusable, match="I2C bus 99 cannot be opened"):
        SmbusBus(99).read(QMC, 0x0D, 1)

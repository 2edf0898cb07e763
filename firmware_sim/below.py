"""One space seen through the real drivers: `berth-edge`'s own adapters and Sampler, unmodified, on
simulated pins, serial lines and registers, in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from edge.adapters.magnetometers import Magnetometer
from edge.adapters.sampler import Sampler
from edge.adapters.sensors import FRAMES
from edge.adapters.ultrasonic_pins import TIMINGS, PinPair, PinUltrasonic
from edge.adapters.ultrasonic_uart import UartUltrasonic
from edge.core.chips import CHIPS, ChipKind
from edge.core.readings import Channel, Reading
from edge.ports import Item, Sensor, Took
from firmware_sim.clock import NS, VirtualClock
from firmware_sim.i2c import SimulatedBus
from firmware_sim.pins import MODULES, Distance, SimulatedPins
from firmware_sim.registers import (
    FieldUt,
    Hmc5883l,
    Qmc5883l,
    Qmc5883p,
    RegisterChip,
)
from firmware_sim.uart import SimulatedUart

ECHO_PERIOD_S, FIELD_PERIOD_S = 0.5, 0.1
TRIGGER, ECHO = 23, 24
SIMULATED_CHIPS: dict[ChipKind, type[RegisterChip]] = {
    "qmc5883l": Qmc5883l,
    "hmc5883l": Hmc5883l,
    "qmc5883p": Qmc5883p,
}


class Below:
    """`ultrasonic` and `magnetic` are the sensors below; `readings` is what comes out above.

    `distance_m` and `field_ut` take monotonic ns, as the simulated hardware does.
    """

    def __init__(self, clock: VirtualClock, ultrasonic: Sensor, magnetic: Sensor) -> None:
        self.clock, self.ultrasonic, self.magnetic = clock, ultrasonic, magnetic
        self._taken: list[Reading] = []
        self.sampler = Sampler([ultrasonic, magnetic], self._put, clock.now_ns)

    @property
    def channels(self) -> dict[str, Channel]:
        return {sensor.channel.name: sensor.channel for sensor in (self.ultrasonic, self.magnetic)}

    def readings(self, seconds: float) -> Iterator[Reading]:
        """From now on, in the order of their times."""
        end_ns = self.clock.now_ns() + round(seconds * NS)
        while max(due_ns := self.sampler.due_ns(), self.clock.now_ns()) <= end_ns:
            self.clock.advance_to(due_ns)
            self.sampler.turn()
            yield from self._taken
            self._taken.clear()

    def _put(self, item: Item) -> bool:
        if isinstance(item, Took):
            self._taken.append(item.reading)
        return True


def below(
    distance_m: Distance,
    field_ut: FieldUt,
    temperature_c: Callable[[int], float],
    chip: ChipKind = "qmc5883l",
    ultrasonic: str = "hc-sr04",
    seed: int = 0,
) -> Below:
    """`ultrasonic`: one of `firmware_sim.pins.MODULES`, or a serial kind of the settings."""
    clock = VirtualClock()
    registers = SIMULATED_CHIPS[chip](field_ut, clock.now_ns, Random(f"{seed} mag0"))
    bus = SimulatedBus({CHIPS[chip].address: registers}, clock.now_ns)
    magnetic = Magnetometer("mag0", "S1", bus, "auto", None, clock.now_ns, FIELD_PERIOD_S)
    if ultrasonic in FRAMES:
        return Below(clock, _uart(clock, distance_m, temperature_c, ultrasonic), magnetic)
    pins = SimulatedPins(clock)
    pins.attach(TRIGGER, ECHO, MODULES[ultrasonic], distance_m, temperature_c, seed)
    sensor = next(name for name in TIMINGS if ultrasonic.startswith(name))
    wiring, channel = PinPair(TRIGGER, ECHO), Channel("us0", "ultrasonic", "S1", sensor)
    driver = PinUltrasonic(channel, wiring, pins, clock.now_ns, ECHO_PERIOD_S, clock.wait)
    return Below(clock, driver, magnetic)


def below_readings(
    distance_m: Distance,
    field_ut: FieldUt,
    temperature_c: Callable[[int], float],
    seconds: float,
    chip: ChipKind = "qmc5883l",
    ultrasonic: str = "hc-sr04",
    seed: int = 0,
) -> Iterator[Reading]:
    """Of channels us0 (2 Hz) and mag0 (10 Hz) of space S1."""
    yield from below(distance_m, field_ut, temperature_c, chip, ultrasonic, seed).readings(seconds)


def _uart(
    clock: VirtualClock, distance_m: Distance, temperature_c: Callable[[int], float], sensor: str
) -> UartUltrasonic:
    kind = FRAMES[sensor]
    port = SimulatedUart(clock.now_ns, distance_m, kind, temperature_c=temperature_c)
    channel = Channel("us0", "ultrasonic", "S1", kind)
    return UartUltrasonic(channel, port, kind, False, clock.now_ns, ECHO_PERIOD_S)

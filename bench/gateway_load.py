"""What one gateway costs with many spaces: real drivers on simulated chips, real sampler and agent.

Time is virtual, so that only work is counted, not waiting: processor seconds per second of the lot.
The simulated chips and lines are counted too. The agent's own loop runs, and is woken for every
single reading: the hardest that a lot can be on it.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from random import Random

import structlog

from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.fake_uplink import FakeUplink
from edge.adapters.magnetometers import Magnetometer
from edge.adapters.sampler import Sampler
from edge.adapters.ultrasonic_uart import UartUltrasonic
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.config import Config
from edge.core.chips import CHIPS
from edge.core.readings import Channel
from edge.ports import Item, Sensor
from firmware_sim.clock import VirtualClock
from firmware_sim.i2c import SimulatedBus
from firmware_sim.registers import Qmc5883l
from firmware_sim.uart import SimulatedUart

NS = 1_000_000_000
SPACES, FIELD_S, ECHO_S = 200, 0.1, 0.5
WARM_UP_S, MEASURED_S = 60, 60
STAY_S, EARTH_UT, CAR_UT, CAR_M = 1200, 40.0, 12.0, 0.9


@dataclass(frozen=True, slots=True)
class Load:
    """Shares of one core; `drivers` is what is left without the agent."""

    whole: float
    drivers: float
    readings: int


def measure(spaces: int = SPACES, seconds: int = MEASURED_S) -> Load:
    """Once with the agent, once with nobody to hear."""
    whole, readings = _run(spaces, seconds, True)
    drivers, _ = _run(spaces, seconds, False)
    return Load(whole, drivers, readings)


class Lot(Queue[Item]):
    """The inbox itself samples when it is asked: each reading comes alone, the loop's worst case.

    `shut` is told by the agent's loop whether to stop; the work before `WARM_UP_S` is not counted.
    """

    def __init__(self, sensors: list[Sensor], clock: VirtualClock, until_s: int) -> None:
        super().__init__()
        self.counted, self.begun_s = 0, 0.0
        self._clock, self._until_ns = clock, until_s * NS
        self._sampler = Sampler(sensors, self._took, clock.now_ns)
        self._items: list[Item] = []

    def shut(self) -> bool:
        return self._sampler.due_ns() >= self._until_ns

    def get(self, block: bool = True, timeout: float | None = None) -> Item:
        if not block:
            raise Empty
        while not self._items and not self.shut():
            self._clock.advance_to(self._sampler.due_ns())
            if not self.begun_s and self._clock.now_ns() >= WARM_UP_S * NS:
                self.counted, self.begun_s = 0, time.process_time()
            self._sampler.turn()
        if not self._items:
            raise Empty
        return self._items.pop(0)

    def spent_s(self) -> float:
        return time.process_time() - self.begun_s

    def _took(self, item: Item) -> bool:
        self._items.append(item)
        self.counted += 1
        return True


def _run(spaces: int, seconds: int, heard: bool) -> tuple[float, int]:
    clock = VirtualClock()
    sensors = [sensor for number in range(spaces) for sensor in _sensors(number, clock)]
    lot = Lot(sensors, clock, WARM_UP_S + seconds)
    if heard:
        _agent(sensors).run(lot, lot.shut)
    while not lot.shut():
        with suppress(Empty):
            lot.get()
    return lot.spent_s() / seconds, lot.counted


def _sensors(number: int, clock: VirtualClock) -> list[Sensor]:
    """A QMC5883L on a bus of its own and an A02YYUW on a line of its own, as no two share."""

    def car(now_ns: int) -> bool:
        return (now_ns // NS + number * 7) % STAY_S >= STAY_S // 2

    def field_ut(now_ns: int) -> tuple[float, float, float]:
        return EARTH_UT + CAR_UT * car(now_ns), 5.0, math.sin(number)

    def distance_m(now_ns: int) -> float | None:
        return CAR_M if car(now_ns) else None

    space = f"S{number}"
    chip = Qmc5883l(field_ut, clock.now_ns, Random(number))
    bus = SimulatedBus({CHIPS["qmc5883l"].address: chip}, clock.now_ns)
    line = SimulatedUart(clock.now_ns, distance_m)
    channel = Channel(f"us{number}", "ultrasonic", space, "a02yyuw")
    return [
        Magnetometer(f"mag{number}", space, bus, "qmc5883l", None, clock.now_ns, FIELD_S),
        UartUltrasonic(channel, line, "a02yyuw", False, clock.now_ns, ECHO_S),
    ]


def _agent(sensors: list[Sensor]) -> Agent:
    config = Config.model_validate(
        {
            "gateway": "gw-1",
            "data": str(Path(".berth")),
            "broker": "mqtt://127.0.0.1",
            "ledger": {"chain_id": 1, "address": "0x" + "0" * 40},
        }
    )
    clock = FakeClock()
    log = structlog.wrap_logger(structlog.ReturnLogger())
    ports = Ports(MemoryOutbox(), FakeUplink(), clock, lambda: clock.mono_ns() / NS, log)
    channels = {sensor.channel.name: sensor.channel for sensor in sensors}
    return make_agent(config, channels, ports, bytes(range(1, 33)), lambda: bytes(32))


if __name__ == "__main__":
    print(measure())

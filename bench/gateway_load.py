"""What one gateway costs with many spaces: real drivers on simulated chips, and the whole agent.

In real time, with the threads that a gateway has: the sampler's, and the agent's loop with its
outbox on the disk, telemetry, lamps, recorder and the page's snapshots. Processor seconds over the
seconds that went by, the simulated chips and lines included.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random
from threading import Event

import structlog

from bench.rows import Row, result
from bench.writes import Acknowledging, settings
from edge.adapters.clock import SystemClock
from edge.adapters.fake_lamps import FakeLamps
from edge.adapters.magnetometers import Magnetometer
from edge.adapters.outbox import SqliteOutbox
from edge.adapters.recorder import Recorder
from edge.adapters.sampler import Sampler
from edge.adapters.sensors import channels_of
from edge.adapters.ultrasonic_uart import UartUltrasonic
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.core.chips import CHIPS
from edge.core.gateway import Gateway
from edge.core.live import Live
from edge.core.readings import Channel, Reading
from edge.core.space import Detector
from edge.core.trace_lines import TraceHeader
from edge.ports import Item, Machine, Moment, Sensor, Watcher
from edge.telemetry import Reporter
from edge.watchers import Keeper, LampKeeper, Looks, Scene
from firmware_sim.i2c import SimulatedBus
from firmware_sim.registers import Qmc5883l
from firmware_sim.uart import SimulatedUart

NS = 1_000_000_000
SPACES, FIELD_S, ECHO_S = 200, 0.1, 0.5
SHARE_OF_A_CORE = 0.25
WARM_UP_S, MEASURED_S = 10, 60
STAY_S, EARTH_UT, CAR_UT, CAR_M = 120, 40.0, 12.0, 0.9


@dataclass(frozen=True, slots=True)
class Load:
    """`share` of one core, at `per_s` readings a second."""

    share: float
    per_s: float
    events: int


def rows() -> list[Row]:
    load = measure()
    print(f"{load.per_s:.0f} readings a second, {load.events} events")
    budget = ("the budget", SHARE_OF_A_CORE)
    return [result("sensing.agent_cpu_share", load.share, f"core at {SPACES} spaces", budget)]


def measure(spaces: int = SPACES, seconds: int = MEASURED_S) -> Load:
    clock = SystemClock()
    sensors = [sensor for number in range(spaces) for sensor in _sensors(number, clock)]
    with tempfile.TemporaryDirectory() as folder:
        uplink, meter = Uplink(), Meter(seconds)
        inbox: Queue[Item] = Queue(1_000)
        uplink.inbox = inbox
        agent = _agent(Path(folder), sensors, clock, uplink, meter)
        sampler = Sampler(sensors, lambda item: inbox.put(item) is None, clock.mono_ns)
        sampler.start()
        agent.run(inbox, lambda: meter.over)
        sampler.stop()
        return Load(meter.spent_s / meter.passed_s, meter.readings / meter.passed_s, uplink.events)


class Uplink(Acknowledging):
    """Its cloud answers into the agent's inbox."""

    inbox: Queue[Item]  # type: ignore[assignment]

    def __init__(self) -> None:
        self.events = 0

    def answer(self, item: Item) -> None:
        self.inbox.put(item)


class Meter:
    """A Watcher that counts from `WARM_UP_S` on."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._from_s = time.monotonic() + WARM_UP_S
        self._begun: tuple[float, float] | None = None
        self.readings, self.over = 0, False
        self.spent_s = self.passed_s = 0.0

    def took(self, reading: Reading) -> None:
        self.readings += 1

    def changed(self, event: object) -> None:
        """Not counted."""

    def turned(self, moment: Moment) -> Sequence[object]:
        now = (time.process_time(), time.monotonic())
        if self._begun is None and now[1] >= self._from_s:
            self._begun, self.readings = now, 0
        elif self._begun is not None:
            self.spent_s, self.passed_s = now[0] - self._begun[0], now[1] - self._begun[1]
            self.over = self.passed_s >= self._seconds
        return ()

    def close(self) -> None:
        """Nothing is held open."""


def _sensors(number: int, clock: SystemClock) -> list[Sensor]:
    """A QMC5883L on a bus of its own and an A02YYUW on a line of its own, as no two share."""
    now = clock.mono_ns

    def car(now_ns: int) -> bool:
        return (now_ns // NS + number * 7) % STAY_S >= STAY_S // 2

    def field_ut(now_ns: int) -> tuple[float, float, float]:
        return EARTH_UT + CAR_UT * car(now_ns), 5.0, math.sin(number)

    def distance_m(now_ns: int) -> float | None:
        return CAR_M if car(now_ns) else None

    chip = Qmc5883l(field_ut, now, Random(number))
    bus = SimulatedBus({CHIPS["qmc5883l"].address: chip}, now)
    channel = Channel(f"us{number}", "ultrasonic", f"S{number}", "a02yyuw")
    line = SimulatedUart(now, distance_m)
    return [
        Magnetometer(f"mag{number}", f"S{number}", bus, "qmc5883l", None, now, FIELD_S),
        UartUltrasonic(channel, line, "a02yyuw", False, now, ECHO_S),
    ]


def _agent(
    folder: Path, sensors: Sequence[Sensor], clock: SystemClock, uplink: Uplink, meter: Meter
) -> Agent:
    channels = channels_of(sensors)
    spaces = sorted({sensor.channel.space or "" for sensor in sensors})
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
    header = TraceHeader("gw-1", "UTC", 0, clock.wall_at(0), channels)

    def look(core: Gateway, detectors: Mapping[str, Detector]) -> Sequence[Watcher]:
        reporter = Reporter("gw-1", channels, Machine, log)
        looks = Looks("gw-1", "1", lambda: reporter.states, Machine, dict, {})
        lamps = LampKeeper(FakeLamps(spaces), spaces, core.granted)
        kept = Keeper(Recorder(folder / "kept", header))
        return [meter, reporter, lamps, kept, Scene(Live(channels, spaces), looks)]  # type: ignore[list-item]

    outbox = SqliteOutbox(folder, "gw-1", 1, 1_000)
    ports = Ports(outbox, uplink, clock, time.monotonic, log, pause=Event().wait)
    key = bytes(range(1, 33))
    return make_agent(settings(folder), channels, ports, key, lambda: bytes(32), look)


if __name__ == "__main__":
    print(measure(*map(int, sys.argv[1:])))

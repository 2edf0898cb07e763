"""How much of one core a gateway of 200 spaces takes: `python -m bench.load [SECONDS]`.

The whole agent (sampler, detectors, health, recorder, page's snapshot, outbox) on simulated drivers
of 10 Hz magnetic and 2 Hz ultrasonic each, in virtual time: the processor time it took, over the
time that went by in the simulation.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import structlog

from bench.writes import Acknowledging, settings
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_lamps import FakeLamps
from edge.adapters.fake_sensor import FakeSensor
from edge.adapters.outbox import SqliteOutbox
from edge.adapters.recorder import Recorder
from edge.adapters.sampler import Sampler
from edge.adapters.sensors import channels_of
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.core.gateway import Gateway
from edge.core.live import Live
from edge.core.readings import Channel
from edge.core.space import Detector
from edge.core.trace_lines import TraceHeader
from edge.ports import Item, Machine, Sensor, Watcher
from edge.telemetry import Reporter
from edge.watchers import Keeper, LampKeeper, Looks, Scene

NS = 1_000_000_000
SPACES, SECONDS, STAY_S = 200, 120.0, 60
SHARE_OF_A_CORE = 0.25
TURN_NS = NS // 50


class Clock:
    def __init__(self) -> None:
        self.ns = 0

    def now_ns(self) -> int:
        return self.ns


def rows(seconds: float = SECONDS) -> list[dict[str, Any]]:
    """As bench.run keeps them."""
    from bench.run import result

    peer = ("a quarter of a core", SHARE_OF_A_CORE)
    return [result("gateway.core_share_200_spaces", share(seconds), "of a core", peer)]


def share(seconds: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        clock, wall, uplink = Clock(), FakeClock(), Acknowledging()
        sensors = [sensor for n in range(SPACES) for sensor in _sensors(n, clock)]
        items: list[Item] = []
        sampler = Sampler(sensors, lambda item: items.append(item) or True, clock.now_ns)
        agent = _agent(Path(folder), sensors, wall, uplink)
        agent.open()
        begun_s = time.process_time()
        next_ns = 0
        while clock.ns < seconds * NS:
            clock.ns = max(clock.ns, sampler.due_ns())
            sampler.turn()
            if clock.ns >= next_ns:
                next_ns = clock.ns + TURN_NS
                wall.advance(clock.ns)
                agent.turn([*uplink.take(), *items])
                items.clear()
        spent_s = time.process_time() - begun_s
        agent.close()
        return spent_s / seconds


def _sensors(number: int, clock: Clock) -> tuple[Sensor, Sensor]:
    """Cars come and go by turns; noise from a table, so that making it costs little."""
    rng = Random(number)
    table = [(rng.gauss(0, 40), rng.gauss(0, 40), rng.gauss(0, 40)) for _ in range(997)]

    def car(now_ns: int) -> bool:
        return (now_ns // NS + number * 7) % (2 * STAY_S) >= STAY_S

    def field(now_ns: int) -> tuple[int, int, int]:
        x, y, z = table[now_ns // 100_000_000 % 997]
        return (round(2400 + x + 1700 * car(now_ns)), round(-600 + y), round(4800 + z))

    def echo(now_ns: int) -> float:
        return (5000.0 if car(now_ns) else 15_000.0) + table[now_ns // 100_000_000 % 997][0]

    us = Channel(f"us{number}", "ultrasonic", f"S{number}", "hc-sr04")
    mag = Channel(f"mag{number}", "magnetic", f"S{number}", "qmc5883l", 12_000.0)
    return FakeSensor(us, echo, clock.now_ns, 0.5), FakeSensor(mag, field, clock.now_ns, 0.1)


def _agent(
    folder: Path, sensors: Sequence[Sensor], wall: FakeClock, uplink: Acknowledging
) -> Agent:
    channels = channels_of(sensors)
    spaces = [f"S{n}" for n in range(SPACES)]
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
    header = TraceHeader("gw-1", "UTC", 0, wall.wall_at(0), channels)

    def look(core: Gateway, detectors: Mapping[str, Detector]) -> Sequence[Watcher]:
        reporter = Reporter("gw-1", channels, Machine, log)
        looks = Looks("gw-1", "1", lambda: reporter.states, Machine, dict, {})
        lamps = LampKeeper(FakeLamps(spaces), spaces, core.granted)
        kept = Keeper(Recorder(folder / "kept", header))
        return [reporter, lamps, kept, Scene(Live(channels, spaces), looks)]

    ports = Ports(
        SqliteOutbox(folder, "gw-1", 1, 1000), uplink, wall, lambda: wall.mono_ns() / NS, log
    )
    key = bytes(range(1, 33))
    return make_agent(settings(folder), channels, ports, key, lambda: bytes(32), look)


if __name__ == "__main__":
    for row in rows(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS):
        print(json.dumps(row))

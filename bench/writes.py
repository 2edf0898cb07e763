"""What a gateway writes to its memory card in a day: `python -m bench.writes [HOURS]`.

A whole day of 24 spaces with 12 stays each runs through the agent on the real outbox and log, in
trace time. Counted are the bytes that the kernel was given to put on the disk (write_bytes of
/proc/self/io: whole pages, so a row of 100 bytes costs 4,096), the file system's own journal not
included. To this comes all that the recorder may keep in a day, as if every day were odd.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from bench.rows import Row, result
from contracts.wire.codec import decode_up, encode
from contracts.wire.messages import Ack, SignedEvent
from contracts.wire.topics import topic_for
from edge.adapters.fake_clock import FakeClock
from edge.adapters.outbox import SqliteOutbox
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.config import Config
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.lookers import KEPT_BYTES_A_DAY
from edge.ports import Connected, Item, Received, Took

NS = 1_000_000_000
SPACES, STAYS_A_DAY, DAY_S, PING_S = 24, 12, 86_400, 2
CAR_US, BUDGET_MB = 5_000.0, 20.0
LEDGER = "0x" + "0" * 40


class Acknowledging:
    """An uplink whose cloud has committed whatever it was sent."""

    def __init__(self) -> None:
        self.inbox: list[Item] = []
        self.events = 0

    def start(self, will_topic: str, will: bytes) -> None:
        self.answer(Connected())

    def publish(self, topic: str, payload: bytes) -> bool:
        message = decode_up(topic, payload)[1]
        if isinstance(message, SignedEvent):
            self.events += 1
            body = message.body
            ack = Ack(gateway=body.gateway, epoch=body.epoch, seq=body.seq)
            self.answer(Received(topic_for(ack), encode(ack)))
        return True

    def answer(self, item: Item) -> None:
        self.inbox.append(item)

    def subscribe(self, topic: str) -> None: ...
    def stop(self) -> None: ...
    def revive(self) -> bool:
        return False

    def take(self) -> list[Item]:
        taken, self.inbox = self.inbox, []
        return taken


@dataclass(frozen=True, slots=True)
class Day:
    hours: float
    written: int
    events: int
    log_bytes: int

    @property
    def mb_a_day(self) -> float:
        return self.written / 1e6 * 24 / self.hours


def rows(hours: float = 24.0) -> list[Row]:
    """As bench.run keeps them; the peer of the whole is the budget."""
    day = measure(hours)
    budget = ("the budget", BUDGET_MB)
    whole = day.mb_a_day + KEPT_BYTES_A_DAY / 1e6
    return [
        result("gateway.card_mb_a_day", whole, "MB/day", budget),
        result("gateway.outbox_mb_a_day", day.mb_a_day, "MB/day", budget),
    ]


def measure(hours: float) -> Day:
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        before = written()
        uplink, clock = Acknowledging(), FakeClock()
        agent = _agent(Path(folder), uplink, clock, structlog.PrintLogger(log))
        agent.open()
        for second in range(0, int(hours * 3600), PING_S):
            items = [*uplink.take(), *_readings(second)]
            clock.advance(second * NS)
            agent.turn(items)
        agent.turn(uplink.take())
        agent.close()
        log.flush()
        return Day(hours, written() - before, uplink.events, log.tell())


def written() -> int:
    """Bytes that this process has sent towards the disk. Source: proc_pid_io(5)."""
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise SystemExit("/proc/self/io does not tell write_bytes here.")


def settings(folder: Path) -> Config:
    return Config.model_validate(
        {
            "gateway": "gw-1",
            "data": str(folder),
            "broker": "mqtt://127.0.0.1",
            "ledger": {"chain_id": 1, "address": LEDGER},
        }
    )


def _agent(folder: Path, uplink: Acknowledging, clock: FakeClock, log: Any) -> Agent:
    config = settings(folder)
    channels = {f"us{n}": Channel(f"us{n}", "ultrasonic", f"S{n}") for n in range(SPACES)}
    outbox = SqliteOutbox(folder, "gw-1", 1, config.limits.keep_acked_events)
    logger = structlog.wrap_logger(log, processors=[structlog.processors.JSONRenderer()])
    ports = Ports(outbox, uplink, clock, lambda: clock.mono_ns() / NS, logger)
    return make_agent(config, channels, ports, bytes(range(1, 33)), lambda: bytes(32))


def _readings(second: int) -> Iterator[Item]:
    """Each space is occupied half of the time, the spaces one after the other."""
    stay_s = DAY_S // STAYS_A_DAY
    for number in range(SPACES):
        car = (second + number * stay_s // SPACES) % stay_s >= stay_s // 2
        value, why = (CAR_US + number, None) if car else (None, NO_ECHO)
        yield Took(Reading(second * NS, f"us{number}", value, why))


if __name__ == "__main__":
    for row in rows(float(sys.argv[1]) if len(sys.argv) > 1 else 24.0):
        print(json.dumps(row))

"""A gateway at work, in a process of its own so that all it writes can be recorded:

`python -m firmware_sim.powercut.edge_work FOLDER SEED PART MINUTES`. The real agent, core and
outbox; the readings are a simulated lot's, and the cloud is one that acknowledges, grants and
revokes. PART 0 ends as by kill -9, PART 1 goes on from there, is told by the cloud that its history
was lost, and ends as it should.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from random import Random

import structlog

from contracts.wire.codec import decode_up, encode
from contracts.wire.messages import Ack, Down, Grant, Revoke, SignedEvent
from contracts.wire.topics import topic_for
from edge.adapters.fake_clock import FakeClock
from edge.adapters.outbox import SqliteOutbox
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.config import parse_config
from edge.core.outputs import Start
from edge.core.readings import Reading
from edge.ports import Connected, EventRow, Outbox, Received, Took, Write
from firmware_sim.powercut.trace import MARK
from firmware_sim.sensors import header, readings
from firmware_sim.world import Scenario, Stay

GATEWAY = "gw-1"
EPOCHS = (1_000, 2_000)
KEEP_ACKED = 20
KEY = bytes(range(1, 33))
SPACES = 3
NS = 1_000_000_000
TURN_NS = NS
SETTINGS = """gateway: gw-1
data: .
broker: mqtt://127.0.0.1
ledger: {chain_id: 31337, address: "0x5FbDB2315678afecb367f032d93F642f64180aa3"}
"""
EVERYTHING = 2**53 - 1


def _dropped(_log: object, _name: str, _event: object) -> str:
    raise structlog.DropEvent


SILENT = structlog.wrap_logger(structlog.ReturnLogger(), processors=[_dropped])


def state(start: Start, rows: Sequence[EventRow]) -> str:
    """All that an outbox knows, in one word; `next_epoch` is judged by itself."""
    records = sorted((name, it.model_dump_json()) for name, it in start.spaces.items())
    grants = sorted(grant.model_dump_json() for grant in start.grants)
    revoked = sorted((name, str(at)) for name, at in start.revoked.items())
    events = [(row.epoch, row.seq, row.space, row.digest, row.payload.hex()) for row in rows]
    known = (start.epoch, start.seq, start.acked, start.gateway_digest)
    return hashlib.sha256(repr((known, records, grants, revoked, events)).encode()).hexdigest()


def state_of(outbox: Outbox) -> tuple[Start, str]:
    start = outbox.load()
    return start, state(start, outbox.events(start.epoch, 1, EVERYTHING))


class Marks:
    """Into the recorded trace: what the process relies on from here on."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / MARK, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, **what: object) -> None:
        os.write(self._file, json.dumps(what).encode())


class Watched:
    """The outbox itself, and a mark after whatever it said is written."""

    def __init__(self, outbox: SqliteOutbox, marks: Marks) -> None:
        self._outbox, self._marks = outbox, marks
        self.load, self.events, self.close = outbox.load, outbox.events, outbox.close
        self._tell()

    def write(self, writes: Sequence[Write]) -> None:
        self._outbox.write(writes)
        self._tell()

    def _tell(self) -> None:
        start, word = state_of(self._outbox)
        self._marks.say(state=word, epoch=start.epoch, seq=start.seq)


class Cloud:
    """An uplink at whose far end somebody answers; each event that leaves is marked."""

    def __init__(self, marks: Marks, rng: Random) -> None:
        self._marks, self._rng = marks, rng
        self.last: tuple[int, int] = (0, 0)
        self._grants = 0

    def start(self, will_topic: str, will: bytes) -> None: ...
    def subscribe(self, topic: str) -> None: ...
    def stop(self) -> None: ...
    def revive(self) -> bool:
        return False

    def publish(self, topic: str, payload: bytes) -> bool:
        message = decode_up(topic, payload)[1]
        if isinstance(message, SignedEvent):
            self.last = (message.body.epoch, message.body.seq)
            self._marks.say(sent=message.body.seq, epoch=message.body.epoch)
        return True

    def answers(self, clock: FakeClock) -> Iterator[Down]:
        epoch, seq = self.last
        if seq and self._rng.random() < 0.2:
            yield Ack(gateway=GATEWAY, epoch=epoch, seq=seq)
        if self._rng.random() < 0.02:
            self._grants += 1
            yield _grant(self._grants, clock, self._rng)
        if self._grants and self._rng.random() < 0.01:
            name = f"g-{self._rng.randint(1, self._grants)}"
            at = clock.wall_at(clock.mono_ns())
            command = f"r-{self._rng.getrandbits(40):x}"
            yield Revoke(command=command, gateway=GATEWAY, id=name, issued_at=at)


def _grant(number: int, clock: FakeClock, rng: Random) -> Grant:
    now = clock.wall_at(clock.mono_ns())
    return Grant(
        command=f"c-{number}",
        gateway=GATEWAY,
        id=f"g-{number}",
        version=1,
        booking=f"b-{number}",
        space=f"S{rng.randint(1, SPACES)}",
        plates=("沪A12345",),
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        early_s=0.0,
        late_s=0.0,
        issued_at=now,
    )


def play(agent: Agent, clock: FakeClock, cloud: Cloud, turns: Iterator[list[Reading]]) -> None:
    agent.open()
    agent.turn([Connected()])
    for taken in turns:
        agent.turn([Took(reading) for reading in taken])
        for message in cloud.answers(clock):
            agent.turn([Received(topic_for(message), encode(message))])


def turns_of(scenario: Scenario, seed: int) -> Iterator[list[Reading]]:
    for _, taken in groupby(readings(scenario, Random(seed)), lambda r: r.mono_ns // TURN_NS):
        yield list(taken)


def busy(rng: Random, minutes: float) -> Scenario:
    """Short stays and short gaps: much to write in little time."""
    names = tuple(f"S{number}" for number in range(1, SPACES + 1))
    stays: list[Stay] = []
    for name in names:
        arrive_s = rng.uniform(40, 120)
        while (depart_s := arrive_s + rng.uniform(90, 240)) < minutes * 60:
            stays.append(Stay(name, round(arrive_s, 3), round(depart_s, 3), "沪A12345"))
            arrive_s = depart_s + rng.uniform(60, 150)
    return Scenario(names, minutes * 60, tuple(stays))


def main(folder: Path, seed: int, part: int, minutes: float) -> None:
    rng = Random(f"{seed}-{part}")
    scenario = busy(rng, minutes)
    marks, clock = Marks(folder), FakeClock(boot_id=f"boot-{part}")
    outbox = Watched(SqliteOutbox(folder, GATEWAY, EPOCHS[part], KEEP_ACKED), marks)
    cloud = Cloud(marks, rng)
    ports = Ports(outbox, cloud, clock, lambda: clock.mono_ns() / NS, SILENT)
    config = parse_config(SETTINGS.encode(), "gateway.yaml", ".")
    channels = header(scenario).channels
    agent = make_agent(config, channels, ports, KEY, lambda: rng.randbytes(32))
    play(agent, clock, cloud, turns_of(scenario, rng.getrandbits(32)))
    if part == 0:
        os._exit(0)
    lost = Ack(gateway=GATEWAY, epoch=cloud.last[0], seq=cloud.last[1] + 50)
    agent.turn([Received(topic_for(lost), encode(lost))])
    play_on = turns_of(scenario, rng.getrandbits(32))
    for taken, _ in zip(play_on, range(200), strict=False):
        agent.turn([Took(reading) for reading in taken])
    agent.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))

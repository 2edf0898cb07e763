"""One gateway on fakes: readings and commands in, what the cloud would get out."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel

from contracts.wire.codec import encode
from contracts.wire.messages import Ack, Ask, Event, Grant, Revoke
from contracts.wire.signing import Domain, address_of, event_digest, recover
from contracts.wire.topics import topic_for
from contracts.wire.types import ZERO_DIGEST
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_detector import ScriptedDetector
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.fake_uplink import FakeUplink
from edge.agent import Agent, AgentSettings, Ports, at_once
from edge.core.commands import Pinned
from edge.core.gateway import Gateway, Site
from edge.core.readings import Channel, PlateRead, Reading
from edge.core.space import StaySettings
from edge.core.window import WindowSettings
from edge.ports import Connected, Ended, Item, Outbox, Received, Took

NS = 1_000_000_000
KEY = bytes(range(1, 33))
DOMAIN = Domain(31337, "0x" + "ab" * 20)
MAY_1 = datetime(2026, 5, 1, tzinfo=UTC)
STAY = StaySettings(arrive_settle_s=0, leave_settle_s=0, seen_every_s=10)
WINDOW = WindowSettings(events=20, timeout_s=2, timeout_max_s=30)
SPACES = ("S1", "S2")


def channels(camera: bool) -> dict[str, Channel]:
    found = {f"us-{space}": Channel(f"us-{space}", "ultrasonic", space) for space in SPACES}
    if camera:
        found |= {f"cam-{space}": Channel(f"cam-{space}", "camera", space) for space in SPACES}
    return found


def make_grant(**changes: object) -> Grant:
    fields: dict[str, object] = {
        "command": "c-1",
        "gateway": "gw-1",
        "id": "g-1",
        "version": 1,
        "booking": "b-1",
        "space": "S1",
        "plates": ("沪A12345",),
        "starts_at": MAY_1,
        "ends_at": MAY_1 + timedelta(hours=2),
        "early_s": 0.0,
        "late_s": 0.0,
        "issued_at": MAY_1,
    }
    return Grant(**{**fields, **changes})  # type: ignore[arg-type]


class Cloud:
    """Counts like the real one: acknowledges what is contiguous."""

    def __init__(self) -> None:
        self.seen: dict[int, Event] = {}

    def acked(self, events: list[Event]) -> int:
        for event in events:
            self.seen.setdefault(event.seq, event)
            assert self.seen[event.seq] == event, "one number, two events"
        seq = 0
        while seq + 1 in self.seen:
            seq += 1
        return seq


class Rig:
    def __init__(
        self,
        outbox: Outbox | None = None,
        camera: bool = False,
        clock: FakeClock | None = None,
        window: WindowSettings = WINDOW,
        stay: StaySettings = STAY,
        pause: Callable[[float], object] = at_once,
        commands: Pinned | None = None,
    ) -> None:
        self.commands = commands
        self.utc_ms: int | None = None
        self.outbox = outbox if outbox is not None else MemoryOutbox()
        self.clock = clock or FakeClock()
        self.uplink = FakeUplink()
        self.real_s = 0.0
        start = self.outbox.load()
        detectors = {space: ScriptedDetector(space) for space in SPACES}
        site = Site("gw-1", DOMAIN, channels(camera), detectors)
        self.core = Gateway(site, start, self.clock, lambda: bytes(32), stay)
        self.logged: list[tuple[str, str]] = []
        log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[self._logged])
        ports = Ports(self.outbox, self.uplink, self.clock, lambda: self.real_s, log, pause=pause)
        ports = replace(ports, utc_ms=lambda: self.utc_ms)
        settings = AgentSettings("gw-1", "test", window, commands=commands)
        self.agent = Agent(self.core, start, ports, KEY, settings)
        self.agent.open()
        self.give(Connected())

    def give(self, *items: Item) -> None:
        self.agent.turn(list(items))

    def car(self, at_s: float, space: str = "S1", value: float | None = 1) -> None:
        self.give(Took(Reading(int(at_s * NS), f"us-{space}", value)))

    def empty(self, at_s: float, space: str = "S1") -> None:
        self.car(at_s, space, 0)

    def plate(self, at_s: float, text: str, confidence: float = 0.9) -> None:
        self.give(Took(Reading(int(at_s * NS), "cam-S1", PlateRead(text, confidence))))

    def command(self, message: BaseModel) -> None:
        self.give(Received(topic_for(message), encode(message)))  # type: ignore[arg-type]

    def ack(self, seq: int) -> None:
        self.command(Ack(gateway="gw-1", epoch=self.core.epoch, seq=seq))

    def revoke(self, at: datetime) -> None:
        self.command(Revoke(command="c-r", gateway="gw-1", id="g-1", issued_at=at))

    def ask(self, what: str, first: int = 0, last: int = 0) -> None:
        epoch = self.core.epoch
        ask = Ask(command="c-a", gateway="gw-1", what=what, epoch=epoch, first=first, last=last)  # type: ignore[arg-type]
        self.command(ask)

    def end(self) -> None:
        self.give(Ended())

    def wait(self, real_s: float) -> None:
        self.real_s += real_s
        self.give()

    def events(self, space: str | None = "S1") -> list[Event]:
        """Each once, in the order of their numbers, every signature checked."""
        found = {}
        for signed in self.uplink.events():
            digest = event_digest(signed.body, DOMAIN)
            assert recover(digest, signed.signature) == address_of(KEY)
            found[signed.body.epoch, signed.body.seq] = signed.body
        return [found[number] for number in sorted(found) if found[number].space == space]

    def said(self, space: str | None = "S1") -> list[tuple[str, str | None]]:
        return [(event.kind, event.occupancy) for event in self.events(space)]

    def _logged(self, _logger: object, level: str, entry: MutableMapping[str, Any]) -> str:
        self.logged.append((level, str(entry["event"])))
        return ""

    def restarted(self, away_s: float, camera: bool = False) -> Rig:
        """As after kill -9: a new process on the same outbox, `away_s` of wall time later."""
        wall = self.clock.wall_at(self.clock.mono_ns()) + timedelta(seconds=away_s)
        return Rig(self.outbox, camera, FakeClock("boot-2", 0, wall), commands=self.commands)


def assert_chained(events: list[Event]) -> None:
    """Each names the digest of the event before it of the same space."""
    last: dict[str | None, str] = {}
    for event in events:
        assert event.previous == last.get(event.space, ZERO_DIGEST)
        last[event.space] = "0x" + event_digest(event, DOMAIN).hex()

"""One gateway: the real agent, core, detectors and outbox on a board that can lose its power."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import structlog

from contracts.wire.codec import decode_up
from contracts.wire.messages import SignedEvent
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.config import Config
from edge.config.settings import Ledger, Limits, Timing
from edge.core.readings import Reading
from edge.errors import OutboxUnwritable
from edge.ports import Connected, Disconnected, EventRow, Item, Received, Took, Write
from firmware_sim.city.clocks import CityClock, GateClock
from firmware_sim.city.disk import CardOutbox, Killed
from firmware_sim.city.lookout import Lookout
from firmware_sim.city.net import JOINED_S, NOTICED_S, Net
from firmware_sim.clock import NS

# Asked to look so often where nothing happens; the sensors' lines are taken together.
IDLE_S, BUSY_S = 150.0, 10.0
HEARTBEAT_S, SEEN_EVERY_S = 1_200.0, 600.0
BOOTS_S = 20.0
# A board that lost its power has no right time until its network gives it one.
SYNCED_AFTER_S = 45.0
SILENT = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda _l, _n, e: str(e)])


class Watch:
    """What the oracle writes down of a gateway, from outside of it."""

    def committed(self, gateway: str, writes: Sequence[Write]) -> None: ...
    def published(self, gateway: str, topic: str, payload: bytes) -> None: ...
    def lost(self, gateway: str, rows: Sequence[EventRow]) -> None: ...
    def opened(self, gateway: str, set_aside: bool) -> None: ...
    def wrong(self, invariant: str, sentence: str) -> None: ...


class CityUplink:
    """The way to the broker: `publish` answers True although nothing is sure, as paho does."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.will: tuple[str, bytes] | None = None

    def start(self, will_topic: str, will: bytes) -> None:
        self.will = (will_topic, will)

    def subscribe(self, topic: str) -> None:
        """The town's broker passes on whatever names this gateway."""

    def publish(self, topic: str, payload: bytes) -> bool:
        return self._board.publish(topic, payload)

    def revive(self) -> bool:
        return False

    def stop(self) -> None:
        """Nothing of it outlives its process."""


@dataclass(frozen=True, slots=True)
class Around:
    """What all gateways of a town share. `domain`: chain id and ledger of their signatures."""

    world: CityClock
    net: Net
    domain: tuple[int, str]
    seed: int
    watch: Watch


class Board:
    def __init__(
        self, name: str, folder: Path, lookouts: Sequence[Lookout], around: Around
    ) -> None:
        self.name, self.folder, self.lookouts = name, folder, lookouts
        world, self._net, self._watch = around.world, around.net, around.watch
        self._world, seed, domain = world, around.seed, around.domain
        self._rng = Random(f"board {seed} {name}")
        self.clock = GateClock(world, name, self._rng.uniform(-40, 40))
        self.key = Random(f"key {seed} {name}").randbytes(32)
        self._domain, self._salts = domain, 0
        self.agent: Agent | None = None
        self.outbox: CardOutbox | None = None
        self._uplink = CityUplink(self)
        self.connected, self._joins = False, 0
        self._seen_s, self._life = 0.0, 0
        self.downs: list[tuple[float, float]] = []
        self.undated: list[tuple[float, float]] = []
        self.boots: list[float] = []
        self._down_s: float | None = None
        self.full = self.read_only = self.lying = False
        self.die_at: str | None = None
        self.die_lasts_s = 10.0
        self.most_in_flight = 0

    @property
    def up(self) -> bool:
        return self.agent is not None

    def start(self) -> None:
        """The service starts; a card that cannot be written is tried again in a while."""
        if self.up:
            return
        epoch = max(1, int(self.clock.wall_at(self.clock.mono_ns()).timestamp()))
        try:
            outbox = CardOutbox(self.folder, self.name, epoch, self._committed)
        except OutboxUnwritable as error:
            self._watch.wrong("I7", f"the outbox of {self.name} does not open: {error}")
            return
        outbox.full, outbox.read_only, outbox.lying = self.full, self.read_only, self.lying
        self._watch.opened(self.name, outbox.set_aside is not None and not self.lying)
        self.outbox = outbox
        channels = {ch.name: ch for look in self.lookouts for ch in look.channels}
        ports = Ports(outbox, self._uplink, self.clock, lambda: self._world.now_s, SILENT)
        self.agent = make_agent(self._config(), channels, ports, self.key, self._salt)
        self._life += 1
        self._seen_s = self._world.now_s
        for look in self.lookouts:
            look.dense_until_s = self._seen_s + 100
        if self._down_s is not None:
            self.downs.append((self._down_s, self._world.now_s))
            self._down_s = None
        self._guarded(self.agent.open)
        self._net.takers[self.name] = self._received
        self.line_changed()
        self._plan_wake(self._life)

    def crash(self, power: bool, off_s: float) -> None:
        """kill -9, or the plug: then the boot, and with it the monotonic clock, begins anew."""
        if not self.up or self.outbox is None:
            return
        self.agent = None
        lied = self.outbox.lying
        lost = self.outbox.crash(power, self._rng)
        if lied:
            self._watch.lost(self.name, lost)
        self.outbox = None
        self._net.takers.pop(self.name, None)
        self._dropped()
        self._down_s = self._world.now_s
        self.die_at = None
        self._after(off_s + (BOOTS_S if power else 1.0), lambda: self._back(power, off_s))

    def _back(self, power: bool, off_s: float) -> None:
        if power and not self.up:
            self.clock.boot("unsynced", -off_s)
            self.boots.append(self._world.now_s)
            self._after(SYNCED_AFTER_S, lambda: self._synced(self.clock.boot_id))
        self.start()

    def _synced(self, boot_id: str) -> None:
        """The network's time, once there is a network."""
        if self.clock.boot_id != boot_id or self.clock.state() == "synced":
            return
        if self._net.open(self.name):
            self.clock.set("synced", 0.0)
            self.undated.append((self.boots[-1], self._world.now_s))
        else:
            self._after(SYNCED_AFTER_S, lambda: self._synced(boot_id))

    # Its line

    def publish(self, topic: str, payload: bytes) -> bool:
        if not self.connected:
            return False
        self._watch.published(self.name, topic, payload)
        self._net.up(self.name, topic, payload)
        return True

    def line_changed(self) -> None:
        """The line, or the broker, came or went: who notices, and when."""
        self._joins += 1
        now, life = self._joins, self._life
        if self._net.open(self.name):
            if not self.connected:
                self._after(JOINED_S, lambda: self._join(now, life))
        elif self.connected:
            self._after(0.5 if self._net.broker_down else NOTICED_S, lambda: self._part(now, life))

    def _join(self, number: int, life: int) -> None:
        if (number, life) == (self._joins, self._life) and self.up and not self.connected:
            self.connected = True
            self.look(Connected())

    def _part(self, number: int, life: int) -> None:
        if (number, life) == (self._joins, self._life) and self.up and self.connected:
            self._dropped()
            self.look(Disconnected("the line is cut"))

    def _dropped(self) -> None:
        """The broker tells the cloud in the gateway's name."""
        if self.connected and self._uplink.will is not None:
            topic, will = self._uplink.will
            self._net.will(self.name, topic, will)
        self.connected = False

    def _received(self, topic: str, payload: bytes) -> None:
        if self.up and self.connected:
            self.look(Received(topic, payload))

    # Its loop

    def turn(self, items: list[Item]) -> None:
        if self.agent is None:
            return
        agent = self.agent
        self._guarded(lambda: agent.turn(items))

    def _guarded(self, work: Callable[[], None]) -> None:
        outbox = self.outbox
        assert outbox is not None
        outbox.full, outbox.read_only = self.full, self.read_only
        outbox.die_at = self.die_at
        if outbox.lying and not self.lying:
            outbox.promised = []
        outbox.lying = self.lying
        try:
            work()
        except Killed:
            self.crash(power=outbox.die_at == "within", off_s=self.die_lasts_s)
        except Exception as error:  # noqa: BLE001 - the outer loop: systemd starts it again
            self._watch.wrong("I20", f"{self.name} stopped by {type(error).__name__}: {error}")
            self.crash(power=False, off_s=5.0)

    def look(self, *more: Item) -> None:
        """What the sensors have said since the last time, and what follows from it."""
        now_s, items = self._world.now_s, list[Reading]()
        for it in self.lookouts:
            items += it.readings(self._seen_s, now_s, self.clock)
        self._seen_s = now_s
        items.sort(key=lambda reading: (reading.mono_ns, reading.channel))
        self.turn([*(Took(reading) for reading in items), *more])
        if self.agent is not None:
            self.most_in_flight = max(self.most_in_flight, self.agent.unacknowledged)

    def _plan_wake(self, life: int) -> None:
        self._after(self._next_s(), lambda: self._wake(life))

    def _wake(self, life: int) -> None:
        if life == self._life and self.up:
            self.look()
            if life == self._life and self.up:
                self._plan_wake(life)

    def _next_s(self) -> float:
        now_s = self._world.now_s
        busy = any(it.close(now_s) for it in self.lookouts)
        if busy or (self.agent is not None and self.connected and self.agent.unacknowledged):
            return BUSY_S
        wakes = (at for it in self.lookouts for at in it.wakes() if at > now_s)
        return max(1.0, min(IDLE_S, min(wakes, default=now_s + IDLE_S) - now_s))

    # Its parts

    def _committed(self, writes: Sequence[Write]) -> None:
        self._watch.committed(self.name, writes)

    def _salt(self) -> bytes:
        self._salts += 1
        return Random(f"salt {self.name} {self._salts} {self.clock.boot_id}").randbytes(32)

    def _config(self) -> Config:
        chain_id, ledger = self._domain
        return Config(
            gateway=self.name,
            data=str(self.folder),
            broker="mqtt://127.0.0.1:1883",
            ledger=Ledger(chain_id=chain_id, address=ledger),
            spaces=[look.space for look in self.lookouts],
            timing=Timing(heartbeat_s=HEARTBEAT_S, seen_every_s=SEEN_EVERY_S),
            limits=Limits(),
        )

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._world.at(self._world.now_ns() + round(seconds * NS), action)


def event_of(topic: str, payload: bytes) -> SignedEvent | None:
    message = decode_up(topic, payload)[1]
    return message if isinstance(message, SignedEvent) else None

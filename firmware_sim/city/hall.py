"""The cloud: its real wire, use cases, sweeps and SQLite, in a process that can be killed anywhere.

The intake that serves runs as it is, store and apply, on a loop that keeps the town's time and
whose threads are none; its checkers are in this process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from cloud.adapters.checkers import PlainCheckers
from cloud.adapters.db import Database
from cloud.entrypoints.applying import Lag
from cloud.entrypoints.mqtt import Wire, message_of
from cloud.entrypoints.sweeps import Sweeps
from cloud.errors import CloudError
from contracts.ledger.records import Deployed
from firmware_sim.city.board import HEARTBEAT_S
from firmware_sim.city.chain import CityChain
from firmware_sim.city.clocks import CityClock, CloudClock
from firmware_sim.city.disk import Killed
from firmware_sim.city.founding import domain_of
from firmware_sim.city.frail import FrailDatabase
from firmware_sim.city.loop import TownLoop, why
from firmware_sim.city.net import CLOUD, JOINED_S, NOTICED_S, Net
from firmware_sim.city.stall import LOOK_S, Stall
from firmware_sim.clock import NS

CONSUMES_S, COMMANDS_S, AGAIN_S = 0.3, 0.5, 45.0
WATCH_S, SETTLE_S, AUDIT_S = 1_800.0, 1_800.0, 7_200.0
SILENT_MS, ALARM_MS = round(3 * HEARTBEAT_S * 1000), 600_000
RESTARTS_S = 3.0
MOST_STEPS = 30


class CityClient:
    """What the wire takes for its MQTT client."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    @property
    def is_connected(self) -> bool:
        return self._hall.connected

    def subscribe(self, topic: str, qos: int) -> None:
        """The town's broker passes on all that goes up."""

    def publish(self, topic: object, payload: bytes, qos: int, **more: object) -> None:
        self._hall.published(str(topic), payload)


class CityWire(Wire):
    def __init__(self, hall: Hall, *where: Any) -> None:
        self._hall = hall
        super().__init__("mqtt://town:1883", *where)
        self.lag = Lag(hall.now_s)

    def _new_client(self) -> Any:
        return CityClient(self._hall)


class Hall:
    """`sent`: told of each message that the cloud sends, at the moment it does."""

    def __init__(
        self,
        db: Database,
        chain: CityChain,
        deployed: Deployed,
        world: CityClock,
        net: Net,
        sent: Callable[[str, bytes], None],
        log: Callable[[str], None],
    ) -> None:
        self._world, self._net, self._sent, self._log = world, net, sent, log
        self.chain, self.deployed = chain, deployed
        self.clock = CloudClock(world)
        self.db = FrailDatabase(db, self._step)
        chain.cost = self._step
        self.steps_left: int | None = None
        self.off_s = 5.0
        self.up = self.connected = False
        self._life = self._joins = self._ids = 0
        self._dying = False
        self._loop = TownLoop(world, self._woken)
        self.stall = Stall(self.db)
        self._task: asyncio.Task[None] | None = None
        self._consumes = self._commands = False
        self.most_waiting = 0
        self.counts: Counter[str] = Counter()
        self.every = 1.0
        self.failures: list[str] = []

    def start(self) -> None:
        self.up, self._life = True, self._life + 1
        self.steps_left, self._consumes, self._commands = None, False, False
        self._dying = False
        domain = domain_of(self.deployed)
        self.wire = CityWire(self, self.db, self.clock, domain, PlainCheckers(domain))
        # A batch is made of whatever has ended by the turn: an old one waits for nobody.
        self.sweeps = Sweeps(
            self.db,  # type: ignore[arg-type]
            self.chain,
            self.clock,
            self.deployed,
            SILENT_MS,
            ALARM_MS,
        )
        self._task = self._loop.create_task(self._body())
        self._run_loop()
        self._net.takers[CLOUD] = self._received
        self.line_changed()
        life = self._life
        for every_s, work in (
            (SETTLE_S, self._settle),
            (WATCH_S, self._watch),
            (AUDIT_S, self._audit),
            (LOOK_S, self._look),
        ):
            self._each(every_s, work, life)
        self.soon()

    async def _body(self) -> None:
        await self.wire._consumer()

    def now_s(self) -> float:
        return self._world.now_s

    def close(self) -> None:
        self._end()
        self._loop.done_with()

    def kill(self, off_s: float) -> None:
        """At this moment, between two steps."""
        if self.up:
            self._end()
            self._log(f"the cloud is killed, back in {off_s:.1f} s")
            self._after(off_s + RESTARTS_S, self.start)

    def kill_in(self, steps: int, off_s: float) -> None:
        """After so many more steps: transactions begun, made or committed, messages sent."""
        self.steps_left, self.off_s = steps, off_s

    def settle_now(self) -> None:
        self._guarded(self._settle)

    def watch_now(self) -> None:
        self._guarded(self._watch)

    def soon(self) -> None:
        """Commands may wait."""
        if not self._commands:
            self._commands = True
            self._after(COMMANDS_S, self._command)

    def line_changed(self) -> None:
        self._joins += 1
        number = self._joins
        if self._net.open(CLOUD):
            self._after(JOINED_S, lambda: self._joined(number, True))
        else:
            noticed_s = 0.5 if self._net.broker_down else NOTICED_S
            self._after(noticed_s, lambda: self._joined(number, False))

    def published(self, topic: str, payload: bytes) -> None:
        self._step("publish")
        self._sent(topic, payload)
        self._net.down(topic, payload)
        self._step("published")

    # Inside

    def _joined(self, number: int, there: bool) -> None:
        if number == self._joins and self.up:
            self.connected = there

    def _end(self) -> None:
        self.up = self.connected = False
        self._life += 1
        self._net.takers.pop(CLOUD, None)
        task, self._task = self._task, None
        self._dying = True
        if task is not None and not task.done():
            task.cancel()
            self._loop.rest()

    def _step(self, what: str) -> None:
        self.counts[what] += 1
        if self._dying:
            raise Killed(what)
        if self.steps_left is None:
            return
        self.steps_left -= 1
        if self.steps_left < 0:
            self.steps_left, self._dying = None, True
            raise Killed(what)

    def _guarded(self, work: Callable[[], object]) -> None:
        """A sweep that fails is told and comes again, as the scheduler has it."""
        if not self.up:
            return
        try:
            work()
        except Killed as point:
            self._log(f"killed as it {point}")
            self.kill(self.off_s)
        except CloudError as error:
            self.counts[error.code] += 1
        except Exception as error:  # noqa: BLE001 - as the scheduler's loop: what fails is the oracle's
            self.failures.append(f"{work.__name__}: {type(error).__name__}: {error}"[:300])

    def _received(self, topic: str, payload: bytes) -> None:
        if not (self.up and self.connected):
            return
        client: Any = self.wire._client
        coroutine: Coroutine[Any, Any, int] = self.wire._on_message(client, topic, payload, 1, {})
        with contextlib.suppress(StopIteration):
            coroutine.send(None)
        self.most_waiting = max(self.most_waiting, self.wire._inbox.qsize())
        if not self._consumes:
            self._consumes = True
            self._after(CONSUMES_S, lambda: self._guarded(self._consume))

    def _consume(self) -> None:
        self._consumes = False
        self._run_loop()
        self.soon()

    def _run_loop(self) -> None:
        """Until nothing is ready: the intake has stored, applied and answered what there was."""
        self._loop.rest()
        task = self._task
        if task is not None and task.done() and not task.cancelled():
            error = task.exception()
            self._task = None
            raise why(error) if error is not None else RuntimeError("the intake ended")

    def _woken(self) -> None:
        self._guarded(self._run_loop)

    def _command(self) -> None:
        self._commands = False
        if self.up and self.connected:
            self._guarded(self._say_commands)

    def _say_commands(self) -> None:
        waiting = self.wire._waiting()
        for command in waiting:
            self.wire._send(message_of(command))
        if waiting:
            self._commands = True
            self._after(AGAIN_S, self._command)

    def _settle(self) -> None:
        self.sweeps.batch()
        self.sweeps.drive()

    def _watch(self) -> None:
        self.sweeps.watch()
        self.soon()

    def _audit(self) -> None:
        self.sweeps.audit()
        self.sweeps.keep()

    def _look(self) -> None:
        self.stall.look(self._life)

    def _each(self, every_s: float, work: Callable[[], object], life: int) -> None:
        def turn() -> None:
            if life == self._life and self.up:
                self._guarded(work)
                self._each(every_s, work, life)

        self._after(every_s * self.every, turn)

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._world.at(self._world.now_ns() + round(seconds * NS), action)

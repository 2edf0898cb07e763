"""One inbox, one loop. Only the loop touches core, outbox and uplink (docs/decisions/0005).

A turn: take what came in, let the core decide, commit all of it at once, and only then send.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from structlog.typing import FilteringBoundLogger

from contracts.errors import Malformed
from contracts.ledger.hashing import unhex
from contracts.wire.codec import decode_down, encode
from contracts.wire.messages import Reply, SignedEvent, Status, Telemetry
from contracts.wire.signing import sign
from contracts.wire.topics import all_down, topic_for
from edge.core.commands import CommandGuard, Pinned
from edge.core.gateway import Gateway
from edge.core.outputs import NewEvent, Output, SendAgain, Start, wall_ms
from edge.core.readings import Reading
from edge.core.window import WindowSettings
from edge.delivery import Delivery
from edge.ports import (
    BadReading,
    Clock,
    Connected,
    Disconnected,
    Doubter,
    Ended,
    EventRow,
    Item,
    Moment,
    Outbox,
    Received,
    Took,
    Uplink,
    Watcher,
)

BATCH_ITEMS = 256
POLL_S = SHOW_S = 0.25
# Many sensors wake the loop once for all of them: a turn costs more than a reading.
GATHER_S = 0.02
REPORT_S = 60.0


@dataclass(frozen=True, slots=True)
class AgentSettings:
    gateway: str
    version: str
    window: WindowSettings
    heartbeat_s: float = 30.0
    drain_s: float = 30.0
    commands: Pinned | None = None
    """None: whoever writes on this gateway's topic is believed."""


def nobody_knows() -> None:
    """The real time, where there is no clock that is known to be right."""


def at_once(seconds: float) -> None:
    """A pause for who has no time to lose: tests and simulations."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`real_s` is monotonic real time: timers of the wire run on it, whatever gateway time does.

    `pause` waits that many real seconds. `utc_ms` is the real time, None while nobody knows it.
    """

    outbox: Outbox
    uplink: Uplink
    clock: Clock
    real_s: Callable[[], float]
    log: FilteringBoundLogger
    watchers: Sequence[Watcher] = ()
    pause: Callable[[float], object] = at_once
    utc_ms: Callable[[], int | None] = nobody_knows


class Agent:
    def __init__(
        self, core: Gateway, start: Start, ports: Ports, key: bytes, settings: AgentSettings
    ) -> None:
        self._core, self._key, self._set = core, key, settings
        self._uplink, self._clock = ports.uplink, ports.clock
        self._real_s, self._pause, self._utc_ms = ports.real_s, ports.pause, ports.utc_ms
        self._guard = _guard(settings.commands, start)
        self._log, self._watchers = ports.log, ports.watchers
        self._doubters = [watcher for watcher in ports.watchers if isinstance(watcher, Doubter)]
        self._delivery = Delivery(
            settings.gateway, start, ports.outbox, ports.uplink, settings.window, ports.log
        )
        self._connected = False
        self._drain_due_s: float | None = None
        self._heartbeat_due_s = self._report_due_s = self._show_due_s = ports.real_s()
        self._counts = {"bad_lines": 0, "malformed": 0, "distrusted": 0}
        self.distrusted = 0
        self._last_reason = self._last_skip = ""

    @property
    def unacknowledged(self) -> int:
        return self._delivery.unacknowledged

    def run(self, inbox: queue.Queue[Item], stopping: Callable[[], bool]) -> None:
        """Until the stream has ended and all is acknowledged, or told to stop."""
        self.open()
        while not stopping() and not self.finished():
            self.turn(self._next(inbox))
        self.close()

    def open(self) -> None:
        will = self._status(online=False)
        self._uplink.start(topic_for(will), encode(will))
        self._do(self._core.boot(self._clock.mono_ns()))
        self.turn([])

    def turn(self, items: Sequence[Item]) -> None:
        for item in items:
            self._take(item)
        self._do(self._core.tick(self._clock.mono_ns()))
        for reply in self._delivery.commit(self._real_s()):
            self._say(reply)
        if self._connected:
            self._delivery.send(self._real_s())
        self._beat()
        self._show()

    def finished(self) -> bool:
        if self._drain_due_s is None:
            return False
        return self._delivery.done or self._real_s() >= self._drain_due_s

    def close(self) -> None:
        self._do(self._core.finish())
        for watcher in self._watchers:
            watcher.close()
        self._delivery.commit(self._real_s())
        if self._connected:
            self._say(self._status(online=False))
        self._uplink.stop()
        self._delivery.close(self._real_s())

    def _next(self, inbox: queue.Queue[Item]) -> list[Item]:
        items: list[Item] = []
        with contextlib.suppress(queue.Empty):
            items.append(inbox.get(timeout=self._wait_s()))
            if inbox.qsize() < BATCH_ITEMS:
                self._pause(GATHER_S)
            while len(items) < BATCH_ITEMS:
                items.append(inbox.get_nowait())
        return items

    def _wait_s(self) -> float:
        now_s = self._real_s()
        dues_s = [self._heartbeat_due_s, self._delivery.deadline_s(), self._drain_due_s]
        waits = [due_s - now_s for due_s in dues_s if due_s is not None]
        deadline = self._core.deadline()
        core_s = None if deadline is None else self._clock.wait_s(deadline)
        if core_s is not None:
            waits.append(core_s)
        return max(0.0, min(POLL_S, *waits))

    def _take(self, item: Item) -> None:
        match item:
            case Took():
                self._clock.advance(item.reading.mono_ns)
                self._do(self._core.feed(self._believed(item.reading)))
                for watcher in self._watchers:
                    watcher.took(item.reading)
            case BadReading():
                self._count("bad_lines", item.reason)
            case Received():
                self._receive(item)
            case Connected():
                self._connect()
            case Disconnected():
                self._disconnect(item.why)
            case Ended():
                self._log.info("readings_ended", why=item.why)
                self._drain_due_s = self._real_s() + self._set.drain_s
                self._do(self._core.finish())
            case _:
                assert_never(item)

    def _believed(self, reading: Reading) -> Reading:
        for doubter in self._doubters:
            reading = doubter.believed(reading)
        return reading

    def _receive(self, item: Received) -> None:
        try:
            message = decode_down(item.topic, item.payload)
        except Malformed as error:
            self._count("malformed", error.why)
            return
        if message.gateway != self._set.gateway:
            self._count("malformed", "It is for another gateway.")
            return
        why = self._guard.judge(message, self._utc_ms()) if self._guard else None
        if why is not None:
            self.distrusted += 1
            self._count("distrusted", f"A command is not believed: {why}.")
            return
        # What was signed is believed by now, and when: the signature itself is not kept.
        self._do(self._core.command(message.model_copy(update={"signature": None})))

    def _connect(self) -> None:
        self._connected = True
        self._log.info("connected", unacknowledged=self.unacknowledged)
        self._uplink.subscribe(all_down(self._set.gateway))
        self._delivery.restart()
        self._heartbeat_due_s = self._real_s()

    def _disconnect(self, why: str) -> None:
        if self._connected or why != self._last_reason:
            self._log.warning("disconnected", why=why)
        self._connected, self._last_reason = False, why

    def _do(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Reply | SendAgain):
                self._delivery.answer(output)
            elif isinstance(output, NewEvent):
                self._delivery.keep(self._signed(output), self._real_s())
                for watcher in self._watchers:
                    watcher.changed(output.body)
            else:
                self._delivery.keep(output, self._real_s())

    def _signed(self, event: NewEvent) -> EventRow:
        body = event.body
        self._log.info("event", seq=body.seq, kind=body.kind, space=body.space, match=body.match)
        signature = sign(unhex(event.digest), self._key)
        payload = encode(SignedEvent(body=body, signature=signature, plate=event.plate))
        return EventRow(body.epoch, body.seq, body.space, event.digest, payload)

    def _beat(self) -> None:
        now_s = self._real_s()
        if now_s >= self._report_due_s and any(self._counts.values()):
            self._report_due_s = now_s + REPORT_S
            self._log.warning("skipped", last_reason=self._last_skip, **self._counts)
            self._counts = dict.fromkeys(self._counts, 0)
        if now_s < self._heartbeat_due_s:
            return
        self._heartbeat_due_s = now_s + self._set.heartbeat_s
        if self._uplink.revive():
            self._log.error("uplink_thread_died")
        if self._connected:
            self._say(self._status(online=True))

    def _show(self) -> None:
        now_s = self._real_s()
        if not self._watchers or now_s < self._show_due_s:
            return
        self._show_due_s = now_s + SHOW_S
        now_ns, clock = self._clock.mono_ns(), self._clock
        at, waiting = wall_ms(clock, now_ns), self.unacknowledged
        acked_s = self._delivery.acked_s
        moment = Moment(now_ns, now_s, at, clock.state(), self._connected, waiting, acked_s)
        for watcher in self._watchers:
            for message in watcher.turned(moment):
                self._say(message)

    def _status(self, online: bool) -> Status:
        return Status(
            gateway=self._set.gateway,
            online=online,
            at=wall_ms(self._clock, self._clock.mono_ns()),
            boot_id=self._clock.boot_id,
            version=self._set.version,
            clock=self._clock.state(),
            epoch=self._delivery.epoch,
            unacknowledged=self.unacknowledged,
        )

    def _say(self, message: Status | Telemetry | Reply) -> None:
        # What is not answered is asked again by the cloud, so nothing here is kept for later.
        if self._connected:
            self._uplink.publish(topic_for(message), encode(message))

    def _count(self, what: str, reason: str) -> None:
        self._counts[what] += 1
        self._last_skip = reason


def _guard(commands: Pinned | None, start: Start) -> CommandGuard | None:
    """What is held from before was believed when it came: nothing much older is new."""
    if commands is None:
        return None
    heard_ms = max((grant.signed_at_ms for grant in start.grants), default=0)
    return CommandGuard(commands, heard_ms)

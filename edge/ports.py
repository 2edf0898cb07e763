"""What the agent needs from the world. Each port has a real adapter and a fake that ships."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from contracts.wire.messages import Event, Telemetry
from contracts.wire.types import ClockState
from edge.core.outputs import Kept, Start, WallClock
from edge.core.readings import Channel, Reading


@dataclass(frozen=True, slots=True)
class Took:
    """A reading came in."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class BadReading:
    """A line that is none; `reason` never quotes it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """There will be no more readings."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    pass


@dataclass(frozen=True, slots=True)
class Disconnected:
    why: str


@dataclass(frozen=True, slots=True)
class Received:
    topic: str
    payload: bytes


Item: TypeAlias = Took | BadReading | Ended | Connected | Disconnected | Received
Put: TypeAlias = Callable[[Item], bool]
"""Onto the agent's inbox; False if it stayed full for too long."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """A signed event as it is sent, byte for byte, however often. `space` None: the gateway's."""

    epoch: int
    seq: int
    space: str | None
    digest: str
    payload: bytes


Write: TypeAlias = EventRow | Kept


class Outbox(Protocol):
    """Durable memory. `write` is one transaction: all of it survives a power cut, or nothing."""

    def load(self) -> Start: ...
    def write(self, writes: Sequence[Write]) -> None:
        """Raises OutboxUnwritable, and then nothing was written."""

    def events(self, epoch: int, first: int, last: int) -> list[EventRow]:
        """Those of [first, last] that are still held, acknowledged or not, in order."""

    def close(self) -> None: ...


class Clock(WallClock, Protocol):
    """Gateway time. `advance` is how a stream's clock moves; a real one does not need it."""

    def mono_ns(self) -> int: ...
    def advance(self, mono_ns: int) -> None: ...
    def wait_s(self, mono_ns: int) -> float | None:
        """Real seconds until then; None if only the next reading can tell."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stand at the end of a turn. `at` is wall time; `real_s` monotonic real time."""

    mono_ns: int
    real_s: float
    at: datetime
    clock: ClockState
    connected: bool
    waiting: int
    acked_s: float | None = None
    """`real_s` of the cloud's last acknowledgement since the start."""


@dataclass(frozen=True, slots=True)
class Machine:
    """How the computer is; None where it cannot be told."""

    disk_free_mb: int | None = None
    temperature_c: float | None = None
    written_mb_a_day: float | None = None


class Watcher(Protocol):
    """Looks on, on the agent's thread: quick, never raising, and no part of what is decided."""

    def took(self, reading: Reading) -> None: ...
    def changed(self, event: Event) -> None: ...
    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        """What is to be said to the cloud; lost if it cannot be said now."""

    def close(self) -> None: ...


@runtime_checkable
class Doubter(Protocol):
    """A Watcher that knows which readings the core must not take for measurements."""

    def believed(self, reading: Reading) -> Reading:
        """The same, or the fault that stands for it. `took` hears the reading as it came."""


class Sensor(Protocol):
    """The driver of one channel. It never raises: what goes wrong is a Reading whose value is None
    and whose `why` names the fault (edge.core.faults), so that the space can say so.

    `channel` is final once `open` has returned (a probed magnetometer learns its scale there).
    """

    @property
    def channel(self) -> Channel: ...
    @property
    def period_s(self) -> float: ...
    def open(self) -> str | None:
        """None, or the fault: it may be called again later, and is, with a growing pause."""

    def sample(self) -> Reading | None:
        """One measurement now; None if the chip has no new one. Takes at most 0.15 s."""

    def close(self) -> None: ...


class Uplink(Protocol):
    """The way to the cloud. Puts Connected, Disconnected and Received; owes nothing else."""

    def start(self, will_topic: str, will: bytes) -> None: ...
    def subscribe(self, topic: str) -> None: ...
    def publish(self, topic: str, payload: bytes) -> bool:
        """False if it cannot take more now. True proves nothing."""

    def revive(self) -> bool:
        """True if its machinery had died and was started again."""

    def stop(self) -> None:
        """Bounded; what was taken is given a chance to leave."""

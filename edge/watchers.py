"""Who looks on at the agent's work: the lamps, the service manager, the recorder, the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.wire.messages import Event, Telemetry
from contracts.wire.types import Occupancy
from edge.core.health import ChannelState
from edge.core.live import Live, Told
from edge.core.promises import Promise
from edge.core.readings import Reading
from edge.core.signals import Shown, shown
from edge.page.snapshot import Snapshot
from edge.ports import Machine, Moment

SHOW_S = 1.0
ALIVE_EVERY_S = 5.0
# With no reading for so long, not even that of a fault, the sampler hangs.
NO_READING_S = 30.0


class ShowsSpaces(Protocol):
    """Lamps, or the shipped FakeLamps."""

    def show(self, space: str, shown: Shown) -> None: ...
    def close(self) -> None: ...


class Keeps(Protocol):
    """Recorder."""

    def took(self, reading: Reading) -> None: ...
    def changed(self, change: Event) -> None: ...
    def tick(self, now_ns: int) -> None: ...
    def close(self) -> None: ...


class Service(Protocol):
    """The service manager: Notifier."""

    def ready(self) -> None: ...
    def alive(self) -> None: ...
    def stopping(self) -> None: ...


class LampKeeper:
    """Shows each space as it was told, and whether somebody is expected."""

    def __init__(
        self,
        lamps: ShowsSpaces,
        spaces: Sequence[str],
        granted: Callable[[str, datetime], bool],
    ) -> None:
        self._lamps, self._granted = lamps, granted
        self._occupancy: dict[str, Occupancy] = dict.fromkeys(spaces, "unknown")
        self._due_s = 0.0

    def took(self, reading: Reading) -> None:
        """Only what was told counts."""

    def changed(self, event: Event) -> None:
        if event.space in self._occupancy and event.occupancy is not None:
            self._occupancy[event.space] = event.occupancy
            self._due_s = 0.0

    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        if moment.real_s >= self._due_s:
            self._due_s = moment.real_s + SHOW_S
            for space, occupancy in self._occupancy.items():
                granted = self._granted(space, moment.at)
                self._lamps.show(space, shown(occupancy, granted, moment.connected))
        return ()

    def close(self) -> None:
        self._lamps.close()


class Pulse:
    """Says ready after the first turn, then feeds the watchdog while there is progress: turns, and
    readings in them.

    A sensor that fails gives readings too: faults. Only if nothing at all comes, the sampler hangs,
    and a new start is the remedy.
    """

    def __init__(self, service: Service, sampled: bool) -> None:
        """`sampled`: readings come from own sensors, not from a stream that may rest."""
        self._service, self._sampled = service, sampled
        self._took = True
        self._reading_s: float | None = None
        self._due_s = 0.0

    def took(self, reading: Reading) -> None:
        self._took = True

    def changed(self, event: Event) -> None:
        """No sign of life: time alone may bring it about."""

    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        if self._reading_s is None:
            self._service.ready()
        if self._took or self._reading_s is None:
            self._took, self._reading_s = False, moment.real_s
        lively = not self._sampled or moment.real_s - self._reading_s <= NO_READING_S
        if lively and moment.real_s >= self._due_s:
            self._due_s = moment.real_s + ALIVE_EVERY_S
            self._service.alive()
        return ()

    def close(self) -> None:
        self._service.stopping()


class Keeper:
    """Gives the recorder what it may keep."""

    def __init__(self, recorder: Keeps) -> None:
        self._recorder = recorder
        self.took, self.changed, self.close = recorder.took, recorder.changed, recorder.close

    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        self._recorder.tick(moment.mono_ns)
        return ()


@dataclass(frozen=True, slots=True)
class Looks:
    """Where a Scene gets what is not in the readings."""

    gateway: str
    version: str
    states: Callable[[], tuple[ChannelState, ...]]
    machine: Callable[[], Machine]
    passes: Callable[[], Mapping[str, int]]
    promises: Mapping[str, tuple[Promise, ...]]
    safe_mode: bool = False


class Scene:
    """Makes a new Snapshot every second and puts it in the place of the old one: whoever reads
    `snapshot`, on any thread, has a whole one."""

    def __init__(self, live: Live, looks: Looks) -> None:
        self._live, self._looks = live, looks
        self.snapshot: Snapshot | None = None
        self._due_s = 0.0
        self.took = live.took

    def changed(self, event: Event) -> None:
        if event.space is not None and event.occupancy is not None:
            self._live.told(event.space, Told(event.kind, event.at, event.occupancy))

    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        if moment.real_s >= self._due_s:
            self._due_s = moment.real_s + SHOW_S
            looks = self._looks
            self.snapshot = Snapshot(
                gateway=looks.gateway,
                version=looks.version,
                at=moment.at,
                clock=moment.clock,
                connected=moment.connected,
                waiting=max(0, moment.waiting),
                mono_ns=moment.mono_ns,
                real_s=moment.real_s,
                machine=looks.machine(),
                spaces=self._live.views(moment.mono_ns),
                channels=looks.states(),
                passes=looks.passes(),
                promises=looks.promises,
                safe_mode=looks.safe_mode,
                acked_s=moment.acked_s,
            )
        return ()

    def close(self) -> None:
        """The page is closed by who opened it."""

"""Says how the sensors and the machine are: every minute, and as soon as a sensor fails or is well.

Nothing is billed by it, so nothing of it is kept: what the cloud misses, the next minute tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from structlog.typing import FilteringBoundLogger

from contracts.wire.messages import MAX_CHANNELS, ChannelHealth, Event, Telemetry
from edge.core.health import ChannelState, Health, advice, believed
from edge.core.readings import Channel, Reading
from edge.ports import Machine, Moment

EVERY_S, TICK_S = 60.0, 1.0
MAX_NAME = 64


class Reporter:
    """A Watcher, and a Doubter of what is frozen."""

    def __init__(
        self,
        gateway: str,
        channels: Mapping[str, Channel],
        machine: Callable[[], Machine],
        log: FilteringBoundLogger,
        absent: Mapping[str, str] | None = None,
    ) -> None:
        self._gateway, self._machine, self._log = gateway, machine, log
        self._health = Health(channels, absent)
        self._frozen: frozenset[str] = frozenset()
        self._tick_due_s = self._say_due_s = 0.0
        self._connected = False

    @property
    def states(self) -> tuple[ChannelState, ...]:
        return self._health.states()

    def took(self, reading: Reading) -> None:
        self._health.took(reading)

    def believed(self, reading: Reading) -> Reading:
        return believed(reading, self._frozen)

    def changed(self, event: Event) -> None:
        """Spaces are told by events."""

    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        if moment.real_s < self._tick_due_s:
            return ()
        self._tick_due_s = moment.real_s + TICK_S
        changed = set(self._health.tick(moment.mono_ns))
        if changed:
            self._frozen = self._health.frozen()
        states = self.states
        for state in states:
            if state.name in changed:
                self._tell(state)
        back = moment.connected and not self._connected
        self._connected = moment.connected
        if not changed and not back and moment.real_s < self._say_due_s:
            return ()
        self._say_due_s = moment.real_s + EVERY_S
        return self._messages(moment, states)

    def close(self) -> None:
        """Nothing is held open."""

    def _tell(self, state: ChannelState) -> None:
        if state.fault is None:
            self._log.info("sensor_well", channel=state.name, space=state.space)
            return
        text = advice(state.fault, state.wired)
        self._log.warning(
            "sensor_fault",
            channel=state.name,
            space=state.space,
            fault=state.fault,
            sentence=text.en,
            remedy=text.remedy_en,
        )

    def _messages(self, moment: Moment, states: Sequence[ChannelState]) -> list[Telemetry]:
        machine = self._machine()
        parts = range(0, max(1, len(states)), MAX_CHANNELS)
        return [
            Telemetry(
                gateway=self._gateway,
                at=moment.at,
                clock=moment.clock,
                channels=tuple(
                    _health(state, moment) for state in states[first : first + MAX_CHANNELS]
                ),
                whole=len(states) <= MAX_CHANNELS,
                waiting=max(0, moment.waiting),
                disk_free_mb=machine.disk_free_mb,
                temperature_c=machine.temperature_c,
                written_mb_a_day=machine.written_mb_a_day,
            )
            for first in parts
        ]


def _health(state: ChannelState, moment: Moment) -> ChannelHealth:
    since: datetime | None = None
    if state.since_ns is not None:
        since = moment.at - timedelta(microseconds=(moment.mono_ns - state.since_ns) // 1000)
    return ChannelHealth(
        name=state.name[:MAX_NAME],
        space=state.space,
        fault=state.fault,
        since=since,
        per_minute=state.per_minute,
    )

"""A sensor without hardware: gives what it is told to give, and fails when it is told to."""

from __future__ import annotations

from collections.abc import Callable

from edge.core.readings import Channel, Reading

Value = float | tuple[int, int, int] | None


class FakeSensor:
    """`fault` set: it does not open and gives nothing else. `value` may be a function of time."""

    def __init__(
        self,
        channel: Channel,
        value: Value | Callable[[int], Value],
        now_ns: Callable[[], int],
        period_s: float = 0.5,
    ) -> None:
        self.channel, self.period_s = channel, period_s
        self.value, self._now_ns = value, now_ns
        self.fault: str | None = None
        self.opened = self.closed = 0

    def open(self) -> str | None:
        self.opened += 1
        return self.fault

    def sample(self) -> Reading | None:
        now_ns = self._now_ns()
        if self.fault is not None:
            return Reading(now_ns, self.channel.name, None, self.fault)
        value = self.value(now_ns) if callable(self.value) else self.value
        return Reading(now_ns, self.channel.name, value, None if value is not None else "no_echo")

    def close(self) -> None:
        self.closed += 1

"""Whose clock shows what. Truth is the world's own, in nanoseconds since the run began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.wire.types import ClockState
from firmware_sim.clock import NS, VirtualClock

BEGINS_AT = datetime(2026, 5, 1, tzinfo=UTC)
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


def truly(at_s: float) -> datetime:
    """What a right clock shows then."""
    return BEGINS_AT + timedelta(microseconds=round(at_s * 1_000_000))


def truth_s(at: datetime) -> float:
    return (at - BEGINS_AT).total_seconds()


class CityClock(VirtualClock):
    """The one that all that happens is planned on."""

    @property
    def now_s(self) -> float:
        return self.now_ns() / NS

    def run_until(self, at_s: float) -> None:
        self.advance_to(round(at_s * NS))


class CloudClock:
    """A server's: kept right by many others."""

    rate = 1.0

    def __init__(self, world: CityClock) -> None:
        self._world = world

    def now(self) -> datetime:
        return truly(self._world.now_s)


class GateClock:
    """A board without a clock chip: `ahead_s` is its wall clock's error, `ppm` its crystal's.

    It outlives processes, not boots: `boot` begins another monotonic time under another id.
    """

    def __init__(self, world: CityClock, name: str, ppm: float) -> None:
        self._world, self._name, self._rate = world, name, 1 + ppm / 1_000_000
        self._boots, self._booted_ns = 0, 0
        self.ahead_s = 0.0
        self._state: ClockState = "synced"
        self.boot()

    @property
    def boot_id(self) -> str:
        return f"{self._name}-boot-{self._boots}"

    def boot(self, state: ClockState = "synced", ahead_s: float = 0.0) -> None:
        self._boots, self._booted_ns = self._boots + 1, self._world.now_ns()
        self._state, self.ahead_s = state, ahead_s

    def set(self, state: ClockState, ahead_s: float) -> None:
        self._state, self.ahead_s = state, ahead_s

    def mono_ns(self) -> int:
        return self.mono_of(self._world.now_ns())

    def mono_of(self, world_ns: int) -> int:
        """What this board's counter showed then, in this boot."""
        return round((world_ns - self._booted_ns) * self._rate)

    def advance(self, mono_ns: int) -> None:
        """Runs by itself."""

    def wall_at(self, mono_ns: int) -> datetime:
        """By the wall clock as it is set now, as a kernel has it: one offset for all of a boot."""
        behind_ns = self.mono_ns() - mono_ns
        now = truly(self._world.now_s) + timedelta(seconds=self.ahead_s)
        return now - timedelta(microseconds=behind_ns // 1000)

    def state(self) -> ClockState:
        return self._state

    def wait_s(self, mono_ns: int) -> float | None:
        return max(0.0, (mono_ns - self.mono_ns()) / NS)

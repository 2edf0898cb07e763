"""A clock that tests and simulations set by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.wire.types import ClockState


class FakeClock:
    def __init__(
        self,
        boot_id: str = "boot-1",
        now_ns: int = 0,
        wall: datetime = datetime(2026, 5, 1, tzinfo=UTC),
        clock_state: ClockState = "synced",
    ) -> None:
        """`wall` is the wall time at `now_ns`."""
        self.boot_id = boot_id
        self._zero_ns, self._wall = now_ns, wall
        self._now_ns, self._state = now_ns, clock_state

    def mono_ns(self) -> int:
        return self._now_ns

    def advance(self, mono_ns: int) -> None:
        self._now_ns = max(self._now_ns, mono_ns)

    def wall_at(self, mono_ns: int) -> datetime:
        return self._wall + timedelta(microseconds=(mono_ns - self._zero_ns) // 1000)

    def state(self) -> ClockState:
        return self._state

    def wait_s(self, mono_ns: int) -> float | None:
        return None

"""Time that passes only when somebody waits, and what the simulated world does meanwhile."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from threading import Event

NS = 1_000_000_000


class VirtualClock:
    """`now_ns` and `wait` are what the real drivers take for the real clock's."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns
        self._planned: list[tuple[int, int, Callable[[], None]]] = []
        self._plans = 0

    def now_ns(self) -> int:
        return self._now_ns

    def at(self, mono_ns: int, action: Callable[[], None]) -> None:
        """Of two at the same moment the one planned first comes first."""
        self._plans += 1
        heapq.heappush(self._planned, (mono_ns, self._plans, action))

    def advance_to(self, mono_ns: int) -> None:
        """Everything planned until then happens, each at its own moment."""
        planned = self._planned
        while planned and planned[0][0] <= mono_ns:
            self._act()
        self._now_ns = max(self._now_ns, mono_ns)

    def wait(self, event: Event, timeout_s: float) -> bool:
        """As `Event.wait`; of the time that is left over nothing passes."""
        until_ns = self._now_ns + round(timeout_s * NS)
        while not event.is_set():
            if not self._planned or self._planned[0][0] > until_ns:
                self._now_ns = until_ns
                return False
            self._act()
        return True

    def _act(self) -> None:
        mono_ns, _, action = heapq.heappop(self._planned)
        self._now_ns = max(self._now_ns, mono_ns)
        action()

"""Which events to send now. Go-back-N over sequence numbers; only the cloud's Ack moves it on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WindowSettings:
    events: int = 20
    timeout_s: float = 2.0
    timeout_max_s: float = 30.0


class SendWindow:
    """`now_s` is real time; gateway time may be a trace's."""

    def __init__(self, settings: WindowSettings, acked: int, last: int) -> None:
        self._set = settings
        self.acked, self.last = acked, last
        self._sent = acked
        self._timeout_s = settings.timeout_s
        self._due_s: float | None = None

    @property
    def unacknowledged(self) -> int:
        return self.last - self.acked

    def restart(self) -> None:
        """A new connection: whatever was under way may be lost."""
        self._sent, self._due_s = self.acked, None
        self._timeout_s = self._set.timeout_s

    def ack(self, seq: int, now_s: float) -> None:
        if seq <= self.acked:
            return
        self.acked = seq
        self._sent = max(self._sent, seq)
        self._timeout_s = self._set.timeout_s
        self._due_s = now_s + self._timeout_s if self._sent > seq else None

    def sendable(self) -> tuple[int, int] | None:
        """First and last number that may be sent now."""
        first, last = self._sent + 1, min(self.last, self.acked + self._set.events)
        return (first, last) if first <= last else None

    def sent(self, seq: int, now_s: float) -> None:
        self._sent = max(self._sent, seq)
        if self._due_s is None:
            self._due_s = now_s + self._timeout_s

    def tick(self, now_s: float) -> bool:
        """True if there was no progress for too long: all that is unacknowledged is sent again."""
        if self._due_s is None or now_s < self._due_s:
            return False
        self._sent, self._due_s = self.acked, None
        self._timeout_s = min(self._timeout_s * 2, self._set.timeout_max_s)
        return True

    def deadline_s(self) -> float | None:
        return self._due_s

"""Whether what happens by itself makes progress: each sweep's last turn, and how it ended."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cloud.entrypoints.metrics import Meters

# A sweep that has not ended for so many of its periods, and never less than the seconds, hangs.
LATE_PERIODS = 10
LATE_S = 120.0


@dataclass(frozen=True, slots=True)
class Turn:
    """`failed`: what the last one raised, "" if it went well. A turn that goes on has no end.

    `since`: when it began to fail, or to go well.
    """

    every_s: float
    begun: datetime
    ended: datetime | None
    since: datetime
    failed: str = ""

    def hangs(self, now: datetime) -> bool:
        limit_s = max(LATE_S, LATE_PERIODS * self.every_s)
        last = self.begun if self.ended is None else self.ended
        return (now - last).total_seconds() > limit_s


class Turns:
    """`now` is real time, whatever the lot's clock does."""

    def __init__(self, now: Callable[[], datetime], meters: Meters) -> None:
        self._now, self._meters = now, meters
        self._turns: dict[str, Turn] = {}
        self._gate = threading.Lock()

    def expect(self, name: str, every_s: float) -> None:
        """From now on it has to come."""
        now = self._now()
        with self._gate:
            self._turns.setdefault(name, Turn(every_s, now, now, now))

    def run(self, name: str, job: Callable[[], object]) -> None:
        self._begin(name)
        failed = "stopped"
        try:
            with self._meters.sweep.labels(sweep=name).time():
                job()
            failed = ""
        except Exception as error:
            failed = type(error).__name__
            self._meters.sweep_failed.labels(sweep=name).inc()
            raise
        finally:
            self._end(name, failed)

    def all(self) -> dict[str, Turn]:
        with self._gate:
            return dict(self._turns)

    def _begin(self, name: str) -> None:
        now = self._now()
        with self._gate:
            known = self._turns.get(name, Turn(1.0, now, None, now))
            self._turns[name] = replace(known, begun=now, ended=None)

    def _end(self, name: str, failed: str) -> None:
        now = self._now()
        with self._gate:
            known = self._turns[name]
            since = known.since if known.failed == failed else now
            self._turns[name] = replace(known, ended=now, failed=failed, since=since)

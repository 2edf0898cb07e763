"""Feeds the service manager's watchdog while there is progress, and only then.

The loop that hears the gateways feeds it, so one that hangs does not; nor does one whose sweeps
hang. What a restart cannot mend (a database, broker or chain that is away) does not stop it.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from cloud.entrypoints.turns import Turns

log = structlog.get_logger("cloud")
EVERY_S = 5.0


class Says(Protocol):
    def say(self, what: str) -> None: ...
    def close(self) -> None: ...


class Pulse:
    """`now` is real time."""

    def __init__(self, service: Says, turns: Turns, now: Callable[[], datetime]) -> None:
        self._service, self._turns, self._now = service, turns, now
        self._told: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Until cancelled."""
        self._service.say("READY=1")
        try:
            while True:
                self.beat()
                await asyncio.sleep(EVERY_S)
        finally:
            self._service.say("STOPPING=1")
            self._service.close()

    def beat(self) -> None:
        now = self._now()
        hanging = frozenset(name for name, turn in self._turns.all().items() if turn.hangs(now))
        if not hanging:
            self._service.say("WATCHDOG=1")
        elif hanging != self._told:
            log.error("sweeps_hang", sweeps=sorted(hanging))
        self._told = hanging

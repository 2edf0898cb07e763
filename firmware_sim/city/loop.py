"""An event loop on the town's clock: what sleeps in it wakes when that time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from math import ceil
from typing import TypeVarTuple, Unpack

from firmware_sim.city.clocks import CityClock
from firmware_sim.city.disk import Killed
from firmware_sim.city.frail import Inline
from firmware_sim.clock import NS

# What has not come to rest after so many turns never will: an hour's events take some hundreds.
MOST_TURNS = 20_000
Given = TypeVarTuple("Given")


class TownLoop(asyncio.SelectorEventLoop):
    """Its threads are none. `woken`: called when something that slept is due; it must `rest`."""

    def __init__(self, world: CityClock, woken: Callable[[], None]) -> None:
        self._world, self._woken = world, woken
        super().__init__()
        self.set_default_executor(Inline(1))

    def time(self) -> float:
        return self._world.now_s

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Given]], object],
        *args: *Given,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self._world.at(ceil(when * NS), self._woken)
        return super().call_at(when, callback, *args, context=context)

    def rest(self) -> None:
        """All that can be done now is done."""
        for _ in range(MOST_TURNS):
            self.call_soon(self.stop)
            self.run_forever()
            if not self._ready:  # type: ignore[attr-defined]
                return
        raise RuntimeError("the cloud turns round and round and never rests")

    def done_with(self) -> None:
        self.run_until_complete(self.shutdown_default_executor())
        self.close()


def why(error: BaseException) -> BaseException:
    """Of all that ended a group of tasks at once: that the process was killed, else the first."""
    while isinstance(error, BaseExceptionGroup):
        error = (error.subgroup(Killed) or error).exceptions[0]
    return error

"""A driver that breaks as nobody foresaw costs its own sensor, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from edge.core.faults import FaultCode
from edge.core.readings import Reading
from edge.ports import Sensor

Broke: TypeAlias = Callable[[str, str], None]
"""Hears a sensor's or camera's name and the kind of error, on any thread. Never its text: that may
hold a password."""
T = TypeVar("T")
BROKEN: FaultCode = "bus"


def say_nothing(name: str, error: str) -> None:
    """For who does not want to be told."""


class Contained:
    """What `Sampler` asks of a driver; what that raises is the fault `bus`, told once a kind."""

    def __init__(self, driver: Sensor, now_ns: Callable[[], int], broke: Broke) -> None:
        self.driver, self._now_ns, self._broke = driver, now_ns, broke
        self._told = ""

    def open(self) -> str | None:
        return self._tried(self.driver.open, lambda: BROKEN)

    def sample(self) -> Reading | None:
        return self._tried(
            self.driver.sample,
            lambda: Reading(self._now_ns(), self.driver.channel.name, None, BROKEN),
        )

    def close(self) -> None:
        self._tried(self.driver.close, lambda: None)

    def _tried(self, act: Callable[[], T], instead: Callable[[], T]) -> T:
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - one driver must not end the sampling of all
            kind = type(error).__name__
            if kind != self._told:
                self._told = kind
                self._broke(self.driver.channel.name, kind)
            return instead()

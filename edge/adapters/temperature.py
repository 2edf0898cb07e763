"""A DS18B20 through the kernel's own driver: its file is the sensor.

Reading the file makes the chip measure, and the reader waits for up to 0.75 s. So each reading is
a short thread of its own, never more than one, and `sample` only collects what it brought: a value
is at most one period old, which for the air of a lot does no harm.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TypeAlias

from edge.core.faults import FaultCode
from edge.core.readings import Channel, Reading

DEVICES = Path("/sys/bus/w1/devices")
NS = 1_000_000_000
PERIOD_S = 10.0
HUNG_S = 10.0
MOST_BYTES = 64
LOWEST_MC, HIGHEST_MC = -55_000, 125_000
# What its register holds after power-on: the chip lost its supply while it measured.
POWER_ON_MC = 85_000

Job: TypeAlias = Callable[[], None]
Start: TypeAlias = Callable[[Job], None]


def in_a_thread(job: Job) -> None:
    Thread(target=job, name="w1", daemon=True).start()


def read_celsius(device: Path) -> float | FaultCode:
    """`device` is the sensor's folder. Takes up to 0.75 s; never raises.

    Source: the kernel's w1_therm.rst; a CRC that is wrong three times is an EIO there.
    """
    try:
        with (device / "temperature").open("rb") as file:
            text = file.read(MOST_BYTES)
        milli_c = int(text)
    except (OSError, ValueError) as error:
        gone = getattr(error, "errno", None) in (errno.ENOENT, errno.ENODEV, errno.EACCES)
        return "missing" if gone else "garbage"
    sane = LOWEST_MC <= milli_c <= HIGHEST_MC and milli_c != POWER_ON_MC
    return milli_c / 1000 if sane else "out_of_range"


class W1Temperature:
    """A Sensor (edge.ports) of degrees Celsius, for all spaces."""

    def __init__(
        self,
        name: str,
        device: Path,
        now_ns: Callable[[], int],
        period_s: float = PERIOD_S,
        start: Start = in_a_thread,
    ) -> None:
        """`device` under `DEVICES`, as 28-00000abcdef0. `start` may run the job at once."""
        self.channel = Channel(name, "temperature", None, "ds18b20")
        self.period_s = period_s
        self._device, self._now_ns, self._start = device, now_ns, start
        self._brought: list[float | FaultCode] = []
        self._asked_ns: int | None = None

    def open(self) -> FaultCode | None:
        return None if (self._device / "temperature").exists() else "missing"

    def sample(self) -> Reading | None:
        now_ns = self._now_ns()
        if self._asked_ns is None:
            self._asked_ns = now_ns
            self._start(self._fetch)
        if not self._brought:
            # A thread that hangs in the kernel is waited for, not joined by more of its kind.
            hung = now_ns - self._asked_ns > max(HUNG_S, self.period_s) * NS
            return self._reading(now_ns, "silent") if hung else None
        self._asked_ns = None
        return self._reading(now_ns, self._brought.pop())

    def close(self) -> None:
        """Nothing is held open."""

    def _fetch(self) -> None:
        self._brought.append(read_celsius(self._device))

    def _reading(self, now_ns: int, outcome: float | FaultCode) -> Reading:
        if isinstance(outcome, float):
            return Reading(now_ns, self.channel.name, outcome)
        return Reading(now_ns, self.channel.name, None, outcome)

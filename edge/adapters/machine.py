"""How the computer itself is. Whatever cannot be read is None: it must not stop anything."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from edge.ports import Machine

MB = 1_000_000
DAY_S = 86_400.0
# Before that long a rate for a whole day is a guess.
FIRST_S = 600.0
THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
IO = Path("/proc/self/io")


class ThisMachine:
    """`written_mb_a_day` is of this process since its start, as the kernel counts it: what went
    towards the disk in whole pages (proc_pid_io(5), write_bytes)."""

    def __init__(
        self,
        data: Path,
        real_s: Callable[[], float],
        thermal: Path = THERMAL,
        io: Path = IO,
    ) -> None:
        self._data, self._thermal, self._io, self._real_s = data, thermal, io, real_s
        self._from_s, self._from_bytes = real_s(), written_bytes(io)

    def __call__(self) -> Machine:
        return Machine(self._disk_free_mb(), self._temperature_c(), self._written_mb_a_day())

    def _disk_free_mb(self) -> int | None:
        try:
            return shutil.disk_usage(self._data).free // MB
        except OSError:
            return None

    def _temperature_c(self) -> float | None:
        try:
            return round(int(self._thermal.read_text()) / 1000, 1)
        except (OSError, ValueError):
            return None

    def _written_mb_a_day(self) -> float | None:
        now, passed_s = written_bytes(self._io), self._real_s() - self._from_s
        if now is None or self._from_bytes is None or passed_s < FIRST_S:
            return None
        return round((now - self._from_bytes) / MB * DAY_S / passed_s, 1)


def written_bytes(io: Path = IO) -> int | None:
    try:
        lines = io.read_text().splitlines()
    except OSError:
        return None
    return next((int(ln.split()[1]) for ln in lines if ln.startswith("write_bytes:")), None)

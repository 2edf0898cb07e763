"""Gateway time: the machine's own, or that of a stream of readings."""

from __future__ import annotations

import ctypes
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.wire.types import ClockState
from edge.core.trace_lines import TraceHeader

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NS = 1_000_000_000
TIME_ERROR = 5
UNSYNC = 0x40
TIMEX_BYTES = 512
STATUS_OFFSET = 5 * ctypes.sizeof(ctypes.c_long)


class StreamClock:
    """The clock is the stream: it stands still between lines. A new `boot_id` for each process.

    Always "synced": the stream's header vouches for its wall clock, and nothing here checks it.
    """

    def __init__(self, header: TraceHeader) -> None:
        self.boot_id = os.urandom(16).hex()
        self._start_ns, self._wall = header.mono_ns, header.wall
        self._now_ns = header.mono_ns
        self._state: ClockState = "synced"

    def mono_ns(self) -> int:
        return self._now_ns

    def advance(self, mono_ns: int) -> None:
        self._now_ns = max(self._now_ns, mono_ns)

    def wall_at(self, mono_ns: int) -> datetime:
        try:
            return self._wall + timedelta(microseconds=(mono_ns - self._start_ns) // 1000)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    def state(self) -> ClockState:
        return self._state

    def wait_s(self, mono_ns: int) -> float | None:
        return None


class SystemClock:
    """CLOCK_BOOTTIME counts while the machine sleeps; wall steps never move it.

    Was synchronised once in this boot and is no more: holdover, still good for minutes.
    """

    def __init__(self) -> None:
        self.boot_id = BOOT_ID.read_text().strip()
        self._was_synced = False

    def mono_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def advance(self, mono_ns: int) -> None:
        """Runs by itself."""

    def wall_at(self, mono_ns: int) -> datetime:
        offset_ns = time.time_ns() - self.mono_ns()
        return datetime.fromtimestamp(0, UTC) + timedelta(
            microseconds=(mono_ns + offset_ns) // 1000
        )

    def state(self) -> ClockState:
        if kernel_synced():
            self._was_synced = True
            return "synced"
        return "holdover" if self._was_synced else "unsynced"

    def wait_s(self, mono_ns: int) -> float | None:
        return max(0.0, (mono_ns - self.mono_ns()) / NS)


def utc_ms() -> int | None:
    """The real time, whatever a stream's clock says; None while nothing vouches for it."""
    return time.time_ns() // 1_000_000 if kernel_synced() else None


def kernel_synced() -> bool:
    """Source: adjtimex(2); chrony, ntpd and systemd-timesyncd all clear STA_UNSYNC."""
    timex = ctypes.create_string_buffer(TIMEX_BYTES)
    answer = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    status = ctypes.c_int.from_buffer(timex, STATUS_OFFSET).value
    return 0 <= answer < TIME_ERROR and not status & UNSYNC

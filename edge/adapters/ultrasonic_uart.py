"""Ultrasonics that measure by themselves and send millimetres: A02YYUW, JSN-SR04T, AJ-SR04M.

Frames are FF H L SUM at 9600 baud. SUM is the low byte of FF+H+L; the AJ-SR04M leaves FF out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from edge.core.faults import FaultCode
from edge.core.readings import NO_ECHO, Channel, Reading

FrameKind: TypeAlias = Literal["a02yyuw", "jsn-sr04t", "aj-sr04m"]
NS = 1_000_000_000
HEAD, FRAME_BYTES = 0xFF, 4
ASK = b"\x55"
COVERED: FaultCode = "out_of_range"
# As much as the kernel keeps of a serial line; one read takes all of it.
MAX_BYTES = 4096
# The slowest sends every 0.3 s; an asked one when it is asked.
SILENT_S, SILENT_ASKS = 2.0, 4
# An asked sensor answers within 70 ms: it is asked in one turn and read in the next.
ANSWER_S = 0.1


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind of sensor speaks. Above `most_mm` nothing is in its range. `least_mm` and less is
    no distance either, and means `near`: of the JSN and the AJ that the target is gone, as 9999 of
    the AJ does; of the A02YYUW that its face is covered, by snow or dirt, or that it is broken
    (told by users, not tried by us). Were that an empty space, snow would end a stay.
    """

    head_counts: bool
    speed_m_per_s: float
    least_mm: int
    most_mm: int
    near: str


# A trace holds echo times. The JSN and the AJ multiply theirs by a fixed 340 m/s (their manual), so
# dividing by it gives back what they timed. The A02YYUW corrects for its own temperature: its
# millimetres are true ones, and they are written as the echo they would take at 20 C.
AIR_AT_20_C = 331.3 + 0.606 * 20.0
MANNERS: dict[FrameKind, Manner] = {
    "a02yyuw": Manner(True, AIR_AT_20_C, 30, 4_500, COVERED),
    "jsn-sr04t": Manner(True, 340.0, 0, 6_000, NO_ECHO),
    "aj-sr04m": Manner(False, 340.0, 0, 8_000, NO_ECHO),
}


class SerialPort(Protocol):
    """Every method raises OSError when the port is gone."""

    def reset(self) -> None:
        """Opens it, again if need be, and forgets what came in before."""

    def read(self, count: int) -> bytes:
        """What is there, at most `count`; never waits."""

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class UartUltrasonic:
    """A Sensor. Of several frames since the last turn the newest counts."""

    def __init__(
        self,
        channel: Channel,
        port: SerialPort,
        frame: FrameKind,
        asks: bool,
        now_ns: Callable[[], int],
        period_s: float,
    ) -> None:
        """`asks`: the sensor measures on 0x55 only (JSN-SR04T with 120k, AJ-SR04M in mode 4)."""
        self.channel, self.pings = channel, asks
        self.period_s = ANSWER_S if asks else period_s
        self._port, self._manner, self._asks, self._now_ns = port, MANNERS[frame], asks, now_ns
        self._ask_every_ns, self._asked_ns = round(period_s * NS), 0
        self._silent_ns = round(max(SILENT_S, SILENT_ASKS * period_s * asks) * NS)
        self._rest = b""
        self._heard_ns = self._framed_ns = 0
        self._opened = False

    def open(self) -> FaultCode | None:
        try:
            self._port.reset()
        except OSError:
            return "missing"
        self._rest, self._opened = b"", True
        self._heard_ns = self._framed_ns = self._now_ns()
        self._asked_ns = self._heard_ns - self._ask_every_ns
        return None

    def sample(self) -> Reading | None:
        now_ns = self._now_ns()
        if not self._opened:
            return self._nothing(now_ns, "missing")
        try:
            fresh = self._port.read(MAX_BYTES)
            if self._asks and now_ns >= self._asked_ns + self._ask_every_ns:
                self._port.write(ASK)
                self._asked_ns = now_ns
        except OSError:
            return self._nothing(now_ns, "missing")
        return self._read(now_ns, fresh)

    def close(self) -> None:
        self._opened = False
        self._port.close()

    def _read(self, now_ns: int, fresh: bytes) -> Reading | None:
        if fresh:
            self._heard_ns = now_ns
        distance_mm, self._rest = newest(self._rest + fresh, self._manner)
        if distance_mm is not None:
            self._framed_ns = now_ns
            return self._reading(now_ns, distance_mm)
        if now_ns - self._framed_ns <= self._silent_ns:
            return None
        heard = now_ns - self._heard_ns <= self._silent_ns
        return self._nothing(now_ns, "garbage" if heard else "silent")

    def _reading(self, now_ns: int, distance_mm: int) -> Reading:
        manner = self._manner
        if distance_mm <= manner.least_mm:
            return self._nothing(now_ns, manner.near)
        if distance_mm > manner.most_mm:
            return self._nothing(now_ns, NO_ECHO)
        echo_us = round(2_000.0 * distance_mm / manner.speed_m_per_s, 1)
        return Reading(now_ns, self.channel.name, echo_us)

    def _nothing(self, now_ns: int, why: str) -> Reading:
        return Reading(now_ns, self.channel.name, None, why)


def newest(received: bytes, manner: Manner) -> tuple[int | None, bytes]:
    """Millimetres of the last whole frame, and what may be the beginning of the next one.

    Only a matching sum makes a frame: FF is also a possible data byte.
    """
    distance_mm, at = None, 0
    while (at := received.find(HEAD, at)) >= 0 and at + FRAME_BYTES <= len(received):
        high, low, check = received[at + 1 : at + FRAME_BYTES]
        if (high + low + HEAD * manner.head_counts) & 0xFF == check:
            distance_mm = high * 256 + low
            at += FRAME_BYTES
        else:
            at += 1
    return distance_mm, received[at:] if at >= 0 else b""


def open_serial(path: str) -> SerialPort:
    """9600 8N1. The device is touched by `reset` only, so that it may come later."""
    return _Serial(path)


class _Serial:
    def __init__(self, path: str) -> None:
        self._path = path
        self._port: Any = None

    def reset(self) -> None:
        self.close()
        try:
            import termios

            import serial
        except ImportError as error:
            raise OSError(f"{error.name} is not installed") from None
        try:
            # Exclusive, as two readers of one line each get half of the frames. Opening forgets
            # what came in before.
            self._port = serial.Serial(self._path, 9600, timeout=0, write_timeout=0, exclusive=True)
        except termios.error as error:
            raise OSError(*error.args) from None

    def read(self, count: int) -> bytes:
        return bytes(self._open().read(count))

    def write(self, data: bytes) -> None:
        self._open().write(data)

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _open(self) -> Any:
        if self._port is None:
            raise OSError(f"{self._path} is not open")
        return self._port

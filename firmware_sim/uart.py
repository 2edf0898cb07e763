"""The serial ultrasonics on virtual time: what they send, byte by byte, as a SerialPort."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from edge.adapters.ultrasonic_uart import ASK, HEAD, MANNERS, FrameKind
from firmware_sim.pins import Distance

NS = 1_000_000_000
# 10 bits at 9600 baud.
BYTE_NS = NS * 10 // 9600
EVERY_NS = NS // 10
ANSWER_NS = 70_000_000
# As the kernel's: what nobody fetches is lost.
BUFFER_BYTES = 4096
# What a covered A02YYUW says. Without a target it is taken to say what is beyond its range: its
# data sheet does not tell.
COVERED_MM = 0
NOTHING_MM: dict[FrameKind, int] = {"a02yyuw": 4_501, "jsn-sr04t": 0, "aj-sr04m": 9999}


class SimulatedUart:
    """Sends from the moment it is made, as a powered sensor does, whoever listens.

    Changed while it runs: `plugged`, the sensor; `covered`, its face; `there`, the port itself;
    `mangle`, the cable.
    """

    def __init__(
        self,
        now_ns: Callable[[], int],
        distance_m: Distance,
        kind: FrameKind = "a02yyuw",
        asks: bool = False,
        temperature_c: Callable[[int], float] = lambda now_ns: 20.0,
    ) -> None:
        """The A02YYUW tells the true distance; the others assume 340 m/s in any air."""
        self._now_ns, self._distance_m, self._temperature_c = now_ns, distance_m, temperature_c
        self._kind, self._asks = kind, asks
        self.plugged, self.there, self.covered = True, True, False
        self.mangle: Callable[[bytes], bytes] = lambda frame: frame
        self._wire: deque[tuple[int, int]] = deque(maxlen=BUFFER_BYTES)
        self._next_ns = now_ns()

    def reset(self) -> None:
        self._fetch()
        self._wire = deque(self._still_to_come(), maxlen=BUFFER_BYTES)

    def read(self, count: int) -> bytes:
        self._fetch()
        now_ns, wire, arrived = self._now_ns(), self._wire, bytearray()
        while wire and wire[0][0] <= now_ns and len(arrived) < count:
            arrived.append(wire.popleft()[1])
        return bytes(arrived)

    def write(self, data: bytes) -> None:
        self._fetch()
        if self._asks and self.plugged and ASK in data:
            self._send(self._now_ns() + ANSWER_NS)

    def close(self) -> None:
        """The sensor does not notice."""

    def _fetch(self) -> None:
        """What was sent until now; after a long absence only what the buffer would still hold."""
        if not self.there:
            raise OSError("the device is gone")
        now_ns = self._now_ns()
        if self._asks:
            return
        self._next_ns = max(self._next_ns, now_ns - BUFFER_BYTES // 4 * EVERY_NS)
        while self._next_ns <= now_ns:
            if self.plugged:
                self._send(self._next_ns)
            self._next_ns += EVERY_NS

    def _send(self, from_ns: int) -> None:
        frame = self.mangle(self._frame(from_ns))
        self._wire.extend((from_ns + n * BYTE_NS, byte) for n, byte in enumerate(frame, 1))

    def _frame(self, mono_ns: int) -> bytes:
        high, low = divmod(self._distance_mm(mono_ns), 256)
        head = HEAD * MANNERS[self._kind].head_counts
        return bytes((HEAD, high, low, (head + high + low) & 0xFF))

    def _distance_mm(self, mono_ns: int) -> int:
        if self.covered:
            return COVERED_MM
        distance_m = self._distance_m(mono_ns)
        if distance_m is None:
            return NOTHING_MM[self._kind]
        if self._kind != "a02yyuw":
            distance_m *= 340.0 / (331.3 + 0.606 * self._temperature_c(mono_ns))
        return round(distance_m * 1_000)

    def _still_to_come(self) -> list[tuple[int, int]]:
        return [(due_ns, byte) for due_ns, byte in self._wire if due_ns > self._now_ns()]

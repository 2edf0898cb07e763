"""All sensors of a gateway, one after the other on one thread: each at its period, no two pings at
once, and one that fails is left alone for a while.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Protocol, TypeAlias, runtime_checkable

from edge.adapters.contained import Broke, Contained, say_nothing
from edge.core.readings import IMAGE, NO_ECHO, Reading
from edge.ports import Put, Sensor, Took

NS = 1_000_000_000
# Between two pings of any two sensors: a neighbour's sound dies away in it.
PING_GAP_NS = 60_000_000
# One lost edge is no broken sensor.
STRIKES = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
TELL_NS = NS
LONGEST_WAIT_S = 1.0
JOIN_S = 2.0
_Due: TypeAlias = tuple[int, int]


@runtime_checkable
class Pings(Protocol):
    """A sensor that may sound whenever it is sampled says so."""

    pings: bool


class Sampler:
    """`turn` and `due_ns` drive it, on the caller's thread; `start` does so on one of its own.

    `dropped` counts readings that the full inbox did not take. Only one thread may touch sensors.
    `broke` hears of a driver that raised: its sensor has a fault then, the others go on.
    """

    def __init__(
        self,
        sensors: Sequence[Sensor],
        put: Put,
        now_ns: Callable[[], int],
        wait: Callable[[float], object] | None = None,
        broke: Broke = say_nothing,
    ) -> None:
        self.taken = self.dropped = 0
        self._put, self._now_ns = put, now_ns
        self._stop = Event()
        self._wait = wait or self._stop.wait
        self._thread: Thread | None = None
        self._lines = [_Line(sensor, Contained(sensor, now_ns, broke)) for sensor in sensors]
        self._quiet_ns = 0
        self._pingers: list[_Due] = []
        self._others: list[_Due] = []
        self._spread(now_ns())

    def due_ns(self) -> int:
        """When `turn` has something to do; in a second if there is nothing to sample."""
        dues = [entry[0] for entry in (self._ping_due(), self._other_due()) if entry is not None]
        return min(dues, default=self._now_ns() + NS)

    def turn(self) -> None:
        """Each sensor that is due, at most once."""
        for _ in self._lines:
            now_ns = self._now_ns()
            queue = self._next(now_ns)
            if queue is None:
                return
            _, number = heapq.heappop(queue)
            line = self._lines[number]
            reading = line.step(now_ns)
            if queue is self._pingers and line.is_open:
                self._quiet_ns = now_ns + PING_GAP_NS
            heapq.heappush(queue, (line.due_ns, number))
            if reading is not None:
                self._give(reading)

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Closes the sensors; one that hangs is left behind, as the thread is a daemon."""
        self._stop.set()
        if self._thread is None:
            self._close()
        else:
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.turn()
            due_s = (self.due_ns() - self._now_ns()) / NS
            if due_s > 0:
                self._wait(min(due_s, LONGEST_WAIT_S))
        self._close()

    def _close(self) -> None:
        for line in self._lines:
            line.close()

    def _spread(self, now_ns: int) -> None:
        """Pings in a row, the others evenly over their period: no burst, on no bus."""
        for number, line in enumerate(self._lines):
            queue = self._pingers if line.pings else self._others
            line.due_ns = now_ns
            if line.pings:
                line.due_ns += len(queue) * PING_GAP_NS
            else:
                line.due_ns += line.period_ns * number // len(self._lines)
            heapq.heappush(queue, (line.due_ns, number))

    def _next(self, now_ns: int) -> list[_Due] | None:
        """The queue whose first has been due for longest: slow pings starve nobody."""
        ping, other = self._ping_due(), self._other_due()
        if ping is not None and (other is None or ping[0] < other[0]):
            return self._pingers if ping[0] <= now_ns else None
        return self._others if other is not None and other[0] <= now_ns else None

    def _ping_due(self) -> _Due | None:
        if not self._pingers:
            return None
        due_ns, number = self._pingers[0]
        return max(due_ns, self._quiet_ns), number

    def _other_due(self) -> _Due | None:
        return self._others[0] if self._others else None

    def _give(self, reading: Reading) -> None:
        if self._put(Took(reading)):
            self.taken += 1
        else:
            self.dropped += 1


class _Line:
    """One sensor, its schedule and its trouble."""

    def __init__(self, sensor: Sensor, contained: Contained) -> None:
        self.sensor, self._driver = sensor, contained
        self.pings = isinstance(sensor, Pings) and sensor.pings
        self.period_ns = round(sensor.period_s * NS)
        self.due_ns = 0
        self.is_open = False
        self._strikes = 0
        self._pause_s = FIRST_PAUSE_S
        self._retry_ns = 0
        self._why = ""
        self._tell_ns = 0

    def step(self, now_ns: int) -> Reading | None:
        if not self.is_open:
            return self._reopen(now_ns)
        reading = self._driver.sample()
        # What was missed is not made up for.
        self.due_ns = max(self.due_ns + self.period_ns, now_ns)
        if reading is None:
            return None
        if reading.value is None and (why := reading.why) != NO_ECHO:
            return reading if why and why.startswith(IMAGE) else self._fail(now_ns, why or "")
        self._strikes, self._pause_s = 0, FIRST_PAUSE_S
        return reading

    def close(self) -> None:
        if self.is_open:
            self._driver.close()
        self.is_open = False

    def _reopen(self, now_ns: int) -> Reading | None:
        if now_ns < self._retry_ns:
            return self._tell(now_ns)
        why = self._driver.open()
        if why is not None:
            return self._rest(now_ns, why)
        self.is_open, self.due_ns = True, now_ns
        return None

    def _fail(self, now_ns: int, why: str) -> Reading | None:
        self._strikes += 1
        if self._strikes < STRIKES:
            self._why = why
            return self._tell(now_ns, due_ns=self.due_ns)
        # One good reading clears it; until then a single fault after a pause is enough.
        self._strikes = STRIKES - 1
        return self._rest(now_ns, why)

    def _rest(self, now_ns: int, why: str) -> Reading | None:
        self._why = why
        self.close()
        self._retry_ns = now_ns + round(self._pause_s * NS)
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        return self._tell(now_ns)

    def _tell(self, now_ns: int, due_ns: int | None = None) -> Reading | None:
        """The fault, at most once a second; it is due again with the next word or attempt."""
        told = now_ns >= self._tell_ns
        if told:
            self._tell_ns = now_ns + TELL_NS
        self.due_ns = min(self._tell_ns, self._retry_ns) if due_ns is None else due_ns
        return Reading(now_ns, self.sensor.channel.name, None, self._why) if told else None

"""The plates that a space's cameras read, and which of them are of the car that stands there.

A camera that sees the space also sees the lane: a driver who waits there for his own space is read
while a stranger's car stands in it. Only what was read around a car's arrival is therefore ever
held to be that car's (docs/decisions/0015).
"""

from __future__ import annotations

from collections import deque

from edge.core import plates
from edge.core.readings import PlateRead

READS_KEPT = 256


class ArrivalReads:
    """Nothing of it outlives the process."""

    def __init__(self, before_ns: int) -> None:
        """A plate may be read so long before its car is in the space."""
        self._before_ns = before_ns
        self._reads: deque[tuple[int, PlateRead]] = deque(maxlen=READS_KEPT)
        self._came_ns, self._until_ns = 0, -1
        self._own: str | None = None

    @property
    def own(self) -> str | None:
        """What was voted for as the car that stands there came. None: nothing was read then, or

        it came before this process did.
        """
        return self._own

    def add(self, mono_ns: int, read: PlateRead) -> None:
        self._reads.append((mono_ns, read))
        # An arrival may be told before its wait is over, when a snapshot is asked for.
        if mono_ns <= self._until_ns:
            self._own = self.voted(self._came_ns, mono_ns)

    def came(self, at_ns: int, until_ns: int) -> None:
        """A car came at `at_ns`; what is read up to `until_ns` is its plate."""
        self._came_ns, self._until_ns = at_ns, until_ns
        self._own = self.voted(at_ns, until_ns)

    def voted(self, at_ns: int, to_ns: int) -> str | None:
        from_ns = at_ns - self._before_ns
        return plates.vote(read for ns, read in self._reads if from_ns <= ns <= to_ns)

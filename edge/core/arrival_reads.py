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
NS = 1_000_000_000


class ArrivalReads:
    """Nothing of it outlives the process."""

    def __init__(self, before_s: float, keep_s: float) -> None:
        """A plate may be read `before_s` before its car is in the space. After `keep_s` a read is
        forgotten; only the car that stands there is known until it leaves."""
        self._before_ns = int(before_s * NS)
        self._keep_ns = max(int(keep_s * NS), self._before_ns)
        self._reads: deque[tuple[int, str, PlateRead]] = deque(maxlen=READS_KEPT)
        self._came_ns, self._until_ns = 0, -1
        self._own: PlateRead | None = None

    @property
    def own(self) -> PlateRead | None:
        """What was voted for as the car that stands there came. None: nothing was read then, or

        it came before this process did.
        """
        return self._own

    def add(self, mono_ns: int, read: PlateRead, camera: str = "") -> None:
        self._reads.append((mono_ns, camera, read))
        # An arrival may be told before its wait is over, when a snapshot is asked for.
        if mono_ns <= self._until_ns:
            self._own = self.voted(self._came_ns, mono_ns)

    def came(self, at_ns: int, until_ns: int) -> None:
        """A car came at `at_ns`; what is read up to `until_ns` is its plate."""
        self._came_ns, self._until_ns = at_ns, until_ns
        self._own = self.voted(at_ns, until_ns)

    def left(self) -> None:
        """The car has gone, and what was read of it is nobody's business."""
        self._own, self._until_ns = None, -1

    def forget(self, now_ns: int) -> None:
        """What is too old to be of an arrival to come."""
        while self._reads and self._reads[0][0] < now_ns - self._keep_ns:
            self._reads.popleft()

    def voted(self, at_ns: int, to_ns: int) -> PlateRead | None:
        """A measured reader has voted over its frames already: of each camera its last word counts.

        Of other cameras every read does.
        """
        from_ns = at_ns - self._before_ns
        within = [(camera, read) for ns, camera, read in self._reads if from_ns <= ns <= to_ns]
        last = {camera: read for camera, read in within if read.sure is not None}
        plain = [read for camera, read in within if camera not in last]
        return plates.voted([*plain, *last.values()])

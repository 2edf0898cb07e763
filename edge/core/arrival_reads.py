"""The plates that a space's cameras read, and which of them are of the car that stands there.

A camera that sees the space also sees the lane: a driver who waits there for his own space is read
while a stranger's car stands in it. Only what was read around a car's arrival is therefore ever
held to be that car's (docs/decisions/0015).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from edge.core import plates
from edge.core.readings import PlateRead

READS_KEPT = 256
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Hidden:
    salt: bytes
    digest: bytes
    read: PlateRead


class ArrivalReads:
    """Nothing of it outlives the process."""

    def __init__(self, before_s: float, keep_s: float) -> None:
        """A plate may be read `before_s` before its car is in the space. After `keep_s` a read is
        forgotten; only the car that stands there is known until it leaves."""
        self._before_ns = int(before_s * NS)
        self._keep_ns = max(int(keep_s * NS), self._before_ns)
        self._reads: deque[tuple[int, str, PlateRead]] = deque(maxlen=READS_KEPT)
        self._came_ns, self._until_ns, self._left_ns = 0, -1, -1
        self._own: PlateRead | None = None
        self._hidden: _Hidden | None = None

    @property
    def own(self) -> PlateRead | None:
        """What was voted for as the car that stands there came. None: nothing was read then, or

        it came before this process did.
        """
        return self._own

    def add(self, mono_ns: int, read: PlateRead, camera: str = "") -> None:
        if mono_ns <= self._left_ns:
            return  # It took its time, and its car has gone meanwhile.
        self._reads.append((mono_ns, camera, read))
        # An arrival may be told before its wait is over, when a snapshot is asked for.
        if mono_ns <= self._until_ns:
            self._own = self.voted(self._came_ns, mono_ns)

    def came(self, at_ns: int, until_ns: int) -> None:
        """A car came at `at_ns`; what is read up to `until_ns` is its plate."""
        self._came_ns, self._until_ns = at_ns, until_ns
        self._hidden = None
        self._own = self.voted(at_ns, until_ns)

    def left(self, at_ns: int | None = None) -> None:
        """The car has gone, and what was read of it is nobody's business: nor is it the next one's
        plate. What was read after `at_ns` may be; None: nothing that was read so far is."""
        self._own, self._until_ns, self._hidden = None, -1, None
        self._left_ns = (
            max((ns for ns, _, _ in self._reads), default=-1) if at_ns is None else at_ns
        )
        kept = [one for one in self._reads if one[0] > self._left_ns]
        self._reads = deque(kept, maxlen=READS_KEPT)

    def forget(self, now_ns: int) -> None:
        """What is too old to be of an arrival to come."""
        while self._reads and self._reads[0][0] < now_ns - self._keep_ns:
            self._reads.popleft()

    def hide(
        self, now_ns: int, known: Callable[[], Container[str]], salt: Callable[[], bytes]
    ) -> None:
        """Of a car that stands there for longer than that, and whose plate is not in `known`
        (folded), a salted digest stays."""
        own = self._own
        if (
            own is None
            or now_ns <= self._until_ns + self._keep_ns
            or plates.fold(own.text) in known()
        ):
            return
        fresh = salt()
        self._hidden = _Hidden(fresh, _digest(fresh, own, own.text), replace(own, text=""))
        self._own = None

    def expect(self, expected: Iterable[str]) -> None:
        """A grant has come: if it names the car that stands there, it is known again."""
        hidden = self._hidden
        if hidden is None:
            return
        for plate in expected:
            if _digest(hidden.salt, hidden.read, plate) == hidden.digest:
                self._own = replace(hidden.read, text=plates.normalise(plate))
                self._hidden = None
                return

    def voted(self, at_ns: int, to_ns: int) -> PlateRead | None:
        """A measured reader has voted over its frames already: of each camera its last word counts.

        Of other cameras every read does.
        """
        from_ns = at_ns - self._before_ns
        within = [(camera, read) for ns, camera, read in self._reads if from_ns <= ns <= to_ns]
        last = {camera: read for camera, read in within if read.sure is not None}
        plain = [read for camera, read in within if camera not in last]
        return plates.voted([*plain, *last.values()])


def _digest(salt: bytes, read: PlateRead, plate: str) -> bytes:
    """Spelt as plates.match compares it."""
    spelt = plates.fold(plate) if read.sure is None else plates.normalise(plate)
    return hashlib.sha256(salt + spelt.encode()).digest()

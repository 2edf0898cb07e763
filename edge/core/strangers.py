"""What is forgotten of cars that nobody expects, minutes after they were read.

A car that stands there stays known by a salted digest alone, so that a grant that comes later (it
was booked where it stood, or a person compared its plate) still finds it by the exact plate.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import UTC, datetime
from typing import Protocol, TypeAlias, runtime_checkable

from edge.core.arrival_reads import ArrivalReads
from edge.core.grants import GrantBook
from edge.core.plates import fold

NS = 1_000_000_000
# A grant whose window is far away is told again by the plate that it names, all the same.
ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Known: TypeAlias = Callable[[], Container[str]]
"""Folded plates. Asked only if there is something old: it looks through all grants."""


@runtime_checkable
class RemembersPlates(Protocol):
    """A detector that tells vehicles apart by their plates, too."""

    forget_plates: Callable[[int, Known], None]
    """What was read before then, unless it is known."""


class Strangers:
    def __init__(self, grants: GrantBook, salt: Callable[[], bytes], keep_s: float) -> None:
        self._grants, self._salt, self._keep_ns = grants, salt, int(keep_s * NS)

    def forget(
        self, space: str, reads: ArrivalReads, detector: object, now_ns: int, at: datetime
    ) -> None:
        def known() -> frozenset[str]:
            return self._known(space, at)

        reads.hide(now_ns, known, self._salt)
        if isinstance(detector, RemembersPlates):
            detector.forget_plates(now_ns - self._keep_ns, known)

    def _known(self, space: str, at: datetime) -> frozenset[str]:
        """Of whoever is expected at the lot now, or at this space at any time."""
        own = (it for grant in self._grants.expected(space, *ALWAYS) for it in grant.plates)
        return frozenset(map(fold, (*self._grants.plates(space, at), *own)))

"""Events of a space as it makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.wire.messages import EventKind
from contracts.wire.types import ZERO_DIGEST, Occupancy, from_ms, to_ms
from edge.core.plates import Verdict

NOBODY = Verdict()
MAX_UNCERTAINTY_MS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without its number and chain. `reported_at`: by the clock that its stay goes by."""

    kind: EventKind
    occupancy: Occupancy | None
    at: datetime
    uncertainty_s: float
    reported_ns: int
    evidence: str = ZERO_DIGEST
    verdict: Verdict = NOBODY
    reported_at: datetime | None = None


def since(seen_at: datetime | None, now: datetime) -> tuple[datetime, float]:
    """Nothing is known from when it was last seen up to now: it may have changed at any moment."""
    return (now, 0.0) if seen_at is None else between(seen_at, now)


def between(earliest: datetime, latest: datetime) -> tuple[datetime, float]:
    """The middle, and half of the interval, such that middle - half is exactly `earliest`."""
    if latest <= earliest:
        return latest, 0.0
    half_ms = min((to_ms(latest) - to_ms(earliest) + 1) // 2, MAX_UNCERTAINTY_MS)
    return from_ms(to_ms(earliest) + half_ms), half_ms / 1000

"""Bill the evidence: which seconds of a stay its signed events prove; doubt is the driver's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.ledger.pricing import Interval
from contracts.wire.messages import Event


@dataclass(frozen=True, slots=True)
class Evidence:
    """`arrived_at` and `departed_at` are best estimates; `billed` holds only what is certain."""

    arrived_at: datetime
    departed_at: datetime
    billed: tuple[Interval, ...]

    @property
    def billed_s(self) -> int:
        whole = sum((end - begin for begin, end in self.billed), timedelta())
        return int(whole.total_seconds())


def evidence_of(events: Sequence[Event]) -> Evidence | None:
    """Events of one space from its arrival to the one that says free; None if they tell no stay.

    Each event ends the certain part of what was before it at `at - uncertainty` and begins the
    certain part of what it says at `at + uncertainty`. Time under 'unknown' is not billed. A space
    found free at boot was left at a time the gateway can only bound: its event carries the bound.
    """
    states = [event.occupancy for event in events]
    if len(events) < 2 or states[0] != "occupied" or states[-1] != "free" or "free" in states[:-1]:
        return None
    billed: list[Interval] = []
    begins_at: datetime | None = None
    for event in events:
        doubt = timedelta(seconds=event.uncertainty_s)
        if event.occupancy == "occupied" and begins_at is None:
            begins_at = event.at + doubt
        elif event.occupancy != "occupied" and begins_at is not None:
            billed.append((begins_at, event.at - doubt))
            begins_at = None
    certain = tuple((begin, end) for begin, end in billed if begin < end)
    return Evidence(events[0].at, events[-1].at, certain)

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
    A clock that was not synced proves no time of day: such an event begins nothing, and what it
    ends is measured on the boot's own clock, or not billed if there was a boot in between.
    """
    states = [event.occupancy for event in events]
    if len(events) < 2 or states[0] != "occupied" or states[-1] != "free" or "free" in states[:-1]:
        return None
    billed: list[Interval] = []
    begun: Event | None = None
    for event in events:
        if event.occupancy == "occupied" and begun is None and event.clock != "unsynced":
            begun = event
        elif event.occupancy != "occupied" and begun is not None:
            billed += _certain(begun, event)
            begun = None
    return Evidence(events[0].at, events[-1].at, tuple(billed))


def certain_from(events: Sequence[Event]) -> set[datetime]:
    """Since when a space was certainly occupied, by those events whose clock was set."""
    return {
        event.at + timedelta(seconds=event.uncertainty_s)
        for event in events
        if event.occupancy == "occupied" and event.clock != "unsynced"
    }


def _certain(begun: Event, ended: Event) -> list[Interval]:
    """From the latest the one can have been to the earliest the other can; empty if in doubt."""
    begin = begun.at + timedelta(seconds=begun.uncertainty_s)
    ends_at = ended.at
    if ended.clock == "unsynced":
        if ended.boot_id != begun.boot_id:
            return []
        ends_at = begun.at + (_since_boot(ended) - _since_boot(begun))
    end = ends_at - timedelta(seconds=ended.uncertainty_s)
    return [(begin, end)] if begin < end else []


def _since_boot(event: Event) -> timedelta:
    """When it happened, on the boot's own clock; `boottime_ns` is when it was reported."""
    return timedelta(milliseconds=event.boottime_ns // 1_000_000) - (event.reported_at - event.at)

"""From single moments to stays: what truly stood there, and what a gateway would bill for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge.core.fusion import Change
from firmware_sim.scoring.money import Span
from firmware_sim.trace import NS, Truth

Watch = tuple[int, int]
"""First and last reading of a space, in mono_ns."""


@dataclass(frozen=True, slots=True)
class TrueStay:
    """`departed` None: it stood there when the trace ended."""

    arrived: Truth
    departed: Truth | None
    until_ns: int

    @property
    def span(self) -> Span:
        return self.arrived.mono_ns, self.until_ns


@dataclass(frozen=True, slots=True)
class FoundStay:
    """From an arrival to the departure, the next arrival, or the end of the trace.

    `certain` is what may be billed (contracts.ledger.stay): from the latest the car can have come
    to the earliest it can have gone, without the time in unknown.
    """

    arrived: Change
    until_ns: int
    certain: tuple[Span, ...]

    @property
    def span(self) -> Span:
        return self.arrived.at_ns, self.until_ns


def true_stays(rows: Iterable[Truth], watch: Watch | None) -> list[TrueStay]:
    """Of one space. A stay that began before the trace has no arrival in it and is none here."""
    stays: list[TrueStay] = []
    arrived: Truth | None = None
    for row in sorted(rows, key=lambda row: row.mono_ns):
        if row.kind == "arrive":
            arrived = row
        elif row.kind == "depart" and arrived is not None:
            stays.append(TrueStay(arrived, row, row.mono_ns))
            arrived = None
    if arrived is not None and watch is not None:
        stays.append(TrueStay(arrived, None, watch[1]))
    return stays


def found_stays(changes: Iterable[Change], watch: Watch | None) -> list[FoundStay]:
    """Of one space, in the order of the reports. One that never ends is billed to the trace's end:
    a detector that locks up pays for it. Without a watch that end is not known, and it is left out.
    """
    stays: list[FoundStay] = []
    story: list[Change] = []
    for change in sorted(changes, key=lambda change: change.reported_ns):
        if story and change.kind in ("arrival", "departure"):
            stays.append(_told([*story, change], change.at_ns))
            story = []
        if change.kind == "arrival" or (story and change.kind in ("unknown", "known")):
            story.append(change)
    if story and watch is not None:
        stays.append(_told(story, watch[1]))
    return stays


def unknown_ns(changes: Iterable[Change], watch: Watch, start_s: float = 60.0) -> Span:
    """Time in unknown and time judged, of one space, by when the changes were reported.

    Judged from the first decision on, or from `start_s` after the first reading if none came.
    """
    said = sorted(changes, key=lambda change: change.reported_ns)
    decided = [change.reported_ns for change in said if change.kind != "unknown"]
    from_ns = min([watch[0] + int(start_s * NS), *decided[:1]])
    blind_since_ns: int | None = from_ns
    blind_ns = 0
    for change in said:
        if change.kind == "unknown":
            blind_since_ns = change.reported_ns if blind_since_ns is None else blind_since_ns
        elif blind_since_ns is not None:
            blind_ns += max(0, change.reported_ns - max(blind_since_ns, from_ns))
            blind_since_ns = None
    if blind_since_ns is not None:
        blind_ns += max(0, watch[1] - max(blind_since_ns, from_ns))
    return blind_ns, max(0, watch[1] - from_ns)


def _told(story: list[Change], until_ns: int) -> FoundStay:
    """Every change ends what was certain before it; an arrival or `known` begins it again."""
    certain: list[Span] = []
    for this, then in zip(story, [*story[1:], None]):
        if this.kind in ("arrival", "known"):
            doubt_ns = int(then.uncertainty_s * NS) if then else 0
            begin_ns = this.at_ns + int(this.uncertainty_s * NS)
            end_ns = (then.at_ns if then else until_ns) - doubt_ns
            certain += [(begin_ns, end_ns)] if end_ns > begin_ns else []
    return FoundStay(story[0], max(until_ns, story[0].at_ns), tuple(certain))

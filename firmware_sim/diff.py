"""Two traces, or two lists of events, compared so that a person can read what differs."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from edge.core.fusion import Change
from edge.core.readings import Channel, Reading
from edge.core.trace_lines import BadLine, TraceHeader, format_reading
from firmware_sim.trace import NS, TraceReader

MOST_SHOWN = 10
# Two events of one kind and space further apart than this are two events, not one that moved.
MOVED_AT_MOST_NS = 60 * NS


@dataclass(slots=True)
class TraceDiff:
    """`first` holds the first difference: which reading it is on each side, and both lines."""

    header: list[str]
    same: int = 0
    changed: int = 0
    only_a: int = 0
    only_b: int = 0
    bad_a: int = 0
    bad_b: int = 0
    first: tuple[int, str, int, str] | None = None

    @property
    def differs(self) -> bool:
        return bool(self.header or self.changed or self.only_a or self.only_b)


def diff_traces(a: TraceReader, b: TraceReader) -> TraceDiff:
    """Walks both at once by time and channel, in little memory.

    What compression, spaces or bad lines alone make different is no difference.
    """
    found = TraceDiff(header_differences(a.header, b.header))
    left, right = _Side(a), _Side(b)
    while left.reading is not None or right.reading is not None:
        if left.reading == right.reading:
            found.same += 1
            left.next()
            right.next()
            continue
        _unequal(found, left, right)
    found.bad_a, found.bad_b = a.bad, b.bad
    return found


def header_differences(a: TraceHeader, b: TraceHeader) -> list[str]:
    names = ("gateway", "tz", "mono_ns", "wall")
    found = [
        f"{name}: {getattr(a, name)} | {getattr(b, name)}"
        for name in names
        if getattr(a, name) != getattr(b, name)
    ]
    for name in sorted(a.channels.keys() | b.channels.keys()):
        ours, theirs = a.channels.get(name), b.channels.get(name)
        if ours != theirs:
            found.append(f"channel {name}: {_channel_text(ours)} | {_channel_text(theirs)}")
    return found


class _Side:
    """One trace and the reading it stands at."""

    def __init__(self, reader: TraceReader) -> None:
        self._readings = iter(reader)
        self.reading: Reading | None = None
        self.number = 0
        self.next()

    def next(self) -> None:
        self.reading = next(self._readings, None)
        self.number += 1

    def text(self) -> str:
        return "(end)" if self.reading is None else format_reading(self.reading)


def _unequal(found: TraceDiff, a: _Side, b: _Side) -> None:
    if found.first is None:
        found.first = (a.number, a.text(), b.number, b.text())
    if b.reading is None:
        order = -1
    elif a.reading is None:
        order = 1
    else:
        ours = (a.reading.mono_ns, a.reading.channel)
        theirs = (b.reading.mono_ns, b.reading.channel)
        order = (ours > theirs) - (ours < theirs)
    found.only_a += order < 0
    found.only_b += order > 0
    found.changed += order == 0
    if order <= 0:
        a.next()
    if order >= 0:
        b.next()


def _channel_text(channel: Channel | None) -> str:
    if channel is None:
        return "none"
    values = (getattr(channel, each.name) for each in fields(channel))
    return " ".join(str(value) for value in values if value is not None)


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of `replay --events`."""

    space: str
    kind: str
    at_ns: int
    uncertainty_s: float
    reported_ns: int


@dataclass(slots=True)
class EventsDiff:
    same: int = 0
    moved: list[tuple[EventLine, EventLine]] = field(default_factory=list)
    vanished: list[EventLine] = field(default_factory=list)
    appeared: list[EventLine] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        return bool(self.moved or self.vanished or self.appeared)


def event_of(change: Change) -> EventLine:
    return EventLine(
        change.space, change.kind, change.at_ns, change.uncertainty_s, change.reported_ns
    )


def read_events(path: Path) -> tuple[list[EventLine], list[str]]:
    """The events, and why each bad line is none."""
    events, bad = [], []
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            try:
                events.append(_event(json.loads(raw)))
            except (ValueError, TypeError, KeyError, RecursionError):
                bad.append(f"line {number}: not an event of `replay --events`")
    if bad and not events:
        raise BadLine(f"{path.name}: holds neither a trace nor events")
    return events, bad


def diff_events(a: Iterable[EventLine], b: Iterable[EventLine]) -> EventsDiff:
    """One to one within a space and kind, in time's order: equal ones first, then the nearest."""
    found = EventsDiff()
    ours, theirs = _grouped(a), _grouped(b)
    for key in sorted(ours.keys() | theirs.keys()):
        _diff_group(found, ours.get(key, []), theirs.get(key, []))
    found.moved.sort(key=lambda pair: (pair[0].at_ns, pair[0].space))
    found.vanished.sort(key=lambda event: (event.at_ns, event.space))
    found.appeared.sort(key=lambda event: (event.at_ns, event.space))
    return found


def _grouped(events: Iterable[EventLine]) -> dict[tuple[str, str], list[EventLine]]:
    def key(event: EventLine) -> tuple[str, str]:
        return event.space, event.kind

    ordered = sorted(events, key=lambda event: (*key(event), event.at_ns, event.reported_ns))
    return {group: list(rows) for group, rows in groupby(ordered, key)}


def _diff_group(found: EventsDiff, a: Sequence[EventLine], b: Sequence[EventLine]) -> None:
    left, right = _without(a, b), _without(b, a)
    found.same += len(a) - len(left)
    times = [event.at_ns for event in right]
    near = sorted(
        (abs(ours.at_ns - times[j]), i, j)
        for i, ours in enumerate(left)
        for j in range(
            bisect_left(times, ours.at_ns - MOVED_AT_MOST_NS),
            bisect_right(times, ours.at_ns + MOVED_AT_MOST_NS),
        )
    )
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    for _, i, j in near:
        if i not in taken_a and j not in taken_b:
            taken_a.add(i)
            taken_b.add(j)
            found.moved.append((left[i], right[j]))
    found.vanished += [event for i, event in enumerate(left) if i not in taken_a]
    found.appeared += [event for j, event in enumerate(right) if j not in taken_b]


def _without(events: Sequence[EventLine], others: Sequence[EventLine]) -> list[EventLine]:
    """As a difference of bags: an event that is there twice needs two equals."""
    left: dict[EventLine, int] = {}
    for other in others:
        left[other] = left.get(other, 0) + 1
    rest = []
    for event in events:
        if left.get(event, 0):
            left[event] -= 1
        else:
            rest.append(event)
    return rest


def _event(data: Any) -> EventLine:
    values = {each.name: data[each.name] for each in fields(EventLine)}
    for name in ("at_ns", "reported_ns"):
        if type(values[name]) is not int:
            raise ValueError
    values["uncertainty_s"] = float(values["uncertainty_s"])
    return EventLine(**values)

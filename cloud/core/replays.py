"""The same events under another assumption: which seconds it would bill, and what they cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.ledger.pricing import Interval, Line, Tariff, price
from contracts.ledger.records import BookingRecord
from contracts.ledger.stay import evidence_of
from contracts.wire.messages import Event


@dataclass(frozen=True, slots=True)
class Assumption:
    """`at`: for left_at and came_at. `booking`: for other_booking."""

    kind: str
    at: datetime | None = None
    booking: str | None = None


Events = Sequence[Event]
Intervals = list[Interval]
KINDS: Mapping[str, tuple[str, str]] = {
    "as_seen": ("As the sensors saw it.", "按传感器记录。"),
    "arrival_earliest": ("It came as early as can be.", "按可能的最早到达时间。"),
    "arrival_latest": ("It came as late as can be.", "按可能的最晚到达时间。"),
    "departure_earliest": ("It left as early as can be.", "按可能的最早离开时间。"),
    "departure_latest": ("It left as late as can be.", "按可能的最晚离开时间。"),
    "clock_not_trusted": ("The gateway's clock proves nothing.", "不采信网关时钟。"),
    "left_at": ("It left at a given time.", "按指定时间离开。"),
    "came_at": ("It came at a given time.", "按指定时间到达。"),
    "other_booking": ("It was another booking's car.", "按另一预订的车辆计。"),
    "not_billed": ("Nothing is billed.", "不计费。"),
}
NEEDS_AT = ("left_at", "came_at")


def billed(events: Events, assumption: Assumption) -> Intervals | None:
    """None: the events tell no stay, whatever is assumed."""
    if assumption.kind == "not_billed":
        return []
    changed = _EVENTS.get(assumption.kind, _same)(events)
    evidence = evidence_of(changed)
    if evidence is None:
        return None
    return _cut(list(evidence.billed), assumption)


def lines_of(tariff: Tariff, record: BookingRecord, intervals: Intervals) -> list[Line]:
    return price(tariff, record.terms, record.window, intervals)


def _cut(intervals: Intervals, assumption: Assumption) -> Intervals:
    at = assumption.at
    if at is None or assumption.kind not in NEEDS_AT:
        return intervals
    if assumption.kind == "left_at":
        return [(begin, min(end, at)) for begin, end in intervals if begin < at]
    return [(max(begin, at), end) for begin, end in intervals if end > at]


def _same(events: Events) -> Events:
    return events


def _shifted(event: Event, sign: int) -> Event:
    """Certain at one edge of what it may have been."""
    at = event.at + sign * timedelta(seconds=event.uncertainty_s)
    return event.model_copy(update={"at": at, "uncertainty_s": 0.0})


def _edge(place: int, sign: int) -> Callable[[Events], Events]:
    def changed(events: Events) -> Events:
        kept = list(events)
        if kept:
            kept[place] = _shifted(kept[place], sign)
        return kept

    return changed


def _untrusted(events: Events) -> Events:
    return [event.model_copy(update={"clock": "unsynced"}) for event in events]


_EVENTS: Mapping[str, Callable[[Events], Events]] = {
    "arrival_earliest": _edge(0, -1),
    "arrival_latest": _edge(0, 1),
    "departure_earliest": _edge(-1, -1),
    "departure_latest": _edge(-1, 1),
    "clock_not_trusted": _untrusted,
}

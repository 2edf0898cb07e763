"""The truth beside a trace: what happened, with tags for what made it hard to see."""

from __future__ import annotations

from collections.abc import Iterator

from firmware_sim.lot.world import Lasting, Spans, Visit, World
from firmware_sim.trace import NS, Truth, TruthKind

NEAR_S = 10.0
ARRIVING, LEAVING = {"pause", "creep", "repark"}, {"pause-out"}


def truth_of(world: World) -> list[Truth]:
    """In time order; only what begins before the end."""
    rows = [*_stays(world), *_lane(world), *_people_and_things(world), *_flaws(world)]
    rows = [row for row in rows if 0 <= row.mono_ns < world.lasts_s * NS]
    return sorted(rows, key=lambda row: (row.mono_ns, row.kind, row.space or "", row.tags))


def _row(
    at_s: float, kind: TruthKind, space: str | None, tags: tuple[str, ...] = (), plate: str = ""
) -> Truth:
    return Truth(round(at_s * NS), kind, space, plate=plate or None, tags=tags)


def _stays(world: World) -> Iterator[Truth]:
    for number, space in enumerate(world.spaces):
        spans = _context(world, number)
        for visit in world.visits:
            if visit.number == number:
                yield from _visit(visit, space, spans)


def _visit(visit: Visit, space: str, spans: dict[str, Spans[Lasting]]) -> Iterator[Truth]:
    if not visit.parked:
        yield _row(visit.arrive_s, "pass", space, visit.tags)
        return
    moments: list[tuple[float, TruthKind, set[str]]] = [
        (visit.arrive_s, "arrive", LEAVING),
        (visit.depart_s, "depart", ARRIVING),
    ]
    for at_s, kind, others in moments:
        own = tuple(tag for tag in visit.tags if tag not in others)
        near = tuple(tag for tag, s in spans.items() if s.touching(at_s - NEAR_S, at_s + NEAR_S))
        yield _row(at_s, kind, space, own + near, visit.plate)


def _context(world: World, number: int) -> dict[str, Spans[Lasting]]:
    """By tag: what else may happen about a moment at this space."""
    found: dict[str, list[Lasting]] = {"tram": list(world.trams)}
    for tag, where, event in _events(world):
        if where in (None, number):
            found.setdefault(tag, []).append(event)
    beside = [visit for visit in world.visits if abs(visit.number - number) == 1]
    found["neighbour"] = [course for v in beside for course in (v.inward, v.outward)]
    found["pass"] = [_Moment(one.at_s) for one in world.passes]
    return {tag: Spans(events) for tag, events in sorted(found.items())}


def _events(world: World) -> Iterator[tuple[str, int | None, Lasting]]:
    for weather in world.weather:
        yield weather.kind, weather.number, weather
    for fault in world.faults:
        yield f"{fault.flaw}:{fault.sense}", fault.number, fault
    for stall in world.stalls:
        yield "late" if stall.sense else "gap", stall.number, stall
    for thing in world.things:
        yield thing.what, thing.number, thing
    for person in world.people:
        yield "pedestrian", person.number, person


class _Moment:
    def __init__(self, at_s: float) -> None:
        self.from_s = self.until_s = at_s


def _lane(world: World) -> Iterator[Truth]:
    for one in world.passes:
        space = None if one.number is None else world.spaces[one.number]
        yield _row(one.at_s, "pass", space, one.tags)
    for tram in world.trams:
        yield _row(tram.from_s, "pass", None, ("tram",))


def _people_and_things(world: World) -> Iterator[Truth]:
    for person in world.people:
        yield _row(person.from_s, "pedestrian", world.spaces[person.number], (person.doing,))
    for thing in world.things:
        space = world.spaces[thing.number]
        if thing.what == "plate":
            yield _row(thing.from_s, "maintenance", space, ("plate", "laid"))
            yield _row(thing.until_s, "maintenance", space, ("plate", "taken"))
        else:
            yield _row(thing.from_s, "blocked", space, (thing.what,))


def _flaws(world: World) -> Iterator[Truth]:
    for weather in world.weather:
        space = None if weather.number is None else world.spaces[weather.number]
        kind: TruthKind = "blocked" if weather.kind == "snow" else "maintenance"
        yield _row(weather.from_s, kind, space, (weather.kind,))
    for fault in world.faults:
        tag = f"{fault.flaw}:{fault.sense}"
        yield _row(fault.from_s, "maintenance", world.spaces[fault.number], (tag,))
    for stall in world.stalls:
        space = None if stall.number is None else world.spaces[stall.number]
        yield _row(stall.from_s, "maintenance", space, ("late" if stall.sense else "gap",))

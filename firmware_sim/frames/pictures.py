"""The pictures beside a trace: what its cameras saw around arrivals and departures only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.core.readings import IMAGE, PlateRead, Reading
from firmware_sim.frames.lots import LotCamera
from firmware_sim.frames.optics import SIZE, Size
from firmware_sim.lot.lot import Lot
from firmware_sim.lot.world import Visit
from firmware_sim.trace import NS

FOLDER = "frames"
# Seconds from coming to rest, and from beginning to leave, at which a picture is kept.
AT_ARRIVAL_S = (-5.0, -2.5, -1.0, 0.6, 1.6, 2.6)
AT_DEPARTURE_S = (-1.0, 1.4)
AT_TURN_S = (-1.0, 0.5)
FRAMES_AN_ARRIVAL, FRAMES_A_DEPARTURE = len(AT_ARRIVAL_S), len(AT_DEPARTURE_S)
# Of one trace: some gigabyte.
MOST_PICTURES = 20_000
MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    mono_ns: int
    channel: str
    space: str
    name: str


def pictures_of(lot: Lot) -> list[Picture]:
    """In time order; none where the gateway wrote nothing. ValueError of too many."""
    times = sorted(
        (at_ns, visit.number)
        for visit in lot.world.visits
        if 0 <= visit.number < len(lot.spaces)
        for at_ns in _moments_ns(visit)
        if _written(lot, at_ns)
    )
    if len(times) > MOST_PICTURES:
        raise ValueError(
            f"{len(times)} pictures are more than {MOST_PICTURES}: write fewer hours or spaces"
        )
    return [
        Picture(at_ns, f"cam{number}", lot.spaces[number], f"{FOLDER}/{index:06}.jpg")
        for index, (at_ns, number) in enumerate(times, 1)
    ]


def write_pictures(
    lot: Lot,
    pictures: Sequence[Picture],
    beside: Path,
    told: Callable[[int], object] = lambda mono_ns: None,
    size: Size = SIZE,
) -> None:
    """Into the folder `frames` of `beside`; ValueError if pictures lie there, who knows whose."""
    folder = beside / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"{folder} holds files already: remove it, or write to another folder")
    cameras = {space: LotCamera(lot, space, size) for space in lot.spaces}
    for one in pictures:
        (beside / one.name).write_bytes(cameras[one.space].jpeg(one.mono_ns))
        told(one.mono_ns)


def with_pictures(readings: Iterable[Reading], pictures: Sequence[Picture]) -> Iterator[Reading]:
    """The lot's readings with pictures in the place of plates that were read already."""
    waiting = [Reading(one.mono_ns, one.channel, None, IMAGE + one.name) for one in pictures]
    waiting.reverse()
    for reading in readings:
        while waiting and waiting[-1].mono_ns <= reading.mono_ns:
            yield waiting.pop()
        if not isinstance(reading.value, PlateRead):
            yield reading
    yield from reversed(waiting)


def _moments_ns(visit: Visit) -> list[int]:
    """In whole milliseconds."""
    arrive_s = AT_ARRIVAL_S if visit.parked else AT_TURN_S
    moments = [visit.arrive_s + away_s for away_s in arrive_s]
    if visit.parked:
        moments += [visit.depart_s + away_s for away_s in AT_DEPARTURE_S]
    return [round(at_s * 1000) * MS for at_s in moments]


def _written(lot: Lot, at_ns: int) -> bool:
    """Within the trace, and not while the gateway was away."""
    at_s = at_ns / NS
    gaps = (stall for stall in lot.world.stalls if stall.sense is None)
    return 0 <= at_s < lot.world.lasts_s and not any(
        gap.from_s <= at_s < gap.until_s for gap in gaps
    )

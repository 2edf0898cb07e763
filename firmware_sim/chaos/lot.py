"""What happens on a lot under faults: many short stays, and of sensors as little as will do."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from edge.core.readings import Channel, PlateRead, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.world import Stay

NS = 1_000_000_000
EVERY_S = 1.0
EMPTY_M, CAR_M, NOISE_M = 2.45, 1.0, 0.006
US_PER_M = 5_831.0
FIRST_S = 60.0
# Again and again: a gateway that is away for a while still sees who stands there.
PLATE_READ_AFTER_S = (2.0, 3.2, 4.4, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long cars stay and how long a space is empty then, at least and at most."""

    stay_s: tuple[float, float] = (110.0, 200.0)
    gap_s: tuple[float, float] = (90.0, 160.0)


BOOKED = Rhythm((500.0, 700.0), (300.0, 400.0))
"""Longer: no restart of a gateway hides a whole stay."""


def stays(
    space: str, span_s: tuple[float, float], rhythm: Rhythm, plate: str, rng: Random
) -> list[Stay]:
    found: list[Stay] = []
    first_s, lasts_s = span_s
    arrive_s = first_s + rng.uniform(0, rhythm.gap_s[1])
    while (depart_s := arrive_s + rng.uniform(*rhythm.stay_s)) < lasts_s - FIRST_S:
        found.append(Stay(space, round(arrive_s, 3), round(depart_s, 3), plate))
        arrive_s = depart_s + rng.uniform(*rhythm.gap_s)
    return found


def header(gateway: str, spaces: Sequence[str], wall: datetime) -> TraceHeader:
    names = {space: f"us-{space}" for space in spaces}
    channels = {
        name: Channel(name, "ultrasonic", space, "hc-sr04") for space, name in names.items()
    }
    channels |= {f"cam-{space}": Channel(f"cam-{space}", "camera", space) for space in spaces}
    return TraceHeader(gateway, "Asia/Shanghai", 0, wall, channels)


def readings(
    spaces: Sequence[str], visits: Sequence[Stay], lasts_s: float, rng: Random
) -> Iterator[Reading]:
    plates = (_read(visit, after_s) for visit in visits for after_s in PLATE_READ_AFTER_S)
    seen = sorted(plates, key=lambda reading: reading.mono_ns)
    echoes = _echoes(spaces, visits, lasts_s, rng)
    return heapq.merge(echoes, seen, key=lambda reading: reading.mono_ns)


def _read(visit: Stay, after_s: float) -> Reading:
    at_ns = int((visit.arrive_s + after_s) * NS)
    return Reading(at_ns, f"cam-{visit.space}", PlateRead(visit.plate, 0.95))


def _echoes(
    spaces: Sequence[str], visits: Sequence[Stay], lasts_s: float, rng: Random
) -> Iterator[Reading]:
    """One echo a second of each space; the spaces one after the other within it."""
    of = {space: [(v.arrive_s, v.depart_s) for v in visits if v.space == space] for space in spaces}
    at = dict.fromkeys(spaces, 0)
    for second in range(int(lasts_s / EVERY_S)):
        for number, space in enumerate(spaces):
            at_s = second * EVERY_S + EVERY_S * number / len(spaces)
            while at[space] < len(of[space]) and of[space][at[space]][1] <= at_s:
                at[space] += 1
            here = at[space] < len(of[space]) and of[space][at[space]][0] <= at_s
            distance_m = (CAR_M if here else EMPTY_M) + rng.gauss(0, NOISE_M)
            yield Reading(int(at_s * NS), f"us-{space}", round(distance_m * US_PER_M, 1))

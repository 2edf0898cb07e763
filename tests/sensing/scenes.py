"""What happens in a car park, written by hand: who comes, who stands before the sensor, what moves
the field. Ultrasonic 2 Hz, magnetic 10 Hz, with noise; metres and microtesla."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from edge.core.fusion import Change, DetectorSettings, SpaceDetector
from edge.core.readings import NO_ECHO, Channel, PlateRead, Reading

NS = 1_000_000_000
US = Channel("us0", "ultrasonic", "S1", "hc-sr04")
MAG = Channel("mag0", "magnetic", "S1", "qmc5883l", 3000.0)
CAM = Channel("cam0", "camera", "S1")
UT = 30.0  # counts of a microtesla
US_PER_M = 2e6 / 343.42
EARTH = (30.0, 0.0, 40.0)

Moment = tuple[float | None, float]
Lot = Callable[[float], Moment]


@dataclass(frozen=True, slots=True)
class Rates:
    echo_hz: float = 2.0
    field_hz: float = 10.0


def readings(lot: Lot, lasts_s: float, rates: Rates = Rates(), seed: int = 1) -> list[Reading]:
    """`lot` says how far the nearest thing is (None: nothing) and how far the field has moved."""
    rng, stream = Random(seed), []
    for n in range(int(lasts_s * rates.echo_hz)):
        at_s = n / rates.echo_hz
        distance_m, _ = lot(at_s)
        stream.append(echo(at_s, distance_m, rng))
    for n in range(int(lasts_s * rates.field_hz)):
        at_s = n / rates.field_hz + 0.013
        _, moved_ut = lot(at_s)
        x, y, z = (
            round(UT * (part + rng.gauss(0, 0.3)))
            for part in (EARTH[0], EARTH[1] + moved_ut, EARTH[2])
        )
        stream.append(Reading(int(at_s * NS), "mag0", (x, y, z)))
    return sorted(stream, key=lambda reading: reading.mono_ns)


def echo(at_s: float, distance_m: float | None, rng: Random) -> Reading:
    if distance_m is None:
        return Reading(int(at_s * NS), "us0", None, NO_ECHO)
    raw_us = (distance_m + rng.gauss(0, 0.006)) * US_PER_M
    return Reading(int(at_s * NS), "us0", float(round(raw_us)))


def plate(at_s: float, text: str) -> Reading:
    return Reading(int(at_s * NS), "cam0", PlateRead(text, 0.93))


def run(stream: list[Reading], *channels: Channel) -> list[Change]:
    one = SpaceDetector("S1", channels or (US, MAG, CAM), DetectorSettings())
    return [change for reading in stream for change in one.feed(reading)]


def stays(changes: list[Change]) -> list[tuple[str, float]]:
    return [(c.kind, c.at_ns / NS) for c in changes if c.kind in ("arrival", "departure")]


def near(*expected: tuple[str, float], within_s: float = 2.0) -> list[tuple[str, object]]:
    return [(kind, pytest.approx(at_s, abs=within_s)) for kind, at_s in expected]


def parked(arrive_s: float, depart_s: float, distance_m: float = 0.9, step_ut: float = 9.0) -> Lot:
    def lot(at_s: float) -> Moment:
        return (distance_m, step_ut) if arrive_s <= at_s < depart_s else (None, 0.0)

    return lot

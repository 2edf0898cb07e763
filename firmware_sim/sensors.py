"""What the sensors of a simulated lot read, given what really happens there.

Every channel has its own generator, seeded in a fixed order: same scenario and seed, same bytes.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from edge.core.readings import NO_ECHO, Channel, PlateRead, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.trace import NS
from firmware_sim.world import Scenario, Stay, Vector

ECHO_HZ, FIELD_HZ, TEMPERATURE_EVERY_S = 2.0, 5.0, 60.0
FIELD_NOISE_UT, ECHO_NOISE_M, LOST_ECHO, GHOST_ECHO = 0.3, 0.008, 0.02, 0.004
SEEN_M, OUT_OF_SIGHT_M = 2.6, 7.0
LSB_PER_GAUSS = 3000.0  # the 8 G range of a QMC5883L
NEIGHBOUR = 0.06  # of a car's field one space further
PASS_S_PER_SPACE, PASS_SPREAD_S, PASS_REACH_S = 0.8, 1.2, 6.0


@dataclass(frozen=True, slots=True)
class Car:
    stay: Stay
    rest_m: float
    accel_ms2: float
    along_ut: Vector
    across_ut: Vector

    def offset_m(self, at_s: float) -> float:
        """How far it is from where it rests, braking evenly in and speeding up evenly out."""
        moving_s = max(self.stay.arrive_s - at_s, at_s - self.stay.depart_s, 0.0)
        return 0.5 * self.accel_ms2 * moving_s * moving_s

    def field_ut(self, at_s: float) -> Vector:
        offset = self.offset_m(at_s)
        fall = 1 / (1 + (offset / 1.2) ** 3)
        turn, across = math.cos(offset) * fall, math.sin(offset) * fall
        a, b = self.along_ut, self.across_ut
        return (
            a[0] * turn + b[0] * across,
            a[1] * turn + b[1] * across,
            a[2] * turn + b[2] * across,
        )


@dataclass(frozen=True, slots=True)
class Lot:
    """The scenario with all that chance decides for the whole lot."""

    scenario: Scenario
    cars: dict[str, list[Car]]
    pass_s: list[float]
    passing_ut: list[Vector]

    def near(self, space: str, at_s: float) -> Car | None:
        for car in self.cars[space]:
            if car.offset_m(at_s) < OUT_OF_SIGHT_M:
                return car
        return None

    def passing(self, at_s: float, number: int) -> Iterator[tuple[float, Vector]]:
        """The fields of those beside space `number` now, each with its share of the peak."""
        here_s = at_s - PASS_S_PER_SPACE * number
        first = bisect_left(self.pass_s, here_s - PASS_REACH_S)
        for index in range(first, bisect_left(self.pass_s, here_s + PASS_REACH_S)):
            away_s = here_s - self.pass_s[index]
            yield math.exp(-0.5 * (away_s / PASS_SPREAD_S) ** 2), self.passing_ut[index]


def header(scenario: Scenario) -> TraceHeader:
    channels: dict[str, Channel] = {}
    for number, space in enumerate(scenario.spaces):
        us, mag, cam = f"us{number}", f"mag{number}", f"cam{number}"
        channels[us] = Channel(us, "ultrasonic", space, "hc-sr04")
        channels[mag] = Channel(mag, "magnetic", space, "qmc5883l", LSB_PER_GAUSS)
        channels[cam] = Channel(cam, "camera", space)
    channels["temp0"] = Channel("temp0", "temperature", None)
    return TraceHeader(scenario.gateway, scenario.tz, 0, scenario.wall, channels)


def readings(scenario: Scenario, rng: Random) -> Iterator[Reading]:
    lot = _lot(scenario, rng)
    streams: list[Iterator[Reading]] = []
    for number, space in enumerate(scenario.spaces):
        streams.append(_echoes(lot, number, space, Random(rng.getrandbits(64))))
        streams.append(_fields(lot, number, Random(rng.getrandbits(64))))
        streams.append(_plates(lot, number, space, Random(rng.getrandbits(64))))
    streams.append(_temperatures(scenario, Random(rng.getrandbits(64))))
    return heapq.merge(*streams, key=lambda r: (r.mono_ns, r.channel))


def _lot(scenario: Scenario, rng: Random) -> Lot:
    cars: dict[str, list[Car]] = {space: [] for space in scenario.spaces}
    for stay in scenario.stays:
        strength_ut = rng.uniform(8, 30)
        along, across = _direction(rng, strength_ut), _direction(rng, 0.7 * strength_ut)
        car = Car(stay, rng.uniform(0.4, 1.2), rng.uniform(0.6, 1.2), along, across)
        cars[stay.space].append(car)
    pass_s = sorted(one.at_s for one in scenario.passes)
    return Lot(scenario, cars, pass_s, [_direction(rng, rng.uniform(1.7, 10)) for _ in pass_s])


def _direction(rng: Random, length: float) -> Vector:
    x, y, z = rng.gauss(0, 1), rng.gauss(0, 1), rng.gauss(0, 1)
    scale = length / (math.sqrt(x * x + y * y + z * z) or 1.0)
    return (x * scale, y * scale, z * scale)


def _air_c(at_s: float) -> float:
    return 18 + 4 * math.sin(at_s / 86400 * 2 * math.pi)


def _times(rng: Random, hz: float, lasts_s: float) -> Iterator[int]:
    """Even times with a phase of its own, in whole milliseconds."""
    period_ns = int(NS / hz)
    first_ns = rng.randrange(period_ns // 1_000_000) * 1_000_000
    return iter(range(first_ns, int(lasts_s * NS), period_ns))


def _echoes(lot: Lot, number: int, space: str, rng: Random) -> Iterator[Reading]:
    people = [p for p in lot.scenario.pedestrians if p.space == space]
    for mono_ns in _times(rng, ECHO_HZ, lot.scenario.lasts_s):
        at_s = mono_ns / NS
        car, distance_m = lot.near(space, at_s), None
        if car is not None:
            distance_m = car.rest_m + car.offset_m(at_s)
        elif any(p.at_s <= at_s <= p.at_s + p.lasts_s for p in people):
            distance_m = rng.uniform(0.4, 1.6)
        yield _echo(mono_ns, f"us{number}", distance_m, rng)


def _echo(mono_ns: int, channel: str, distance_m: float | None, rng: Random) -> Reading:
    chance, noise = rng.random(), rng.gauss(0, ECHO_NOISE_M)
    if chance < GHOST_ECHO:
        distance_m = rng.uniform(0.3, 4)
    elif distance_m is None or distance_m > SEEN_M or chance < GHOST_ECHO + LOST_ECHO:
        return Reading(mono_ns, channel, None, NO_ECHO)
    speed = 331.3 + 0.606 * _air_c(mono_ns / NS)
    return Reading(mono_ns, channel, float(round(2e6 * (distance_m + noise) / speed)))


def _fields(lot: Lot, number: int, rng: Random) -> Iterator[Reading]:
    earth, scale = _direction(rng, 50.0), LSB_PER_GAUSS / 100
    drift, strength = _direction(rng, rng.uniform(0.5, 2)), rng.uniform(0.6, 1.0)
    around = [
        (NEIGHBOUR ** abs(other - number), lot.cars[name])
        for other, name in enumerate(lot.scenario.spaces)
        if abs(other - number) <= 2
    ]
    for mono_ns in _times(rng, FIELD_HZ, lot.scenario.lasts_s):
        at_s = mono_ns / NS
        sway = math.sin(at_s / 86400 * 2 * math.pi)
        parts = [(1.0, earth), (sway, drift)]
        parts += [(part, car.field_ut(at_s)) for part, cars in around for car in cars]
        parts += [(strength * part, peak) for part, peak in lot.passing(at_s, number)]
        x, y, z = (
            round((sum(p * v[i] for p, v in parts) + rng.gauss(0, FIELD_NOISE_UT)) * scale)
            for i in range(3)
        )
        yield Reading(mono_ns, f"mag{number}", (x, y, z))


def _plates(lot: Lot, number: int, space: str, rng: Random) -> Iterator[Reading]:
    for car in lot.cars[space]:
        for after_s in (2.0, 3.2, 4.4):
            mono_ns = int((car.stay.arrive_s + after_s + rng.uniform(0, 0.4)) * 1000) * 1_000_000
            text, confidence = car.stay.plate, rng.uniform(0.82, 0.98)
            if rng.random() < 0.1:
                text, confidence = text[:-1] + "B", rng.uniform(0.3, 0.5)
            yield Reading(mono_ns, f"cam{number}", PlateRead(text, round(confidence, 2)))


def _temperatures(scenario: Scenario, rng: Random) -> Iterator[Reading]:
    for mono_ns in _times(rng, 1 / TEMPERATURE_EVERY_S, scenario.lasts_s):
        value = round(_air_c(mono_ns / NS) + rng.gauss(0, 0.1), 1)
        yield Reading(mono_ns, "temp0", value)

"""What the ultrasonic sensor of one space hears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_sim.lot.mounting import RANGE_M
from firmware_sim.lot.moving import parts
from firmware_sim.lot.physics import Array, sound_m_s, stream
from firmware_sim.lot.vehicles import HALF_WIDTH_M, SCREEN_M
from firmware_sim.lot.weather import Air
from firmware_sim.lot.world import Fault, Person, Spans, Visit, World, within

HEAD_M, NEAREST_M = 1.7, 0.02
STRAIGHT_COS = 0.9  # seen from a wall while it faces it by less than some 25 degrees
PERSON_LOST, PERSON_ROUGH, THING_LOST, SCREEN_LOST = 0.3, 6.0, 0.1, 0.25
RAIN_LOST, RAIN_GHOST = 0.35, 0.04
HOLD_SPREAD_US = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Per sample: the nearest thing (inf: none), the share of its echoes that is lost, how rough
    it is (times the jitter), and the neighbour's car beside it (inf: none)."""

    distance_m: Array
    lost: Array
    rough: Array
    beside_m: Array


class EchoView:
    """What there is to be seen, without any flaw of a sensor."""

    def __init__(self, world: World, number: int) -> None:
        self.mount = world.mounts[number].echo
        self._visits = Spans([v for v in world.visits if v.number == number])
        beside = [v for v in world.visits if abs(v.number - number) == 1 and v.parked]
        self._beside = Spans(beside if self.mount.neighbour_share else [])
        self._people = Spans([p for p in world.people if p.number == number])
        self._things = Spans([t for t in world.things if t.number == number])

    def at(self, at_s: Array) -> Seen:
        """`at_s` in ascending order."""
        mount, size = self.mount, len(at_s)
        far = np.inf if mount.background_m is None else mount.background_m
        seen = Seen(
            np.full(size, far),
            np.full(size, mount.background_lost),
            np.ones(size),
            np.full(size, np.inf),
        )
        if not size:
            return seen
        between = (float(at_s[0]), float(at_s[-1]) + 1e-3)
        for visit in self._visits.touching(*between):
            self._add_visit(seen, visit, at_s)
        for person in self._people.touching(*between):
            self._add_person(seen, person, at_s)
        for thing in self._things.touching(*between):
            if thing.near_m is not None:
                part = within(at_s, thing.from_s, thing.until_s)
                nearer(seen, part, self._down(thing.near_m, thing.height_m), THING_LOST, 1.0)
        for visit in self._beside.touching(*between):
            part = within(at_s, visit.arrive_s, visit.depart_s)
            seen.beside_m[part] = mount.neighbour_m
        return seen

    def _add_visit(self, seen: Seen, visit: Visit, at_s: Array) -> None:
        mount, body = self.mount, visit.body
        for part, at_m, heading in parts(visit, at_s):
            if mount.place == "overhead":
                away = np.array([0.0, mount.eye_m]) - at_m
                ahead = np.einsum("ij,ij->i", away, heading)
                aside = np.abs(away[:, 0] * heading[:, 1] - away[:, 1] * heading[:, 0])
                height = np.where(aside < HALF_WIDTH_M, body.height_m(ahead), 0.0)
                distance = np.where(height > 0, mount.height_m - height, np.inf)
                screen = np.abs(ahead - (body.length_m / 2 - 1.5)) < SCREEN_M / 2
                lost = np.where(screen, SCREEN_LOST, body.slant)
            else:
                distance = mount.eye_m - at_m[:, 1] - body.length_m / 2
                faces = np.abs(heading[:, 1]) > STRAIGHT_COS
                distance = np.where(faces, np.maximum(distance, 0.1), np.inf)
                lost = np.full(len(at_m), body.slant)
            nearer(seen, part, distance, lost, 1.0)

    def _add_person(self, seen: Seen, person: Person, at_s: Array) -> None:
        part = within(at_s, person.from_s, person.until_s)
        distance = self._down(person.near_m, HEAD_M)
        nearer(seen, part, distance, PERSON_LOST, PERSON_ROUGH)

    def _down(self, near_m: float, height_m: float) -> float:
        if self.mount.place == "overhead":
            return max(0.3, self.mount.height_m - height_m)
        return near_m


def nearer(
    seen: Seen, part: slice, distance_m: Array | float, lost: Array | float, rough: float
) -> None:
    is_nearer = distance_m < seen.distance_m[part]
    seen.distance_m[part] = np.where(is_nearer, distance_m, seen.distance_m[part])
    seen.lost[part] = np.where(is_nearer, lost, seen.lost[part])
    seen.rough[part] = np.where(is_nearer, rough, seen.rough[part])


class EchoSensor:
    """Samples in time order, once; how many at a time changes nothing."""

    def __init__(self, world: World, number: int, seed: int) -> None:
        self.view, self._air = EchoView(world, number), Air(world)
        self._mount = self.view.mount
        self._chance = stream(seed, "echo chance", number)
        self._noise = stream(seed, "echo noise", number)
        flaws = [f for f in world.faults if f.number == number and f.sense == "us"]
        self._noisy = Spans([f for f in flaws if f.flaw == "noisy"])
        self._stuck = Spans([f for f in flaws if f.flaw == "stuck"])
        self._rain = Spans([w for w in world.weather if w.kind == "rain"])
        self._snow = Spans([w for w in world.weather if w.kind == "snow" and w.number == number])

    def next(self, at_s: Array) -> Array:
        """Echo in whole us; nan where there is none."""
        mount, size = self._mount, len(at_s)
        chance, noise = self._chance.random((size, 4)), self._noise.standard_normal((size, 2))
        if not size:
            return np.empty(0)
        seen, between = self.view.at(at_s), (float(at_s[0]), float(at_s[-1]) + 1e-3)
        times, lost, ghost = np.ones(size), seen.lost + mount.lost, np.full(size, mount.ghost)
        for rain in self._rain.touching(*between):
            part = within(at_s, rain.from_s, rain.until_s)
            lost[part] = 1 - (1 - lost[part]) * (1 - RAIN_LOST * rain.amount)
            ghost[part] += RAIN_GHOST * rain.amount
        for fault in self._noisy.touching(*between):
            part = within(at_s, fault.from_s, fault.until_s)
            times[part] = fault.times
            ghost[part] += 0.01 * fault.times
        beside = chance[:, 3] < mount.neighbour_share
        distance = np.where(beside, np.minimum(seen.distance_m, seen.beside_m), seen.distance_m)
        gone = (distance > RANGE_M[mount.sensor]) | (chance[:, 0] < lost)
        distance = distance + mount.jitter_m * times * seen.rough * noise[:, 0]
        is_ghost = chance[:, 1] < ghost
        distance = np.where(is_ghost, 0.1 + 3.9 * chance[:, 2], distance)
        distance[gone & ~is_ghost] = np.inf
        self._cover(at_s, between, distance)
        echo_us = self._echo_us(at_s, distance, noise[:, 1])
        for fault in self._stuck.touching(*between):
            echo_us[within(at_s, fault.from_s, fault.until_s)] = self._held_us(fault)
        return echo_us

    def _cover(self, at_s: Array, between: tuple[float, float], distance_m: Array) -> None:
        for snow in self._snow.touching(*between):
            part = within(at_s, snow.from_s, snow.until_s)
            distance_m[part] = snow.amount or np.inf

    def _echo_us(self, at_s: Array, distance_m: Array, noise: Array) -> Array:
        near = np.maximum(distance_m, NEAREST_M)
        there = np.isfinite(near)
        echo_us = 2e6 * np.where(there, near, 1.0) / sound_m_s(self._air.celsius(at_s))
        hold_us = self._mount.hold_us
        lost_us = np.nan if hold_us is None else hold_us + HOLD_SPREAD_US * noise
        return np.asarray(np.rint(np.where(there, echo_us, lost_us)))

    def _held_us(self, fault: Fault) -> float:
        at_s = np.array([fault.from_s])
        distance = self.view.at(at_s).distance_m
        distance[distance > RANGE_M[self._mount.sensor]] = np.inf
        return float(self._echo_us(at_s, distance, np.zeros(1))[0])

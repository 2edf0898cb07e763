"""The camera of a seeded lot: at any time the frame of what stands and moves before it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from math import sin
from random import Random
from zoneinfo import ZoneInfo

import numpy as np

from edge.core.plate_tracks import View
from firmware_sim.drawing.plates import Image
from firmware_sim.drawing.texts import text_of
from firmware_sim.frames.optics import SIZE, Size, mounted, part_of
from firmware_sim.frames.painting import InView, Thing, backdrop, in_view, painted
from firmware_sim.frames.skies import Sky, decoded, jpeg, lit, sky_at
from firmware_sim.frames.vehicles import Look, Vehicle, Walker, look_of
from firmware_sim.lot.lot import Lot
from firmware_sim.lot.moving import parts
from firmware_sim.lot.physics import Array
from firmware_sim.lot.vehicles import PITCH_M, Body
from firmware_sim.lot.world import Passing, Person, Spans, Visit, Weather
from firmware_sim.trace import NS

MOMENT_S = 1e-3
# Cars that were drawn, and backdrops in the light of a moment, that are kept to be used again.
MOST_LOOKS, MOST_LIT = 64, 4
LORRY_M, LORRY_ROOF_M, MOTORBIKE_HALF_M = 7.5, 2.9, 0.3
CLOUD_S, SNOW, WALK_M_S = 900.0, 0.5, 1.3
COATS = ((50, 45, 40), (90, 60, 40), (40, 40, 130), (150, 150, 155), (60, 90, 60))
LANE_PLATES = ("cn_blue", "cn_blue", "cn_green", "cn_yellow")


class LotCamera:
    """Of one space. The same lot, seed and time give the same bytes."""

    def __init__(self, lot: Lot, space: str, size: Size = SIZE) -> None:
        self._lot, self._space = lot, space
        self._number = lot.spaces.index(space)
        self._seed = f"{lot.seed} camera {self._number}"
        rng = Random(self._seed)
        self._x_m = PITCH_M * self._number
        self.optics = mounted(rng, self._x_m, size)
        self._empty = backdrop(rng, self.optics, len(lot.spaces))
        self._faces_sun, self._cloudy = rng.random() < 0.4, rng.uniform(0, 6.28)
        self._glare_at = rng.uniform(0.15, 0.85), rng.uniform(0.05, 0.5)
        self._zone = ZoneInfo(lot.tz)
        self._visits: Spans[Visit] = Spans(lot.world.visits)
        self._passes: Spans[Passing] = Spans(lot.world.passes)
        self._people: Spans[Person] = Spans(lot.world.people)
        self._weather: Spans[Weather] = Spans(lot.world.weather)
        self._looks: OrderedDict[tuple[str, str], Look] = OrderedDict()
        self._lit: OrderedDict[tuple[float, bool], Image] = OrderedDict()

    @property
    def part(self) -> View:
        """The part of the picture where the plates of cars in this space are, as an installer would
        say it in the settings."""
        return part_of(self.optics, self._x_m)

    def frame(self, at_ns: int) -> Image:
        """(height, width, 3), blue first: what the camera's file holds."""
        return decoded(self.jpeg(at_ns))

    def jpeg(self, at_ns: int) -> bytes:
        at_s = at_ns / NS
        sky = self.sky(at_s)
        rng = Random(f"{self._seed} {at_ns}")
        things: list[Thing] = [*self.vehicles(at_s), *self.walkers(at_s)]
        return jpeg(painted(self._in_light(sky), self.optics, things, sky, rng))

    def seen(self, at_ns: int) -> tuple[InView, ...]:
        """Every plate that faces the camera then, the nearest first."""
        at_s = at_ns / NS
        return in_view(self.optics, [*self.vehicles(at_s), *self.walkers(at_s)])

    def sky(self, at_s: float) -> Sky:
        local = (self._lot.header.wall + timedelta(seconds=at_s)).astimezone(self._zone)
        hour = local.hour + local.minute / 60 + local.second / 3600
        amounts = {"rain": 0.0, "snow": 0.0}
        for one in self._weather.touching(at_s, at_s + MOMENT_S):
            if one.number in (None, self._number):
                much = SNOW if one.kind == "snow" else one.amount
                amounts[one.kind] = max(amounts[one.kind], much)
        cloud = 1.0 if amounts["rain"] else 0.5 + 0.5 * sin(at_s / CLOUD_S + self._cloudy)
        sky = sky_at(hour, amounts["rain"], amounts["snow"], self._faces_sun, cloud)
        return replace(sky, glare_at=self._glare_at)

    def vehicles(self, at_s: float) -> list[Vehicle]:
        """Cars that park here or beside, and those of the lane."""
        sky = self.sky(at_s)
        while_open = np.array([at_s, at_s + sky.open_s])
        visits = self._visits.touching(at_s, at_s + MOMENT_S)
        found = (self._visitor(one, while_open, sky.night) for one in visits)
        passing = self._passes.touching(at_s, at_s + MOMENT_S)
        lane = (self._passer(one, while_open, sky.night) for one in passing)
        return [*(one for one in found if one is not None), *lane]

    def walkers(self, at_s: float) -> list[Walker]:
        return [
            _walker(one, at_s, self._lot.seed)
            for one in self._people.touching(at_s, at_s + MOMENT_S)
        ]

    def _visitor(self, visit: Visit, at_s: Array, night: bool) -> Vehicle | None:
        poses = list(parts(visit, at_s))
        if not poses:
            return None
        first, heading = poses[0][1][0], poses[0][2][0]
        shift = poses[-1][1][-1] - first
        at_m = first + np.array([PITCH_M * visit.number, 0.0])
        watched = visit.parked and 0 <= visit.number < len(self._lot.spaces)
        space = self._lot.spaces[visit.number] if watched else None
        look = self._look(f"{visit.number} {visit.arrive_s}", visit.plate, visit.body)
        return Vehicle(look, at_m, heading, space, shift, lit=night and bool(shift.any()))

    def _passer(self, one: Passing, at_s: Array, night: bool) -> Vehicle:
        seed = f"pass {one.at_s}"
        rng = Random(f"{self._lot.seed} {seed}")
        text = text_of(rng.choice(LANE_PLATES), rng)
        look = self._look(seed, text, one.body, one.tags)
        here, later = one.drive.offset_m(at_s).tolist()
        at_m, way = np.array([here, one.lane_m]), np.array([one.way, 0.0])
        return Vehicle(look, at_m, way, None, np.array([later - here, 0.0]), lit=night)

    def _look(self, seed: str, text: str, body: Body, tags: tuple[str, ...] = ()) -> Look:
        key = seed, text
        if key not in self._looks:
            self._looks[key] = _shaped(look_of(f"{self._lot.seed} {seed}", text), body, tags)
            if len(self._looks) > MOST_LOOKS:
                self._looks.popitem(last=False)
        return self._looks[key]

    def _in_light(self, sky: Sky) -> Image:
        key = sky.light, sky.night
        if key not in self._lit:
            self._lit[key] = lit(self._empty, sky)
            if len(self._lit) > MOST_LIT:
                self._lit.popitem(last=False)
        return self._lit[key]


def _shaped(look: Look, body: Body, tags: tuple[str, ...]) -> Look:
    if "lorry" in tags:
        return replace(look, length_m=LORRY_M, roof_m=LORRY_ROOF_M, bonnet_m=1.6)
    if "motorbike" in tags:
        return replace(look, length_m=2.0, roof_m=1.2, half_m=MOTORBIKE_HALF_M)
    return replace(look, length_m=body.length_m, bonnet_m=body.bonnet_m, roof_m=body.roof_m)


def _walker(one: Person, at_s: float, seed: int) -> Walker:
    """Along the mouths of the spaces; who loads stands at the boot."""
    rng = Random(f"{seed} person {one.number} {one.from_s}")
    x = PITCH_M * one.number + rng.uniform(-0.7, 0.7)
    if one.doing == "walks":
        x += rng.choice((-1, 1)) * WALK_M_S * (at_s - (one.from_s + one.until_s) / 2)
    coat = rng.choice(COATS)
    return Walker(np.array([x, -0.25 if one.doing == "loads" else -0.8]), coat)

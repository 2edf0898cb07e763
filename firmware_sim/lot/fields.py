"""The magnetic field at one space, and what its magnetometer makes of it."""

from __future__ import annotations

import numpy as np

from firmware_sim.lot.mounting import EARTH_UT
from firmware_sim.lot.moving import moving, resting
from firmware_sim.lot.physics import DAY_S, Array, dipole_ut, direction, stream
from firmware_sim.lot.vehicles import PITCH_M
from firmware_sim.lot.world import Passing, Spans, Thing, Visit, World, within

UT_PER_GAUSS = 100.0
SPACES_FELT_RESTING, SPACES_FELT_MOVING, PASS_FELT_M = 3, 6, 15.0
CORNER_M = (1.05, 0.5, 0.4)
MOST_COUNTS = 32_767
WAVE_S, WAVE_PART = 4 * 3600.0, 0.3
GLITCH_SHARE, GLITCH_UT = 0.01, 100.0


class FieldView:
    """The field itself, in the chip's axes: no noise, no fault."""

    def __init__(self, world: World, number: int, seed: int) -> None:
        self.mount = world.mounts[number].field
        self._number = number
        self._earth = EARTH_UT * direction(stream(seed, "earth"))
        near = [v for v in world.visits if abs(v.number - number) <= SPACES_FELT_MOVING]
        self._visits, self._passes = Spans(near), Spans(world.passes)
        self._things = Spans([thing for thing in world.things if thing.number == number])
        self._trams = Spans(world.trams)
        self._rests_ut: dict[int, Array] = {}

    def at(self, at_s: Array) -> Array:
        """(n, 3) uT at ascending times."""
        field = self._earth + self._drift(at_s)
        if len(at_s):
            between = (float(at_s[0]), float(at_s[-1]) + 1e-3)
            for visit in self._visits.touching(*between):
                self._add_visit(field, visit, at_s)
            for one in self._passes.touching(*between):
                self._add_pass(field, one, at_s)
            for thing in self._things.touching(*between):
                self._add_thing(field, thing, at_s)
            for tram in self._trams.touching(between[0] - 10, between[1]):
                rise = np.clip((at_s - tram.from_s) / tram.rise_s, 0, 1)
                fall = np.clip((at_s - tram.until_s) / tram.rise_s, 0, 1)
                field += (rise - fall)[:, None] * tram.step_ut
        return np.asarray(field @ self.mount.turn.T)

    def _drift(self, at_s: Array) -> Array:
        day, wave = self.mount.drift_phase
        sway = np.sin(2 * np.pi * at_s / DAY_S + day) - np.sin(day)
        sway += WAVE_PART * (np.sin(2 * np.pi * at_s / WAVE_S + wave) - np.sin(wave))
        return np.asarray(sway[:, None] * self.mount.drift)

    def _add_visit(self, field: Array, visit: Visit, at_s: Array) -> None:
        apart = visit.number - self._number
        point = self.mount.point_m - np.array([PITCH_M * apart, 0.0, 0.0])
        for part, at_m, heading in moving(visit, at_s):
            field[part] += visit.body.field_ut(at_m, heading, point)
        part = within(at_s, visit.arrive_s, visit.depart_s)
        if part.stop == part.start or abs(apart) > SPACES_FELT_RESTING:
            return
        rest_ut = self._rest_ut(visit, point)
        field[part] += rest_ut
        for from_s, until_s, share in visit.doors if apart == 0 else ():
            field[within(at_s, from_s, until_s)] += share * rest_ut

    def _rest_ut(self, visit: Visit, point: Array) -> Array:
        """Worked out once: it is asked for in every block."""
        key = id(visit)  # the world keeps every visit for as long as this view lasts
        if key not in self._rests_ut:
            self._rests_ut[key] = visit.body.field_ut(*resting(visit), point)[0]
        return self._rests_ut[key]

    def _add_pass(self, field: Array, one: Passing, at_s: Array) -> None:
        part = within(at_s, one.from_s, one.until_s)
        x = one.drive.offset_m(at_s[part]) - PITCH_M * self._number
        close = np.flatnonzero(np.abs(x) < PASS_FELT_M)
        if len(close):
            at_m = np.stack([x[close], np.full(len(close), one.lane_m)], axis=1)
            heading = np.tile([one.way, 0.0], (len(close), 1))
            field[part.start + close] += one.body.field_ut(at_m, heading, self.mount.point_m)

    def _add_thing(self, field: Array, thing: Thing, at_s: Array) -> None:
        step = thing.step_ut
        if thing.what == "motorbike":
            step = dipole_ut(step, self.mount.point_m - np.array(CORNER_M))
        field[within(at_s, thing.from_s, thing.until_s)] += step


class FieldSensor:
    """Samples in time order, once; how many at a time changes nothing."""

    def __init__(self, world: World, number: int, seed: int) -> None:
        self.view = FieldView(world, number, seed)
        self._noise = stream(seed, "field noise", number)
        self._chance = stream(seed, "field chance", number)
        flaws = [f for f in world.faults if f.number == number and f.sense == "mag"]
        self._noisy = Spans([f for f in flaws if f.flaw == "noisy"])
        self._stuck = Spans([f for f in flaws if f.flaw == "stuck"])

    def next(self, at_s: Array) -> Array:
        """(n, 3) whole counts."""
        mount, size = self.view.mount, len(at_s)
        noise = mount.noise_ut * self._noise.standard_normal((size, 3))
        chance = self._chance.random((size, 2))
        if not size:
            return np.empty((0, 3))
        field, between = self.view.at(at_s), (float(at_s[0]), float(at_s[-1]) + 1e-3)
        for fault in self._noisy.touching(*between):
            part = within(at_s, fault.from_s, fault.until_s)
            noise[part] *= fault.times
            glitch = chance[part, 0] < GLITCH_SHARE
            noise[part][glitch] += (GLITCH_UT * (2 * chance[part, 1] - 1))[glitch, None]
        counts = self._counts(field + noise)
        for fault in self._stuck.touching(*between):
            held = self._counts(self.view.at(np.array([fault.from_s])))[0]
            counts[within(at_s, fault.from_s, fault.until_s)] = held
        return counts

    def _counts(self, field_ut: Array) -> Array:
        scaled = np.rint(field_ut * (self.view.mount.lsb_per_gauss / UT_PER_GAUSS))
        return np.asarray(np.clip(scaled, -MOST_COUNTS, MOST_COUNTS))

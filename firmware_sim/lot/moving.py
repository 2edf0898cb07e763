"""Where the car of a visit is, sample by sample."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from firmware_sim.lot.motion import Drive
from firmware_sim.lot.physics import Array
from firmware_sim.lot.vehicles import path
from firmware_sim.lot.world import Visit, within


def parts(visit: Visit, at_s: Array) -> Iterator[tuple[slice, Array, Array]]:
    """The samples while it moves in, rests and moves out: (which, middle, heading), relative to
    its space; of the rest one row stands for all."""
    yield from moving(visit, at_s)
    part = within(at_s, visit.arrive_s, visit.depart_s)
    if part.stop > part.start:
        yield part, *resting(visit)


def moving(visit: Visit, at_s: Array) -> Iterator[tuple[slice, Array, Array]]:
    for course, side in ((visit.inward, visit.sides[0]), (visit.outward, visit.sides[1])):
        part = within(at_s, course.from_s, course.until_s)
        if part.stop > part.start:
            yield part, *_pose(visit, course, side, at_s[part])


def resting(visit: Visit) -> tuple[Array, Array]:
    return _pose(visit, visit.inward, visit.sides[0], np.array([visit.arrive_s]))


def _pose(visit: Visit, course: Drive, side: float, at_s: Array) -> tuple[Array, Array]:
    at_m, into = path(course.offset_m(at_s), visit.rest_m, side)
    at_m[:, 0] += visit.aside_m
    return at_m, into if visit.nose_in else -into

"""The visits of one space: when cars come and go, and what cars they are."""

from __future__ import annotations

import numpy as np

from firmware_sim.lot.driving import Manners, draw_manners, way_in, way_out, way_to_turn
from firmware_sim.lot.levels import Level
from firmware_sim.lot.motion import Drive
from firmware_sim.lot.mounting import WALL_M, Mount
from firmware_sim.lot.physics import DAY_S, Array, now_and_then
from firmware_sim.lot.vehicles import (
    TRIES,
    Body,
    car,
    path,
    reaches,
    scaled_to_rest,
    strength_ut,
)
from firmware_sim.lot.world import Visit

QUIET_S = 150.0  # a trace begins and ends with this much of nothing
SHORTEST_S, BRIEF_S = 80.0, (25.0, 75.0)
CLEAR_S = 45.0
STAY_PART, SPREAD = 0.6, 0.9
WALL_GAP_M, REST_Y_M = (0.25, 1.5), (2.1, 2.9)


def draw_visits(
    rng: np.random.Generator, level: Level, number: int, mount: Mount, lasts_s: float
) -> list[Visit]:
    """In time order; the way out of one may overlap the way in of the next only in a swap."""
    cycle_s = DAY_S / level.stays
    visits: list[Visit] = []
    free_s = QUIET_S + rng.uniform(0, min(cycle_s, lasts_s / 4))
    while True:
        swaps = bool(visits) and bool(rng.random() < level.swap_share)
        manners = draw_manners(rng, level, swaps)
        inward, stays_s = way_in(rng, manners), _stay_s(rng, level, cycle_s)
        if swaps:
            # Whoever waited in the lane starts as soon as the other is out of the way.
            moving_s = -float(inward.times_s[2])
            arrive_s = visits[-1].depart_s + moving_s + rng.uniform(0.5, 10.0)
        else:
            arrive_s = free_s - inward.from_s
        arrive_s = round(arrive_s, 3)
        outward = way_out(rng, manners).moved(round(arrive_s + stays_s, 3))
        if outward.until_s > lasts_s - QUIET_S:
            return visits + _turns(rng, level, number, mount, visits, lasts_s)
        visits.append(visit(rng, level, number, mount, manners, (inward.moved(arrive_s), outward)))
        free_s = outward.until_s + CLEAR_S + rng.exponential((1 - STAY_PART) * cycle_s)


def visit(
    rng: np.random.Generator,
    level: Level,
    number: int,
    mount: Mount,
    manners: Manners,
    drives: tuple[Drive, Drive],
    weak: bool | None = None,
) -> Visit:
    weak = bool(rng.random() < level.weak_share) if weak is None else weak
    slanted = bool(rng.random() < level.slant_share)
    nose_in, aside = bool(rng.random() < 0.6), rng.uniform(-0.25, 0.25)
    body, rest_m = _car_at_rest(rng, mount, nose_in, aside, (weak, slanted))
    sides = (float(rng.choice([-1.0, 1.0])), float(rng.choice([-1.0, 1.0])))
    stay_s = drives[1].from_s - drives[0].until_s
    tags = manners.tags() + ("weak",) * weak + ("slanted",) * slanted
    tags += ("brief",) * (stay_s <= BRIEF_S[1])
    plate = draw_plate(rng)
    return Visit(
        number=number,
        body=body,
        plate=plate,
        rest_m=rest_m,
        aside_m=aside,
        nose_in=nose_in,
        inward=drives[0],
        outward=drives[1],
        sides=sides,
        doors=_doors(rng, drives[0].until_s, drives[1].from_s),
        tags=tags,
        reads=_reads(rng, level, plate, drives[0].until_s, drives[1].from_s),
    )


def draw_plate(rng: np.random.Generator) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    province = "沪苏浙京粤川"[int(rng.integers(6))]
    tail = "".join(str(digit) for digit in rng.integers(0, 10, 5))
    return province + letters[int(rng.integers(len(letters)))] + tail


def rest_pose(visit_rest_m: float, aside_m: float, nose_in: bool) -> tuple[Array, Array]:
    at, into = path(np.zeros(1), visit_rest_m, 1.0)
    return at[0] + np.array([aside_m, 0.0]), into[0] * (1.0 if nose_in else -1.0)


def _car_at_rest(
    rng: np.random.Generator,
    mount: Mount,
    nose_in: bool,
    aside_m: float,
    odd: tuple[bool, bool],
) -> tuple[Body, float]:
    weak, slanted = odd
    want_ut = strength_ut(rng, weak)
    for _ in range(TRIES):
        body = car(rng, slanted)
        rest_m = rng.uniform(*REST_Y_M)
        if mount.echo.place != "overhead":
            rest_m = WALL_M - rng.uniform(*WALL_GAP_M) - body.length_m / 2
        pose = rest_pose(rest_m, aside_m, nose_in)
        body = scaled_to_rest(body, *pose, mount.field.point_m, want_ut)
        if reaches(body, *pose, mount.field.point_m, want_ut):
            break
    return body, rest_m


def _stay_s(rng: np.random.Generator, level: Level, cycle_s: float) -> float:
    if rng.random() < level.brief_share:
        return rng.uniform(*BRIEF_S)
    middle = np.log(STAY_PART * cycle_s) - SPREAD**2 / 2
    return max(SHORTEST_S, float(np.exp(rng.normal(middle, SPREAD))))


def _doors(
    rng: np.random.Generator, arrive_s: float, depart_s: float
) -> tuple[tuple[float, float, float], ...]:
    """Doors and boot, (from_s, until_s, part of the car's field), soon after and before driving."""
    found = []
    for edge_s, way in ((arrive_s, 1.0), (depart_s, -1.0)):
        for _ in range(int(rng.integers(0, 3))):
            away_s, lasts_s = rng.uniform(6, 40), rng.uniform(2, 20)
            first_s = edge_s + way * away_s - (lasts_s if way < 0 else 0.0)
            part = float(rng.normal(0, 0.04))
            if arrive_s < first_s and first_s + lasts_s < depart_s:
                found.append((first_s, first_s + lasts_s, part))
    return tuple(found)


def _reads(
    rng: np.random.Generator, level: Level, plate: str, arrive_s: float, depart_s: float
) -> tuple[tuple[float, str, float], ...]:
    """(time, text, confidence) of what a camera makes of it, some seconds after the arrival."""
    if rng.random() >= level.plate_share:
        return ()
    found = []
    at_s = arrive_s + rng.uniform(1.0, 5.0)
    for _ in range(3):
        text, confidence = plate, rng.uniform(0.82, 0.98)
        if rng.random() < 0.1:
            place = int(rng.integers(2, len(plate)))
            text = plate[:place] + str(rng.integers(0, 10)) + plate[place + 1 :]
            confidence = rng.uniform(0.3, 0.6)
        if rng.random() < level.plate_wrong_share:
            text = draw_plate(rng)  # of a car behind
        if at_s < depart_s:
            found.append((float(at_s), text, round(float(confidence), 2)))
        at_s += rng.uniform(0.8, 1.6)
    return tuple(found)


def _turns(
    rng: np.random.Generator,
    level: Level,
    number: int,
    mount: Mount,
    visits: list[Visit],
    lasts_s: float,
) -> list[Visit]:
    """Cars that use the mouth of the empty space to turn round."""
    found: list[Visit] = []
    for at_s in now_and_then(rng, level.turns, lasts_s):
        to_m = rng.uniform(1.2, 3.5)
        inward = way_to_turn(rng, to_m).moved(at_s)
        outward = way_out(rng, Manners(), to_m).moved(at_s + rng.uniform(0.5, 4.0))
        one = visit(rng, level, number, mount, Manners(), (inward, outward))
        if is_free([*visits, *found], inward.from_s, outward.until_s, lasts_s):
            found.append(turned(one, to_m))
    return found


def turned(one: Visit, to_m: float) -> Visit:
    return Visit(
        one.number,
        one.body,
        one.plate,
        one.rest_m,
        one.aside_m,
        one.nose_in,
        one.inward,
        one.outward,
        one.sides,
        parked=False,
        offset_m=to_m,
        tags=("turn",),
    )


def is_free(visits: list[Visit], from_s: float, until_s: float, lasts_s: float) -> bool:
    inside = from_s > QUIET_S and until_s < lasts_s - QUIET_S
    return inside and not any(
        one.from_s - CLEAR_S < until_s and from_s < one.until_s + CLEAR_S for one in visits
    )

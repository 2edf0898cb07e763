"""A whole lot drawn from a level: each kind of event from a generator of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firmware_sim.lot.levels import Level
from firmware_sim.lot.motion import Waypoint, drive
from firmware_sim.lot.mounting import draw_mount
from firmware_sim.lot.physics import direction, log_uniform, now_and_then, stream
from firmware_sim.lot.vehicles import (
    PITCH_M,
    Body,
    motorbike_parked,
    pass_strength_ut,
    passing,
)
from firmware_sim.lot.visiting import draw_visits, is_free
from firmware_sim.lot.world import (
    Fault,
    Flaw,
    Passing,
    Person,
    Sense,
    Stall,
    Thing,
    Tram,
    Visit,
    Weather,
    World,
)

LANES_M = (-1.6, -4.4)
LANE_ENDS_M = 20.0
FLEET = 256  # shapes of vehicles in one lane; each pass has a strength of its own


def draw_world(level: Level, seed: int, spaces: tuple[str, ...], lasts_s: float) -> World:
    count = len(spaces)
    mounts = tuple(draw_mount(stream(seed, "mount", n), level) for n in range(count))
    visits: list[Visit] = []
    for n in range(-1, count + 1):
        # A neighbour beyond the row is watched by nobody; its car is as strong as one that is.
        mount = mounts[n] if 0 <= n < count else draw_mount(stream(seed, "beyond", n + 1), level)
        visits += draw_visits(stream(seed, "visits", n + 1), level, n, mount, lasts_s)
    by_time = tuple(sorted(visits, key=lambda one: one.from_s))
    world = surrounded(World(spaces, lasts_s, mounts, visits=by_time), level, seed)
    return replace(
        world,
        things=tuple(t for n in range(count) for t in _things(seed, level, n, world)),
        faults=tuple(f for n in range(count) for f in _faults(seed, level, n, lasts_s)),
        stalls=tuple(_stalls(seed, level, count, lasts_s)),
    )


def surrounded(world: World, level: Level, seed: int) -> World:
    """With the lane, the trams, the people and the weather of a level about its visits."""
    rng, count, lasts_s = stream(seed, "air"), len(world.spaces), world.lasts_s
    return replace(
        world,
        passes=(*world.passes, *_passes(stream(seed, "passes"), level, count, lasts_s)),
        trams=(*world.trams, *_trams(stream(seed, "trams"), level, lasts_s)),
        people=tuple(p for n in range(count) for p in _people(seed, level, n, world)),
        weather=(*world.weather, *_weather(seed, level, count, lasts_s)),
        air_c=rng.uniform(-8, 32),
        air_swing_c=rng.uniform(2, 7),
    )


def _passes(rng: np.random.Generator, level: Level, count: int, lasts_s: float) -> list[Passing]:
    times = now_and_then(rng, level.passes, lasts_s)
    fleet = [passing(rng) for _ in range(min(FLEET, len(times)))]
    return [_one_pass(rng, level, count, fleet).moved(at_s) for at_s in times]


def _one_pass(rng: np.random.Generator, level: Level, count: int, fleet: Sequence[Body]) -> Passing:
    """Through the whole lane; one in some stops a while in front of a space."""
    chance = rng.random()
    kind = "lorry" if chance < level.truck_share else "car"
    if chance > 1 - level.motorbike_share:
        kind = "motorbike"
    speed_m_s = rng.uniform(5, 40) / 3.6
    number = int(rng.integers(count)) if rng.random() < level.pass_stop_share else None
    body = fleet[int(rng.integers(len(fleet)))]
    return passing_by(rng, (kind, body), count, speed_m_s, number)


def passing_by(
    rng: np.random.Generator,
    vehicle: tuple[str, Body],
    count: int,
    speed_m_s: float,
    number: int | None = None,
    waits_s: float | None = None,
) -> Passing:
    """From one end of the lane at time 0 to the other; it waits in front of space `number`.

    `vehicle`: its kind, and its shape of 1 uT.
    """
    kind, shape = vehicle
    speed, way = speed_m_s, float(rng.choice([-1.0, 1.0]))
    ends = (-LANE_ENDS_M, PITCH_M * (count - 1) + LANE_ENDS_M)
    first, last = ends if way > 0 else ends[::-1]
    points: list[Waypoint] = [(first, speed, 0.0)]
    if number is not None:
        speed = min(speed, 4.0)
        here = PITCH_M * number + rng.uniform(-1.5, 1.5)
        points = [(first, speed, 0.0), (here - 6 * way, speed, 0.0)]
        waits_s = rng.uniform(3, 60) if waits_s is None else waits_s
        points += [(here, 0.0, waits_s), (here + 6 * way, speed, 0.0)]
    points.append((last, speed, 0.0))
    course = drive(points)
    lane = LANES_M[0] if way > 0 else LANES_M[1]
    body = shape.stronger(pass_strength_ut(rng, kind))
    tags = (kind,) * (kind != "car") + ("stops",) * (number is not None)
    beside_s = course.until_s / 2 if number is None else float(course.times_s[2])
    return Passing(body, lane, way, course, beside_s, number, tags)


def _trams(rng: np.random.Generator, level: Level, lasts_s: float) -> list[Tram]:
    """Of one line, so always along one axis, either way."""
    axis, found = direction(rng), []
    for at_s in now_and_then(rng, level.trams, lasts_s):
        step = log_uniform(rng, 0.5, max(0.51, level.tram_most_ut)) * rng.choice([-1.0, 1.0])
        lasts = log_uniform(rng, 5, 180)
        found.append(Tram(at_s, at_s + lasts, rng.uniform(0.5, 3.0), step * axis))
    return found


def _people(seed: int, level: Level, n: int, world: World) -> list[Person]:
    rng, found = stream(seed, "people", n), []
    for at_s in now_and_then(rng, level.walkers, world.lasts_s):
        until_s = at_s + rng.uniform(0.6, 3.0)
        found.append(Person(n, at_s, until_s, rng.uniform(0.3, 2.0), "walks"))
    for at_s in now_and_then(rng, level.standers, world.lasts_s):
        until_s = at_s + rng.uniform(5.0, max(6.0, level.stand_most_s))
        found.append(Person(n, at_s, until_s, rng.uniform(0.3, 2.0), "stands"))
    for one in world.visits:
        if one.number == n and one.parked and rng.random() < level.loading_share:
            from_s = one.depart_s - rng.uniform(20, 90)
            until_s = min(one.depart_s - 2.0, from_s + rng.uniform(8, 60))
            if from_s > one.arrive_s + 20:
                found.append(Person(n, from_s, until_s, rng.uniform(0.2, 0.6), "loads"))
    return sorted(found, key=lambda person: person.from_s)


def _things(seed: int, level: Level, n: int, world: World) -> list[Thing]:
    """Where no car comes meanwhile, but for metal plates: they lie under the cars too."""
    rng, found = stream(seed, "things", n), []
    visits = [one for one in world.visits if one.number == n]
    for at_s in now_and_then(rng, level.trolleys, world.lasts_s):
        until_s = at_s + log_uniform(rng, 60, max(90.0, level.trolley_most_s))
        step = log_uniform(rng, 0.05, 0.5) * direction(rng)
        near, height = rng.uniform(0.4, 1.5), rng.uniform(0.8, 1.05)
        if is_free(visits, at_s, until_s, world.lasts_s):
            found.append(Thing(n, at_s, until_s, "trolley", near, height, step))
    for at_s in now_and_then(rng, level.corner_motorbikes, world.lasts_s):
        until_s = at_s + log_uniform(rng, 120, 5400)
        step = motorbike_parked(rng).moments[0]
        if is_free(visits, at_s, until_s, world.lasts_s):
            found.append(Thing(n, at_s, until_s, "motorbike", None, 1.0, step))
    plates = stream(seed, "plates", n)
    for at_s in now_and_then(plates, level.metal_plates, world.lasts_s):
        until_s = at_s + log_uniform(plates, 300, 6 * 3600)
        step = plates.uniform(2.0, 10.0) * direction(plates)
        found.append(Thing(n, at_s, until_s, "plate", None, 0.0, step))
    return found


def _weather(seed: int, level: Level, count: int, lasts_s: float) -> list[Weather]:
    rng, found = stream(seed, "weather"), []
    for at_s in now_and_then(rng, level.rains, lasts_s):
        until_s = at_s + log_uniform(rng, 600, 10800)
        amount = rng.uniform(0.1, max(0.11, level.rain_most))
        found.append(Weather("rain", None, at_s, until_s, amount))
    for n in range(count):
        snow = stream(seed, "snow", n)
        for at_s in now_and_then(snow, level.snows, lasts_s):
            until_s = at_s + log_uniform(snow, 1200, 14400)
            echo = snow.uniform(0.02, 0.15) if snow.random() < 0.5 else 0.0
            found.append(Weather("snow", n, at_s, until_s, echo))
    return found


def _faults(seed: int, level: Level, n: int, lasts_s: float) -> list[Fault]:
    found: list[Fault] = []
    senses: tuple[Sense, ...] = ("us", "mag")
    rates: dict[Flaw, tuple[float, tuple[float, float]]] = {
        "dropout": (level.dropouts, (30.0, max(31.0, level.dropout_most_s))),
        "stuck": (level.stuck, (30.0, 1200.0)),
        "noisy": (level.noisy, (60.0, 1800.0)),
    }
    for sense in senses:
        rng = stream(seed, "faults", sense, n)
        for flaw, (rate, lasts) in rates.items():
            for at_s in now_and_then(rng, rate / 2, lasts_s):
                told = {"us": "timeout", "mag": "bus"}[sense] if rng.random() < 0.5 else None
                until_s, times = at_s + log_uniform(rng, *lasts), rng.uniform(3, 10)
                why = told if flaw == "dropout" else None
                found.append(Fault(n, sense, flaw, at_s, until_s, why, times))
    return found


def _stalls(seed: int, level: Level, count: int, lasts_s: float) -> list[Stall]:
    rng, found = stream(seed, "stalls"), []
    for at_s in now_and_then(rng, level.stalls, lasts_s):
        found.append(Stall(at_s, at_s + log_uniform(rng, 2, 20)))
    for n in range(count):
        late = stream(seed, "late", n)
        for at_s in now_and_then(late, level.late_lines, lasts_s):
            sense: Sense = "us" if late.random() < 0.5 else "mag"
            until_s = at_s + late.uniform(1, 5)
            found.append(Stall(at_s, until_s, n, sense, late.uniform(0.3, 2.0)))
    return found

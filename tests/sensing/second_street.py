"""What happens on and around the space of the second lot.

A vehicle is its way s from 0 (gone) to 1 (at rest) as knots in time; its field and its distance
are functions of s. So one that pauses half-way holds a half-way field and a half-way distance.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from firmware_sim.trace import TruthKind
from tests.sensing.second_scene import Floats, Random, Scene, log_uniform

SHORTEST_STAY_S, LONGEST_STAY_S = 120.0, 28_800.0
FIRST_GAP_S, SHORTEST_GAP_S = 90.0, 20.0


def happen(scene: Scene, stays: int) -> None:
    for act in (_drift, _neighbours, _passes, _queues, _visitors, _trams):
        act(scene)
    _stays(scene, stays)


# Stays

Way: TypeAlias = tuple[Floats, Floats, str]


def _stays(scene: Scene, stays: int) -> None:
    rng, rates = scene.rng, scene.rates
    ways = [(_way_in(scene), _way_out(scene)) for _ in range(stays)]
    moving_s = sum(enter[0][-1] + leave[0][-1] for enter, leave in ways)
    room_s = scene.length_s - moving_s - FIRST_GAP_S - 2 * SHORTEST_GAP_S * stays
    rests_s = _rests(rng, stays, room_s)
    shares = rng.exponential(size=stays + 1) ** 2
    gaps_s = SHORTEST_GAP_S + shares / shares.sum() * (room_s - rests_s.sum())
    there = bool(rng.random() < rates.there_share)
    at_s = -60.0 if there else FIRST_GAP_S
    for (enter, leave), rest_s, gap_s in zip(ways, rests_s, gaps_s, strict=False):
        swap = bool(rng.random() < rates.swap_share)
        at_s += 0 if there else rng.uniform(3, 15) if swap else gap_s
        there, at_s = False, _stay(scene, at_s, enter, rest_s, leave, "swap" * swap)


def _rests(rng: Random, stays: int, room_s: float) -> Floats:
    """2 minutes to 8 hours; the long ones shrink until all fit."""
    rests_s = np.array([log_uniform(rng, SHORTEST_STAY_S, LONGEST_STAY_S) for _ in range(stays)])
    while rests_s.sum() > 0.9 * room_s:
        if rests_s.max() <= SHORTEST_STAY_S:
            raise ValueError(f"{stays} stays do not fit into the time")
        rests_s = np.maximum(SHORTEST_STAY_S, rests_s * 0.9)
    return rests_s


def _stay(scene: Scene, from_s: float, enter: Way, rest_s: float, leave: Way, tag: str) -> float:
    rng = scene.rng
    weak = bool(rng.random() < scene.rates.weak_share)
    strength = rng.uniform(1.5, 3) if weak else min(30.0, 3 + rng.exponential(7))
    arrive_s = from_s + enter[0][-1]
    leave_s = arrive_s + rest_s
    kind = "weak" if weak else ""
    scene.log(arrive_s, "arrive", enter[2], tag, kind, f"{strength:.1f}uT")
    scene.log(leave_s, "depart", leave[2], kind, f"{strength:.1f}uT")
    rest_m = _rest_m(scene)
    vector, swings = scene.vector(strength), _swings(scene, strength)
    for start_s, (times, ways, _), swing in zip(
        (from_s, leave_s), (enter, leave), swings, strict=True
    ):
        _move(scene, start_s + times, ways, vector, swing, rest_m)
    scene.add_field(arrive_s, leave_s, lambda at: np.tile(vector, (at.size, 1)))
    scene.put_echo(arrive_s, leave_s, lambda at: np.full(at.size, rest_m))
    for door_s in (arrive_s + rng.uniform(2, 60), leave_s - rng.uniform(5, 60)):
        # Somebody gets out or in: a door's steel, and perhaps a body before the sensor.
        near_m = rng.uniform(0.25, rest_m) if rng.random() < 0.3 else np.inf
        scene.visit(door_s, door_s + rng.uniform(2, 6), near_m, rng.uniform(0.1, 0.8))
    return leave_s + float(leave[0][-1])


def _swings(scene: Scene, strength: float) -> tuple[Floats, Floats]:
    """Axles and engine pass the sensor before the car rests: the field overshoots."""
    one, other = scene.rng.uniform(0.3, 1.5, 2) * strength
    return scene.vector(one), scene.vector(other)


def _rest_m(scene: Scene) -> float:
    """Overhead the roof; from a wall the bumper."""
    if np.isfinite(scene.empty_m):
        return max(0.3, scene.empty_m - scene.rng.uniform(1.35, 1.8))
    return float(scene.rng.uniform(0.3, 1.4))


def _move(
    scene: Scene, times: Floats, ways: Floats, vector: Floats, swing: Floats, rest_m: float
) -> None:
    def field_of(at: Floats) -> Floats:
        s = np.interp(at, times, ways)[:, None]
        return vector * s**2 * (3 - 2 * s) + swing * np.sin(np.pi * s) * s * 1.3

    def distance_of(at: Floats) -> Floats:
        s = np.interp(at, times, ways)
        if not np.isfinite(scene.empty_m):
            return rest_m + 4.5 * (1 - s)
        # The bonnet comes under the sensor first, then the roof.
        return np.where(s > 0.75, rest_m, np.where(s > 0.35, rest_m + 0.5, np.inf))

    scene.add_field(times[0], times[-1], field_of)
    scene.put_echo(times[0], times[-1], distance_of)


def _way_in(scene: Scene) -> Way:
    """From the first movement to the rest that ends the arrival, with what is odd in it."""
    rng, took_s = scene.rng, scene.rng.uniform(3, 8)
    odd = str(rng.choice(("pause", "creep", "repark"))) if _odd(scene) else ""
    if odd == "pause":
        half = rng.uniform(0.3, 0.65)
        return _way([(0, 0), (took_s / 2, half), (rng.uniform(3, 15), half), (took_s / 2, 1)], odd)
    if odd == "creep":
        return _way([(0, 0), (took_s, rng.uniform(0.85, 0.95)), (rng.uniform(4, 12), 1)], odd)
    if odd == "repark":
        half, wait_s = rng.uniform(0.4, 0.8), rng.uniform(2, 6)
        return _way([(0, 0), (took_s, 0.97), (wait_s, 0.97), (3, half), (2, half), (3, 1)], odd)
    return _way([(0, 0), (took_s / 2, rng.uniform(0.4, 0.6)), (took_s / 2, 1)], odd)


def _way_out(scene: Scene) -> Way:
    rng, took_s = scene.rng, scene.rng.uniform(3, 8)
    half, wait_s = rng.uniform(0.4, 0.7), rng.uniform(3, 12)
    if _odd(scene):
        return _way([(0, 1), (took_s / 2, half), (wait_s, half), (took_s / 2, 0)], "pause")
    return _way([(0, 1), (took_s / 2, half), (took_s / 2, 0)], "")


def _odd(scene: Scene) -> bool:
    return bool(scene.rng.random() < scene.rates.odd_share)


def _way(steps: list[tuple[float, float]], odd: str) -> Way:
    """`steps`: how long, and where it ends."""
    took_s, ends = np.array(steps, float).T
    return np.cumsum(took_s), ends, odd


# The street around


def _drift(scene: Scene) -> None:
    phases, day = scene.rng.uniform(0, 2 * np.pi, 2), 2 * np.pi * scene.mag_s / 86_400
    drift = 0.8 * np.sin(day + phases[0]) + 0.2 * np.sin(3 * day + phases[1])
    swing = scene.vector(scene.rng.uniform(*scene.rates.drift_ut) / 2)
    scene.field_ut += scene.vector(scene.rng.uniform(42, 55)) + drift[:, None] * swing


def _neighbours(scene: Scene) -> None:
    for _ in range(scene.dose(scene.rates.neighbours)):
        spell = scene.spell("", (600, 20_000))
        scene.spells.pop()
        strength = scene.rng.uniform(*scene.rates.neighbour_ut)
        times = np.array((spell.from_s, spell.from_s + 3, spell.to_s, spell.to_s + 3))
        vector, swing = scene.vector(strength), scene.vector(strength * 0.7)
        for at_s, what in ((times[0], "comes"), (times[2], "goes")):
            scene.log(at_s, "pass", f"neighbour_{what}", f"{strength:.1f}uT")
        _move(scene, times, np.array((0.0, 1.0, 1.0, 0.0)), vector, swing, np.inf)


def _passes(scene: Scene) -> None:
    for _ in range(scene.dose(scene.rates.passes)):
        at_s, width_s = scene.rng.uniform(0, scene.length_s), scene.rng.uniform(1, 4) / 4
        peak = scene.rng.uniform(1.7, 10)
        one, other = scene.vector(peak), scene.vector(peak * 0.5)
        scene.log(at_s, "pass", f"{peak:.1f}uT")

        def bump(at: Floats, at_s: float = at_s, width_s: float = width_s,
                 one: Floats = one, other: Floats = other) -> Floats:  # fmt: skip
            u = (at - at_s)[:, None] / width_s
            return np.exp(-(u**2) / 2) * (one + other * u)

        scene.add_field(at_s - 5 * width_s, at_s + 5 * width_s, bump)


def _stand(scene: Scene, tag: str, ut: float, took_s: tuple[float, float]) -> None:
    """A field that comes, stands and goes, each within a second or two."""
    spell = scene.spell(tag, took_s)
    edge_s, vector = scene.rng.uniform(0.3, 2), scene.vector(ut)
    knots = (spell.from_s, spell.from_s + edge_s, spell.to_s, spell.to_s + edge_s)
    scene.log(spell.from_s, "pass", tag, f"{ut:.1f}uT", f"{spell.to_s - spell.from_s:.0f}s")
    scene.add_field(
        knots[0], knots[3], lambda at: np.interp(at, knots, (0, 1, 1, 0))[:, None] * vector
    )


def _queues(scene: Scene) -> None:
    for _ in range(scene.dose(scene.rates.queues)):
        _stand(scene, "queue", scene.rng.uniform(1.7, 5), (10, 60))


def _trams(scene: Scene) -> None:
    for _ in range(scene.dose(scene.rates.trams)):
        _stand(scene, "tram", scene.rng.uniform(*scene.rates.tram_ut), (3, 60))


def _visitors(scene: Scene) -> None:
    rng = scene.rng
    for _ in range(scene.dose(scene.rates.visitors)):
        who = str(rng.choice(("person", "trolley", "motorbike"), p=(0.6, 0.25, 0.15)))
        ut, longest_s = {
            "person": (0.0, 40.0),
            "trolley": (rng.uniform(0.1, 0.8), scene.rates.longest_visit_s),
            "motorbike": (rng.uniform(0.5, 1.5), 12.0),
        }[who]
        spell = scene.spell(who, (2, longest_s))
        high_m = rng.uniform(0.9, 1.7)
        overhead = np.isfinite(scene.empty_m)
        near_m = max(0.3, scene.empty_m - high_m) if overhead else rng.uniform(0.3, 1.5)
        kind: TruthKind = "pedestrian" if who == "person" else "blocked"
        scene.log(spell.from_s, kind, who, f"{spell.to_s - spell.from_s:.0f}s", f"{ut:.1f}uT")
        scene.visit(spell.from_s, spell.to_s, near_m, ut)

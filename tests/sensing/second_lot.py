"""A second lot, written without sight of the simulator's: a detector must be fitted to neither.

`space_day` is one space, S1, as its two sensors hear it; second_street.py is what happens there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import numpy as np

from edge.core.readings import NO_ECHO, Channel, Reading
from firmware_sim.trace import NS, Truth
from tests.sensing.second_scene import RATES, Floats, Level, Random, Scene, Spell
from tests.sensing.second_street import happen

LSB_PER_GAUSS = 12_000.0
LSB_PER_UT = LSB_PER_GAUSS / 100
RANGE_M = 4.0
# How a driver may hand on what was not heard: nothing, or the time that the module holds its line.
NO_ECHO_US = (None, 38_000.0, 70_200.0, 102_800.0)
FAULTS = {"us": ("silent", "timeout", "stuck"), "mag": ("silent", "bus", "stuck")}
# Moments this near to a spell are tagged with it: the detector's windows reach into it.
REACH_S = 10.0
CHANNELS = {
    "us": Channel("us", "ultrasonic", "S1", "hc-sr04"),
    "mag": Channel("mag", "magnetic", "S1", "qmc5883l", LSB_PER_GAUSS),
}


@dataclass(frozen=True, slots=True)
class Air:
    """What stands between the sensors and the scene; shares of all pings."""

    lost: tuple[float, float]
    rain_hours: float
    ghosts: float
    faults: int
    fault_s: tuple[float, float]
    bursts: int
    spikes: int


AIR: dict[Level, Air] = {
    "normal": Air((0.01, 0.03), 0, 0.002, 1, (10, 120), 0, 0),
    "hard": Air((0.02, 0.06), 6, 0.005, 2, (20, 900), 6, 20),
}
RAIN_LOST, RAIN_GHOSTS = (0.1, 0.3), 0.01


def space_day(
    seed: int,
    level: Level,
    hours: float = 24.0,
    stays: int = 12,
    sensors: tuple[str, ...] = ("us", "mag"),
    mag_hz: float = 10.0,
    echo_hz: float = 2.0,
) -> tuple[dict[str, Channel], list[Reading], list[Truth]]:
    """ValueError if the stays do not fit. Same arguments, same readings."""
    rng = np.random.default_rng((seed, level == "hard"))
    length_s = hours * 3600
    scene = Scene(rng, RATES[level], length_s, _clock(rng, length_s, mag_hz), _empty(rng))
    scene.listen(_clock(rng, length_s, echo_hz))
    happen(scene, stays)
    air = AIR[level]
    heard = {"us": _echoes(scene, air), "mag": _fields(scene, air)}
    for name in CHANNELS:
        heard[name] = _with_faults(scene, air, name, heard[name])
    readings = sorted((row for name in sensors for row in heard[name]), key=lambda r: r.mono_ns)
    truth = sorted((_tagged(row, scene.spells) for row in scene.truth), key=lambda r: r.mono_ns)
    return {name: CHANNELS[name] for name in sensors}, readings, truth


def _clock(rng: Random, length_s: float, hz: float) -> Floats:
    even = np.arange(0.5, length_s, 1 / hz)
    return even + rng.uniform(-0.05, 0.05, even.size) / hz


def _empty(rng: Random) -> float:
    """The distance of the empty space: the floor, from above; a far kerb or nothing, sideways."""
    return float(rng.uniform(2.0, 3.2)) if rng.random() < 0.7 else np.inf


def _echoes(scene: Scene, air: Air) -> list[Reading]:
    rng, at_s = scene.rng, scene.echo_s
    distance_m = scene.distance_m + rng.normal(0, rng.uniform(0.003, 0.008), at_s.size)
    lost = np.full(at_s.size, rng.uniform(*air.lost))
    ghosts = np.full(at_s.size, air.ghosts)
    for spell in _rain(scene, air):
        wet = (at_s >= spell.from_s) & (at_s < spell.to_s)
        lost[wet], ghosts[wet] = rng.uniform(*RAIN_LOST), RAIN_GHOSTS
    ghost = rng.random(at_s.size) < ghosts
    distance_m[ghost] = rng.uniform(0.25, 3.0, ghost.sum())
    silent = (distance_m > RANGE_M) | (rng.random(at_s.size) < lost)
    warm_c = rng.uniform(-5, 28) + 6 * np.sin(2 * np.pi * (at_s / 86_400 - 0.3))
    echo_us = 2e6 * distance_m / (331.3 + 0.606 * warm_c)
    held_us = NO_ECHO_US[rng.integers(len(NO_ECHO_US))]
    if held_us is not None:
        # What was not heard is a value too, and no two are quite the same.
        echo_us = np.where(silent, held_us + rng.integers(-30, 30, at_s.size), echo_us)
        silent[:] = False
    return [
        Reading(t, "us", None, NO_ECHO) if none else Reading(t, "us", us)
        for t, us, none in zip(
            _ns(at_s), np.round(echo_us, 1).tolist(), silent.tolist(), strict=True
        )
    ]


def _rain(scene: Scene, air: Air) -> list[Spell]:
    left_h, spells = air.rain_hours * scene.length_s / 86_400, []
    while left_h > 0.1:
        hours = min(left_h, scene.rng.uniform(0.5, 4))
        from_s = scene.rng.uniform(0, scene.length_s)
        spells.append(Spell(from_s, from_s + hours * 3600, "rain"))
        left_h -= hours
    scene.spells += spells
    return spells


def _fields(scene: Scene, air: Air) -> list[Reading]:
    rng, at_s = scene.rng, scene.mag_s
    noise_ut = np.full(at_s.size, rng.uniform(0.18, 0.5))
    for _ in range(scene.dose(air.bursts)):
        spell = scene.spell("noisy", (10, 120))
        noise_ut[(at_s >= spell.from_s) & (at_s < spell.to_s)] += rng.uniform(0.5, 2)
    field_ut = scene.field_ut + rng.normal(size=(at_s.size, 3)) * noise_ut[:, None]
    for index in rng.integers(at_s.size, size=scene.dose(air.spikes)):
        field_ut[index] += scene.vector(rng.uniform(5, 30))
    counts = np.rint(field_ut * LSB_PER_UT).astype(int).tolist()
    return [
        Reading(t, "mag", (x, y, z), None, 1)
        for t, (x, y, z) in zip(_ns(at_s), counts, strict=True)
    ]


def _with_faults(scene: Scene, air: Air, name: str, rows: list[Reading]) -> list[Reading]:
    """Spells of silence, of readings that only say why there is none, or of one frozen value."""
    for _ in range(scene.dose(air.faults)):
        kind = str(scene.rng.choice(FAULTS[name]))
        spell = scene.spell(f"{name}_{kind}", air.fault_s)
        scene.log(spell.from_s, "maintenance", spell.tag, f"{spell.to_s - spell.from_s:.0f}s")
        a, b = np.searchsorted(
            [row.mono_ns for row in rows], _ns(np.array((spell.from_s, spell.to_s)))
        )
        if kind == "silent":
            faulty: list[Reading] = []
        elif kind == "stuck":
            faulty = [msgspec.structs.replace(rows[a], mono_ns=row.mono_ns) for row in rows[a:b]]
        else:
            faulty = [Reading(row.mono_ns, name, None, kind) for row in rows[a:b]]
        rows = [*rows[:a], *faulty, *rows[b:]]
    return rows


def _tagged(row: Truth, spells: list[Spell]) -> Truth:
    at_s = row.mono_ns / NS
    if row.kind not in ("arrive", "depart"):
        return row
    near = {s.tag for s in spells if s.from_s - REACH_S <= at_s <= s.to_s + REACH_S}
    return replace(row, tags=(*row.tags, *sorted(near)))


def _ns(at_s: Floats) -> list[int]:
    return [int(one) for one in at_s * NS]

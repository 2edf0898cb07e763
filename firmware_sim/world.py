"""What really happens on a simulated lot: the ground truth, before any sensor sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from firmware_sim.trace import NS, Truth

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Stay:
    """Truth moments: at rest at `arrive_s`, begins to leave at `depart_s`."""

    space: str
    arrive_s: float
    depart_s: float
    plate: str


@dataclass(frozen=True, slots=True)
class Pass:
    """A vehicle in the lane, beside the first space at `at_s`."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Pedestrian:
    space: str
    at_s: float
    lasts_s: float


@dataclass(frozen=True, slots=True)
class Scenario:
    spaces: tuple[str, ...]
    lasts_s: float
    stays: tuple[Stay, ...] = ()
    passes: tuple[Pass, ...] = ()
    pedestrians: tuple[Pedestrian, ...] = ()
    gateway: str = "gw-1"
    tz: str = "Asia/Shanghai"
    wall: datetime = field(default=datetime(2026, 5, 1, tzinfo=UTC))


def first_stay() -> Scenario:
    """One stay to book, one unbooked, one space that stays free; 40 minutes."""
    return Scenario(
        spaces=("S1", "S2", "S3"),
        lasts_s=2400,
        stays=(Stay("S1", 300, 1800, "沪A12345"), Stay("S2", 600, 1100, "沪B67890")),
        passes=tuple(Pass(at_s) for at_s in (120, 290, 450, 801, 1300, 1512, 1985, 2200)),
        pedestrians=(Pedestrian("S3", 1000, 8),),
    )


def random_scenario(rng: Random, spaces: int, minutes: float) -> Scenario:
    """A normal lot: stays of 3 to 60 minutes with gaps, a pass every few minutes, some people."""
    names = tuple(f"S{number}" for number in range(1, spaces + 1))
    lasts_s = minutes * 60
    stays: list[Stay] = []
    for name in names:
        at_s = rng.uniform(60, 600)
        while (until_s := at_s + rng.uniform(180, 3600)) < lasts_s - 60:
            stays.append(Stay(name, _ms(at_s), _ms(until_s), _plate(rng)))
            at_s = until_s + rng.uniform(60, 1800)
    passes = [Pass(_ms(at_s)) for at_s in _now_and_then(rng, 240, lasts_s)]
    people = [
        Pedestrian(rng.choice(names), _ms(at_s), _ms(rng.uniform(2, 12)))
        for at_s in _now_and_then(rng, 900, lasts_s)
    ]
    return Scenario(names, lasts_s, tuple(stays), tuple(passes), tuple(people))


def truth(scenario: Scenario) -> list[Truth]:
    rows: list[Truth] = []
    for stay in scenario.stays:
        rows.append(Truth(int(stay.arrive_s * NS), "arrive", stay.space, plate=stay.plate))
        rows.append(Truth(int(stay.depart_s * NS), "depart", stay.space, plate=stay.plate))
    rows += [Truth(int(p.at_s * NS), "pass", None) for p in scenario.passes]
    rows += [Truth(int(p.at_s * NS), "pedestrian", p.space) for p in scenario.pedestrians]
    return sorted(rows, key=lambda row: (row.mono_ns, row.kind, row.space or ""))


def _now_and_then(rng: Random, mean_s: float, lasts_s: float) -> list[float]:
    at_s, times = rng.expovariate(1 / mean_s), []
    while at_s < lasts_s:
        times.append(at_s)
        at_s += rng.expovariate(1 / mean_s)
    return times


def _plate(rng: Random) -> str:
    letters, digits = "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789"
    tail = "".join(rng.choice(digits) for _ in range(5))
    return rng.choice("沪苏浙京粤川") + rng.choice(letters) + tail


def _ms(at_s: float) -> float:
    return round(at_s, 3)

"""The stage of the second lot: the field and the distance over time, and what is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from firmware_sim.trace import NS, Truth, TruthKind

Level: TypeAlias = Literal["normal", "hard"]
Floats: TypeAlias = NDArray[np.float64]
Random: TypeAlias = np.random.Generator
Shape: TypeAlias = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of the stays, and numbers a day; pairs are ranges."""

    odd_share: float
    swap_share: float
    weak_share: float
    there_share: float
    neighbours: int
    neighbour_ut: tuple[float, float]
    passes: int
    queues: int
    visitors: int
    longest_visit_s: float
    trams: int
    tram_ut: tuple[float, float]
    drift_ut: tuple[float, float]


RATES: dict[Level, Rates] = {
    "normal": Rates(
        0.1, 0.03, 0.1, 0, 8, (1, 2.5), 40, 0, 15, 40, 10, (0.5, 1.5), (1, 3)
    ),
    "hard": Rates(
        0.4, 0.12, 0.2, 0.2, 16, (1, 4), 140, 10, 40, 900, 60, (0.5, 4), (2, 6)
    ),
}  # fmt: skip


class Spell(NamedTuple):
    from_s: float
    to_s: float
    tag: str


@dataclass(slots=True)
class Scene:
    """`field_ut` (n, 3) at `mag_s`; `distance_m` at `echo_s`, inf where nothing is in sight."""

    rng: Random
    rates: Rates
    length_s: float
    mag_s: Floats
    empty_m: float
    field_ut: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    echo_s: Floats = field(default_factory=lambda: np.zeros(0))
    distance_m: Floats = field(default_factory=lambda: np.zeros(0))
    truth: list[Truth] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)

    def listen(self, echo_s: Floats) -> None:
        self.echo_s, self.distance_m = echo_s, np.full(echo_s.size, self.empty_m)
        self.field_ut = np.zeros((self.mag_s.size, 3))

    def log(self, at_s: float, kind: TruthKind, *tags: str) -> None:
        if at_s >= 0:
            self.truth.append(Truth(int(at_s * NS), kind, "S1", tags=tuple(filter(None, tags))))

    def dose(self, a_day: int) -> int:
        return int(self.rng.poisson(a_day * self.length_s / 86_400)) if a_day else 0

    def spell(self, tag: str, took_s: tuple[float, float]) -> Spell:
        """At any time, as long as any in the range (even in the logarithm)."""
        from_s = self.rng.uniform(0, self.length_s)
        spell = Spell(from_s, from_s + log_uniform(self.rng, *took_s), tag)
        self.spells.append(spell)
        return spell

    def vector(self, length_ut: float) -> Floats:
        way = self.rng.normal(size=3)
        return length_ut * way / float(np.linalg.norm(way))

    def add_field(self, from_s: float, to_s: float, shape: Shape) -> None:
        a, b = np.searchsorted(self.mag_s, (from_s, to_s))
        self.field_ut[a:b] += shape(self.mag_s[a:b])

    def put_echo(self, from_s: float, to_s: float, shape: Shape) -> None:
        a, b = np.searchsorted(self.echo_s, (from_s, to_s))
        self.distance_m[a:b] = np.minimum(self.distance_m[a:b], shape(self.echo_s[a:b]))

    def visit(self, from_s: float, to_s: float, distance_m: float, ut: float) -> None:
        """Something that stands before the sensor, and sways a little."""
        vector, sway_m = self.vector(ut), self.rng.uniform(0, 0.1)
        self.put_echo(from_s, to_s, lambda at: distance_m + sway_m * np.sin(at * 2.1))
        self.add_field(from_s, to_s, lambda at: np.tile(vector, (at.size, 1)))


def log_uniform(rng: Random, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))

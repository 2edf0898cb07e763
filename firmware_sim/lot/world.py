"""What really happens on a simulated lot, before any sensor sees it.

Every event knows `from_s` and `until_s`. `number` counts the spaces from 0; cars also stand on the
unwatched neighbours -1 and n. `number` None: everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

import numpy as np

from firmware_sim.lot.motion import Drive
from firmware_sim.lot.mounting import Mount
from firmware_sim.lot.physics import Array
from firmware_sim.lot.vehicles import Body

Sense: TypeAlias = Literal["us", "mag"]
Doing: TypeAlias = Literal["walks", "stands", "loads"]
Flaw: TypeAlias = Literal["dropout", "stuck", "noisy"]


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """A car comes in, rests, goes out. `parked` False: it only turned in the space's mouth and its
    rest, `offset_m` short of a parked car's, is no stay."""

    number: int
    body: Body
    plate: str
    rest_m: float
    aside_m: float
    nose_in: bool
    inward: Drive
    outward: Drive
    sides: tuple[float, float]
    parked: bool = True
    offset_m: float = 0.0
    doors: tuple[tuple[float, float, float], ...] = ()
    tags: tuple[str, ...] = ()
    reads: tuple[tuple[float, str, float], ...] = ()

    @property
    def arrive_s(self) -> float:
        return self.inward.until_s

    @property
    def depart_s(self) -> float:
        return self.outward.from_s

    @property
    def from_s(self) -> float:
        return self.inward.from_s

    @property
    def until_s(self) -> float:
        return self.outward.until_s


@dataclass(frozen=True, slots=True, eq=False)
class Passing:
    """A vehicle in the lane; `drive` gives its x, `way` is +1 or -1. `at_s`: beside `number`."""

    body: Body
    lane_m: float
    way: float
    drive: Drive
    at_s: float
    number: int | None
    tags: tuple[str, ...]

    def moved(self, by_s: float) -> Passing:
        return replace(self, drive=self.drive.moved(by_s), at_s=round(self.at_s + by_s, 3))

    @property
    def from_s(self) -> float:
        return self.drive.from_s

    @property
    def until_s(self) -> float:
        return self.drive.until_s


@dataclass(frozen=True, slots=True)
class Person:
    """`near_m` from a sensor on a wall; under one overhead their head is."""

    number: int
    from_s: float
    until_s: float
    near_m: float
    doing: Doing


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """Left in the space. `near_m` as of a person, None: no echo finds it; `step` in uT or A m2."""

    number: int
    from_s: float
    until_s: float
    what: Literal["trolley", "motorbike", "plate"]
    near_m: float | None
    height_m: float
    step_ut: Array


@dataclass(frozen=True, slots=True, eq=False)
class Tram:
    """A field step everywhere, rising and falling within `rise_s`."""

    from_s: float
    until_s: float
    rise_s: float
    step_ut: Array
    number: None = None


@dataclass(frozen=True, slots=True)
class Weather:
    """`amount` 0 to 1 of rain; of snow on a sensor's face the echo in metres, or 0 for none."""

    kind: Literal["rain", "snow"]
    number: int | None
    from_s: float
    until_s: float
    amount: float


@dataclass(frozen=True, slots=True)
class Fault:
    """`why` of a dropout: the fault its readings tell, or None: no lines. `times`: the noise."""

    number: int
    sense: Sense
    flaw: Flaw
    from_s: float
    until_s: float
    why: str | None = None
    times: float = 1.0


@dataclass(frozen=True, slots=True)
class Stall:
    """The gateway writes nothing (`sense` None: all channels have a gap, as after a suspend), or
    the lines of one channel reach the file `late_s` after their time, behind younger ones."""

    from_s: float
    until_s: float
    number: int | None = None
    sense: Sense | None = None
    late_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class World:
    spaces: tuple[str, ...]
    lasts_s: float
    mounts: tuple[Mount, ...]
    visits: tuple[Visit, ...] = ()
    passes: tuple[Passing, ...] = ()
    people: tuple[Person, ...] = ()
    things: tuple[Thing, ...] = ()
    trams: tuple[Tram, ...] = ()
    weather: tuple[Weather, ...] = ()
    faults: tuple[Fault, ...] = ()
    stalls: tuple[Stall, ...] = ()
    air_c: float = 15.0
    air_swing_c: float = 5.0


class Lasting(Protocol):
    @property
    def from_s(self) -> float: ...
    @property
    def until_s(self) -> float: ...


E = TypeVar("E", bound=Lasting)


class Spans(Generic[E]):
    """Events that can be asked which of them touch a time."""

    def __init__(self, events: Sequence[E]) -> None:
        self.events = tuple(events)
        self._from = np.array([event.from_s for event in self.events])
        self._until = np.array([event.until_s for event in self.events])

    def touching(self, from_s: float, until_s: float) -> list[E]:
        if not self.events:
            return []
        found = np.flatnonzero((self._from < until_s) & (self._until > from_s))
        return [self.events[index] for index in found.tolist()]


def within(at_s: Array, from_s: float, until_s: float) -> slice:
    """The samples of a sorted array inside [from_s, until_s)."""
    first, last = np.searchsorted(at_s, (from_s, until_s))
    return slice(int(first), int(last))

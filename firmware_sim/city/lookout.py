"""What the sensors of one space say, at a moment of truth: cheap where nothing happens."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edge.core.echo import m_per_us
from edge.core.readings import NO_ECHO, Channel, PlateRead, Reading
from firmware_sim.city.clocks import GateClock
from firmware_sim.city.town import Visit
from firmware_sim.clock import NS

FREE_M, CAR_M = 2.6, 0.9
M_PER_US = m_per_us(20.0)
# A reading a second around a change, else as few as keep the detector from calling it silence.
DENSE_S, SPARSE_S = 1.0, 16.0
BEFORE_S, SETTLES_S, LEAVES_S = 8.0, 80.0, 45.0
READ_AFTER_S = (2.0, 4.0, 6.0)
STRAY_EVERY = 7


@dataclass
class Trouble:
    """Of a space's ultrasonic, from..until, in truth seconds."""

    kind: str
    from_s: float
    until_s: float


@dataclass
class Lookout:
    """One space's sensors. `dense`: when a reading a second is worth its price."""

    space: str
    visits: Sequence[Visit]
    seed: int
    troubles: list[Trouble] = field(default_factory=list)
    dense_until_s: float = 0.0

    @property
    def channels(self) -> tuple[Channel, Channel]:
        return (
            Channel(f"us-{self.space}", "ultrasonic", self.space, "hc-sr04"),
            Channel(f"cam-{self.space}", "camera", self.space),
        )

    def wakes(self) -> Iterator[float]:
        """When to begin to look closely."""
        for visit in self.visits:
            yield visit.arrives_s - BEFORE_S
            yield visit.departs_s - BEFORE_S

    def __post_init__(self) -> None:
        self._arrives = [visit.arrives_s for visit in self.visits]
        changes = [(v.arrives_s, SETTLES_S) for v in self.visits]
        changes += [(v.departs_s, LEAVES_S) for v in self.visits]
        self._close = sorted((at_s - BEFORE_S, at_s + after_s) for at_s, after_s in changes)
        self._begins = [begins for begins, _ in self._close]
        self._shift = sum(map(ord, self.space)) * 7_919 + self.seed * 104_729

    def car_at(self, at_s: float) -> Visit | None:
        index = bisect_right(self._arrives, at_s) - 1
        found = self.visits[index] if index >= 0 else None
        return found if found is not None and at_s < found.departs_s else None

    def close(self, at_s: float) -> bool:
        """Whether something happens then."""
        index = bisect_right(self._begins, at_s)
        near = self._close[max(0, index - 2) : index]
        return at_s < self.dense_until_s or any(at_s < until_s for _, until_s in near)

    def readings(self, from_s: float, until_s: float, clock: GateClock) -> list[Reading]:
        """All of (from, until], by the board's own counter."""
        found: list[Reading] = []
        at_s = from_s
        while True:
            step_s = DENSE_S if self.close(at_s + SPARSE_S) or self.close(at_s) else SPARSE_S
            at_s = round((at_s // step_s + 1) * step_s, 3)
            if at_s > until_s:
                break
            found += self._echo(at_s, clock)
        found += self._plates(from_s, until_s, clock)
        return sorted(found, key=lambda it: (it.mono_ns, it.channel))

    def _echo(self, at_s: float, clock: GateClock) -> list[Reading]:
        mono_ns = clock.mono_of(round(at_s * NS))
        name, kind = f"us-{self.space}", self._trouble(at_s)
        if kind == "silent":
            return []
        if kind == "fault":
            return [Reading(mono_ns, name, None, "timeout")]
        if kind == "strays" and int(at_s) % STRAY_EVERY == 0:
            return [Reading(mono_ns, name, None, NO_ECHO)]
        away_m = FREE_M if self.car_at(at_s) is None else CAR_M
        # A sensor that says the same to the last digit is taken for a stuck one.
        sways_m = ((int(at_s * 1000) * 2_654_435_761 + self._shift >> 7) % 160 - 80) / 10_000
        return [Reading(mono_ns, name, round((away_m + sways_m) / M_PER_US, 1))]

    def _plates(self, from_s: float, until_s: float, clock: GateClock) -> Iterator[Reading]:
        for visit in self.visits:
            for after_s in READ_AFTER_S:
                at_s = visit.arrives_s + after_s
                if from_s < at_s <= until_s and visit.read is not None:
                    mono_ns = clock.mono_of(round(at_s * NS))
                    yield Reading(mono_ns, f"cam-{self.space}", PlateRead(visit.read, 0.95))

    def _trouble(self, at_s: float) -> str | None:
        for trouble in self.troubles:
            if trouble.from_s <= at_s < trouble.until_s:
                return trouble.kind
        return None

"""Scores over seeds that nobody tuned on. A part is one space of one seed: the unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from typing import Protocol

from edge.core.readings import Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.scoring.peers import NAMES, side_by_side
from firmware_sim.scoring.tally import Tally
from firmware_sim.trace import Truth


class LotLike(Protocol):
    """What is needed of a simulated lot (`firmware_sim.lot.Lot`)."""

    @property
    def header(self) -> TraceHeader: ...
    @property
    def truth(self) -> Sequence[Truth]: ...
    def space_readings(self, space: str) -> Iterator[Reading]: ...


@dataclass(frozen=True, slots=True)
class Plan:
    level: str
    spaces: int = 8
    hours: float = 24.0


Make = Callable[[Plan, int], LotLike]
Part = tuple[int, str]
"""Seed and space."""
Tallies = dict[str, Tally]


@lru_cache(maxsize=1)
def simulated(plan: Plan, seed: int) -> LotLike:
    # Here and not above: scoring a trace needs no simulator.
    from firmware_sim.lot import make

    return make(plan.level, seed, plan.spaces, plan.hours)


def parts(plan: Plan, seeds: Iterable[int], stays: int, make: Make = simulated) -> list[Part]:
    """Whole spaces, seed by seed, until they hold so many stays or the seeds are used up."""
    chosen: list[Part] = []
    held = 0
    for seed in seeds:
        lot = make(plan, seed)
        for space in spaces_of(lot):
            if held >= stays:
                return chosen
            chosen.append((seed, space))
            held += sum(row.kind == "arrive" and row.space == space for row in lot.truth)
    return chosen


def spaces_of(lot: LotLike) -> list[str]:
    return sorted({ch.space for ch in lot.header.channels.values() if ch.space is not None})


def score_part(plan: Plan, part: Part, make: Make = simulated) -> Tallies:
    seed, space = part
    lot = make(plan, seed)
    channels = {
        name: channel
        for name, channel in lot.header.channels.items()
        if channel.space in (space, None)
    }
    return side_by_side(channels, lot.space_readings(space)).tallies(lot.truth)


def run_parts(plan: Plan, chosen: Sequence[Part], jobs: int) -> Iterator[tuple[int, Tallies]]:
    """(number of the part, its tallies), in the order in which they get done."""
    if jobs == 1:
        for number, part in enumerate(chosen):
            yield number, score_part(plan, part)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(score_part, plan, part): n for n, part in enumerate(chosen)}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def together(tallies: Iterable[Tallies]) -> Tallies:
    whole = {name: Tally() for name in NAMES}
    for one in tallies:
        whole = {name: whole[name] + one[name] for name in NAMES}
    return whole

"""Which faults it takes: delta debugging (Zeller, Hildebrandt 2002) on the list of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from firmware_sim.city.faults import Fault
from firmware_sim.city.run import City, Plan, Result

MOST_RUNS = 60


@dataclass(frozen=True, slots=True)
class Shrunk:
    """`faults` still break `invariant`; of a run that was cut short they may not be the fewest."""

    faults: tuple[Fault, ...]
    result: Result
    runs: int


def shrink(city: City, plan: Plan, first: Result, most_runs: int = MOST_RUNS) -> Shrunk:
    """Of the failures of the first run the first invariant is what must still break."""
    invariant = first.failures[0].invariant
    found = _Search(city, plan, invariant, most_runs, first)
    # What did not strike before the first failure cannot have had a part in it.
    found.fails(tuple(first.struck))
    faults = fewest(list(found.best.faults), lambda some: found.fails(tuple(some)))
    return Shrunk(tuple(faults), found.best, found.runs)


def fewest(whole: list[Fault], fails: Callable[[Sequence[Fault]], bool]) -> list[Fault]:
    """`fails` of `whole` is true. Leaves out ever smaller parts, as long as it still fails."""
    if fails([]):
        return []
    parts = 2
    while len(whole) >= 2:
        size = -(-len(whole) // parts)
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        for piece in pieces:
            rest = [fault for fault in whole if fault not in piece]
            if fails(rest):
                whole, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(whole):
                break
            parts = min(parts * 2, len(whole))
    return whole


class _Search:
    def __init__(
        self, city: City, plan: Plan, invariant: str, most_runs: int, first: Result
    ) -> None:
        self._city, self._plan, self._invariant = city, plan, invariant
        self._left, self.runs, self.best = most_runs, 0, first
        self._known: dict[tuple[Fault, ...], bool] = {}

    def fails(self, faults: tuple[Fault, ...]) -> bool:
        if faults in self._known:
            return self._known[faults]
        if not self._left:
            return False
        self._left, self.runs = self._left - 1, self.runs + 1
        result = self._city.run(replace(self._plan, faults=faults))
        broken = any(it.invariant == self._invariant for it in result.failures)
        if broken and len(faults) <= len(self.best.faults):
            self.best = result
        self._known[faults] = broken
        return broken

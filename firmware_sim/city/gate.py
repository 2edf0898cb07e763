"""The simulation's part of the long gate: whole days of the town, seed after seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from firmware_sim.city.run import FAULTS, City, Plan, Result
from firmware_sim.city.shrink import shrink

# A failing seed is shrunk at once, the first few of them: whoever reads the gate's end wants that.
MOST_SHRUNK, RUNS_EACH = 3, 40


@dataclass
class Outcome:
    """`failures`: seeds that broke something; `told`: what, and the fewest faults that do it."""

    seeds: int = 0
    faults: int = 0
    failures: int = 0
    told: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def run(seeds: Iterable[int]) -> list[dict[str, Any]]:
    """Rows of these seeds, to be added up with those of others."""
    found = played(seeds)
    figures = (
        ("seeds", found.seeds, "days of a town"),
        ("faults", found.faults, "faults"),
        ("failures", found.failures, "seeds"),
        ("messages_lost", found.counts["lost"] + found.counts["cut"], "messages"),
        ("stays_priced", found.counts["priced"], "stays, each reckoned anew"),
    )
    return [{"name": f"gate.simulation.{n}", "value": v, "unit": unit} for n, v, unit in figures]


def played(
    seeds: Iterable[int],
    faults: int = FAULTS,
    enough: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Until the seeds are done, or it is `enough`: asked between two of them."""
    outcome = Outcome()
    with City() as city:
        for seed in seeds:
            if enough():
                break
            plan = Plan(seed, count=faults)
            result = city.run(plan)
            outcome.seeds += 1
            outcome.faults += len(result.struck)
            outcome.counts.update(result.counts)
            if result.failures:
                outcome.failures += 1
                _tell(outcome, city, plan, result)
    return outcome


def _tell(outcome: Outcome, city: City, plan: Plan, result: Result) -> None:
    outcome.told += [f"seed {plan.seed}: {failure}" for failure in result.failures[:3]]
    if outcome.failures <= MOST_SHRUNK:
        needed = shrink(city, plan, result, RUNS_EACH).faults
        outcome.told += [f"seed {plan.seed} needs: {fault}" for fault in needed]

"""The simulated town (firmware_sim/city), seed after seed, on some processes at once."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from bench.gate_parts import Told, Verdict, row
from firmware_sim.city.run import City, Plan

SEEDS, FAULTS = 10_000, 4_000_000
PROCESSES, CHUNK = 2, 10


@dataclass(frozen=True, slots=True)
class Some:
    """What some seeds came to; `failures`: a sentence each, with the seed that tells it again."""

    seeds: int
    faults: int
    failures: list[str]


def some(first: int) -> Some:
    faults, failures = 0, []
    with City() as town:
        for seed in range(first, first + CHUNK):
            result = town.run(Plan(seed))
            faults += len(result.struck)
            failures += [f"seed {seed}: {failure}" for failure in result.failures[:1]]
    return Some(CHUNK, faults, failures)


def part(share: float, told: Told) -> Verdict:
    firsts = range(1, max(CHUNK, int(SEEDS * share)) + 1, CHUNK)
    done: list[Some] = []
    # Not a fork: the bar that shows how far it is has a thread.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for found in pool.map(some, firsts):
            done.append(found)
            told(len(done) / len(firsts))
    wrong = [failure for it in done for failure in it.failures]
    rows = [
        row("gate.simulation.seeds", sum(it.seeds for it in done), "seeds", SEEDS),
        row("gate.simulation.faults", sum(it.faults for it in done), "faults", FAULTS),
        row("gate.simulation.failures", len(wrong), "seeds"),
    ]
    return Verdict(rows, wrong)

"""Power cuts over recorded work of several seeds, on some processes at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeAlias

from firmware_sim.powercut import edge
from firmware_sim.powercut.images import Outcome

PROCESSES = 2
MINUTES = 90.0
PART = 4_000
"""Images of one seed."""
One: TypeAlias = Callable[[int, int], Outcome]
"""At most so many images of the work of one seed."""
MAX_SEEDS = 1_000


@dataclass(frozen=True, slots=True)
class Honest:
    """The outbox on a disk whose flushes are true."""

    minutes: float = MINUTES

    def __call__(self, most: int, seed: int) -> Outcome:
        return edge.run(most, seed, self.minutes)


@dataclass(frozen=True, slots=True)
class Lying:
    """The outbox on a disk that forgets a share of its flushes."""

    minutes: float = MINUTES
    share: float = edge.LYING_FLUSHES

    def __call__(self, most: int, seed: int) -> Outcome:
        return edge.run(most, seed, self.minutes, self.share)


def run(one: One, images: int, seed: int, told: Callable[[Outcome], None]) -> Outcome:
    """Seed after seed until there are so many; `told` hears how far it is."""
    outcome = Outcome()
    # Not a fork: whoever shows how far it is may have threads.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        while outcome.images < images and seed < MAX_SEEDS:
            missing = images - outcome.images
            most = min(PART, max(1, missing // PROCESSES))
            for part in pool.map(one, [most] * PROCESSES, range(seed, seed + PROCESSES)):
                outcome.add(part)
            seed += PROCESSES
            told(outcome)
    return outcome

"""Which request gets which space when many come at once: most of them served, then least walk.

First come, first served gives the nearest space to whoever asks first, and the last walk far. All
requests of a burst are looked at together here: of all ways to serve as many as can be served, one
with the least walk in total (an assignment problem, solved exactly).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import (  # type: ignore[import-untyped]
    min_weight_full_bipartite_matching,
)

MAX_REQUESTS = 2_000
# Pairs of a request and a space that are looked at together: some seconds' work.
MAX_PAIRS = 4_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What one request may have: spaces (numbers of any kind) and the metres to each."""

    spaces: NDArray[np.int64]
    metres: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assigned:
    """By request: its space or None. `walk_m` is the sum of those that have one."""

    spaces: tuple[int | None, ...]
    walk_m: float

    @property
    def served(self) -> int:
        return sum(space is not None for space in self.spaces)


def together(choices: Sequence[Choice]) -> Assigned:
    """Raises ValueError beyond MAX_PAIRS."""
    many = [len(choice.spaces) for choice in choices]
    if sum(many) > MAX_PAIRS:
        raise ValueError(f"at most {MAX_PAIRS} pairs of a request and a space")
    if not choices:
        return Assigned((), 0.0)
    spaces, columns = np.unique(
        np.concatenate([choice.spaces for choice in choices]), return_inverse=True
    )
    metres = np.concatenate([choice.metres for choice in choices])
    # Worse than any walk of all the others together: nobody stays out to shorten their way.
    out = (metres.max(initial=0.0) + 1.0) * (len(choices) + 1)
    # Each request may stay out by a column of its own, so all of them have a partner; a metre is
    # added to each pair, as a weight of zero would be no pair.
    rows = np.repeat(np.arange(len(choices)), many)
    own = np.arange(len(choices))
    weights = np.concatenate([metres + 1.0, np.full(len(choices), out + 1.0)])
    where = np.concatenate([rows, own]), np.concatenate([columns, len(spaces) + own])
    graph = csr_array((weights, where), shape=(len(choices), len(spaces) + len(choices)))
    chosen = min_weight_full_bipartite_matching(graph)[1].tolist()
    walk_m = sum(float(graph[row, column]) - 1.0 for row, column in _served(chosen, len(spaces)))
    return Assigned(tuple(int(spaces[c]) if c < len(spaces) else None for c in chosen), walk_m)


def _served(chosen: Sequence[int], spaces: int) -> Iterator[tuple[int, int]]:
    return ((row, column) for row, column in enumerate(chosen) if column < spaces)


def one_by_one(choices: Sequence[Choice]) -> Assigned:
    """First come, first served: each takes the nearest that is left."""
    gone: set[int] = set()
    chosen: list[int | None] = []
    walk_m = 0.0
    for choice in choices:
        order = np.lexsort((choice.spaces, choice.metres))
        left = ((int(choice.spaces[i]), float(choice.metres[i])) for i in order)
        space, metres = next((pair for pair in left if pair[0] not in gone), (None, 0.0))
        chosen.append(space)
        walk_m += metres
        if space is not None:
            gone.add(space)
    return Assigned(tuple(chosen), walk_m)

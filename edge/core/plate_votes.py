"""The frames of one arrival vote: what all readers saw of one vehicle's plate, added up.

Every candidate of any line, and every plate expected at the lot, is scored by the summed
log-likelihood over all lines; characters that the region does not tell apart count as one. Sums do
not depend on the order of the frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

import numpy as np

from edge.core.plate_decoding import Line, best, heard, weighed
from edge.core.plate_regions import Region
from edge.core.plates import normalise

Point: TypeAlias = tuple[float, float]
Quad: TypeAlias = tuple[Point, Point, Point, Point]

# More frames than these add time, not knowledge; the surest finds are kept.
MOST_GLIMPSES = 12
# Of every line, and of all together, so many candidates.
OF_A_LINE, OF_ALL = 6, 8


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """One plate in one frame. `lines`: one of each reader. `quad`: its corners in the frame's
    pixels, clockwise from the plate's top left. `found`: the detector's score, 0 to 1."""

    lines: tuple[Line, ...]
    quad: Quad
    found: float


@dataclass(frozen=True, slots=True)
class Scored:
    """`score`: summed weighted ln P(lines | text), and once the prior of its shape."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Tally:
    """`expected`: as the lot spells them, best first; `free`: any plate of the region, best first.
    `weight`: how many lines spoke, each by its reader's weight. `unscored`: expected
    plates of which no reader could say anything, as the lot spells them."""

    region: Region
    expected: tuple[Scored, ...]
    free: tuple[Scored, ...]
    frames: int
    weight: float
    unscored: tuple[str, ...] = ()


def tally(glimpses: Sequence[Glimpse], region: Region, expected: Sequence[str]) -> Tally:
    """`glimpses`: of one vehicle. Expected plates that fold alike are one; the first names it."""
    kept = _kept(glimpses, region)
    lines = [line for one in kept for line in one.lines if line.speaks_of(region)]
    folded = [heard(line, region, region.same) for line in lines]
    names = {region.fold(text): text for text in map(normalise, reversed(expected)) if text}
    all_awaited = _scored(folded, region, names)
    awaited, free = _ranked(all_awaited), _ranked(_scored(folded, region, _free(lines, region)))
    unscored = tuple(it.text for it in all_awaited if it.score == -inf)
    weight = sum(region.weight(line.reader) for line in lines)
    return Tally(region, awaited, free, len(kept), weight, unscored)


def _kept(glimpses: Iterable[Glimpse], region: Region) -> list[Glimpse]:
    seen = [one for one in glimpses if any(line.speaks_of(region) for line in one.lines)]
    return sorted(seen, key=lambda it: (-it.found, it.quad))[:MOST_GLIMPSES]


def _free(lines: Sequence[Line], region: Region) -> dict[str, str]:
    """By folded text, the likeliest spelling of all lines together."""
    own = [one.text for line in lines for one in best([line], region, OF_A_LINE)]
    seen = [heard(line, region) for line in lines]
    texts = sorted(set(own))
    scores = weighed(seen, region, texts) + np.array([region.prior(text) for text in texts])
    ranked = sorted(zip(scores.tolist(), texts))
    return {region.fold(text): text for _, text in ranked}


def _scored(lines: Sequence[Line], region: Region, names: dict[str, str]) -> list[Scored]:
    """Best first, also those that cannot be."""
    if not lines or not names:
        return []
    scores = weighed(lines, region, list(names)) + [region.prior(it) for it in names.values()]
    ranked = sorted(zip(names.values(), scores.tolist()), key=lambda it: (-it[1], it[0]))
    return [Scored(text, score) for text, score in ranked]


def _ranked(scored: Sequence[Scored]) -> tuple[Scored, ...]:
    return tuple(it for it in scored[:OF_ALL] if it.score > -inf)

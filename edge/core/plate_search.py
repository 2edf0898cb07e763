"""Viterbi over (place of a shape, last label): the likeliest text of each shape, and where it is.

All shapes of a region are searched in one pass, as arrays (shapes, places, classes); class 0 is
blank. A few tens of steps by a few array operations: about two milliseconds a crop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Ints: TypeAlias = npt.NDArray[np.integer[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]
Text: TypeAlias = tuple[int, ...]

# Of each place so many next best characters; of two places at once, of so many of them.
OTHERS, PAIRED = 4, 6


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """`text`: classes. `gains`: (places, classes), by how much another character there is likelier
    than that of `text` (mostly negative), -inf where the shape forbids it."""

    shape: int
    text: Text
    log_prob: float
    gains: Floats

    def variants(self) -> Iterator[Text]:
        """`text`, then it with one or two characters replaced by what the steps also say."""
        yield self.text
        singles = self._singles()
        for _, place, char in singles:
            yield _put(self.text, place, char)
        for one, two in combinations(singles[:PAIRED], 2):
            if one[1] != two[1]:
                yield _put(_put(self.text, *one[1:]), *two[1:])

    def _singles(self) -> list[tuple[float, int, int]]:
        found = []
        for place, (char, gains) in enumerate(zip(self.text, self.gains)):
            likely = np.argsort(-gains, kind="stable")[: OTHERS + 1].tolist()
            found += [(float(gains[at]), place, at) for at in likely if at != char]
        return sorted((it for it in found if it[0] > -np.inf), key=lambda it: (-it[0], *it[1:]))


def search(log_probs: Floats, allowed: Flags, sizes: Sequence[int]) -> list[Found]:
    """One of each shape that the steps can hold. `allowed`: (shapes, places, classes)."""
    walk = _Walk(allowed)
    for row in log_probs.astype(np.float64):
        walk.step(row)
    ends = [walk.end(shape, size) for shape, size in enumerate(sizes)]
    return [
        _found(log_probs, allowed, shape, score, walk.back(shape, place, label))
        for shape, (score, place, label) in enumerate(ends)
        if score > -np.inf
    ]


class _Walk:
    """`blank`: (shapes, places + 1), the best path that has said so many characters and a blank;
    `label`: (shapes, places + 1, classes), that still says the last one."""

    def __init__(self, allowed: Flags) -> None:
        shapes, places, classes = allowed.shape
        self._forbidden = np.where(allowed, 0.0, -np.inf)
        self._classes = np.arange(classes)
        self._blank = np.full((shapes, places + 1), -np.inf)
        self._blank[:, 0] = 0.0
        self._label = np.full((shapes, places + 1, classes), -np.inf)
        self._past: list[tuple[Ints, Flags]] = []

    def step(self, row: Floats) -> None:
        """`before` (shapes, places, classes) is the label that a new one follows: -1 after a blank,
        -2 where it is no new one but goes on."""
        blank, label = self._blank, self._label
        top = label.argmax(axis=2)
        most = np.take_along_axis(label, top[..., None], 2)[..., 0]
        rest = label.copy()
        np.put_along_axis(rest, top[..., None], -np.inf, 2)
        next_top = rest.argmax(axis=2)
        next_most = np.take_along_axis(rest, next_top[..., None], 2)[..., 0]
        again = self._classes == top[:, :-1, None]
        after = np.where(again, next_most[:, :-1, None], most[:, :-1, None])
        before = np.where(again, next_top[:, :-1, None], top[:, :-1, None])
        pause = blank[:, :-1, None]
        before = np.where(pause >= after, -1, before)
        entered = np.maximum(after, pause)
        stays = label[:, 1:]
        before = np.where(stays >= entered, -2, before)
        self._past.append((before, np.where(blank >= most, -1, top)))
        self._blank = np.maximum(blank, most) + row[0]
        self._label = label.copy()
        self._label[:, 1:] = np.maximum(stays, entered) + row + self._forbidden

    def end(self, shape: int, size: int) -> tuple[float, int, int]:
        """Score, place and last label (-1: a blank) of the best path that has said it all."""
        labels = self._label[shape, size]
        last = int(labels.argmax())
        if labels[last] >= self._blank[shape, size]:
            return float(labels[last]), size, last
        return float(self._blank[shape, size]), size, -1

    def back(self, shape: int, place: int, label: int) -> list[tuple[int, int]]:
        """(place, label) of each step, from the first; label -1 is blank."""
        path = []
        for before, to_blank in reversed(self._past):
            path.append((place, label))
            if label < 0:
                label = int(to_blank[shape, place])
                continue
            came = int(before[shape, place - 1, label])
            if came != -2:
                place, label = place - 1, came
        return path[::-1]


def _found(
    log_probs: Floats, allowed: Flags, shape: int, score: float, path: list[tuple[int, int]]
) -> Found:
    said: dict[int, tuple[int, list[int]]] = {}
    for step, (place, label) in enumerate(path):
        if label >= 0:
            said.setdefault(place - 1, (label, []))[1].append(step)
    text = tuple(said[place][0] for place in sorted(said))
    gains = np.array([log_probs[steps].max(axis=0) for _, (_, steps) in sorted(said.items())])
    gains = gains - gains[np.arange(len(text)), list(text)][:, None]
    return Found(shape, text, score, np.where(allowed[shape, : len(text)], gains, -np.inf))


def _put(text: Text, place: int, char: int) -> Text:
    return (*text[:place], char, *text[place + 1 :])

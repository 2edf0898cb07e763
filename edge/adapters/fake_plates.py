"""Plates without a camera, a network or a picture: a finder, a reader and an eye that are told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from edge.core.plate_decoding import Alphabet, Line
from edge.core.plate_regions import PLATE_CHARS
from edge.core.plate_votes import Glimpse
from edge.plate_ports import MOST_FOUND, Found, Image, Quad

ALPHABET = Alphabet(("", *PLATE_CHARS))
PLACE: Quad = ((100.0, 100.0), (240.0, 100.0), (240.0, 140.0), (100.0, 140.0))


def line_of(text: str, sure: float = 0.98, reader: str = "own") -> Line:
    """A blank, then each character with a blank after it; `sure` of each, the rest spread."""
    classes = ALPHABET.classes(text)
    if classes is None:
        raise ValueError(f"{text!r} holds a character that no plate has")
    steps = [0, *(step for at in classes for step in (at, 0))]
    probs = np.full((len(steps), len(ALPHABET.chars)), (1 - sure) / (len(ALPHABET.chars) - 1))
    probs[np.arange(len(steps)), steps] = sure
    return Line(np.log(probs).astype(np.float32), ALPHABET, reader)


def glimpse_of(text: str, sure: float = 0.98, quad: Quad = PLACE) -> Glimpse:
    return Glimpse((line_of(text, sure),), quad, sure)


class FakeFinder:
    """FindsPlates: what it is told lies in every picture."""

    def __init__(self, founds: Sequence[Found] = ()) -> None:
        self.founds = tuple(founds)

    def find(self, image: Image) -> list[Found]:
        return sorted(self.founds, key=lambda it: -it.score)[:MOST_FOUND]


class FakeReader:
    """ReadsPlates: the same text of every crop; `shapes` are the crops' heights and widths."""

    def __init__(self, text: str, sure: float = 0.98, name: str = "own") -> None:
        self.text, self.sure, self._name = text, sure, name
        self.shapes: list[tuple[int, int]] = []

    @property
    def name(self) -> str:
        return self._name

    def read(self, crops: Sequence[Image]) -> list[Line]:
        self.shapes += [crop.shape[:2] for crop in crops]
        return [line_of(self.text, self.sure, self._name) for _ in crops]


class FakeEye:
    """Eye: what it is told for each look in turn, and then nothing. `looks` counts them."""

    def __init__(self, looks: Iterable[Sequence[Glimpse]] = ()) -> None:
        self._told = deque(looks)
        self.looks = 0

    def look(self, image: Image) -> list[Glimpse]:
        self.looks += 1
        return list(self._told.popleft()) if self._told else []

"""New plates out of photographed ones: the left of one, the right of another.

No plate's own letters are in any free font, and a few hundred photographs show each letter only now
and then. Cut between two characters and joined, they show each beside others, in its own strokes.
Where a character stands is told by the steps of PP-OCR, given the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from edge.adapters.plate_reader import OPENED_BY
from edge.core.plate_decoding import Line
from firmware_sim.drawing.glyphs import HAN
from firmware_sim.drawing.warping import Image

ALIGNED_BY = "ppocr-v4"
SIZE_PX = (320, 96)
# A text less likely than this a step is not what the steps show: its places would be guesses.
LEAST_FIT = -1.2
TWICE = 0.4


@dataclass(frozen=True, slots=True)
class Cuttable:
    """`image`: SIZE_PX. `cuts_px`: after which column each character but the last ends."""

    image: Image
    text: str
    cuts_px: tuple[int, ...]


class Splicer:
    """Of plates of one kind alone: seven characters, the first a province's."""

    def __init__(self, crops: Sequence[tuple[Image, str]]) -> None:
        reader = OPENED_BY[ALIGNED_BY]()
        found = []
        for image, text in crops:
            if len(text) == 7 and text[0] in HAN and text[-1] not in HAN:
                sized = cv2.resize(image, SIZE_PX, interpolation=cv2.INTER_LINEAR)
                (line,) = reader.read([sized])
                cuts = _cuts_px(line, text)
                if cuts is not None:
                    found.append(Cuttable(sized.astype(np.uint8), text, cuts))
        self._all = found
        # Those that show what few show are taken more often.
        many = Counter(char for one in found for char in one.text)
        self._weights = [max(1 / many[char] for char in one.text) ** 0.5 for one in found]

    def __len__(self) -> int:
        return len(self._all)

    def __call__(self, rng: Random) -> tuple[Image, str]:
        one = self._any(rng)
        joined = _joined(one, self._any(rng), rng.randrange(1, 6))
        if rng.random() < TWICE:
            joined = _joined(joined, self._any(rng), rng.randrange(1, 6))
        return joined.image, joined.text

    def _any(self, rng: Random) -> Cuttable:
        return rng.choices(self._all, self._weights)[0]


def _joined(left: Cuttable, right: Cuttable, at: int) -> Cuttable:
    """`left` up to its cut `at`, then `right` from its own, moved so that the cuts meet."""
    here, there = left.cuts_px[at], right.cuts_px[at]
    beside = _as_light_as(right.image, left.image)[:, there:]
    beside = np.pad(beside, ((0, 0), (0, max(0, there - here)), (0, 0)), mode="edge")
    image = np.concatenate([left.image[:, :here], beside], axis=1)[:, : SIZE_PX[0]]
    moved = (min(SIZE_PX[0] - 1, cut + here - there) for cut in right.cuts_px[at + 1 :])
    text = left.text[: at + 1] + right.text[at + 1 :]
    return Cuttable(image.astype(np.uint8), text, (*left.cuts_px[: at + 1], *moved))


def _as_light_as(image: Image, other: Image) -> Image:
    """Each colour with the mean and the spread of the other's."""
    own, wanted = image.astype(np.float32), other.astype(np.float32)
    spread = wanted.std((0, 1)) / np.maximum(own.std((0, 1)), 1.0)
    moved = (own - own.mean((0, 1))) * spread + wanted.mean((0, 1))
    return np.clip(moved, 0, 255).astype(np.uint8)


def _cuts_px(line: Line, text: str) -> tuple[int, ...] | None:
    classes = line.alphabet.classes(text)
    if classes is None:
        return None
    places = _aligned(line.log_probs, classes, line.alphabet.blank)
    if places is None:
        return None
    px = SIZE_PX[0] / len(line.log_probs)
    middles = [(place + 0.5) * px for place in places]
    return tuple(round((one + two) / 2) for one, two in zip(middles, middles[1:]))


def _aligned(
    log_probs: npt.NDArray[np.floating], classes: Sequence[int], blank: int
) -> list[float] | None:
    """The middle step of each label along the likeliest way (Viterbi over labels and blanks)."""
    labels = [blank]
    for one in classes:
        labels += [one, blank]
    steps, many = len(log_probs), len(labels)
    best = np.full((steps, many), -np.inf)
    came = np.zeros((steps, many), np.intp)
    best[0, :2] = log_probs[0, labels[:2]]
    for step in range(1, steps):
        for at in range(many):
            from_: list[int] = [at, at - 1] if at else [at]
            if at > 1 and labels[at] != blank and labels[at] != labels[at - 2]:
                from_.append(at - 2)
            came[step, at] = max(from_, key=lambda it: best[step - 1, it])
            best[step, at] = best[step - 1, came[step, at]] + log_probs[step, labels[at]]
    at = int(many - 1 if best[-1, -1] >= best[-1, -2] else many - 2)
    if best[-1, at] / len(classes) < LEAST_FIT:
        return None
    seen: dict[int, list[int]] = {}
    for step in range(steps - 1, -1, -1):
        seen.setdefault(at, []).append(step)
        at = int(came[step, at])
    return [float(np.mean(seen[2 * n + 1])) for n in range(len(classes))]

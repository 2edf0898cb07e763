"""What a reader said of one crop, and which plates it may have meant (CTC, Graves 2006).

A reader gives, for each step from left to right, a probability of every character and of blank. A
text's likelihood is the sum over all ways to spread it over the steps. `best` searches only texts
that a region's plates can have: Viterbi over (place of the shape, last label), then the nearest
variants of what it found, each scored by its whole sum.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edge.core.plate_confusions import MISTAKES, spread
from edge.core.plate_regions import PLATE_CHARS, Region
from edge.core.plate_search import search

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]

# No step is surer than this of what it does not say: one bad step must not outvote ten good ones.
FLOOR = 5e-3
# Of a region's shapes only the best are looked at more closely.
SHAPES_TRIED, FAR_BEHIND = 4, 20.0
# Steps between two scalings; e ** (4 * LEAST) is still a number.
SCALED_EVERY, LEAST = 4, -150.0
MAX_STEPS = 256


@dataclass(frozen=True, slots=True)
class Alphabet:
    """`chars` by class; that of `blank` says nothing."""

    chars: tuple[str, ...]
    blank: int = 0

    def classes(self, text: str) -> list[int] | None:
        """None if it has a character that the reader does not know."""
        by_char = _by_char(self)
        found = [by_char.get(char) for char in text]
        return None if None in found else [at for at in found if at is not None]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """`log_probs`: (steps, classes), natural logarithms, rows sum to 1. `reader` weighs it.
    `region`: the only one whose plates it was read for; empty: any."""

    log_probs: Floats
    alphabet: Alphabet
    reader: str = ""
    region: str = ""

    def speaks_of(self, region: Region) -> bool:
        heard = region.weight(self.reader) > 0 and self.region in ("", region.name)
        return heard and len(self.log_probs) > 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """`log_prob`: of the text given what was seen, with the prior of its shape."""

    text: str
    log_prob: float
    shape: str


@lru_cache(maxsize=16)
def _by_char(alphabet: Alphabet) -> dict[str, int]:
    return {char: at for at, char in enumerate(alphabet.chars) if at != alphabet.blank}


@lru_cache(maxsize=32)
def _targets(alphabet: Alphabet, chars: str, same: tuple[str, ...]) -> tuple[Alphabet, Floats]:
    """Where each class goes: (classes, 1 + chars), ones; column 0 is blank. What is punctuation to
    a plate (a dot, a screw, a space) is blank; other characters go nowhere."""
    one = {char: group[-1] for group in same for char in group}
    kept = "".join(dict.fromkeys(one.get(char, char) for char in chars))
    goes = np.zeros((len(alphabet.chars), 1 + len(kept)), np.float32)
    for at, char in enumerate(alphabet.chars):
        plain = unicodedata.normalize("NFKC", char).upper()
        to = kept.find(one.get(plain, plain)) + 1 if len(plain) == 1 else 0
        if at == alphabet.blank or not (to or any(map(str.isalnum, plain)) or plain == "\ufffd"):
            goes[at, 0] = 1.0
        elif to:
            goes[at, to] = 1.0
    return Alphabet(("", *kept)), goes


def narrowed(
    line: Line, chars: str = PLATE_CHARS, same: tuple[str, ...] = (), floor: float = FLOOR
) -> Line:
    """Only `chars`, each of a group of `same` as its last; rows sum to 1 again."""
    alphabet, goes = _targets(line.alphabet, chars, same)
    probs = np.exp(line.log_probs[:MAX_STEPS].astype(np.float64)) @ goes
    probs = probs + floor / probs.shape[1]
    log_probs = np.log(probs / probs.sum(axis=1, keepdims=True))
    return Line(log_probs.astype(np.float32), alphabet, line.reader, line.region)


def heard(line: Line, region: Region, same: tuple[str, ...] = ()) -> Line:
    """What `line` is worth for this region's plates: narrowed, and doubted where its reader is
    known to be wrong."""
    line = narrowed(line, region.chars, same)
    mistakes = MISTAKES.get((region.name, line.reader), ())
    if not mistakes or not len(line.log_probs):
        return line
    probs = np.exp(line.log_probs) @ spread(line.alphabet.chars, mistakes)
    log_probs = np.log(probs / probs.sum(axis=1, keepdims=True))
    return Line(log_probs, line.alphabet, line.reader, line.region)


def likelihoods(line: Line, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """ln P(text | line) of each text, at once; -inf where it cannot be."""
    told = np.full(len(texts), -np.inf)
    coded = [line.alphabet.classes(text) for text in texts]
    known = [at for at, classes in enumerate(coded) if classes is not None]
    if known and len(line.log_probs):
        told[known] = _forward(line, [classes for classes in coded if classes is not None])
    return told


def _forward(line: Line, texts: Sequence[Sequence[int]]) -> npt.NDArray[np.float64]:
    """Labels with blanks between, (texts, 2 * longest + 1); one pass over the steps for all."""
    sizes = np.array([len(text) for text in texts])
    labels = np.full((len(texts), 2 * int(sizes.max()) + 1), line.alphabet.blank)
    for row, text in zip(labels, texts):
        row[1 : 2 * len(text) : 2] = text
    skips = np.zeros(labels.shape)
    skips[:, 2:] = (labels[:, 2:] != line.alphabet.blank) & (labels[:, 2:] != labels[:, :-2])
    probs = np.exp(np.maximum(line.log_probs.astype(np.float64), LEAST))
    paths = np.zeros((len(texts), labels.shape[1] + 2))
    paths[:, 2] = 1.0  # Before the first step, as it were on the blank before the first label.
    paths[:, 1] = 0.0
    scale = np.zeros(len(texts))
    now = paths[:, 2:]
    for step, row in enumerate(probs):
        moved = now + paths[:, 1:-1] + skips * paths[:, :-2]
        np.multiply(moved, row[labels], out=now)
        if step % SCALED_EVERY == SCALED_EVERY - 1:
            most = np.maximum(now.max(axis=1), np.finfo(float).tiny)
            now /= most[:, None]
            scale += np.log(most)
    rows = np.arange(len(texts))
    ends = now[rows, 2 * sizes] + np.where(sizes > 0, now[rows, 2 * sizes - 1], 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(ends) + scale)


def best(lines: Sequence[Line], region: Region, many: int = 5) -> tuple[Candidate, ...]:
    """The likeliest plates of the region, best first; none only if no step says anything.

    `lines`: of one plate, of several readers or frames; each counts with its reader's weight.
    """
    seen = [heard(line, region) for line in lines if line.speaks_of(region)]
    texts = sorted({text for line in seen for text in _likely(line, region)})
    scores = weighed(seen, region, texts) + [region.prior(text) for text in texts]
    ranked = sorted(zip(texts, scores.tolist()), key=lambda it: (-it[1], it[0]))
    return tuple(
        Candidate(text, score, shape.name)
        for text, score in ranked[:many]
        if score > -np.inf and (shape := region.fits(text)) is not None
    )


def weighed(lines: Sequence[Line], region: Region, texts: Sequence[str]) -> Floats:
    """Summed over the lines, each times the weight of its reader in this region."""
    total = np.zeros(len(texts))
    for line in lines:
        total += region.weight(line.reader) * likelihoods(line, texts)
    return total


def _likely(line: Line, region: Region) -> Iterator[str]:
    """`line` is narrowed to the region's characters."""
    allowed, sizes = _places(region)
    found = sorted(search(line.log_probs, allowed, sizes), key=lambda it: -it.log_prob)
    for one in found[:SHAPES_TRIED]:
        if one.log_prob > found[0].log_prob - FAR_BEHIND:
            for text in one.variants():
                yield from region.spellings("".join(line.alphabet.chars[at] for at in text))


@lru_cache(maxsize=16)
def _places(region: Region) -> tuple[Flags, tuple[int, ...]]:
    """What each shape allows: (shapes, places, 1 + characters), class 0 blank; and their sizes."""
    shapes = region.widest
    sizes = tuple(len(shape.allowed) for shape in shapes)
    allowed = np.zeros((len(sizes), max(sizes), 1 + len(region.chars)), bool)
    for shape, places in zip(shapes, allowed):
        for chars, place in zip(shape.allowed, places):
            place[1:] = [char in chars for char in region.chars]
    return allowed, sizes

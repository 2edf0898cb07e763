"""How far two spellings of a plate are apart, and whose of those expected a plate read is.

What a camera confuses costs little, any other difference a whole character. A doubtful read goes to
a person: nobody is penalised for one character.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

Match = Literal["accepted", "ambiguous", "other"]

# Characters that readers take for each other. Mainland plates have neither O nor I.
ALIKE = (
    "0ODQ",
    "8B",
    "1IL",
    "5S",
    "2Z",
    "6G",
    "4A",
    "7T",
    "UV",
    "MN",
    "京津",
    "浙湘",
    "鲁鄂",
    "晋甘",
)
# Of these the one is always meant by the other.
SAME = str.maketrans("OI", "01")
ALIKE_COST, OTHER_COST, MISSING_COST = 0.3, 1.0, 1.0
# One character of any kind, or three that are easily confused.
DOUBTFUL = 1.0
MAX_CHARS = 16
_PAIRS: Mapping[frozenset[str], float] = {
    frozenset(pair): ALIKE_COST for group in ALIKE for pair in combinations(group, 2)
}


@dataclass(frozen=True, slots=True)
class Expected:
    """A plate that may come, and what it stands for."""

    about: str
    plate: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`about`: of the nearest; None if it is nobody's. `distance`: to it."""

    match: Match
    about: str | None = None
    distance: float = 0.0


def normalise(text: str) -> str:
    """Upper case, full-width folded to ASCII; only letters, digits and Chinese characters."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in plain if char.isalnum())[:MAX_CHARS]


def distance(one: str, other: str) -> float:
    """Of normalised texts: the least sum of differences that makes the one the other."""
    row = [MISSING_COST * count for count in range(len(other) + 1)]
    for index, char in enumerate(one, start=1):
        above, row = row, [MISSING_COST * index]
        for column, against in enumerate(other, start=1):
            changed = above[column - 1] + cost(char, against)
            row.append(min(changed, above[column] + MISSING_COST, row[-1] + MISSING_COST))
    return round(row[-1], 6)


def cost(one: str, other: str) -> float:
    return 0.0 if one == other else _PAIRS.get(frozenset((one, other)), OTHER_COST)


def match(read: str, expected: Sequence[Expected]) -> Verdict:
    """The nearest of those expected. Two that are equally near are doubtful, if they differ."""
    text = normalise(read)
    ranked = sorted((_apart(text, normalise(one.plate)), one.about) for one in expected)
    if not ranked or ranked[0][0] > DOUBTFUL:
        return Verdict("other")
    nearest, about = ranked[0]
    return Verdict("accepted" if nearest == 0 else "ambiguous", about, nearest)


def _apart(read: str, plate: str) -> float:
    """O and 0, I and 1 are the same sign on a plate."""
    return distance(read.translate(SAME), plate.translate(SAME))

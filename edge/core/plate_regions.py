"""Where plates come from and how they are written: data, so that a new country is a few lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EITHER = DIGITS + LETTERS
# Letters that people type, and cameras report, where a plate has the digit.
MISTAKEN = ("O0", "I1")
# GA 36-2018: 31 provinces; the serial knows neither I nor O; the last place may tell a kind.
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
OFFICES = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SERIAL = DIGITS + OFFICES
KINDS = "学警港澳挂使领"
ENERGIES = "ABCDEFGHJK"
PLATE_CHARS = EITHER + PROVINCES + KINDS

MAX_PLACES = 10
PATTERN = MappingProxyType({"A": LETTERS, "0": DIGITS, "*": EITHER})


class BadShape(ValueError):
    """A shape is 2 to 10 places of A (a letter), 0 (a digit), * (either) or a Chinese character."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`allowed`: the characters of each place. `prior`: nats by which it is the likelier."""

    name: str
    allowed: tuple[str, ...]
    two_line: bool = False
    prior: float = 0.0

    def within(self, other: Shape) -> bool:
        """Whether all that it allows is allowed by `other`."""
        alike = len(self.allowed) == len(other.allowed)
        return alike and all(set(a) <= set(b) for a, b in zip(self.allowed, other.allowed))

    def spelt(self, text: str, same: tuple[str, ...]) -> str | None:
        """`text` with characters of a group of `same` exchanged so that it fits, or None."""
        if len(text) != len(self.allowed):
            return None
        groups = {char: group for group in same for char in group}
        written = [
            char if char in place else next((c for c in groups.get(char, "") if c in place), None)
            for char, place in zip(text, self.allowed)
        ]
        return None if None in written else "".join(map(str, written))

    def fits(self, text: str) -> bool:
        return len(text) == len(self.allowed) and all(map(str.__contains__, self.allowed, text))


@dataclass(frozen=True, slots=True)
class Region:
    """`same`: groups of characters that its plates or its people do not tell apart; the last of a
    group stands for it. `weights`: how much a reader's word counts here; 1 if it is not named.
    `band`: the part of a plate's height, from the top, in which its text stands."""

    name: str
    shapes: tuple[Shape, ...]
    same: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    band: tuple[float, float] = (0.0, 1.0)

    def weight(self, reader: str) -> float:
        return dict(self.weights).get(reader, 1.0)

    @property
    def two_line(self) -> bool:
        return any(shape.two_line for shape in self.shapes)

    @property
    def widest(self) -> tuple[Shape, ...]:
        """Those that together allow all that any of them does: these need to be searched."""
        kept: list[Shape] = []
        for shape in sorted(self.shapes, key=lambda it: -sum(map(len, it.allowed))):
            if not any(shape.within(other) for other in kept):
                kept.append(shape)
        return tuple(kept)

    def spellings(self, text: str) -> set[str]:
        """As each shape would have it: O or 0, I or 1."""
        written = {shape.spelt(text, self.same) for shape in self.shapes}
        return {it for it in written if it is not None}

    @property
    def chars(self) -> str:
        """All characters that its plates may hold, in a fixed order."""
        held = {char for shape in self.shapes for places in shape.allowed for char in places}
        return "".join(sorted(held))

    def fold(self, text: str) -> str:
        """What it does not tell apart made one: also a digit for the letter that it has not."""
        return text.translate(_folding(self))

    def prior(self, text: str) -> float:
        """Of the likeliest shape that `text` is written in; that of the least likely if in none."""
        priors = [shape.prior for shape in self.shapes]
        return max((it.prior for it in self.shapes if it.fits(text)), default=min(priors))

    def fits(self, text: str) -> Shape | None:
        """The first shape that `text` is written in."""
        return next((shape for shape in self.shapes if shape.fits(text)), None)


@lru_cache(maxsize=32)
def _folding(region: Region) -> Mapping[int, str]:
    held = region.chars
    lacks = [pair for pair in MISTAKEN if pair[0] not in held and pair[1] in held]
    return {ord(char): group[-1] for group in (*lacks, *region.same) for char in group}


def shape_of(pattern: str, two_line: bool = False, prior: float = 0.0) -> Shape:
    """`AAA0A00`, `**0000`, `京A****`; raises BadShape."""
    if not 2 <= len(pattern) <= MAX_PLACES:
        raise BadShape(f"{pattern!r} has {len(pattern)} places. {BadShape.__doc__}")
    places = tuple(PATTERN.get(char, char) for char in pattern)
    if any(len(place) == 1 and place not in PROVINCES + KINDS for place in places):
        raise BadShape(f"{pattern!r} is no shape. {BadShape.__doc__}")
    return Shape(pattern, places, two_line, prior)


def with_shapes(region: Region, patterns: Iterable[str]) -> Region:
    """As the settings of a lot add to what is known here."""
    return replace(region, shapes=(*region.shapes, *map(shape_of, patterns)))


def _free(least: int, most: int, prior: float, two_line: bool = False) -> tuple[Shape, ...]:
    sizes = range(least, most + 1)
    return tuple(Shape(f"{size} free", (EITHER,) * size, two_line, prior) for size in sizes)


def _common(by_pattern: Mapping[str, tuple[str, ...]]) -> Iterator[Shape]:
    for pattern, where in by_pattern.items():
        yield replace(shape_of(pattern), name=f"{pattern} {' '.join(where)}")


_CN_BEGIN = (PROVINCES, OFFICES)
CN = Region(
    "cn",
    (
        Shape("7", (*_CN_BEGIN, *[SERIAL] * 4, SERIAL + KINDS), two_line=True),
        Shape("NEV small", (*_CN_BEGIN, ENERGIES, SERIAL, *[DIGITS] * 4)),
        Shape("NEV large", (*_CN_BEGIN, *[DIGITS] * 5, ENERGIES)),
    ),
    weights=(("ppocr-v4", 1.0), ("ppocr-v6", 0.75), ("own", 1.0)),
)
BR = Region(
    "br",
    (shape_of("AAA0000", two_line=True), shape_of("AAA0A00", two_line=True)),
    weights=(("own", 0.5),),
)
# Of a country's common plates; what else is seen there is less likely, not refused.
UNCOMMON, RARE = -2.5, -6.0
_EU_COMMON = {
    "AA000AA": ("fr", "it", "sk", "si", "hr", "al"),
    "0A00000": ("cz",),
    "0AA0000": ("cz",),
    "AAA0000": ("pl", "gr", "cz"),
    "AA00000": ("pl", "dk", "no"),
    "AA00AAA": ("gb", "ro"),
    "0000AAA": ("es",),
    "AAA000": ("se", "fi", "lt", "hu"),
    "AAAA000": ("hu", "de"),
    "0AAA000": ("be",),
    "AA00AA": ("pt", "nl", "de"),
    "AAA00A": ("se", "nl"),
    "AA0000AA": ("hr", "bg"),
}
EU = Region(
    "eu",
    (*_common(_EU_COMMON), *_free(5, 8, UNCOMMON), *_free(4, 4, RARE)),
    same=("O0", "I1"),
    weights=(("ppocr-v4", 0.5), ("ppocr-v6", 1.0)),
)
_US_COMMON = {
    "0AAA000": ("ca",),
    "0A00000": ("ca truck",),
    "AAA0000": ("tx", "ny", "fl", "nc"),
    "AAA000": ("mn", "ky", "or"),
    "000AAA": ("ma", "nv", "in"),
    "AA0A0A": ("mo",),
    "AA00000": ("il", "ct", "az"),
    "A000000": ("il", "id"),
    "0AA0000": ("md",),
    "AA0A000": ("mo truck",),
}
US = Region(
    "us",
    (*_common(_US_COMMON), *_free(5, 7, UNCOMMON), *_free(3, 4, RARE), *_free(8, 8, RARE)),
    same=("O0", "I1"),
    weights=(("ppocr-v4", 0.5), ("ppocr-v6", 1.0), ("own", 0.75)),
    band=(0.2, 0.85),
)
REGIONS: Mapping[str, Region] = MappingProxyType({it.name: it for it in (CN, EU, BR, US)})

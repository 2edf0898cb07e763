"""What the plates' adapters give: where a plate is, what a reader says of it, and both together.

Nothing here imports numpy at run time: a gateway that reads no plates has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from edge.core.plate_decoding import Line
    from edge.core.plate_votes import Glimpse

# A frame may show the neighbours' cars too; reading one plate costs more than finding them all.
MOST_FOUND = 4

Image: TypeAlias = Any
"""numpy uint8, (height, width, 3), blue first; nobody writes to it."""
Point: TypeAlias = tuple[float, float]
Quad: TypeAlias = tuple[Point, Point, Point, Point]
"""From the plate's top left, as it is read, clockwise; x, y in the frame's pixels."""
Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Found:
    """`score` in 0..1, the finder's own: only comparable within one finder."""

    quad: Quad
    score: float


class FindsPlates(Protocol):
    def find(self, image: Image) -> list[Found]:
        """The best first, `MOST_FOUND` at most; empty where there is none."""


class ReadsPlates(Protocol):
    @property
    def name(self) -> str:
        """The one that the regions' weights know it by."""

    def read(self, crops: Sequence[Image]) -> list[Line]:
        """One for each crop: upright, one line of text, of any size."""


class Eye(Protocol):
    def look(self, image: Image) -> list[Glimpse]:
        """The best first. Takes tens of milliseconds: on no thread that anything waits for."""


def box_of(quad: Quad) -> Box:
    """x, y, width and height around the four corners."""
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)

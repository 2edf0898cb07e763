"""Where to draw what: a lot's spaces in local metres become a plan in tenths of a metre."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

View = dict[str, Any]
UNIT = 10
LONG, SHORT = 50, 25
MARGIN = 22
LANE = 60
WIDE = 330
# Enough neighbours to see how a lot lies; a city-sized lot must not cost a square of its spaces.
LOOKED_AT = 300
# Degrees that turn a space whose open end is at the bottom.
TURNS = {"south": 0, "north": 180, "west": 90, "east": -90}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One space on the plan: its centre, how far its drawing is turned, its short label."""

    id: str
    label: str
    state: str
    x: int
    y: int
    turn: int


@dataclass(frozen=True, slots=True)
class Plan:
    width: int
    height: int
    spaces: tuple[Drawn, ...]
    lanes: tuple[tuple[int, int, int, int], ...]
    size: str

    @property
    def wide(self) -> bool:
        return self.width > WIDE

    def label(self, space: str) -> str:
        """What is painted on the ground there."""
        return next((drawn.label for drawn in self.spaces if drawn.id == space), space)


def plan(spaces: list[View]) -> Plan | None:
    if not spaces:
        return None
    upright = _upright(spaces)
    # Across = along a row, deep = from row to row; a sideways lot is the same lot transposed.
    points = [_point(space, upright) for space in spaces]
    rows = sorted({deep for _, deep in points})
    ends = _open_ends(rows)
    left = min(across for across, _ in points) - SHORT // 2 - MARGIN
    right = max(across for across, _ in points) + SHORT // 2 + MARGIN
    lanes = _lanes(rows)
    top = min([rows[0] - LONG // 2, *(lane - LANE // 2 for lane in lanes)]) - MARGIN
    bottom = max([rows[-1] + LONG // 2, *(lane + LANE // 2 for lane in lanes)]) + MARGIN
    labels = _labels([space["id"] for space in spaces])
    drawn = tuple(
        _drawn(space, label, (across - left, deep - top), (upright, ends[deep]))
        for space, label, (across, deep) in zip(spaces, labels, points, strict=True)
    )
    lines = tuple(_lane(lane - top, right - left, upright) for lane in lanes)
    width, height = right - left, bottom - top
    if not upright:
        width, height = height, width
    return Plan(width, height, drawn, lines, _size(labels))


def _point(space: View, upright: bool) -> tuple[int, int]:
    x, y = round(space["x_m"] * UNIT), round(space["y_m"] * UNIT)
    return (x, _snapped(y)) if upright else (y, _snapped(x))


def _snapped(value: int) -> int:
    """Surveyed rows are never quite straight; half a metre apart is the same row."""
    return round(value / 5) * 5


def _drawn(space: View, label: str, centre: tuple[int, int], lies: tuple[bool, str]) -> Drawn:
    across, deep = centre
    upright, end = lies
    x, y = (across, deep) if upright else (deep, across)
    side = end if upright else {"south": "east", "north": "west"}[end]
    return Drawn(space["id"], label, space["state"], x, y, TURNS[side])


def _upright(spaces: list[View]) -> bool:
    """Whether the spaces are longer from north to south: as they overlap less."""
    near = spaces[:LOOKED_AT]
    apart = [
        (abs(a["x_m"] - b["x_m"]), abs(a["y_m"] - b["y_m"]))
        for index, a in enumerate(near)
        for b in near[index + 1 :]
    ]
    standing = sum(dx < 2.4 and dy < 4.9 for dx, dy in apart)
    lying = sum(dx < 4.9 and dy < 2.4 for dx, dy in apart)
    return bool(standing <= lying)


def _open_ends(rows: list[int]) -> dict[int, str]:
    """Cars leave towards the wider gap: away from the row they stand back to back with."""
    ends = {}
    for index, row in enumerate(rows):
        above = row - rows[index - 1] if index else None
        below = rows[index + 1] - row if index + 1 < len(rows) else None
        if below is None:
            ends[row] = "south" if above is None or above < LONG + LANE // 2 else "north"
        elif above is None:
            ends[row] = "south" if below >= LONG + LANE // 2 else "north"
        else:
            ends[row] = "south" if below >= above else "north"
    return ends


def _lanes(rows: list[int]) -> list[int]:
    """The middle of each gap that a car can drive in, and the outer lanes that rows open to."""
    lanes = [(a + b) // 2 for a, b in pairwise(rows) if b - a >= LONG + LANE // 2]
    ends = _open_ends(rows)
    outer = LONG // 2 + LANE // 2
    if ends[rows[0]] == "north":
        lanes.insert(0, rows[0] - outer)
    if ends[rows[-1]] == "south":
        lanes.append(rows[-1] + outer)
    return lanes


def _lane(deep: int, length: int, upright: bool) -> tuple[int, int, int, int]:
    ends = (MARGIN // 2, deep, length - MARGIN // 2, deep)
    return ends if upright else (ends[1], ends[0], ends[3], ends[2])


def _labels(ids: list[str]) -> list[str]:
    """What the ids do not share, from a separator on: `lot-7-A01` is painted as A01."""
    first, last = min(ids), max(ids)
    same = [a == b for a, b in zip(first, last, strict=False)]
    shared = first[: (*same, False).index(False)] if len(ids) > 1 else ""
    cut = max(shared.rfind(mark) for mark in "-._") + 1
    return [space[cut:] for space in ids]


def _size(labels: list[str]) -> str:
    longest = max(len(label) for label in labels)
    return "n1" if longest <= 3 else "n2" if longest <= 5 else "n3"

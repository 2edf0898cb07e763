"""One grid of spaces: cells, flags, and when each is taken.

Places of arrays run in the order (cell, id), so a row of cells is one stretch. Distances are
computed as in a plain statement of SQL, operation by operation: the answers are equal to the last
bit, and equal distances go by id. The index is a cache; the database decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, floor, radians

import numpy as np
from numpy.typing import NDArray

from cloud.core.search_busy import Bools, Busy, Ints, Offered, Taken, build
from cloud.core.search_wish import METRES_PER_DEGREE

Floats = NDArray[np.float64]
CELL_M = 200.0
# Shares of the radius that are searched one after another; the last is 1.
CIRCLES = (0.25, 1.0)
# Degrees; far more than rounding, far less than a cell.
MARGIN = 1e-6
# Of a place's cosine: near the poles a degree of longitude is no distance any more.
LEAST_COSINE = 0.01
LISTED, ONLINE, KNOWN, EMPTY = 1, 2, 4, 8
WATCHED = LISTED | ONLINE | KNOWN
# Codes of REASONS, in the order in which matching.objection() asks.
CODES = ("no_offer", "overlap", "too_high", "gateway_offline", "space_unknown", "space_occupied")


@dataclass(frozen=True, slots=True)
class Ask:
    """The nearest `many` within `radius_m` that have all flags of `needs` and are free."""

    lat: float
    lon: float
    starts_ms: int
    ends_ms: int
    radius_m: float
    many: int
    needs: int = WATCHED
    height_cm: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    space: str
    square_m2: float


@dataclass(frozen=True, slots=True)
class Fact:
    """What the database says of one space now. `max_height_cm`: 0 is no limit."""

    space: str
    lat: float
    lon: float
    flags: int
    offered: Offered
    taken: tuple[tuple[int, int], ...] = ()
    max_height_cm: int = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """All spaces, row by row (n): ids as UTF-8 bytes, `offered_of` numbers a row of `offered`."""

    ids: NDArray[np.bytes_]
    lat: Floats
    lon: Floats
    flags: NDArray[np.uint8]
    heights_cm: NDArray[np.uint16]
    offered: list[Offered]
    offered_of: NDArray[np.int32]


@dataclass
class Segment:
    """One grid. `by_id` lists the places in the order of ids, `rank` is its inverse."""

    ids: NDArray[np.bytes_]
    lat: Floats
    lon: Floats
    flags: NDArray[np.uint8]
    heights_cm: NDArray[np.uint16]
    keys: Ints
    by_id: NDArray[np.int32]
    rank: NDArray[np.int32]
    cosine: float
    busy: Busy

    @property
    def nbytes(self) -> int:
        places = (self.ids, self.lat, self.lon, self.keys, self.by_id, self.rank)
        return sum(a.nbytes for a in (*places, self.flags, self.heights_cm)) + self.busy.nbytes

    def place(self, space: str) -> int | None:
        asked = np.bytes_(space.encode())
        at = int(np.searchsorted(self.ids, asked, sorter=self.by_id))
        if at == len(self.ids):
            return None
        place = int(self.by_id[at])
        return place if self.ids[place] == asked else None

    def around(self, ask: Ask, radius_m: float) -> tuple[Ints, Floats]:
        """(places, squared distances in m2) of all within the radius."""
        stretches = self._stretches(ask, radius_m)
        places = np.concatenate([np.arange(a, b) for a, b in stretches] or [np.arange(0)])
        scale = cos(radians(ask.lat))
        north = (self.lat.take(places) - ask.lat) * METRES_PER_DEGREE
        east = (self.lon.take(places) - ask.lon) * METRES_PER_DEGREE * scale
        square = north * north + east * east
        near = (square <= radius_m * radius_m).nonzero()[0]
        return places.take(near), square.take(near)

    def nearest(self, ask: Ask) -> list[tuple[float, bytes]]:
        """(squared distance, id), nearest first, equal distances by id.

        Whoever finds enough within a smaller circle need not look at the larger one.
        """
        found: list[tuple[float, bytes]] = []
        for share in CIRCLES:
            found = self._within(ask, ask.radius_m * share)
            if len(found) == ask.many:
                break
        return found

    def _within(self, ask: Ask, radius_m: float) -> list[tuple[float, bytes]]:
        places, square = self.around(ask, radius_m)
        fit = self._fit(places, ask).nonzero()[0]
        fit = fit[self.busy.free(places.take(fit), ask.starts_ms, ask.ends_ms)]
        places, square = places.take(fit), square.take(fit)
        if len(places) > ask.many:
            keep = (square <= np.partition(square, ask.many - 1)[ask.many - 1]).nonzero()[0]
            places, square = places.take(keep), square.take(keep)
        order = np.lexsort((self.rank.take(places), square))[: ask.many]
        return list(zip(square.take(order).tolist(), self.ids.take(places.take(order)).tolist()))

    def stands(self, place: int, fact: Fact) -> bool:
        return bool(self.lat[place] == fact.lat and self.lon[place] == fact.lon)

    def refused(self, ask: Ask) -> list[tuple[float, bytes, str]]:
        """(squared distance, id, code) of offered spaces within the radius that cannot be had."""
        places, square = self.around(ask, ask.radius_m)
        listed = (self.flags.take(places) & LISTED).nonzero()[0]
        places, square = places.take(listed), square.take(listed)
        flags = self.flags.take(places)
        against = (
            ~self.busy.covered(places, ask.starts_ms, ask.ends_ms),
            self.busy.overlapped(places, ask.starts_ms, ask.ends_ms),
            ~self._low_enough(places, ask.height_cm),
            *(((flags & flag) == 0) & bool(ask.needs & flag) for flag in (ONLINE, KNOWN, EMPTY)),
        )
        first = np.select(against, range(1, len(CODES) + 1), 0)
        rows = first.nonzero()[0]
        told = zip(square[rows].tolist(), self.ids[places[rows]].tolist(), first[rows].tolist())
        return [(metres, space, CODES[code - 1]) for metres, space, code in told]

    def put(self, place: int, fact: Fact) -> None:
        self.flags[place] = fact.flags
        self.heights_cm[place] = fact.max_height_cm
        self.busy.put(place, fact.offered, fact.taken)

    def _fit(self, places: Ints, ask: Ask) -> Bools:
        fit: Bools = (self.flags.take(places) & ask.needs) == ask.needs
        return fit & self._low_enough(places, ask.height_cm) if ask.height_cm else fit

    def _low_enough(self, places: Ints, height_cm: int) -> Bools:
        heights = self.heights_cm.take(places)
        met: Bools = (heights == 0) | (heights >= height_cm)
        return met

    def _stretches(self, ask: Ask, radius_m: float) -> list[tuple[int, int]]:
        tall = radius_m / METRES_PER_DEGREE + MARGIN
        scale = max(cos(radians(ask.lat)), LEAST_COSINE)
        wide = radius_m / (METRES_PER_DEGREE * scale) + MARGIN
        west, east = _column(ask.lon - wide, self.cosine), _column(ask.lon + wide, self.cosine) + 1
        rows = range(_row(ask.lat - tall), _row(ask.lat + tall) + 1)
        ends = self.keys.searchsorted([_key(row, at) for row in rows for at in (west, east)])
        found = ends.tolist()
        return [(a, b) for a, b in zip(found[::2], found[1::2]) if a < b]


def segment(columns: Columns, taken: Taken, base_ms: int) -> Segment:
    """`taken.where` are rows of `columns`."""
    cosine = _cosine(columns.lat)
    rows = np.floor(columns.lat * METRES_PER_DEGREE / CELL_M).astype(np.int64)
    across = np.floor(columns.lon * METRES_PER_DEGREE * cosine / CELL_M).astype(np.int64)
    keys = (rows << 32) + across
    by_row = np.argsort(columns.ids, kind="stable")
    order = by_row[np.argsort(keys[by_row], kind="stable")]
    place_of = np.empty(len(order), np.int64)
    place_of[order] = np.arange(len(order))
    by_id = place_of[by_row].astype(np.int32)
    rank = np.empty(len(order), np.int32)
    rank[by_id] = np.arange(len(order), dtype=np.int32)
    busy = build(base_ms, columns.offered, columns.offered_of[order], taken, place_of)
    return Segment(
        ids=columns.ids[order],
        lat=columns.lat[order],
        lon=columns.lon[order],
        flags=columns.flags[order],
        heights_cm=columns.heights_cm[order],
        keys=keys[order],
        by_id=by_id,
        rank=rank,
        cosine=cosine,
        busy=busy,
    )


def segment_of(facts: Sequence[Fact], base_ms: int) -> Segment:
    """Of few: the tail, and the cities of tests."""
    times = [(at, *time) for at, fact in enumerate(facts) for time in fact.taken]
    table = np.array(times, np.int64).reshape(-1, 3)
    return segment(columns_of(facts), Taken(table[:, 0], table[:, 1], table[:, 2]), base_ms)


def columns_of(facts: Sequence[Fact]) -> Columns:
    offered = list(dict.fromkeys(fact.offered for fact in facts))
    number = {one: at for at, one in enumerate(offered)}
    return Columns(
        ids=np.array([fact.space.encode() for fact in facts], np.bytes_),
        lat=np.array([fact.lat for fact in facts], np.float64),
        lon=np.array([fact.lon for fact in facts], np.float64),
        flags=np.array([fact.flags for fact in facts], np.uint8),
        heights_cm=np.array([fact.max_height_cm for fact in facts], np.uint16),
        offered=offered,
        offered_of=np.array([number[fact.offered] for fact in facts], np.int32),
    )


def _row(lat: float) -> int:
    return floor(lat * METRES_PER_DEGREE / CELL_M)


def _column(lon: float, cosine: float) -> int:
    return floor(lon * METRES_PER_DEGREE * cosine / CELL_M)


def _key(row: int, column: int) -> int:
    return (row << 32) + column


def _cosine(lat: Floats) -> float:
    """One for the whole grid, so that its columns stand above each other."""
    middle = float(np.median(lat)) if len(lat) else 0.0
    return max(cos(radians(middle)), LEAST_COSINE)

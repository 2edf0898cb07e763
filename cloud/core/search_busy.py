"""When spaces are taken: a bit for each quarter hour that is touched, beside the exact times.

A bit that is not set says: nothing touches this quarter. A set bit of a quarter that lies wholly
inside the asked window says: taken. Only where the sole set bits are quarters that the window
itself cuts, or where it reaches beyond the bitmap, the exact times are compared. So the bitmap
never decides what it cannot know, and the answers are those of the exact times.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]

QUARTER_MS = 15 * 60_000
# 704 quarters: 7 days and 8 hours; a renewal may come some hours late.
WORDS = 11
QUARTERS = WORDS * 64
_ALL = (1 << 64) - 1
# Bookings that are written into the bitmap together.
AT_ONCE = 1 << 17
# So many are compared faster one by one.
FEW = 12


@dataclass(frozen=True, slots=True)
class Offered:
    """Merged windows in order: `starts_ms[i] < ends_ms[i] < starts_ms[i + 1]`; shared by spaces."""

    starts_ms: tuple[int, ...]
    ends_ms: tuple[int, ...]

    def covers(self, starts_ms: int, ends_ms: int) -> bool:
        place = bisect_right(self.starts_ms, starts_ms) - 1
        return place >= 0 and ends_ms <= self.ends_ms[place]

    def gaps(self, since_ms: int, until_ms: int) -> list[tuple[int, int]]:
        """What lies between the windows."""
        begins = (since_ms, *self.ends_ms)
        ends = (*self.starts_ms, until_ms)
        return [(a, b) for a, b in zip(begins, ends) if a < b]


@dataclass(frozen=True, slots=True)
class Taken:
    """Times at which a space cannot be had, whatever is offered: row i is at place `where[i]`."""

    where: Ints | NDArray[np.int32]
    starts_ms: Ints
    ends_ms: Ints

    def part(self, rows: "slice | Ints") -> "Taken":
        return Taken(self.where[rows], self.starts_ms[rows], self.ends_ms[rows])


@dataclass
class Busy:
    """Of n spaces: `bits` (WORDS, n); the times of space i are rows `first[i]` to `last[i]`.

    `changed` holds the times of those that changed since, in place of the ones built.
    """

    base_ms: int
    offered: list[Offered]
    offered_of: NDArray[np.int32]
    bits: Words
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    starts_ms: Ints
    ends_ms: Ints
    changed: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        arrays = (self.bits, self.first, self.last, self.starts_ms, self.ends_ms, self.offered_of)
        return sum(array.nbytes for array in arrays)

    def free(self, places: Ints, starts_ms: int, ends_ms: int) -> Bools:
        """The bitmap first, the exact times of those it leaves open."""
        taken, unsure = self.touched(places, starts_ms, ends_ms)
        found = ~taken
        left = unsure.nonzero()[0]
        if len(left) > FEW:
            found[left] = self.free_exactly(places.take(left), starts_ms, ends_ms)
        elif len(left):
            for at, place in zip(left.tolist(), places.take(left).tolist()):
                found[at] = self._free_one(place, starts_ms, ends_ms)
        return found

    def touched(self, places: Ints, starts_ms: int, ends_ms: int) -> tuple[Bools, Bools]:
        """(certainly taken, to be compared exactly); the rest is certainly free."""
        base, until_ms = self.base_ms, self.base_ms + QUARTERS * QUARTER_MS
        outer = _range(_floor(starts_ms - base), _ceil(ends_ms - base))
        inner = _range(_ceil(starts_ms - base), _floor(ends_ms - base))
        inside, edges = np.zeros(len(places), np.uint64), np.zeros(len(places), np.uint64)
        for word in range(
            max(outer & -outer, 1).bit_length() - 1 >> 6, -(-outer.bit_length() // 64)
        ):
            bits = self.bits[word].take(places)
            inside |= bits & (inner >> 64 * word & _ALL)
            edges |= bits & (outer >> 64 * word & _ALL)
        taken: Bools = inside != 0
        if starts_ms < base or ends_ms > until_ms:
            return taken, ~taken
        return taken, (edges != 0) & ~taken

    def free_exactly(self, places: Ints, starts_ms: int, ends_ms: int) -> Bools:
        covered = self.covered(places, starts_ms, ends_ms)
        return covered & ~self.overlapped(places, starts_ms, ends_ms)

    def _free_one(self, place: int, starts_ms: int, ends_ms: int) -> bool:
        """The same of one, without the arrays' overhead."""
        if not self.offered[self.offered_of[place]].covers(starts_ms, ends_ms):
            return False
        times = self.changed.get(place)
        if times is None:
            rows = slice(self.first[place], self.last[place])
            times = list(zip(self.starts_ms[rows].tolist(), self.ends_ms[rows].tolist()))
        return not any(a < ends_ms and b > starts_ms for a, b in times)

    def covered(self, places: Ints, starts_ms: int, ends_ms: int) -> Bools:
        """Offered for the whole of that time."""
        which, back = np.unique(self.offered_of[places], return_inverse=True)
        told = [self.offered[number].covers(starts_ms, ends_ms) for number in which]
        return np.array(told, np.bool_)[back]

    def overlapped(self, places: Ints, starts_ms: int, ends_ms: int) -> Bools:
        first = self.first[places].astype(np.int64)
        many = self.last[places] - first
        ends = np.cumsum(many)
        whose = np.repeat(np.arange(len(places)), many)
        rows = np.arange(len(whose)) + np.repeat(first - (ends - many), many)
        met = (self.starts_ms[rows] < ends_ms) & (self.ends_ms[rows] > starts_ms)
        hit = np.bincount(whose[met], minlength=len(places)) > 0
        if self.changed:
            for at, place in enumerate(places.tolist()):
                times = self.changed.get(place)
                if times is not None:
                    hit[at] = any(a < ends_ms and b > starts_ms for a, b in times)
        return hit

    def put(self, place: int, offered: Offered, times: Sequence[tuple[int, int]]) -> None:
        """From now on this space is offered and taken at these times and no others."""
        self.changed[place] = list(times)
        self.offered_of[place] = self._number(offered, int(self.offered_of[place]))
        bits = gap_bits(offered, self.base_ms)
        for starts_ms, ends_ms in times:
            begin, end = _floor(starts_ms - self.base_ms), _ceil(ends_ms - self.base_ms)
            bits |= _range(begin, end)
        self.bits[:, place] = _words(bits)

    def _number(self, offered: Offered, before: int) -> int:
        if self.offered[before] == offered:
            return before
        self.offered.append(offered)
        return len(self.offered) - 1


def build(
    base_ms: int,
    offered: list[Offered],
    offered_of: NDArray[np.int32],
    taken: Taken,
    place_of: Ints,
) -> Busy:
    """`offered_of` (n) numbers each space's entry of `offered`; `base_ms` begins a quarter.

    `taken.where` are rows; `place_of` tells where each row stands.
    """
    if np.any(taken.where[1:] < taken.where[:-1]):
        taken = _sorted(taken)
    rows = np.arange(len(offered_of) + 1, dtype=taken.where.dtype)
    begins = np.searchsorted(taken.where, rows).astype(np.int32)
    first, last = np.empty_like(begins[1:]), np.empty_like(begins[1:])
    first[place_of], last[place_of] = begins[:-1], begins[1:]
    gaps = [_words(gap_bits(one, base_ms)) for one in offered]
    bits = np.array(gaps, np.uint64).reshape(-1, WORDS).T.take(offered_of, axis=1)
    for begin in range(0, len(taken.where), AT_ONCE):
        part = taken.part(slice(begin, begin + AT_ONCE))
        _touch(bits, base_ms, replace(part, where=place_of[part.where]))
    times = taken.starts_ms, taken.ends_ms
    return Busy(base_ms, list(offered), offered_of, bits, first, last, *times)


def _sorted(taken: Taken) -> Taken:
    order = np.argsort(taken.where, kind="stable")
    return taken.part(order)


def _touch(bits: Words, base_ms: int, taken: Taken) -> None:
    begin = np.clip((taken.starts_ms - base_ms) // QUARTER_MS, 0, QUARTERS)
    end = np.clip(-((base_ms - taken.ends_ms) // QUARTER_MS), 0, QUARTERS)
    for word in range(WORDS):
        _set(bits[word], taken.where, (begin - word * 64, end - word * 64))


def gap_bits(offered: Offered, base_ms: int) -> int:
    """The quarters that are touched by time nobody offers."""
    bits = 0
    for starts_ms, ends_ms in offered.gaps(base_ms, base_ms + QUARTERS * QUARTER_MS):
        bits |= _range(_floor(starts_ms - base_ms), _ceil(ends_ms - base_ms))
    return bits


def _set(word: Words, where: Ints | NDArray[np.int32], quarters: tuple[Ints, Ints]) -> None:
    """Set bits begin..end (exclusive) of each row's space; rows of one stand together."""
    begin, end = quarters
    rows = np.flatnonzero((begin < 64) & (end > 0) & (begin < end))
    if not len(rows):
        return
    low = np.maximum(begin[rows], 0).astype(np.uint64)
    many = np.minimum(end[rows], 64).astype(np.uint64) - low
    masks = (np.uint64(_ALL) >> (np.uint64(64) - many)) << low
    runs = np.flatnonzero(np.diff(where[rows], prepend=-1))
    word[where[rows[runs]]] |= np.bitwise_or.reduceat(masks, runs)


def _range(begin: int, end: int) -> int:
    """Bits begin..end (exclusive), as far as the bitmap goes."""
    begin, end = min(max(begin, 0), QUARTERS), min(max(end, 0), QUARTERS)
    return ((1 << (end - begin)) - 1) << begin if begin < end else 0


def _words(bits: int) -> Words:
    return np.array([bits >> 64 * word & _ALL for word in range(WORDS)], np.uint64)


def _floor(ms: int) -> int:
    return ms // QUARTER_MS


def _ceil(ms: int) -> int:
    return -(-ms // QUARTER_MS)

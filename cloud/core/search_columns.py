"""A city's rows as arrays: found by name, and put at the places that are shown."""

from collections.abc import Sequence
from math import cos, radians
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloud.core.places import CELL_DEGREES, LEAST_COSINE, blurred
from cloud.core.search_busy import Bools, Ints
from cloud.core.search_segment import Floats

Texts = NDArray[np.bytes_]


def texts(names: Sequence[str]) -> Texts:
    return np.array([name.encode() for name in names], np.bytes_)


def hashes(names: Sequence[str]) -> Ints:
    return np.fromiter(map(hash, names), np.int64, len(names))


class Column:
    """Grows where it lies: a thousand parts of an array would leave a thousand holes behind."""

    def __init__(self, kind: type[np.generic]) -> None:
        self._kind, self._bytes = kind, bytearray()

    def add(self, values: NDArray[Any]) -> None:
        self._bytes += np.ascontiguousarray(values, self._kind).data

    def array(self) -> Any:
        """Of one dimension, without a copy; nothing can be added from now on."""
        return np.frombuffer(self._bytes, self._kind)


class Names:
    """Where each name stands in `ids`: by 64 bits of it first, then by all of it.

    Of two whose bits are the same (of a million: once in thirty million cities) one is not found.
    """

    def __init__(self, ids: Texts, bits: Ints) -> None:
        self.bits = bits
        self._ids, self._order = ids, np.argsort(bits).astype(np.int32)
        self._sorted = bits[self._order]

    def rows(self, names: Sequence[str]) -> tuple[Ints, Bools]:
        """(row of each, whether it is there); a row counts only where it is there."""
        if not len(self._ids):
            return np.zeros(len(names), np.int64), np.zeros(len(names), np.bool_)
        at = np.searchsorted(self._sorted, hashes(names))
        rows = self._order[np.minimum(at, len(self._ids) - 1)].astype(np.int64)
        found: Bools = self._ids[rows] == texts(names)
        return rows, found


def all_blurred(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """places.blurred() of each; computed once for each cell of its grid."""
    rows, back = np.unique(np.floor(lat / CELL_DEGREES), return_inverse=True)
    widths = np.array([_width(row) for row in rows.tolist()], np.float64)[back]
    cells = (back.astype(np.int64) << 40) + np.floor(lon / widths).astype(np.int64)
    _, first, back = np.unique(cells, return_index=True, return_inverse=True)
    shown = [blurred(*place) for place in zip(lat[first].tolist(), lon[first].tolist())]
    table = np.array(shown, np.float64).reshape(-1, 2)
    return table[back, 0], table[back, 1]


def _width(row: float) -> float:
    """Operation by operation as there: a cell must not be another by the last bit."""
    edge = min(abs(row), abs(row + 1)) * CELL_DEGREES
    return CELL_DEGREES / max(cos(radians(edge)), LEAST_COSINE)

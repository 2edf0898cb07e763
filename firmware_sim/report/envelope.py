"""A signal of any length in a bounded number of columns."""

from __future__ import annotations

from collections.abc import Iterator

MAX_COLUMNS = 1200


class Envelope:
    """Least and most of each column. Columns double in width when there would be too many: the
    length of a trace need not be known before it is read. A time before `from_ns` is its first."""

    def __init__(self, from_ns: int, width_ns: int) -> None:
        self.from_ns, self.width_ns = from_ns, width_ns
        self._least: dict[int, float] = {}
        self._most: dict[int, float] = {}

    def add(self, mono_ns: int, value: float) -> None:
        column = max(0, mono_ns - self.from_ns) // self.width_ns
        while column >= MAX_COLUMNS:
            self._fold()
            column //= 2
        least = self._least.get(column)
        if least is None:
            self._least[column] = self._most[column] = value
        elif value < least:
            self._least[column] = value
        elif value > self._most[column]:
            self._most[column] = value

    def columns(self) -> Iterator[tuple[int, float, float]]:
        """(time of its middle, least, most), in time order; columns without a value are left out"""
        for column in sorted(self._least):
            middle_ns = self.from_ns + column * self.width_ns + self.width_ns // 2
            yield middle_ns, self._least[column], self._most[column]

    def most(self) -> float:
        return max(self._most.values(), default=0.0)

    def _fold(self) -> None:
        self.width_ns *= 2
        for values, better in ((self._least, min), (self._most, max)):
            folded: dict[int, float] = {}
            for column, value in values.items():
                known = folded.get(column // 2)
                folded[column // 2] = value if known is None else better(known, value)
            values.clear()
            values.update(folded)

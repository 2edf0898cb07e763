"""A disk with a cache: what is not flushed may be there after a power cut, or not, in any order.

The model, in words (docs/reliability.md has them too). A flush of a file makes its content and its
size last, a flush of the folder its names. Of all else, at a cut: each write is there or not, by
itself, as a whole or only some of its sectors (512 or 4,096 bytes, whole or not at all); a sector
that was never flushed and lies within a size that was kept is zeros or stale bytes; names change in
their order, the last of them perhaps not at all. A disk that lies forgets flushes: another class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, TypeAlias

from firmware_sim.powercut.trace import (
    Create,
    Grown,
    Linked,
    Mark,
    Removed,
    Renamed,
    Resized,
    Step,
    Synced,
    Written,
)

Way: TypeAlias = Literal["nothing", "everything", "prefix", "subset", "torn"]
WAYS: tuple[Way, ...] = ("nothing", "everything", "prefix", "subset", "torn")
SECTORS = (512, 4096)
STALE_SHARE = 0.1
Change: TypeAlias = Written | Resized | Grown
Image: TypeAlias = dict[str, bytes]


@dataclass(slots=True)
class File:
    """`kept` is what lasts; `pending` what the cache holds, in order."""

    kept: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def flush(self) -> None:
        for change in self.pending:
            apply(self.kept, change)
        self.pending.clear()


@dataclass(slots=True)
class Disk:
    """`lies`: the share of flushes that are answered and not done."""

    rng: Random
    lies: float = 0.0
    names: dict[str, File] = field(default_factory=dict)
    now: dict[str, File] = field(default_factory=dict)
    moves: list[dict[str, File | None]] = field(default_factory=list)
    told: int = 0

    def do(self, step: Step) -> None:
        match step:
            case Mark():
                self.told += 1
            case Create():
                self._move({step.name: File()})
            case Removed():
                self._move({step.name: None})
            case Renamed():
                self._move({step.name: None, step.to: self.now[step.name]})
            case Linked():
                self._move({step.to: self.now[step.name]})
            case Synced():
                if not self.lies or self.rng.random() >= self.lies:
                    self._flush(step.name)
            case Written() | Resized() | Grown():
                self.now[step.name].pending.append(step)

    def image(self, way: Way) -> Image:
        """What a cut right here leaves."""
        names = dict(self.names)
        most = len(self.moves)
        count = {"nothing": 0, "everything": most}.get(way)
        for move in self.moves[: self.rng.randint(0, most) if count is None else count]:
            _apply_names(names, move)
        return {name: self._left(file, way) for name, file in names.items()}

    def _move(self, move: dict[str, File | None]) -> None:
        self.moves.append(move)
        _apply_names(self.now, move)

    def _flush(self, name: str) -> None:
        if name in self.now:
            self.now[name].flush()
            return
        for move in self.moves:
            _apply_names(self.names, move)
        self.moves.clear()

    def _left(self, file: File, way: Way) -> bytes:
        left = bytearray(file.kept)
        sector = self.rng.choice(SECTORS)
        for change in self._chosen(file.pending, way):
            if way == "torn" and isinstance(change, Written):
                _tear(left, change, sector, self.rng)
            else:
                apply(left, change)
        return bytes(left)

    def _chosen(self, pending: Sequence[Change], way: Way) -> Sequence[Change]:
        match way:
            case "nothing":
                return ()
            case "everything":
                return pending
            case "prefix":
                return pending[: self.rng.randint(0, len(pending))]
        share = self.rng.random()
        return [change for change in pending if self.rng.random() < share]


def apply(content: bytearray, change: Change) -> None:
    match change:
        case Written():
            _reach(content, change.at)
            content[change.at : change.at + len(change.data)] = change.data
        case Resized():
            _reach(content, change.size)
            del content[change.size :]
        case Grown():
            _reach(content, change.size)


def _tear(content: bytearray, write: Written, sector: int, rng: Random) -> None:
    """Some of its sectors, each whole; of the others what was there, zeros, or stale bytes."""
    ends = write.at + len(write.data)
    place = write.at
    while place < ends:
        until = min(ends, (place // sector + 1) * sector)
        if rng.random() < 0.5:
            apply(content, Written("", place, write.data[place - write.at : until - write.at]))
        elif until > len(content) and rng.random() < STALE_SHARE:
            apply(content, Written("", place, rng.randbytes(until - place)))
        place = until


def _reach(content: bytearray, size: int) -> None:
    if len(content) < size:
        content.extend(bytes(size - len(content)))


def _apply_names(names: dict[str, File], move: dict[str, File | None]) -> None:
    for name, file in move.items():
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file

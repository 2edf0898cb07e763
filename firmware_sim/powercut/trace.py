"""What a process did to its files, in order, as shim.c recorded it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

HEAD = struct.Struct("=cxHIq")
MARK = ".mark"


@dataclass(frozen=True, slots=True)
class Create:
    name: str


@dataclass(frozen=True, slots=True)
class Written:
    name: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Grown:
    """At least so large, what is new being zeros."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """A file, or by the name "" the folder itself."""

    name: str


@dataclass(frozen=True, slots=True)
class Removed:
    name: str


@dataclass(frozen=True, slots=True)
class Renamed:
    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Linked:
    """The same file by one more name."""

    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The process said something here: from now on it relies on what was written."""

    text: str


Step: TypeAlias = Create | Written | Resized | Grown | Synced | Removed | Renamed | Linked | Mark


def read(path: Path, under: Path) -> list[Step]:
    """Of the files right in the folder `under`, by their names there."""
    return list(_steps(path.read_bytes(), f"{under}/"))


def _steps(raw: bytes, under: str) -> Iterator[Step]:
    place = 0
    while place < len(raw):
        kind, name_size, size, number = HEAD.unpack_from(raw, place)
        place += HEAD.size
        path = raw[place : place + name_size].decode()
        data = raw[place + name_size : place + name_size + size]
        place += name_size + size
        name = "" if f"{path}/" == under else path.removeprefix(under)
        if name == MARK:
            if kind == b"W":
                yield Mark(data.decode())
        else:
            yield _step(kind, name, number, data, under)


def _step(kind: bytes, name: str, number: int, data: bytes, under: str) -> Step:
    match kind:
        case b"C":
            return Create(name)
        case b"W":
            return Written(name, number, data)
        case b"T":
            return Resized(name, number)
        case b"A":
            return Grown(name, number)
        case b"S":
            return Synced(name)
        case b"U":
            return Removed(name)
        case b"R":
            return Renamed(name, data.decode().removeprefix(under))
        case b"L":
            return Linked(name, data.decode().removeprefix(under))
    raise ValueError(f"a record of kind {kind!r}")

"""A lot's trace as a file, fast: a month of ten spaces is three hundred million lines."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, cast

from edge.core.readings import NO_ECHO, Reading
from edge.core.trace_lines import TraceHeader, format_header, format_reading

PACKING = 5
"""Of gzip. Of the 60 MB of a space-day, level 5 leaves 7.8 MB in 0.6 s of one core, 1 leaves 9.9 MB
in 0.2 s, 9 leaves 7.1 MB in 3.2 s."""

CHUNK_LINES = 8192


def write_lot(
    path: Path,
    header: TraceHeader,
    readings: Iterable[Reading],
    told: Callable[[int], object] = lambda mono_ns: None,
) -> str:
    """As `write_trace`: the sha256 of the lines; `told` how far it has come."""
    digest = hashlib.sha256()
    with path.open("wb") as raw:
        packed = path.suffix == ".gz"
        # No name and no time in the gzip header: the same readings give the same bytes.
        out = cast(IO[bytes], gzip.GzipFile("", "wb", PACKING, raw, mtime=0) if packed else raw)
        for mono_ns, chunk in _chunks(header, readings):
            digest.update(chunk)
            out.write(chunk)
            told(mono_ns)
        if packed:
            out.close()
    return digest.hexdigest()


def line_of(reading: Reading) -> str:
    """The very line of `format_reading`, four times as fast for what sensors usually say."""
    value, name, why = reading.value, reading.channel, reading.why
    if not (name.isascii() and name.isalnum()):
        return format_reading(reading)
    head = f'{{"t":{reading.mono_ns},"ch":"{name}","v":'
    if value.__class__ is tuple and why is None:
        x, y, z = value
        return f'{head}[{x},{y},{z}],"st":{reading.status}}}'
    if value.__class__ is float and why is None and not reading.status and value.is_integer():
        return f"{head}{int(value)}}}"
    if value is None and why == NO_ECHO and not reading.status:
        return f'{head}null,"why":"{NO_ECHO}"}}'
    return format_reading(reading)


def _chunks(header: TraceHeader, readings: Iterable[Reading]) -> Iterator[tuple[int, bytes]]:
    yield header.mono_ns, format_header(header).encode() + b"\n"
    following = iter(readings)
    while some := list(islice(following, CHUNK_LINES)):
        yield some[-1].mono_ns, ("\n".join(map(line_of, some)) + "\n").encode()

"""Many lines of a trace decoded at once."""

from __future__ import annotations

import io
from collections.abc import Iterator, KeysView
from operator import attrgetter

import msgspec

from edge.core.readings import Reading
from edge.core.trace_lines import MAX_LINE_BYTES, MAX_NS

decode_lines = msgspec.json.Decoder(Reading).decode_lines
time_of, channel_of = attrgetter("mono_ns"), attrgetter("channel")


def plain(block: bytes, channels: KeysView[str]) -> list[Reading] | None:
    """All readings of a block in which every line is one, as `parse` would give them; else None.

    Between whole objects there is `}` newline `{` and nowhere else: as many of them as there are
    readings, less one, and no other newline, is one reading a line.
    """
    try:
        readings = decode_lines(block)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    count = len(readings)
    if count == 0 or block.count(b"}\n{") != count - 1 or block.count(b"\n") != count:
        return None
    if block.find(b"\n") > MAX_LINE_BYTES or not block.startswith(b"{"):
        return None
    if max(map(time_of, readings)) >= MAX_NS or not channels >= set(map(channel_of, readings)):
        return None
    if any(reading.value is None and reading.why is None for reading in readings):
        return None
    return readings


def lines_of(block: bytes) -> Iterator[bytes]:
    """As `readline(MAX_LINE_BYTES + 1)` would cut them."""
    for line in io.BytesIO(block):
        for begin in range(0, len(line), MAX_LINE_BYTES + 1):
            yield line[begin : begin + MAX_LINE_BYTES + 1]

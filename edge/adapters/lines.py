"""Readings as trace lines on a stream. One thread reads and puts; it judges times alone."""

from __future__ import annotations

import gzip
import os
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from edge.core.timeline import JUMPS, Timeline
from edge.core.trace_lines import MAX_LINE_BYTES, BadLine, TraceHeader, parse_header, parse_reading
from edge.errors import HeaderWrong, ReadingsMissing
from edge.ports import BadReading, Ended, Item, Put, Took

# What reading a damaged or cut off gzip file raises.
DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error)


def open_readings(name: str) -> BinaryIO:
    """`-` is standing for standard input; `.gz` is unpacked."""
    if name == "-":
        # A file of our own: closing sys.stdin at exit would wait for the thread that reads it.
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    try:
        if name.endswith(".gz"):
            return cast(BinaryIO, gzip.open(name, "rb"))
        return Path(name).open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise ReadingsMissing(f"Looked for {name}.") from None


class LineSource:
    def __init__(self, stream: BinaryIO) -> None:
        """Reads the header at once, as without it there is no clock. Raises HeaderWrong."""
        self._stream = stream
        self._timeline = Timeline()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        try:
            self.header: TraceHeader = parse_header(stream.readline(MAX_LINE_BYTES + 1))
        except BadLine as bad:
            raise HeaderWrong(f"{bad.reason.capitalize()}.") from None
        except DAMAGED:
            raise HeaderWrong("The compressed file is damaged.") from None

    def start(self, put: Put) -> None:
        self._thread = threading.Thread(target=self.pump, args=(put,), name="lines", daemon=True)
        self._thread.start()

    def pump(self, put: Put) -> None:
        why = ""
        try:
            while not self._stop.is_set() and (line := self._stream.readline(MAX_LINE_BYTES + 1)):
                for item in self._timed(self._item(line)):
                    self._put(put, item)
        except (*DAMAGED, OSError, ValueError) as error:
            why = f"The stream broke off: {type(error).__name__}."
        for _ in self._timeline.end():
            self._put(put, BadReading(JUMPS))
        self._put(put, Ended(why))

    def stop(self) -> None:
        """A read that waits for its next line is left behind: the thread is a daemon."""
        self._stop.set()

    def _timed(self, item: Item) -> Iterator[Item]:
        if not isinstance(item, Took):
            yield item
            return
        judged = self._timeline.take(item.reading)
        for _ in judged.bad:
            yield BadReading(JUMPS)
        for reading in judged.good:
            yield Took(reading)

    def _item(self, line: bytes) -> Item:
        if len(line) > MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = self._stream.readline(MAX_LINE_BYTES)
            return BadReading(f"longer than {MAX_LINE_BYTES} bytes")
        try:
            return Took(parse_reading(line))
        except BadLine as bad:
            return BadReading(bad.reason)

    def _put(self, put: Put, item: Item) -> None:
        # A full inbox holds the stream back; it never loses a line.
        while not put(item) and not self._stop.is_set():
            continue

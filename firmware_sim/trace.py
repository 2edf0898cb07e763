"""Reading and writing traces and their truth. A bad line is counted and said, never fatal;
a bad header is (BadLine)."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, cast, get_args

from edge.core.readings import Reading
from edge.core.timeline import JUMPS, Timeline
from edge.core.trace_lines import (
    MAX_LINE_BYTES,
    BadLine,
    TraceHeader,
    format_header,
    format_reading,
    parse_header,
    parse_reading,
)
from firmware_sim.blocks import lines_of, plain, time_of

NS = 1_000_000_000
GZIP_MAGIC = b"\x1f\x8b"
BAD_LINES_KEPT = 20
# No block holds a line that is too long, but perhaps its first, which began in the one before.
BLOCK_BYTES = MAX_LINE_BYTES

# What reading a damaged or cut off gzip file raises.
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)

TruthKind = Literal["arrive", "depart", "pass", "pedestrian", "blocked", "maintenance"]


@dataclass(frozen=True, slots=True)
class Truth:
    mono_ns: int
    kind: TruthKind
    space: str | None
    unc_ms: int = 0
    source: str = "script"
    plate: str | None = None
    tags: tuple[str, ...] = ()


class TraceReader:
    """Iterates readings once. `bad` counts the lines skipped so far, `reasons` keeps the first.
    `damaged_line`: from there on the compressed file is lost. `set_back` says where the clock was.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, _open(path)
        self.bad = 0
        self.damaged_line: int | None = None
        self.reasons: list[str] = []
        self.set_back: list[str] = []
        self._timeline = Timeline()
        self._line = 0
        try:
            first = next(self.raw_lines(), b"")
            _refuse_other(first)
            self.header: TraceHeader = parse_header(first)
        except BadLine as error:
            self._file.close()
            raise BadLine(f"{path.name}:1: {error.reason}") from None
        self.header_line = first

    def raw_lines(self) -> Iterator[bytes]:
        """The rest of the file line by line; a damaged compressed file ends where it broke."""
        while True:
            try:
                raw = self._file.readline(MAX_LINE_BYTES + 1)
            except DAMAGED:
                self._damaged()
                return
            if not raw:
                return
            self._line += 1
            yield raw

    def __iter__(self) -> Iterator[Reading]:
        """Whole blocks are decoded at once; a block with anything odd in it, line by line."""
        for block in self._blocks():
            readings = plain(block, self.header.channels.keys())
            if readings is not None and self._timeline.all_follow(list(map(time_of, readings))):
                self._line += len(readings)
                yield from readings
                continue
            for raw in lines_of(block):
                self._line += 1
                reading = self.parse(raw)
                if reading is not None:
                    yield from self._timed(reading)
        for line in self._timeline.end():
            self.say_bad(JUMPS, line)

    def _timed(self, reading: Reading) -> Sequence[Reading]:
        judged = self._timeline.take(reading, self._line)
        for line in judged.bad:
            self.say_bad(JUMPS, line)
        if judged.back_ns and len(self.set_back) < BAD_LINES_KEPT:
            where = self._line - len(judged.good) + 1
            self.set_back.append(f"line {where}: set back by {judged.back_ns / NS:.0f} s")
        return judged.good

    def _blocks(self) -> Iterator[bytes]:
        """Whole lines, but the last of the file, or one that is too long, in pieces."""
        rest = b""
        while True:
            at = self._file.tell()
            try:
                block = self._file.read1(BLOCK_BYTES)  # type: ignore[attr-defined]
            except DAMAGED:
                rest += self._before_damage(at)
                if rest:
                    yield rest
                self._damaged()
                return
            if not block:
                break
            end = block.rfind(b"\n") + 1
            if end:
                yield rest + block[:end]
                rest = block[end:]
            else:
                rest += block
            if len(rest) > MAX_LINE_BYTES:
                yield rest
                rest = b""
        if rest:
            yield rest

    def _before_damage(self, at: int) -> bytes:
        """The block that holds the damage is lost; read by lines, what stands before it is not."""
        lines: list[bytes] = []
        with _open(self._path) as again, contextlib.suppress(*DAMAGED):
            again.seek(at)
            while line := again.readline(MAX_LINE_BYTES + 1):
                lines.append(line)
        return b"".join(lines)

    def _damaged(self) -> None:
        self._line += 1
        self.damaged_line = self._line
        self.say_bad("the compressed file is damaged from here on")

    def parse(self, raw: bytes) -> Reading | None:
        """None, and counted, where it is no reading of a channel in the header."""
        try:
            reading = parse_reading(raw)
        except BadLine as error:
            self.say_bad(error.reason)
            return None
        if reading.channel not in self.header.channels:
            self.say_bad(f"channel {reading.channel} is not in the header")
            return None
        return reading

    def say_bad(self, reason: str, line: int | None = None) -> None:
        self.bad += 1
        if len(self.reasons) < BAD_LINES_KEPT:
            self.reasons.append(f"line {line or self._line}: {reason}")

    def __enter__(self) -> TraceReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def _refuse_other(first: bytes) -> None:
    """BadLine, for what is often given in place of a trace."""
    if not first:
        raise BadLine("the file is empty; a trace begins with a line that says its channels")
    if b'"berth-truth"' in first:
        raise BadLine("this is a truth, not a trace: name the .trace.jsonl.gz that it is beside")


def write_trace(path: Path, header: TraceHeader, readings: Iterable[Reading]) -> str:
    """Writes .jsonl or .jsonl.gz; returns the sha256 of the lines, compressed or not."""
    digest = hashlib.sha256()
    with path.open("wb") as raw:
        packed = path.suffix == ".gz"
        # No name and no time in the gzip header: the same readings give the same bytes.
        out = gzip.GzipFile("", "wb", 9, raw, mtime=0) if packed else raw
        for line in _lines(header, readings):
            digest.update(line)
            out.write(line)
        if packed:
            out.close()
    return digest.hexdigest()


def trace_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with _open(path) as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def write_truth(path: Path, sha256: str, rows: Iterable[Truth]) -> None:
    head = {"format": "berth-truth", "version": 1, "trace_sha256": sha256}
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_dump(head))
        for row in rows:
            fields: dict[str, Any] = {"t": row.mono_ns, "kind": row.kind, "space": row.space}
            fields |= {"unc_ms": row.unc_ms, "source": row.source}
            fields |= {"plate": row.plate, "tags": list(row.tags)}
            out.write(_dump({key: v for key, v in fields.items() if v not in (None, [])}))


def read_truth(path: Path) -> tuple[str, list[Truth]]:
    """The trace's sha256 and the rows. A truth has no bad lines: BadLine on the first."""
    with path.open("rb") as file:
        rows = [_truth_object(raw, f"{path.name}:{n}") for n, raw in enumerate(file, 1)]
    if not rows or rows[0].get("format") != "berth-truth" or rows[0].get("version") != 1:
        raise BadLine(f'{path.name}:1: the first line does not say "format":"berth-truth"')
    sha256 = str(rows[0].get("trace_sha256", ""))
    return sha256, [_truth(row, f"{path.name}:{n}") for n, row in enumerate(rows[1:], 2)]


def rows_for(trace: Path, truth: Path) -> list[Truth]:
    """The truth of this very trace; BadLine if it is another's."""
    sha256, rows = read_truth(truth)
    if sha256 != trace_sha256(trace):
        raise BadLine(f"{truth.name} is the truth of another trace (its trace_sha256 differs)")
    return rows


def _lines(header: TraceHeader, readings: Iterable[Reading]) -> Iterator[bytes]:
    yield format_header(header).encode() + b"\n"
    for reading in readings:
        yield format_reading(reading).encode() + b"\n"


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb")


def _dump(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def _truth_object(raw: bytes, where: str) -> dict[str, Any]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadLine(f"{where}: not JSON") from None
    if not isinstance(data, dict):
        raise BadLine(f"{where}: not an object")
    return data


def _truth(row: dict[str, Any], where: str) -> Truth:
    kind, mono_ns, tags = row.get("kind"), row.get("t"), row.get("tags", [])
    if kind not in get_args(TruthKind):
        raise BadLine(f"{where}: unknown kind {kind!r}")
    if type(mono_ns) is not int or not isinstance(tags, list):
        raise BadLine(f"{where}: t is not a whole number, or tags is not a list")
    return Truth(
        mono_ns,
        cast(TruthKind, kind),
        row.get("space"),
        int(row.get("unc_ms", 0)),
        str(row.get("source", "")),
        row.get("plate"),
        tuple(map(str, tags)),
    )

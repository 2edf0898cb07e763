"""Title files: CSV with a header, or GeoJSON points, read bit by bit in the office's encoding."""

import codecs
import csv
import hashlib
import io
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from cloud.adapters.title_geojson import NotGeoJson, features
from cloud.core.title_names import ALSO_COLUMNS, COLUMNS, column_of
from cloud.core.title_rows import Lined, Problem

BLOCK_BYTES = 1 << 20
SEPARATORS = ",\t;"
# A city's office writes one of these; GB18030 holds GBK and GB2312.
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WITHOUT_BOM = ("utf-8", "gb18030")
SHOWN_AS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with BOM", "utf-16": "UTF-16"}
SHOWN_AS |= {"gb18030": "GB18030"}
WORKBOOK = b"PK\x03\x04"
FEATURE, LINE = "feature", "line"


class BadFile(ValueError):
    """What ends the reading: the rows after it cannot be told apart."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(str(problems[0]))
        self.problems = tuple(problems)


@dataclass(slots=True)
class TitleFile:
    """`read_bytes` tells how far its rows were read."""

    path: Path
    size_bytes: int
    sha256: str
    encoding: str
    read_bytes: int = field(default=0)

    @property
    def shown_encoding(self) -> str:
        return SHOWN_AS[self.encoding]

    def rows(self) -> Iterator[Lined]:
        """With the line each begins on; in GeoJSON the number of the feature. Raises BadFile."""
        with self.path.open("rb") as raw:
            yield from self._rows(raw)
            self.read_bytes = self.size_bytes
            raw.seek(0)
            if hashlib.file_digest(raw, "sha256").hexdigest() != self.sha256:
                raise BadFile([Problem(1, "", "the file was changed while it was read")])

    def _rows(self, raw: BinaryIO) -> Iterator[Lined]:
        text = io.TextIOWrapper(raw, self.encoding, newline="")
        geojson, line = unit_of(self.path) == FEATURE, 1
        try:
            for count, (line, cells) in enumerate(features(text) if geojson else _csv(text)):
                if not count % 1000:
                    self.read_bytes = raw.tell()
                yield line, cells
        except NotGeoJson as error:
            raise BadFile([Problem(error.feature + 1, "", f"the file {error.reason}")]) from None
        except (csv.Error, RecursionError, UnicodeDecodeError) as error:
            reason = f"the file cannot be read behind this line: {error}"
            raise BadFile([Problem(line, "", reason)]) from None
        finally:
            text.detach()


def unit_of(path: Path) -> str:
    """What its rows are counted by: a GeoJSON file need not have lines."""
    return FEATURE if path.suffix.lower() in (".geojson", ".json") else LINE


def salts(count: int) -> bytes:
    """32 random bytes for each of so many records."""
    return secrets.token_bytes(32 * count)


def opened(path: Path) -> TitleFile:
    """One pass over the bytes for their digest and encoding. Raises BadFile, OSError."""
    with path.open("rb") as raw:
        sha256 = hashlib.file_digest(raw, "sha256").hexdigest()
        size_bytes = raw.tell()
        raw.seek(0)
        return TitleFile(path, size_bytes, sha256, _encoding(raw))


def _encoding(raw: BinaryIO) -> str:
    begins = raw.read(len(WORKBOOK))
    if begins == WORKBOOK:
        reason = "this is a workbook; save it as CSV (UTF-8) and import that"
        raise BadFile([Problem(1, "", reason)])
    for bom, encoding in BOMS.items():
        if begins.startswith(bom):
            _readable(raw, encoding)
            return encoding
    bad: list[int] = []
    for encoding in WITHOUT_BOM:
        try:
            _readable(raw, encoding)
            return encoding
        except BadFile as error:
            bad.append(error.problems[0].line)
    reason = f"neither UTF-8 (from line {bad[0]}) nor GB18030 (from line {bad[1]})"
    raise BadFile([Problem(bad[0], "", f"the file is {reason}")])


def _readable(raw: BinaryIO, encoding: str) -> None:
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    raw.seek(0)
    while True:
        block = raw.read(BLOCK_BYTES)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            line += block[: error.start].count(b"\n")
            raise BadFile([Problem(line, "", f"is not {SHOWN_AS[encoding]} text")]) from None
        if not block:
            return
        line += block.count(b"\n")


def _csv(text: io.TextIOWrapper) -> Iterator[Lined]:
    head = text.readline(BLOCK_BYTES)
    separator = max(SEPARATORS, key=head.count)
    text.seek(0)
    # Strict: a quote that is never closed would swallow the rest of the file in silence.
    reader = csv.reader(text, delimiter=separator, strict=True)
    header = next(reader, [])
    pick, width = _picker(header), len(header)
    begins = reader.line_num + 1
    for row in reader:
        if len(row) == width:
            yield begins, pick(row)
        elif row:
            yield begins, _uneven(row, width, pick)
        begins = reader.line_num + 1


def _picker(header: Sequence[str]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Takes our columns out of a row, whatever their order."""
    names = [column_of(head) for head in header]
    problems = [
        Problem(1, name, f"column {name} is missing (or {', '.join(ALSO_COLUMNS[name])})")
        for name in COLUMNS
        if name not in names
    ]
    problems += [
        Problem(1, name, f"{names.count(name)} columns mean {name}; leave one")
        for name in COLUMNS
        if names.count(name) > 1
    ]
    if problems:
        raise BadFile(problems)
    return itemgetter(*map(names.index, COLUMNS))


def _uneven(
    row: list[str], width: int, pick: Callable[[Sequence[str]], tuple[str, ...]]
) -> Sequence[str | None]:
    """A row with fewer cells than the header, or more of them."""
    if not any(cell.strip() for cell in row[width:]):
        short: list[str | None] = [*row[:width], *[None] * (width - len(row))]
        return pick(short)  # type: ignore[arg-type]
    return [*pick(row), *row[width:]]

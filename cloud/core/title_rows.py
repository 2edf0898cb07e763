"""What a row of a title file must be: what TitleRecord accepts and no more, a million in seconds.

A model per row would take five times as long; tests/cloud/test_titles_rows.py holds the two equal.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from json.encoder import encode_basestring as _quoted  # type: ignore[attr-defined,unused-ignore]
from typing import NamedTuple

from cloud.core.compliance import ENCUMBRANCES, RIGHT_TYPES, USES
from cloud.core.title_names import COLUMNS, masked, value_of
from contracts.ledger.hashing import keccak
from contracts.ledger.records import space_key, title_leaf

# In the order of COLUMNS; None: the row has no such cell.
Cells = Sequence[str | None]
Lined = tuple[int, Cells]

SALT_HEX = 64
SALT_TAIL = len(',"salt":"0x"}') + SALT_HEX  # what ends every record's text
MAX_HOLDER = 120
MAX_NUMBER_DIGITS = 10
NUMBERS = range(1, 2**32)
MAX_SHOWN = 80  # characters of a bad value
# Behind what stands in a feature where its place should be (title_geojson.py).
NOT_A_POINT = ", not a Point"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CHINESE_DATE = re.compile(r"(\d{4})[年/.](\d{1,2})[月/.](\d{1,2})日?", re.ASCII)


class Staged(NamedTuple):
    """A good row: its record as text, the leaf of the tree, and where the space lies (degrees)."""

    row: int
    line: int
    space: str
    number: int
    lot: str
    record: str
    leaf: bytes
    lat: float
    lon: float


class Problem(NamedTuple):
    line: int
    field: str
    reason: str
    value: str = ""

    def __str__(self) -> str:
        return self.said("line")

    def said(self, unit: str) -> str:
        """`unit`: what is counted, a line or a feature."""
        shown = f"{self.field} {self.value!r} " if self.value else ""
        return f"{unit} {self.line}: {shown}{self.reason}"


class BadCell(ValueError):
    def __init__(self, field: str, reason: str, value: str = "") -> None:
        super().__init__(reason)
        self.field, self.reason, self.value = field, reason, value[:MAX_SHOWN]


class _Terms(NamedTuple):
    right: str
    until: str  # as JSON
    encumbrance: str
    use: str


def check(rows: Iterable[Lined], salts: bytes, first: int) -> tuple[list[Staged], list[Problem]]:
    """`salts`: 32 bytes a row; `first`: the number of the first row in the file."""
    staged: list[Staged] = []
    problems: list[Problem] = []
    hexes, start = salts.hex(), 0
    for row, (line, cells) in enumerate(rows, first):
        try:
            staged.append(_staged(row, line, cells, hexes[start : start + SALT_HEX]))
        except BadCell as first_bad:
            found = _mistakes(cells) or [first_bad]
            problems += [Problem(line, bad.field, bad.reason, bad.value) for bad in found]
        start += SALT_HEX
    return staged, problems


def _mistakes(cells: Cells) -> list[BadCell]:
    """All of a bad row: a file is mended once, not once for each."""
    try:
        space, digits, lot, holder, right, until, encumbrance, use, lat, lon = _texts(cells)
    except BadCell as bad:
        return [bad]
    checks: list[Callable[[], object]] = [
        lambda: _space(space),
        lambda: _number(digits),
        lambda: _lot(lot),
        lambda: _holder(holder),
        lambda: _one_of("right", right, RIGHT_TYPES),
        lambda: _date(until),
        lambda: _one_of("encumbrance", encumbrance, ENCUMBRANCES),
        lambda: _one_of("use", use, USES),
        lambda: _degrees("lat", lat, 90),
        lambda: lat.endswith(NOT_A_POINT) or _degrees("lon", lon, 180),
    ]
    return [found for found in map(_bad, checks) if found is not None]


def _bad(checked: Callable[[], object]) -> BadCell | None:
    try:
        checked()
    except BadCell as bad:
        return bad
    return None


def _staged(row: int, line: int, cells: Cells, salt: str) -> Staged:
    space, digits, lot, holder, right, until, encumbrance, use, lat, lon = _texts(cells)
    terms = _terms(right, until, encumbrance, use)
    number = _number(digits)
    _space(space)
    name, by = _holder(holder), _lot(lot)
    record = (
        f'{{"space":"{space}","number":{number},"lot":"{by}","holder":{name},'
        f'"right":"{terms.right}","valid_until":{terms.until},"encumbrance":"{terms.encumbrance}",'
        f'"use":"{terms.use}","salt":"0x{salt}"}}'
    )
    # The same in the order of RFC 8785: what the digest is made of.
    canonical = (
        f'{{"encumbrance":"{terms.encumbrance}","holder":{name},"lot":"{by}","number":{number},'
        f'"right":"{terms.right}","salt":"0x{salt}","space":"{space}","use":"{terms.use}",'
        f'"valid_until":{terms.until}}}'
    )
    leaf = title_leaf(space_key(space), keccak(canonical.encode()))
    place = _degrees("lat", lat, 90), _degrees("lon", lon, 180)
    return Staged(row, line, space, number, lot, record, leaf, *place)


def _texts(cells: Cells) -> list[str]:
    if len(cells) > len(COLUMNS):
        reason = "there are more cells than columns; a cell with a separator in it stands in quotes"
        raise BadCell("", reason)
    texts = [cell.strip() for cell in cells if cell is not None]
    if len(texts) < len(COLUMNS):
        missing = next(n for n, cell in zip(COLUMNS, (*cells, *[None] * 10)) if cell is None)
        raise BadCell(missing, f"column {missing} is missing")
    return texts


def _space(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise BadCell("space", "is no name of letters, digits, '.', '_' or '-'", name or " ")


def _number(digits: str) -> int:
    if not (digits.isdecimal() and digits.isascii()):
        raise BadCell("number", "is not a whole number", digits or " ")
    number = int(digits[: MAX_NUMBER_DIGITS + 1])
    if number not in NUMBERS or len(digits) > MAX_NUMBER_DIGITS:
        raise BadCell("number", f"is not in 1..{NUMBERS[-1]}", digits)
    return number


def _holder(name: str) -> str:
    if not 1 <= len(name) <= MAX_HOLDER:
        raise BadCell("holder", f"the holder's name has {len(name)} characters, not 1 to 120")
    if not name.isprintable():
        try:
            name.encode()
        except UnicodeEncodeError:
            raise BadCell("holder", "holds half of a character", masked(name[:1])) from None
    quoted: str = _quoted(name)
    return quoted


@lru_cache(maxsize=4096)
def _lot(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise BadCell("lot", "is no name of letters, digits, '.', '_' or '-'", name or " ")
    return name


@lru_cache(maxsize=65_536)
def _terms(right: str, until: str, encumbrance: str, use: str) -> _Terms:
    """Few words, in many rows."""
    said = [
        _one_of("right", right, RIGHT_TYPES),
        _one_of("encumbrance", encumbrance, ENCUMBRANCES),
        _one_of("use", use, USES),
    ]
    return _Terms(said[0], _date(until), *said[1:])


def _one_of(name: str, text: str, allowed: Sequence[str]) -> str:
    word = value_of(name, text)
    if word not in allowed:
        raise BadCell(name, f"is none of {', '.join(allowed)}", text or " ")
    return word


def _date(text: str) -> str:
    """As JSON; null where the right has no end."""
    if not text:
        return "null"
    try:
        if chinese := _CHINESE_DATE.fullmatch(text):
            return f'"{date(*map(int, chinese.groups())).isoformat()}"'
        return f'"{date.fromisoformat(text).isoformat()}"'
    except ValueError:
        raise BadCell("valid_until", "is not a date like 2031-12-31", text) from None


def _degrees(name: str, text: str, limit: int) -> float:
    try:
        value = float(text)
    except ValueError:
        if text.endswith(NOT_A_POINT):
            shape = text.removesuffix(NOT_A_POINT)
            raise BadCell("", f"its geometry is a {shape} and must be a Point") from None
        raise BadCell(name, "is not a number", text or " ") from None
    if not -limit <= value <= limit:
        raise BadCell(name, f"is outside -{limit}..{limit} degrees", text)
    return value

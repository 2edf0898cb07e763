"""A GeoJSON feature collection read feature by feature: it is never held as a whole."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TextIO

from cloud.core.title_names import COLUMNS, column_of
from cloud.core.title_rows import NOT_A_POINT, Lined

BLOCK_CHARS = 1 << 20
# Of one feature or member; what is longer was never closed.
MAX_VALUE_CHARS = 4 << 20
# WGS 84, and China's own frame, which is that to a few centimetres.
FRAMES = ("CRS84", "4326", "4490")
_BLANKS = re.compile(r"[ \t\r\n]*")
# Numbers stay as they are written.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_FROM_PROPERTIES, _POINT = COLUMNS[:-2], ("lat", "lon")


class NotGeoJson(ValueError):
    """`feature`: how many came before it."""

    def __init__(self, feature: int, reason: str) -> None:
        super().__init__(reason)
        self.feature, self.reason = feature, reason


def features(text: TextIO) -> Iterator[Lined]:
    """Each with its number, from 1, for a file need not have lines. Raises NotGeoJson."""
    scan, number = _Scan(text), 0
    scan.expect("{")
    found = False
    while scan.peek() != "}":
        name = scan.value()
        scan.expect(":")
        if name == "features":
            found = True
            for feature in scan.items():
                number += 1
                scan.count = number
                yield number, _cells(feature)
        else:
            _refuse_other_frame(name, scan.value())
        if scan.peek() != "}":
            scan.expect(",")
    scan.expect("}")
    if scan.peek() or not found:
        raise NotGeoJson(number, "is not one feature collection: an object with 'features'")


class _Scan:
    """A window over the text: it grows until the value that begins in it ends in it."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._window, self._at, self.count = text, "", 0, 0

    def peek(self) -> str:
        """The next sign that is not blank; an empty text at the end."""
        while True:
            blanks = _BLANKS.match(self._window, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._grow():
                return ""

    def expect(self, sign: str) -> None:
        found = self.peek()
        if found != sign:
            what = repr(found) if found else "the end of the file"
            raise NotGeoJson(self.count, f"{what} stands where {sign!r} should")
        self._at += 1

    def items(self) -> Iterator[Any]:
        self.expect("[")
        if self.peek() == "]":
            return self.expect("]")
        while True:
            yield self.value()
            if self.peek() == "]":
                return self.expect("]")
            self.expect(",")

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._window, self._at)
            except json.JSONDecodeError as error:
                if len(self._window) - self._at > MAX_VALUE_CHARS or not self._grow():
                    raise NotGeoJson(self.count, f"is not JSON ({error.msg})") from None
                continue
            # What ends where the window does may be cut: a number has no end of its own.
            length = end - self._at
            if end < len(self._window) or not self._grow():
                self._at += length
                return value

    def _grow(self) -> bool:
        more = self._text.read(BLOCK_CHARS)
        self._window, self._at = self._window[self._at :] + more, 0
        return bool(more)


def _cells(feature: Any) -> list[str | None]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return []
    keys = _keys(tuple(properties))
    cells = [_text(properties.get(key)) if key is not None else None for key in keys]
    return cells + _point(feature.get("geometry"))


@lru_cache(maxsize=64)
def _keys(given: tuple[str, ...]) -> tuple[str | None, ...]:
    """What the properties call our columns."""
    by_column = {column_of(key): key for key in reversed(given)}
    return tuple(by_column.get(name) for name in _FROM_PROPERTIES)


def _text(value: Any) -> str | None:
    if value is None:
        return ""
    return value if isinstance(value, str) else None


def _point(geometry: Any) -> list[str | None]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    place = geometry.get("coordinates") if kind == "Point" else None
    if not isinstance(place, list) or len(place) < 2:
        return [f"{kind}{NOT_A_POINT}"] * 2
    return [_text(place[1]), _text(place[0])]


def _refuse_other_frame(name: Any, value: Any) -> None:
    """RFC 7946 knows one frame; older files name theirs."""
    named = json.dumps(value) if name == "crs" and value is not None else FRAMES[0]
    if not any(frame in named for frame in FRAMES):
        raise NotGeoJson(0, "its coordinates are not WGS 84 (EPSG:4326): convert them first")

"""Plates that tests use, and that must stand in clear nowhere but in answers to their drivers.

They are looked for in what a test of the cloud printed and logged, and in the files it left: the
database with its log, the chain's data. As text, as JSON escapes it, and as hexadecimal digits.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

PLATES = ("沪A12345", "京B67890", "京B99999", "沪B67890")
# Where what a test prints or leaves is the cloud's own; a gateway's tests speak of plates freely.
WATCHED = ("cloud/", "http/", "pages/")
# The cloud's database, the dev chain's, and logs; a gateway's files are its own.
FILES = ("cloud.sqlite*", "**/chain/**/*", "*.log")
MAX_BYTES = 64 * 2**20


def _spellings(plate: str) -> Iterator[bytes]:
    yield plate.encode()
    yield plate.encode("unicode_escape")
    yield plate.encode().hex().encode()


_TAILS = tuple(
    tail for plate in PLATES for tail in (plate[1:].encode(), plate[1:].encode().hex().encode())
)
_WHOLE = {spelling: plate for plate in PLATES for spelling in _spellings(plate)}


def found_in(data: bytes) -> list[str]:
    """The plates in it. Their ends are looked for first: nearly always there is none."""
    if not any(tail in data for tail in _TAILS):
        return []
    return sorted({plate for spelling, plate in _WHOLE.items() if spelling in data})


def left_in(folder: Path) -> Iterator[str]:
    """A sentence for each file that shows one."""
    for path in _files(folder):
        plates = found_in(path.read_bytes()[:MAX_BYTES])
        if plates:
            yield f"{path.name} shows {', '.join(plates)}"


def said_in(sections: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The same of what was captured."""
    for name, text in sections:
        plates = found_in(text.encode())
        if plates:
            yield f"{name.lower()} shows {', '.join(plates)}"


def _files(folder: Path) -> Iterator[Path]:
    seen = {path for pattern in FILES for path in folder.glob(pattern)}
    yield from sorted(path for path in seen if path.is_file())

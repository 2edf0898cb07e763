"""What may be uploaded as a document: a bounded file of a type that its own bytes show."""

import hashlib
from dataclasses import dataclass

from cloud.core.reasons import Refusal, refuse

MAX_BYTES = 5_000_000
# What a file of each type begins with, and what its end must hold.
TYPES = (
    ("application/pdf", b"%PDF-", b"%%EOF"),
    ("image/jpeg", b"\xff\xd8\xff", b"\xff\xd9"),
    ("image/png", b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
)
# Scanners and mail programs put a few bytes behind the end.
END_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Paper:
    """What the table keeps of a file: never its name, which may be anybody's."""

    sha256: str
    bytes: int
    media: str


def read(data: bytes) -> Paper | Refusal:
    if not 0 < len(data) <= MAX_BYTES:
        return refuse("document_size")
    end = data[-END_BYTES:]
    for media, begins, ends in TYPES:
        if data.startswith(begins) and ends in end:
            return Paper(hashlib.sha256(data).hexdigest(), len(data), media)
    return refuse("document_type")

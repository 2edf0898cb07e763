"""Where the bytes of documents lie: beside the database, so that they can be erased."""

from collections.abc import Iterable
from typing import Protocol


class DocumentsBroken(Exception):
    """The stored bytes are not those that were stored, or cannot be opened."""


class Documents(Protocol):
    """Under their SHA-256 as 64 hex digits. Every call may be made twice."""

    def put(self, sha256: str, data: bytes) -> None:
        """On the disk when it returns."""

    def get(self, sha256: str) -> bytes | None:
        """None: erased, or never here. Raises DocumentsBroken."""

    def erase(self, sha256: str) -> None: ...

    def all(self) -> Iterable[str]: ...

"""Documents without a disk, for tests and demonstrations: the same port, gone with the process."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class MemoryDocuments:
    held: dict[str, bytes] = field(default_factory=dict)

    def put(self, sha256: str, data: bytes) -> None:
        self.held[sha256] = data

    def get(self, sha256: str) -> bytes | None:
        return self.held.get(sha256)

    def erase(self, sha256: str) -> None:
        self.held.pop(sha256, None)

    def all(self) -> Iterator[str]:
        yield from sorted(self.held)

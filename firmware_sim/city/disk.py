"""A gateway's memory card: the real outbox on real files, and what a power cut leaves of them.

A commit that was not waited for, or that a lying card had only promised, survives sector by
sector, or not. What the database asks of the disk is its own word: its PRAGMA synchronous.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from edge.adapters.outbox import BALLAST_FILE, EPOCH_FILE, FILE, SqliteOutbox
from edge.ports import EventRow, Write

SECTOR = 512
FULL_SYNC = 2
KEEP_ACKED = 1_000
# Commits that a lying card may lose together.
MOST_PROMISED = 6
FILES = (FILE, f"{FILE}-wal", EPOCH_FILE)
# Commits that fit into what the ballast gave free.
BALLAST_COMMITS = 40


class Killed(BaseException):
    """The process is gone, here and now. No `except Exception` may see it."""


class Image(dict[str, bytes]):
    """All files of the outbox as they are at one moment."""

    @classmethod
    def of(cls, folder: Path) -> Image:
        return cls(
            (name, (folder / name).read_bytes()) for name in FILES if (folder / name).exists()
        )

    def put(self, folder: Path) -> None:
        for name in (*FILES, f"{FILE}-shm"):
            (folder / name).unlink(missing_ok=True)
        for name, data in self.items():
            (folder / name).write_bytes(data)


def torn(before: Image, after: Image, rng: Random) -> Image:
    """Each sector that changed between the two is as it was, as it was to be, or half written.

    The log is waited for before the database itself is touched: only one of them is in between.
    """
    found = Image()
    log, base = f"{FILE}-wal", FILE
    if before.get(log) != after.get(log) and before.get(base) != after.get(base):
        half = rng.random() < 0.5
        before = Image(before, **{log: after.get(log, b"")} if half else {})
        after = Image(after, **{} if half else {base: before.get(base, b"")})
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, b""), after.get(name, b"")
        if old == new:
            found[name] = new
            continue
        cut = rng.randrange(len(old), len(new) + 1) if len(new) > len(old) else len(new)
        whole = bytearray(new[:cut])
        for at in range(0, len(whole), SECTOR):
            end = min(at + SECTOR, len(whole))
            if old[at:end] != new[at:end] and rng.random() < 0.5:
                whole[at:end] = old[at:end].ljust(end - at, b"\0")
        found[name] = bytes(whole)
    return found


class CardOutbox(SqliteOutbox):
    """The real one, on a card that can be full, read-only, or lie about what it has written.

    `committed`: told of each commit that returned, with the image before it.
    """

    def __init__(
        self, folder: Path, gateway: str, epoch: int, committed: Callable[[Sequence[Write]], None]
    ) -> None:
        (folder / BALLAST_FILE).touch()
        self.folder = folder
        self.full = self.read_only = self.busy = False
        self.die_at: str | None = None
        self.lying = False
        self.promised: list[tuple[Image, list[EventRow]]] = []
        self._committed, self._room = committed, BALLAST_COMMITS
        super().__init__(folder, gateway, epoch, KEEP_ACKED)

    @property
    def waits_for_the_disk(self) -> bool:
        found = self._db.execute("PRAGMA synchronous").fetchone()[0]
        return int(found) >= FULL_SYNC and not self.lying

    def write(self, writes: Sequence[Write]) -> None:
        """May end the process: before the commit, after it, or (power) in its midst."""
        if self.die_at == "before":
            raise Killed
        before = None
        if self.die_at == "within" or not self.waits_for_the_disk:
            before = Image.of(self.folder)
        super().write(writes)
        events = [write for write in writes if isinstance(write, EventRow)]
        if self.die_at == "within" and before is not None:
            self.promised.append((before, events))
            raise Killed
        if before is not None:
            self.promised = [*self.promised, (before, events)][-MOST_PROMISED:]
        self._committed(writes)
        if self.die_at == "after":
            raise Killed

    def _write(self, writes: Sequence[Write]) -> None:
        if self.read_only:
            raise sqlite3.OperationalError("attempt to write a readonly database")
        if self.full and (self._ballast.exists() or self._room <= 0):
            raise sqlite3.OperationalError("database or disk is full")
        self._room -= self.full
        super()._write(writes)

    def room_again(self) -> None:
        """As at the next start: a card with room has its ballast back."""
        self.full = self.read_only = False
        self._room = BALLAST_COMMITS
        (self.folder / BALLAST_FILE).touch()

    def crash(self, power: bool, rng: Random) -> list[EventRow]:
        """The process ends with nothing tidied up; with its power, what the card has not written.

        Gives the events of commits that had returned, and are gone.
        """
        now = Image.of(self.folder)
        lost: list[EventRow] = []
        if power and self.promised:
            back = rng.randrange(len(self.promised))
            before = self.promised[back][0]
            now = torn(before, now, rng)
            lost = [row for _, rows in self.promised[back:] for row in rows]
        self.close()
        now.put(self.folder)
        return lost

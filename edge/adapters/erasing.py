"""What is to be forgotten leaves no trace in the database's files either.

Freed pages are zeroed, which costs a memory card as many writes: for what names a person alone. The
write-ahead log keeps older pages until it is folded in; that is done once an hour at the latest, as
a gateway writes what it saw once a minute.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from edge.core.plate_proofs import without_plate
from edge.ports import EventRow

FOLD_AFTER_WRITES = 60
FORGET_PLATE = "UPDATE events SET payload = ? WHERE epoch = ? AND seq = ?"


class Eraser:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        # What is freed is zeroed where that costs no write of its own.
        db.execute("PRAGMA secure_delete=FAST")
        # Of a process that was killed before.
        self._fold()
        self._writes: int | None = None

    def erase(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Inside a transaction; raises what the database raises."""
        if not rows:
            return
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.executemany(statement, rows)
        self._db.execute("PRAGMA secure_delete=FAST")
        self._writes = self._writes or 0

    def forget_plates(self, rows: Sequence[EventRow]) -> None:
        """Of events that the cloud has; signature and commitment stay, and hold."""
        less = [(new, it.epoch, it.seq) for it in rows if (new := without_plate(it.payload))]
        self.erase(FORGET_PLATE, less)

    def written(self) -> None:
        """After each transaction."""
        if self._writes is not None:
            self._writes += 1
            if self._writes > FOLD_AFTER_WRITES:
                self._fold()
                self._writes = None

    def _fold(self) -> None:
        # On a full disk it is tried again with what is forgotten next.
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

"""The outbox in SQLite: WAL and synchronous=FULL, as NORMAL lost committed events at power cuts."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from contracts.wire.messages import Grant
from contracts.wire.types import ZERO_DIGEST, format_instant, parse_instant
from edge.adapters import epoch_file
from edge.adapters.erasing import Eraser
from edge.adapters.sightings import NOTHING_SEEN, Sightings
from edge.core.outputs import (
    BeginEpoch,
    DropGrant,
    DropRevoked,
    PutGrant,
    PutRevoked,
    PutSpace,
    SetAcked,
    SpaceRecord,
    Start,
)
from edge.errors import OutboxBusy, OutboxForeign, OutboxUnwritable
from edge.ports import EventRow, Write

FILE, LOCK_FILE = "outbox.db", "outbox.lock"
EPOCH_FILE, BALLAST_FILE = "outbox.epoch", "outbox.ballast"
SCHEMA_VERSION = 1
BALLAST_BYTES = 16 * 1024 * 1024
BUSY_S = 5.0
# A commit writes whole pages; smaller ones wear the card less (bench/writes.py).
PAGE_BYTES = 512
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE events (epoch INTEGER NOT NULL, seq INTEGER NOT NULL, space TEXT,
  digest TEXT NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (epoch, seq)) WITHOUT ROWID;
CREATE TABLE spaces (space TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE grants (id TEXT PRIMARY KEY, message TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE revoked (id TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
"""
# Not without rowid: there a row of this length takes more pages.
SEEN = "CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"


class SqliteOutbox:
    """`epoch` is for a new database, or if the history of this one turns out to be lost. What is
    acknowledged stays, up to `keep_acked` events, for the cloud to ask for again."""

    def __init__(self, data: Path, gateway: str, epoch: int, keep_acked: int) -> None:
        self._keep_acked, self._ballast = keep_acked, data / BALLAST_FILE
        path, self._epoch_file = data / FILE, data / EPOCH_FILE
        self._lock = _lock(data)
        self.set_aside = None if _sound(path) else _set_aside(path)
        self._open(path, gateway, epoch)
        if not self._reads():
            self._db.close()
            self.set_aside = _set_aside(path)
            self._open(path, gateway, epoch)
        if self._version() != SCHEMA_VERSION or self._meta("gateway") != gateway:
            raise OutboxForeign(f"It is {path}, of gateway {self._meta('gateway')}.")
        self._sightings = self._read_sightings()

    def _open(self, path: Path, gateway: str, epoch: int) -> None:
        try:
            fresh = not path.exists()
            self._db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
            self._db.execute(f"PRAGMA page_size={PAGE_BYTES}")
            # Nobody else may open it anyway; without the shared index there is less to write.
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._eraser = Eraser(self._db)
            self._next_epoch = epoch_file.following(self._epoch_file, epoch)
            if fresh or not self._version():
                epoch_file.keep(self._epoch_file, self._next_epoch)
                self._create(gateway, self._next_epoch)
            self._db.execute(SEEN)
            path.chmod(0o600)
            _fill(self._ballast)
        except (sqlite3.Error, OSError) as error:
            raise OutboxUnwritable(f"It is {path}: {error}.") from None

    def _reads(self) -> bool:
        """A disk that lies about a flush can leave half a row in a database that looks sound."""
        try:
            self._sightings = self._read_sightings()
            return self._version() != SCHEMA_VERSION or self.load().seq >= 0
        except (ValueError, TypeError, sqlite3.DatabaseError):
            return False

    def load(self) -> Start:
        rows = self._db.execute
        return Start(
            epoch=int(self._meta("epoch")),
            next_epoch=self._next_epoch,
            seq=int(self._meta("seq")),
            acked=int(self._meta("acked")),
            gateway_digest=self._meta("gateway_digest"),
            spaces=self._sightings.whole(),
            grants=tuple(
                Grant.model_validate_json(text) for (text,) in rows("SELECT message FROM grants")
            ),
            revoked={name: parse_instant(at) for name, at in rows("SELECT id, at FROM revoked")},
        )

    def write(self, writes: Sequence[Write]) -> None:
        try:
            self._write(writes)
        except (sqlite3.Error, OSError) as error:
            if not self._ballast.exists():
                raise OutboxUnwritable(f"{error}.") from None
            # On a full disk even DELETE fails; the ballast is what there is to give.
            with suppress(OSError):
                self._ballast.unlink()
            try:
                self._write(writes)
            except (sqlite3.Error, OSError) as again:
                raise OutboxUnwritable(f"{again}.") from None

    def events(self, epoch: int, first: int, last: int) -> list[EventRow]:
        found = self._db.execute(
            "SELECT epoch, seq, space, digest, payload FROM events"
            " WHERE epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            (epoch, first, last),
        )
        return [EventRow(*row) for row in found]

    def close(self) -> None:
        self._db.close()
        os.close(self._lock)

    def _write(self, writes: Sequence[Write]) -> None:
        puts = [write for write in writes if isinstance(write, PutSpace)]
        sightings, rows = self._sightings.after(puts)
        with self._transaction():
            for write in writes:
                if not isinstance(write, PutSpace):
                    _WRITERS[type(write)](self, write)
            for space, record in rows.items():
                self._put_space(space, record)
            if sightings.seen != self._sightings.seen:
                self._db.execute("INSERT OR REPLACE INTO seen VALUES (1, ?)", (sightings.text(),))
        self._sightings = sightings
        self._eraser.written()

    def _read_sightings(self) -> Sightings:
        found = self._db.execute("SELECT text FROM seen").fetchone()
        rows = self._db.execute("SELECT space, record FROM spaces")
        return Sightings.read(rows, found[0] if found else NOTHING_SEEN)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # A full disk has rolled back by itself already.
                self._db.execute("ROLLBACK")
            raise

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _create(self, gateway: str, epoch: int) -> None:
        with self._transaction():
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._set("gateway", gateway)
            self._set("gateway_digest", ZERO_DIGEST)
            self._set_epoch(epoch)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _set(self, key: str, value: object) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(value)))

    def _set_epoch(self, epoch: int) -> None:
        for key, value in (("epoch", epoch), ("seq", 0), ("acked", 0)):
            self._set(key, value)

    def _begin_epoch(self, begin: BeginEpoch) -> None:
        """The file first: if all of this is rolled back, an epoch is left out, and that is all."""
        epoch_file.keep(self._epoch_file, begin.epoch)
        # What is left behind stays for a person to look at; forged Acks must not fill the disk.
        self._db.execute("DELETE FROM events WHERE epoch < ?", (int(self._meta("epoch")),))
        self._set_epoch(begin.epoch)

    def _add_event(self, row: EventRow) -> None:
        values = (row.epoch, row.seq, row.space, row.digest, row.payload)
        self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", values)
        self._set("seq", row.seq)
        if row.space is None:
            self._set("gateway_digest", row.digest)

    def _put_space(self, space: str, record: SpaceRecord) -> None:
        values = (space, record.model_dump_json())
        self._db.execute("INSERT OR REPLACE INTO spaces VALUES (?, ?)", values)

    def _put_grant(self, put: PutGrant) -> None:
        values = (put.grant.id, put.grant.model_dump_json())
        self._eraser.erase("INSERT OR REPLACE INTO grants VALUES (?, ?)", [values])

    def _drop_grant(self, drop: DropGrant) -> None:
        self._eraser.erase("DELETE FROM grants WHERE id = ?", [(drop.id,)])

    def _put_revoked(self, put: PutRevoked) -> None:
        values = (put.id, format_instant(put.at))
        self._db.execute("INSERT OR REPLACE INTO revoked VALUES (?, ?)", values)

    def _drop_revoked(self, drop: DropRevoked) -> None:
        self._db.execute("DELETE FROM revoked WHERE id = ?", (drop.id,))

    def _set_acked(self, ack: SetAcked) -> None:
        epoch, seq, acked = ack.epoch, ack.seq, int(self._meta("acked"))
        if str(epoch) != self._meta("epoch") or seq <= acked:
            return
        self._set("acked", min(seq, int(self._meta("seq"))))
        self._eraser.forget_plates(self.events(epoch, acked + 1, seq))
        oldest = (epoch, seq - self._keep_acked)
        self._db.execute("DELETE FROM events WHERE epoch = ? AND seq <= ?", oldest)


_WRITERS: dict[type, Callable[[SqliteOutbox, Any], None]] = {
    EventRow: SqliteOutbox._add_event,
    PutGrant: SqliteOutbox._put_grant,
    DropGrant: SqliteOutbox._drop_grant,
    PutRevoked: SqliteOutbox._put_revoked,
    DropRevoked: SqliteOutbox._drop_revoked,
    SetAcked: SqliteOutbox._set_acked,
    BeginEpoch: SqliteOutbox._begin_epoch,
}


def _lock(data: Path) -> int:
    """Two agents on one outbox would use numbers twice. The kernel lets go when we die."""
    handle = -1
    try:
        handle = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OutboxBusy(f"It is {data}.") from None
    except OSError as error:
        raise OutboxUnwritable(f"It is {data}: {error.strerror}.") from None
    return handle


def _sound(path: Path) -> bool:
    if not path.exists():
        return True
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as db:
            return bool(db.execute("PRAGMA quick_check").fetchone()[0] == "ok")
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise OutboxUnwritable(f"It is {path}: {error}.") from None
    return False


def _set_aside(path: Path) -> Path:
    """A database that does not read as one is kept beside, and a new epoch begins."""
    number = sum(1 for _ in path.parent.glob(f"{FILE}.corrupt-*")) + 1
    aside = path.with_name(f"{FILE}.corrupt-{number}")
    for ending in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.replace(f"{path}{ending}", f"{aside}{ending}")
    os.replace(path, aside)
    return aside


def _fill(ballast: Path) -> None:
    """A full disk now is no reason not to start: it is tried again at the next start."""
    if ballast.exists():
        return
    try:
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
    except OSError:
        with suppress(OSError):
            ballast.unlink()

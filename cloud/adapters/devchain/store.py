"""What the dev chain remembers, in one SQLite file: a block is one commit."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth.db.backends.base import BaseDB

from cloud.adapters.devchain.errors import DataFolderError

CACHED_NODES = 200_000
BUSY_TIMEOUT_S = 1.0
MAX_LOGS = 10_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS node(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS block(
    number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tx(
    hash BLOB PRIMARY KEY, block INTEGER NOT NULL UNIQUE, raw BLOB NOT NULL,
    sender BLOB NOT NULL, status INTEGER NOT NULL, gas_used INTEGER NOT NULL,
    gas_price TEXT NOT NULL, created BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log(
    block INTEGER NOT NULL, position INTEGER NOT NULL, tx BLOB NOT NULL, address BLOB NOT NULL,
    topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL,
    PRIMARY KEY (block, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting(
    sender BLOB NOT NULL, nonce INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE, raw BLOB NOT NULL,
    PRIMARY KEY (sender, nonce)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS log_by_address ON log(address, topic0, block);
CREATE INDEX IF NOT EXISTS log_by_topic ON log(topic0, topic1, block);
"""


@dataclass(frozen=True, slots=True)
class Included:
    """A transaction in its block; there is one in a block."""

    hash: bytes
    block: int
    raw: bytes
    sender: bytes
    status: int
    gas_used: int
    gas_price: int
    created: bytes | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    block: int
    position: int
    tx: bytes
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Empty choices mean any; `topics` goes by position."""

    first: int
    last: int
    addresses: tuple[bytes, ...] = ()
    topics: tuple[tuple[bytes, ...], ...] = ()


class Nodes(BaseDB):
    """State trie nodes and code by hash; new ones wait in memory for their block's commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cache: dict[bytes, bytes] = {}
        self._fresh: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        for near in (self._fresh, self._cache):
            if key in near:
                return near[key]
        row = self._connection.execute("SELECT value FROM node WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        self._remember(key, row[0])
        return bytes(row[0])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._fresh[key] = value

    def __delitem__(self, key: bytes) -> None:
        # Old states stay readable: nothing is ever pruned.
        self._fresh.pop(key, None)

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def _remember(self, key: bytes, value: bytes) -> None:
        if len(self._cache) >= CACHED_NODES:
            self._cache.clear()
        self._cache[key] = value

    def write(self) -> None:
        rows = self._fresh.items()
        self._connection.executemany("INSERT OR IGNORE INTO node VALUES (?, ?)", rows)

    def settle(self) -> None:
        """After the commit: what was fresh is stored."""
        for key, value in self._fresh.items():
            self._remember(key, value)
        self._fresh.clear()

    def forget(self) -> None:
        self._fresh.clear()


class Store:
    def __init__(self, path: Path) -> None:
        # The caller has one lock around the chain; requests come on several threads.
        self._connection = sqlite3.connect(path, BUSY_TIMEOUT_S, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise DataFolderError(
                f"{path} cannot be opened ({error}); is another dev chain using this folder?"
            ) from error
        self.nodes = Nodes(self._connection)

    def _prepare(self) -> None:
        # Exclusive: a second process on the same folder is refused; the lock dies with us.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def commit(self) -> Iterator[None]:
        """All that is added inside reaches the disk together, or none of it does."""
        try:
            with self._connection:
                yield
                self.nodes.write()
            self.nodes.settle()
        finally:
            self.nodes.forget()

    def add_block(self, number: int, block_hash: bytes, header: bytes) -> None:
        self._connection.execute("INSERT INTO block VALUES (?, ?, ?)", (number, block_hash, header))

    def add_transaction(self, tx: Included, logs: Sequence[LogEntry]) -> None:
        self._connection.execute(
            "INSERT INTO tx VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tx.hash,
                tx.block,
                tx.raw,
                tx.sender,
                tx.status,
                tx.gas_used,
                str(tx.gas_price),
                tx.created,
            ),
        )
        rows = [(e.block, e.position, e.tx, e.address, *_four(e.topics), e.data) for e in logs]
        self._connection.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def drop_after(self, number: int) -> None:
        for table, column in (("block", "number"), ("tx", "block"), ("log", "block")):
            self._connection.execute(f"DELETE FROM {table} WHERE {column} > ?", (number,))

    def hold(self, sender: bytes, nonce: int, tx_hash: bytes, raw: bytes) -> None:
        """Takes the place of one with the same nonce."""
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?)", (sender, nonce, tx_hash, raw)
            )

    def waiting(self) -> list[bytes]:
        rows = self._connection.execute("SELECT raw FROM waiting ORDER BY sender, nonce")
        return [row[0] for row in rows]

    def waiting_at(self, sender: bytes, nonce: int) -> bytes | None:
        return self._one("SELECT raw FROM waiting WHERE sender = ? AND nonce = ?", sender, nonce)

    def waiting_named(self, tx_hash: bytes) -> bytes | None:
        return self._one("SELECT raw FROM waiting WHERE hash = ?", tx_hash)

    def drop_waiting(self, sender: bytes, nonce: int) -> None:
        with self._connection:
            self._connection.execute(
                "DELETE FROM waiting WHERE sender = ? AND nonce = ?", (sender, nonce)
            )

    def header(self, number: int) -> bytes | None:
        return self._one("SELECT header FROM block WHERE number = ?", number)

    def header_by_hash(self, block_hash: bytes) -> bytes | None:
        return self._one("SELECT header FROM block WHERE hash = ?", block_hash)

    def head(self) -> bytes | None:
        return self._one("SELECT header FROM block ORDER BY number DESC LIMIT 1")

    def hashes_before(self, number: int) -> Iterator[bytes]:
        """Of the 256 blocks before `number`, newest first: what BLOCKHASH can ask for."""
        rows = self._connection.execute(
            "SELECT hash FROM block WHERE number < ? ORDER BY number DESC LIMIT 256", (number,)
        )
        yield from (row[0] for row in rows.fetchall())

    def transaction(self, tx_hash: bytes) -> Included | None:
        return self._included("SELECT * FROM tx WHERE hash = ?", tx_hash)

    def transaction_in(self, block: int) -> Included | None:
        return self._included("SELECT * FROM tx WHERE block = ?", block)

    def logs_in(self, block: int) -> list[LogEntry]:
        return self.logs(LogFilter(block, block))

    def logs(self, wanted: LogFilter) -> list[LogEntry]:
        """In chain order; one more than MAX_LOGS at most, so that the caller can see too many."""
        where, values = ["block BETWEEN ? AND ?"], [wanted.first, wanted.last]
        choices = [("address", wanted.addresses)]
        choices += [(f"topic{at}", topics) for at, topics in enumerate(wanted.topics)]
        arguments: list[int | bytes] = [*values]
        for column, allowed in choices:
            if allowed:
                where.append(f"{column} IN ({','.join('?' * len(allowed))})")
                arguments.extend(allowed)
        rows = self._connection.execute(
            f"SELECT * FROM log WHERE {' AND '.join(where)} ORDER BY block, position LIMIT ?",
            (*arguments, MAX_LOGS + 1),
        )
        return [_log_entry(row) for row in rows]

    def _one(self, sql: str, *arguments: int | bytes) -> bytes | None:
        row = self._connection.execute(sql, arguments).fetchone()
        return None if row is None else bytes(row[0])

    def _included(self, sql: str, argument: int | bytes) -> Included | None:
        row = self._connection.execute(sql, (argument,)).fetchone()
        if row is None:
            return None
        tx_hash, block, raw, sender, status, gas_used, gas_price, created = row
        return Included(tx_hash, block, raw, sender, status, gas_used, int(gas_price), created)


def _four(topics: tuple[bytes, ...]) -> tuple[bytes | None, ...]:
    return (topics + (None,) * 4)[:4]


def _log_entry(row: Sequence[Any]) -> LogEntry:
    block, position, tx, address, *topics, data = row
    present = tuple(topic for topic in topics if topic is not None)
    return LogEntry(block, position, tx, address, present, data)

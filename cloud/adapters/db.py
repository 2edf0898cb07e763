"""The database: many readers, one writer. A write stands as a whole, or nothing of it does."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError, DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, SQLModel

from cloud.adapters import plate_keys, postgres
from cloud.adapters.writer import Grouped, Writer
from cloud.core.plate_vault import OPTION, Vault
from cloud.errors import DatabaseBroken, DatabaseBusy, OldDatabase, Unwritable

T = TypeVar("T")
BUSY_MS = 10_000
# Kept as read by a connection: all that a stay needs, and more.
STATEMENTS = 512
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # Or INSERT OR REPLACE would remove a row without asking the rules of its table.
    "recursive_triggers=ON",
    # What was erased is no longer in the file.
    "secure_delete=ON",
    "cache_size=-16384",  # KiB
    "wal_autocheckpoint=4000",  # pages, 16 MB: a fourth of the waits for the disk
)
# Columns of later versions: a database without them gets them at its start.
BROUGHT = (("gateway", "kept_seq", "BIGINT NOT NULL DEFAULT 0"),)
# What a savepoint could give back: bookings would else write it to a file as well.
WRITES = "temp_store=MEMORY"


class Database:
    """SQLite in a file, in WAL with synchronous=FULL, or a PostgreSQL server by its URL.

    What was committed survives a power cut. `alone`: this is the serving cloud, and no other
    serves from this server (a data folder has a lock of its own). `plate_key`: the file that plates
    are sealed by, beside a database file if it is not told; a server's URL without one has none,
    and no plate can be read or written. Raises CloudError.
    """

    def __init__(
        self, where: Path | str, alone: bool = False, plate_key: Path | None = None
    ) -> None:
        self._where = where
        self._engine, self._reader = _engines(where, alone)
        self._writer = Writer(self._engine) if isinstance(where, Path) else OneByOne(self._engine)
        try:
            with _told(self._engine), postgres.fit():
                vault = _make(where, self._engine, plate_key)
            if vault is not None:
                for engine in (self._engine, self._reader):
                    engine.update_execution_options(**{OPTION: vault})
        except BaseException:
            self.close()
            raise

    @property
    def commits(self) -> int:
        """So far, by this process: whoever keeps an answer sees whether anything was written."""
        return self._writer.commits

    def write(self, story: Callable[[Session], T]) -> T:
        """Run one use case and commit it; an exception leaves nothing of it behind."""
        with _told(self._engine):
            return self._writer.write(story)

    async def write_soon(self, story: Callable[[Session], T]) -> T:
        """The same from a coroutine, which keeps no thread waiting."""
        with _told(self._engine):
            return await self._writer.write_soon(story)

    def read(self, story: Callable[[Session], T]) -> T:
        """All that it asks is as of one moment."""
        with _session(self._reader) as session:
            return story(session)

    def tidy(self) -> None:
        """What was erased leaves SQLite's log, too, as far as nobody reads in it just now."""
        if isinstance(self._where, Path):
            with closing(sqlite3.connect(self._where, timeout=BUSY_MS / 1000)) as raw:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._writer.close()
        self._engine.dispose()
        self._reader.dispose()


class OneByOne:
    """PostgreSQL: a story is a transaction of its own, and waits for its turn in all processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._writing = engine, threading.Lock()
        self.commits = 0

    def write(self, story: Callable[[Session], T]) -> T:
        with self._writing, Session(self._engine, expire_on_commit=False) as session:
            result = story(session)
            session.commit()
            self.commits += 1
            return result

    async def write_soon(self, story: Callable[[Session], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, self.write, story)

    def close(self) -> None: ...


def exists(where: Path | str) -> bool:
    """Whether a cloud was here before; makes nothing."""
    return where.is_file() if isinstance(where, Path) else postgres.exists(where)


def _make(where: Path | str, engine: Engine, plate_key: Path | None) -> Vault | None:
    """The tables that are missing, and the rules of all, in transactions of the ordinary kind."""
    plain = _engine(where, "BEGIN IMMEDIATE") if isinstance(where, Path) else engine
    key = plate_key or (where.with_name(plate_keys.FILE) if isinstance(where, Path) else None)
    try:
        _of_this_version(plain)
        _bring(plain)
        SQLModel.metadata.create_all(plain)
        return plate_keys.vault_for(plain, key) if key else None
    finally:
        if plain is not engine:
            plain.dispose()


def _of_this_version(engine: Engine) -> None:
    """Tables that lack a column would fail in the middle of a story."""
    there = inspect(engine)
    known = set(there.get_table_names())
    if "zero" in known:
        raise OldDatabase("It keeps the sums of transfers in another way.")
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in known:
            continue
        missing = set(table.columns.keys()) - {c["name"] for c in there.get_columns(table.name)}
        missing -= {name for of, name, _ in BROUGHT if of == table.name}
        if missing:
            raise OldDatabase(f"Its table {table.name} has no {sorted(missing)[0]}.")


def _bring(engine: Engine) -> None:
    there = inspect(engine)
    for table, name, kind in BROUGHT:
        if not there.has_table(table) or name in {c["name"] for c in there.get_columns(table)}:
            continue
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


@contextmanager
def _session(engine: Engine) -> Iterator[Session]:
    with _told(engine), Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    """What the caller can do something about, as a refusal with its remedy."""
    try:
        yield
    except DataError as error:
        raise Unwritable(f"{error.orig}.") from None
    except PoolTimeout as error:
        raise DatabaseBusy("All its connections are in use.") from error
    except OperationalError as error:
        if engine.dialect.name == "postgresql":
            raise postgres.told(error) from None
        if "locked" in str(error.orig):
            raise DatabaseBusy from None
        raise
    except DatabaseError as error:
        if "not a database" in str(error.orig) or "malformed" in str(error.orig):
            raise DatabaseBroken(f"{error.orig}.") from None
        raise


def _engines(where: Path | str, alone: bool) -> tuple[Engine, Engine]:
    """(writer, reader)"""
    if isinstance(where, str):
        return postgres.engines(where, alone)
    where.parent.mkdir(parents=True, exist_ok=True)
    return _grouped(where), _engine(where, "BEGIN")


def _grouped(path: Path) -> Engine:
    """Its connections are a writer's: what a session begins there is a savepoint."""
    engine = _connecting(path, Grouped, (*PRAGMAS, WRITES))

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, Grouped)
        raw.start()

    return engine


def _engine(path: Path, begin: str) -> Engine:
    engine = _connecting(path, sqlite3.Connection)

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    @event.listens_for(engine, "checkin")
    def end(connection: object, _record: object) -> None:
        # A commit that a deferred rule refuses leaves its transaction open.
        if connection is not None and connection.in_transaction:  # type: ignore[attr-defined]
            connection.rollback()  # type: ignore[attr-defined]

    return engine


def _connecting(
    path: Path, kind: type[sqlite3.Connection], pragmas: Sequence[str] = PRAGMAS
) -> Engine:
    given = {"timeout": BUSY_MS / 1000, "factory": kind, "cached_statements": STATEMENTS}
    # What a statement was given may be a plate's: no error tells it.
    engine = create_engine(f"sqlite:///{path}", connect_args=given, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    return engine

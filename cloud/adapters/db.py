"""The database: many readers, one writer. A write is one transaction, alone, or nothing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError, DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, SQLModel

from cloud.adapters import postgres
from cloud.errors import DatabaseBroken, DatabaseBusy, OldDatabase, Unwritable

T = TypeVar("T")
BUSY_MS = 10_000
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # Or INSERT OR REPLACE would remove a row without asking the rules of its table.
    "recursive_triggers=ON",
)


class Database:
    """SQLite in a file, in WAL with synchronous=FULL, or a PostgreSQL server by its URL.

    What was committed survives a power cut. `alone`: this is the serving cloud, and no other
    serves from this server (a data folder has a lock of its own). Raises CloudError.
    """

    def __init__(self, where: Path | str, alone: bool = False) -> None:
        self._writing = threading.Lock()
        self._writer, self._reader = _engines(where, alone)
        self.commits = 0
        try:
            with self._writing, _told(self._writer), postgres.fit():
                _of_this_version(self._writer)
                SQLModel.metadata.create_all(self._writer)
        except BaseException:
            self.close()
            raise

    def write(self, story: Callable[[Session], T]) -> T:
        """Run one use case and commit it; an exception leaves nothing of it behind."""
        with self._writing, _session(self._writer) as session:
            result = story(session)
            session.commit()
            self.commits += 1
            return result

    def read(self, story: Callable[[Session], T]) -> T:
        """All that it asks is as of one moment."""
        with _session(self._reader) as session:
            return story(session)

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


def exists(where: Path | str) -> bool:
    """Whether a cloud was here before; makes nothing."""
    return where.is_file() if isinstance(where, Path) else postgres.exists(where)


def _of_this_version(engine: Engine) -> None:
    """Tables that lack a column would fail in the middle of a story."""
    there = inspect(engine)
    known = set(there.get_table_names())
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in known:
            continue
        missing = set(table.columns.keys()) - {c["name"] for c in there.get_columns(table.name)}
        if missing:
            raise OldDatabase(f"Its table {table.name} has no {sorted(missing)[0]}.")


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
    return _engine(where, "BEGIN IMMEDIATE"), _engine(where, "BEGIN")


def _engine(path: Path, begin: str) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_MS / 1000})

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def start(connection: object) -> None:
        connection.exec_driver_sql(begin)  # type: ignore[attr-defined]

    @event.listens_for(engine, "checkin")
    def end(connection: object, _record: object) -> None:
        # A commit that a deferred rule refuses leaves its transaction open.
        if connection is not None and connection.in_transaction:  # type: ignore[attr-defined]
            connection.rollback()  # type: ignore[attr-defined]

    return engine

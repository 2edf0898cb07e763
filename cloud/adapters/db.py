"""The database: many readers, one writer. A write is one IMMEDIATE transaction, or nothing."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlmodel import Session, SQLModel

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
    """SQLite in WAL with synchronous=FULL: what was committed survives a power cut."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writing = threading.Lock()
        self._writer = _engine(path, "BEGIN IMMEDIATE")
        self._reader = _engine(path, "BEGIN")
        self.commits = 0
        with self._writing:
            SQLModel.metadata.create_all(self._writer)

    def write(self, story: Callable[[Session], T]) -> T:
        """Run one use case and commit it; an exception leaves nothing of it behind."""
        with self._writing, Session(self._writer, expire_on_commit=False) as session:
            result = story(session)
            session.commit()
            self.commits += 1
            return result

    def read(self, story: Callable[[Session], T]) -> T:
        with Session(self._reader, expire_on_commit=False) as session:
            return story(session)

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


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

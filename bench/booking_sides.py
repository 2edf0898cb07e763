"""The two sides that bookings are measured on: our writer, and PostgreSQL as a person would run it.

Both are given the same bare rows; how clients ask them stands here, too.
"""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import column, insert, table
from sqlmodel import Session

from bench.booking_market import Wish, overlaps_in
from cloud.adapters.db import Database
from cloud.usecases.many import Asking, Many
from tests.cloud import postgres

HOUR_MS = 3_600_000
TABLE = """CREATE TABLE bare (id text PRIMARY KEY, space text NOT NULL,
  starts_ms bigint NOT NULL, ends_ms bigint NOT NULL"""
EXCLUDE = ", EXCLUDE USING gist (space WITH =, int8range(starts_ms, ends_ms) WITH &&))"
TRIGGER = """CREATE TRIGGER bare_no_overlap BEFORE INSERT ON bare WHEN EXISTS (
  SELECT 1 FROM bare b WHERE b.space = NEW.space
  AND b.starts_ms < NEW.ends_ms AND NEW.starts_ms < b.ends_ms)
BEGIN SELECT RAISE(ABORT, 'booking_overlap'); END"""
BARE = table("bare", column("id"), column("space"), column("starts_ms"), column("ends_ms"))
INTO_BARE = Many(insert(BARE), tuple(BARE.c.keys()))
LOOK = Asking(
    """SELECT b.ends_ms > :starts FROM bare b WHERE b.space = :space AND b.starts_ms < :ends
    ORDER BY b.starts_ms DESC LIMIT 1"""
)
NAMED = "INSERT INTO bare VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "autovacuum": "on",
}
Try = Callable[[Wish], object]
Soon = Callable[[Wish], Awaitable[object]]
Batch = list[list[Wish]]


class Durable(postgres.Server):
    """As a person would run it, and not as a test does."""

    def _start(self) -> subprocess.Popen[bytes]:
        options = [f"-c{name}={value}" for name, value in (postgres.OPTIONS | DURABLE).items()]
        program, place = str(self.programs / "postgres"), ["-D", self.data, "-k", str(self.folder)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen([*self._as, program, *place, *options], stdout=quiet, stderr=quiet)


def rate_of(book: Try, batch: list[list[Wish]]) -> float:
    """Wishes a second, granted or refused; all clients at once."""
    go = threading.Barrier(len(batch) + 1)

    def client(wishes: list[Wish]) -> None:
        go.wait()
        for wish in wishes:
            book(wish)

    threads = [threading.Thread(target=client, args=(wishes,)) for wishes in batch]
    for thread in threads:
        thread.start()
    go.wait()
    begun_s = time.perf_counter()
    for thread in threads:
        thread.join()
    return sum(map(len, batch)) / (time.perf_counter() - begun_s)


def soon(book: Soon, batch: Batch) -> float:
    """The same of coroutines."""

    async def client(wishes: list[Wish]) -> None:
        for wish in wishes:
            await book(wish)

    async def clients() -> float:
        begun_s = time.perf_counter()
        await asyncio.gather(*map(client, batch))
        return sum(map(len, batch)) / (time.perf_counter() - begun_s)

    return asyncio.run(clients())


@dataclass
class Side:
    """`rates`: how it is asked; `close` ends it; `overlaps` are counted after all."""

    rates: list[Callable[[Batch], float]]
    overlaps: Callable[[], int]
    close: Callable[[], None]


def _row(wish: Wish) -> tuple[str, str, int, int]:
    key, space, quarter = wish
    return key, space, quarter * HOUR_MS // 4, quarter * HOUR_MS // 4 + HOUR_MS


def bare_sqlite(folder: Path) -> Side:
    db = Database(folder / "bare.sqlite")
    indexed = "CREATE INDEX bare_window ON bare (space, starts_ms, ends_ms)"
    for statement in (f"{TABLE})", indexed, TRIGGER):
        db.write(lambda s, text=statement: s.connection().exec_driver_sql(text))  # type: ignore[misc]

    names = tuple(BARE.c.keys())

    async def book(wish: Wish) -> bool:
        """By the hot path that bookings.confirm writes by."""
        key, space, starts, ends = _row(wish)

        def story(session: Session) -> bool:
            found = LOOK.first(session, {"space": space, "starts": starts, "ends": ends})
            if found is not None and found[0]:
                return False
            INTO_BARE.run(session, [dict(zip(names, (key, space, starts, ends)))])
            return True

        return await db.write_soon(story)

    return Side([partial(soon, book)], lambda: overlaps_in(db, "bare"), db.close)


def bare_postgres(server: postgres.Server) -> Side:
    url = server.made()
    with psycopg.connect(url, autocommit=True) as made:
        made.execute("CREATE EXTENSION btree_gist")
        made.execute(TABLE + EXCLUDE)
    here = threading.local()

    def book(wish: Wish) -> bool:
        """Each client has a connection of its own and prepares its statement."""
        if not hasattr(here, "connection"):
            here.connection = psycopg.connect(url, autocommit=True)
        return bool(here.connection.execute(NAMED, _row(wish), prepare=True).rowcount)

    def coroutines(batch: Batch) -> float:
        return asyncio.run(_async_postgres(url, batch))

    return Side([partial(rate_of, book), coroutines], lambda: 0, lambda: None)


async def _async_postgres(url: str, batch: Batch) -> float:
    """The connections stand before the clock runs."""
    lines = [await psycopg.AsyncConnection.connect(url, autocommit=True) for _ in batch]

    async def client(line: psycopg.AsyncConnection[Any], wishes: list[Wish]) -> None:
        for wish in wishes:
            await line.execute(NAMED, _row(wish), prepare=True)

    begun_s = time.perf_counter()
    await asyncio.gather(*map(client, lines, batch))
    rate = sum(map(len, batch)) / (time.perf_counter() - begun_s)
    for line in lines:
        await line.close()
    return rate


@contextmanager
def durable_server() -> Iterator[postgres.Server]:
    programs = postgres.binaries()
    if programs is None:
        raise SystemExit("there is no PostgreSQL server here (Debian: apt-get install postgresql)")
    server = Durable(programs)
    try:
        yield server
    finally:
        server.close()

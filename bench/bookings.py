"""Bookings from 16 clients beside PostgreSQL's EXCLUDE: `python -m bench.bookings`.

Clients of SQLite are coroutines, as the API's requests are; those of PostgreSQL are threads with
a connection each, and coroutines, and the faster of the two is the peer. Three pairs, taken in
turn on the same disk, medians of the rounds:
- our writer with one bare row a booking (SQLite, FULL, the overlap rule as a trigger, looked at
  first as `bookings.confirm` does) against the same row in PostgreSQL with its EXCLUDE constraint
  (fsync and synchronous_commit on, psycopg, prepared, ON CONFLICT DO NOTHING);
- the whole use case `bookings.confirm` (offer, price, balance, hold, grant) on SQLite against that
  bare PostgreSQL row, which does far less;
- the same use case on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from sqlalchemy import column, insert, table
from sqlmodel import Session, select

from bench.booking_market import CLIENTS, SPACES, Market, Wish, overlaps_in
from bench.rows import Row, result
from cloud.adapters.db import Database
from cloud.tables import Booking
from cloud.usecases import booking_no_shows, booking_rows
from cloud.usecases.many import Asking, Many
from contracts.wire.types import to_ms
from tests.cloud import postgres
from tests.contracts.making import at

ROUNDS, EACH, SEED = 3, 60, 1
QUARTERS, HOUR_MS = 24 * 4, 3_600_000
INSERTS, TIMERS = 2_000, 100_000
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


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, _server() as server:
        bare, bare_pg = _bare_sqlite(Path(folder)), _bare_postgres(server)
        ours, theirs = Market(Path(folder) / "city.sqlite"), Market(server.emptied())
        try:
            asked = partial(_soon, ours.book_soon), partial(_rate, theirs.book)
            sides = [*bare.rates, *bare_pg.rates, *asked]
            wishes = _wishes()
            taken: list[list[float]] = [[] for _ in sides]
            for _ in range(ROUNDS):
                batch = [next(wishes) for _ in range(CLIENTS)]
                for number, (kept, side) in enumerate(zip(taken, sides)):
                    own = [[(f"{key}x{number}", *rest) for key, *rest in one] for one in batch]
                    kept.append(side(own))  # type: ignore[arg-type]
            writer, *excludes, full, full_pg = map(statistics.median, taken)
            exclude = max(excludes)
            overlaps = sum(it.overlaps() for it in (bare, ours, theirs))
            return [
                result("booking.vs_postgres_exclude", full, "bookings/s", _peer(exclude), 1),
                result("booking.writer_vs_postgres_exclude", writer, "rows/s", _peer(exclude), 1),
                result(
                    "booking.vs_itself_on_postgres",
                    full,
                    "bookings/s",
                    ("the same use case on PostgreSQL", full_pg),
                    1,
                ),
                result("booking.overlaps", overlaps, "overlaps", ("nothing", None), 0),
                _against_driver(ours),
                _timers(ours),
            ]
        finally:
            for it in (bare, bare_pg, ours, theirs):
                it.close()


def _peer(rate: float) -> tuple[str, float | None]:
    return ("a bare row under PostgreSQL's EXCLUDE", rate)


def _wishes() -> Iterator[list[Wish]]:
    """Of one client in one round: its key, a space, and the quarter of an hour it begins with."""
    rng, number = Random(SEED), 0
    while True:
        made = []
        for _ in range(EACH):
            number += 1
            made.append((f"w{number}", f"P{rng.randrange(SPACES)}", rng.randrange(QUARTERS)))
        yield made


def _rate(book: Try, batch: list[list[Wish]]) -> float:
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


def _soon(book: Soon, batch: Batch) -> float:
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


def _bare_sqlite(folder: Path) -> Side:
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

    return Side([partial(_soon, book)], lambda: overlaps_in(db, "bare"), db.close)


def _bare_postgres(server: postgres.Server) -> Side:
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

    return Side([partial(_rate, book), coroutines], lambda: 0, lambda: None)


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


def _against_driver(market: Market) -> Row:
    """CPU of one booking's row, its indexes and rules, through our hot path and the bare driver."""
    like = market.db.read(lambda s: s.exec(select(Booking)).first())
    names = tuple(Booking.model_fields)
    marks = ", ".join("?" for _ in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    text = f"INSERT INTO booking ({quoted}) VALUES ({marks})"
    columns = like.model_dump() if like else {}
    made = []
    for n in range(INSERTS):
        own = {"id": f"d{n}", "request_key": f"d{n}", "grant": f"d{n}", "space": f"D{n}"}
        made.append(columns | own)

    def ours(session: Session) -> None:
        for row in made:
            booking_rows.INSERT.run(session, [row])

    def driver(session: Session) -> None:
        raw = session.connection().connection.dbapi_connection
        for row in made:
            raw.execute(text, tuple(row[name] for name in names))  # type: ignore[union-attr]

    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(5):
        for kept, work in zip(times, (ours, driver)):
            kept.append(market.db.write(lambda s, w=work: _taken_us(s, w)))  # type: ignore[misc]
    mine, bare = map(statistics.median, times)
    return result("booking.inserts_vs_raw_driver", mine, "us CPU", ("the bare driver", bare), 2)


def _taken_us(session: Session, work: Callable[[Session], None]) -> float:
    """All of them in one story, whose rows are taken away again."""
    begun_s = time.thread_time()
    work(session)
    taken_s = time.thread_time() - begun_s
    session.connection().exec_driver_sql("DELETE FROM booking WHERE space LIKE 'D%'")
    return taken_s * 1e6 / INSERTS


def _timers(market: Market) -> Row:
    """What a sweep a second costs beside so many bookings that wait, in parts of a core."""

    def fill(session: Session) -> None:
        known = session.connection().exec_driver_sql("SELECT * FROM booking LIMIT 1").mappings()
        row = dict(known.one())
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        due_ms = to_ms(at(90 * 86_400))
        made = []
        for n in range(TIMERS):
            own = {"id": f"t{n}", "request_key": f"t{n}", "grant": f"t{n}", "space": f"T{n}"}
            made.append(tuple({**row, **own, "due_ms": due_ms + n}.values()))
        session.connection().exec_driver_sql(
            f"INSERT INTO booking ({names}) VALUES ({marks})", made
        )

    market.db.write(fill)
    spent: list[float] = []
    for number in range(50):
        begun_s = time.process_time()
        market.db.write(lambda s, n=number: booking_no_shows.expire(s, f"e{n}", at(0)))  # type: ignore[misc]
        spent.append(time.process_time() - begun_s)
    percent = statistics.median(spent) * 100
    return result("booking.timers_100k", percent, "% of a core", ("the limit", 0.5), 4)


@contextmanager
def _server() -> Iterator[postgres.Server]:
    programs = postgres.binaries()
    if programs is None:
        raise SystemExit("there is no PostgreSQL server here (Debian: apt-get install postgresql)")
    server = Durable(programs)
    try:
        yield server
    finally:
        server.close()


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:36} {row['value']:>12} {row['unit']:12} {row['ratio']} x {row['peer']}"
              f" ({row['peer_value']})")  # fmt: skip

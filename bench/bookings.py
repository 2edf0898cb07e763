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

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

from sqlmodel import Session, select

from bench.booking_market import CLIENTS, SPACES, Market, Wish
from bench.booking_sides import (
    bare_postgres,
    bare_sqlite,
    durable_server,
    rate_of,
    soon,
)
from bench.rows import Row, result
from cloud.tables import Booking
from cloud.usecases import booking_no_shows, booking_rows
from contracts.wire.types import to_ms
from tests.contracts.making import at

ROUNDS, EACH, SEED = 3, 60, 1
QUARTERS = 24 * 4
INSERTS, TIMERS = 2_000, 100_000


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, durable_server() as server:
        bare, bare_pg = bare_sqlite(Path(folder)), bare_postgres(server)
        ours, theirs = (
            Market(Path(folder) / "city.sqlite"),
            Market(server.emptied(), Path(folder) / "pg.key"),
        )
        try:
            asked = partial(soon, ours.book_soon), partial(rate_of, theirs.book)
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


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:36} {row['value']:>12} {row['unit']:12} {row['ratio']} x {row['peer']}"
              f" ({row['peer_value']})")  # fmt: skip

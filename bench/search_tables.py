"""The index of a city of 1 M spaces and 3 M bookings, read from the cloud's own tables.

`python -m bench.search_tables`. The file is made once a run, with rows as long as real ones and
with the indexes that reading needs; the index is read in a process of its own, so that its memory
can be told from everything else.
"""

from __future__ import annotations

import gc
import json
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.rows import Row, result
from bench.search_city import A_LOT, BASE_MS, DAY_MS, City, city
from cloud.adapters.db import Database
from cloud.adapters.search_held import HeldIndex
from cloud.core.search_segment import EMPTY, KNOWN, LISTED, ONLINE, Columns
from cloud.usecases import searching
from contracts.wire.types import from_ms

SPACES, BOOKINGS = 1_000_000, 3_000_000
OWNERS, SCHEDULES = 500_000, 500
TURNS, IN_TURN = 20, 500
# The parts of a row that searching does not read, as long as those of real ones.
TARIFF, TERMS, RECORD, CLAIM = "t" * 288, "t" * 178, "r" * 550, "c" * 200
FLAGS = {LISTED: "shared", ONLINE: True, KNOWN: "occupied", EMPTY: "free"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TITLE = """{"space":"%s","number":%d,"lot":"%s","holder":"holder","right":"ownership",
"valid_until":"%s","encumbrance":"none","use":"private","salt":"0x%064x"}"""
Rows = Iterable[tuple[Any, ...]]


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "city.sqlite"
        fill(path, city(SPACES, BOOKINGS))
        done = subprocess.run(
            [sys.executable, "-m", "bench.search_tables", str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        told = json.loads(done.stdout)
        costs = _trigger_us(path)
    if told["spaces"] != SPACES or told["bookings"] != BOOKINGS:
        raise SystemExit(f"the index does not hold the city: {told}")
    with_it, without = costs
    return [
        result("search.rebuild_s", told["rebuild_s"], "s", ("reach", 20.0), 1),
        result("search.rebuild_mb", told["kept_mb"], "MB", ("reach", 300.0), 0),
        result("search.rebuild_peak_mb", told["peak_mb"], "MB", ("reach", 300.0), 0),
        result("search.trigger_us", with_it - without, "us", ("an insert without it", without), 2),
    ]


def fill(path: Path, made: City) -> None:
    """By plain SQL, without the rules that look at each row."""
    Database(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
    _bare(connection)
    connection.execute("BEGIN")
    for table, names, some in _tables(made):
        marks = ", ".join("?" * len(names.split()))
        columns = ", ".join(f'"{name}"' for name in names.split())
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", some)
    connection.execute("COMMIT")
    connection.executescript(
        """CREATE INDEX booking_space_window ON booking (space, starts_ms, ends_ms);
        CREATE INDEX ix_registration_space ON registration (space);
        CREATE UNIQUE INDEX offer_one_open ON offer (space) WHERE status = 'open';
        PRAGMA journal_mode=WAL;"""
    )
    connection.close()


def _bare(connection: sqlite3.Connection) -> None:
    """Without triggers, and without indexes that reading does not need."""
    kinds = "SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL AND type = ?"
    for kind in ("trigger", "index"):
        for _, name in connection.execute(kinds, (kind,)).fetchall():
            connection.execute(f"DROP {kind} {name}")
    for table in ("booking", "space"):
        asked = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
        (text,) = connection.execute(asked, (table,)).fetchone()
        connection.execute(f"DROP TABLE {table}")
        connection.execute(re.sub(r",\s*UNIQUE \([^)]*\)", "", text))


def _tables(made: City) -> Iterator[tuple[str, str, Rows]]:
    """(table, its columns, its rows)"""
    ids = [text.decode() for text in made.columns.ids.tolist()]
    yield from _places(made.columns, ids)
    yield from _market(made.columns, ids)
    taken = made.taken
    times = zip(*(array.tolist() for array in (taken.where, taken.starts_ms, taken.ends_ms)))
    yield (
        "booking",
        """id request_key space offer driver plate state starts_ms ends_ms grant record tariff
        held_minor fee_bps history asked version early_ms due_ms""",
        (_booking(n, ids[where], begin, end) for n, (where, begin, end) in enumerate(times)),
    )


def _places(columns: Columns, ids: list[str]) -> Iterator[tuple[str, str, Rows]]:
    lat, lon, flags = columns.lat.tolist(), columns.lon.tolist(), columns.flags.tolist()
    lots = range(len(ids) // A_LOT + 1)
    yield "lot", "id name tz", ((f"lot-{n}", "", "Asia/Shanghai") for n in lots)
    online = (flags[min(n * A_LOT, len(ids) - 1)] & ONLINE > 0 for n in lots)
    yield (
        "gateway",
        "id signer lot online seen_ms status epoch seq",
        ((f"gw-{n}", "", f"lot-{n}", on, 0, "{}", 0, 0) for n, on in enumerate(online)),
    )
    yield (
        "space",
        "id number lot lat lon gateway occupancy occupancy_ms",
        (
            (ids[n], n, f"lot-{n // A_LOT}", lat[n], lon[n], f"gw-{n // A_LOT}", _seen(flags[n]), 0)
            for n in range(len(ids))
        ),
    )


def _market(columns: Columns, ids: list[str]) -> Iterator[tuple[str, str, Rows]]:
    texts, heights = _schedules(), [cm or None for cm in columns.heights_cm.tolist()]
    yield (
        "offer",
        """id space owner windows tariff terms max_height_cm plug charging_only name_shown
        compensation version published_ms status""",
        (
            (
                *(f"o{n}", ids[n], n % OWNERS, texts[n * 7 % SCHEDULES], TARIFF, TERMS),
                *(heights[n], "", False, False, "", 1, BASE_MS, "open"),
            )
            for n in range(len(ids))
        ),
    )
    yield (
        "registration",
        """id space owner status reasons decision decided_ms doubts claim decided rules_version
        offered_ms""",
        (
            (f"r{n}", ids[n], n % OWNERS, "shared", "[]", "", 0, "[]", CLAIM, "", 1, 0)
            for n in range(len(ids))
        ),
    )
    yield (
        "title",
        "space version position record leaf",
        (
            (ids[n], 1, n, TITLE % (ids[n], n, n // A_LOT, "2099-12-31", n), bytes(32))
            for n in range(len(ids))
        ),
    )


def _booking(number: int, space: str, starts_ms: int, ends_ms: int) -> tuple[Any, ...]:
    state = ("confirmed", "granted", "active")[number % 3]
    name = f"b{number:08}"
    return (
        *(name, name, space, name, number, "plate", state, starts_ms, ends_ms, f"{number:064x}"),
        *(RECORD, TARIFF, 600, 0, "h" * 58, "a" * 60, 1, starts_ms, ends_ms),
    )


def _seen(flags: int) -> str:
    return "free" if flags & EMPTY else "occupied" if flags & KNOWN else "unknown"


def _schedules() -> list[str]:
    made = []
    for number in range(SCHEDULES):
        begin, length = number * 30 % 1440, 300 + number % 20 * 30
        hours = {"from_min": begin, "to_min": (begin + length) % 1440}
        weekly = [{"days": DAYS[: 5 + number % 3], **hours}]
        made.append(json.dumps({"weekly": weekly}))
    return made


def _trigger_us(path: Path) -> tuple[float, float]:
    """An insert of a booking with the trigger that tells the index, and without; in turns."""
    Database(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    (text,) = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'search_booking_insert'"
    ).fetchone()
    found: tuple[list[float], list[float]] = ([], [])
    connection.execute("BEGIN IMMEDIATE")
    number = BOOKINGS
    for _ in range(TURNS):
        for times, having in zip(found, (True, False)):
            if not having:
                connection.execute("DROP TRIGGER search_booking_insert")
            begin_ms = BASE_MS + 300 * DAY_MS
            some = [
                _booking(n, f"S{n % SPACES:07d}", begin_ms + n, begin_ms + n + 1)
                for n in range(number, number + IN_TURN)
            ]
            times.append(_inserted_us(connection, some))
            number += IN_TURN
            if not having:
                connection.execute(text)
    connection.execute("ROLLBACK")
    connection.close()
    return statistics.median(found[0]), statistics.median(found[1])


def _inserted_us(connection: sqlite3.Connection, some: list[tuple[Any, ...]]) -> float:
    names = """id, request_key, space, offer, driver, plate, state, starts_ms, ends_ms, "grant",
      record, tariff, held_minor, fee_bps, history, asked, version, early_ms, due_ms"""
    marks = ", ".join("?" * len(some[0]))
    begun_s = time.perf_counter()
    for one in some:
        connection.execute(f"INSERT INTO booking ({names}) VALUES ({marks})", one)
    return (time.perf_counter() - begun_s) / len(some) * 1e6


def _measured(path: Path) -> dict[str, float]:
    db = Database(path)
    db.read(searching.last_change)
    gc.collect()
    base_mb = _status_mb("VmRSS")
    begun_s = time.perf_counter()
    index = HeldIndex()
    db.read(lambda session: index.renew(session, from_ms(BASE_MS)))
    rebuild_s = time.perf_counter() - begun_s
    gc.collect()
    main = index.segment
    assert main is not None
    return {
        "rebuild_s": rebuild_s,
        "kept_mb": max(main.nbytes / 1e6, _status_mb("VmRSS") - base_mb),
        "peak_mb": max(main.nbytes / 1e6, _status_mb("VmHWM") - base_mb),
        "spaces": len(main.ids),
        "bookings": len(main.busy.starts_ms),
    }


def _status_mb(name: str) -> float:
    """Of this process; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if sys.platform != "linux" or not status.is_file():
        return 0.0
    (line,) = (one for one in status.read_text("utf-8").splitlines() if one.startswith(name))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_measured(Path(sys.argv[1]))))
    else:
        for row in rows():
            print(row["name"], row["value"], row["unit"], row["peer"], row["peer_value"])

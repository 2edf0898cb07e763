"""The same question as one plain statement of SQL, with the plans an engineer would try."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import cos, floor, radians
from pathlib import Path
from typing import Any

import numpy as np

from bench.search_city import City
from cloud.core.search_segment import Ask

METRES = 111_320.0
CELL = 0.002
TABLES = """
CREATE TABLE space (number INTEGER PRIMARY KEY, id TEXT NOT NULL, lat REAL NOT NULL,
  lon REAL NOT NULL, flags INTEGER NOT NULL, height_cm INTEGER NOT NULL, offered INTEGER NOT NULL,
  cell INTEGER NOT NULL);
CREATE TABLE offered (number INTEGER, starts_ms INTEGER, ends_ms INTEGER,
  PRIMARY KEY (number, starts_ms, ends_ms)) WITHOUT ROWID;
CREATE TABLE booking (space INTEGER, starts_ms INTEGER, ends_ms INTEGER,
  PRIMARY KEY (space, starts_ms, ends_ms)) WITHOUT ROWID;
"""
INDEXES = """
CREATE INDEX space_lat_lon ON space (lat, lon);
CREATE INDEX space_cell ON space (cell, lat, lon);
CREATE VIRTUAL TABLE box USING rtree (number, south, north, west, east);
INSERT INTO box SELECT number, lat, lat, lon, lon FROM space;
ANALYZE;
"""
SQUARE = """((s.lat - :lat) * 111320.0 * ((s.lat - :lat) * 111320.0)
  + (s.lon - :lon) * 111320.0 * :scale * ((s.lon - :lon) * 111320.0 * :scale))"""
FIT = f"""{SQUARE} <= :radius * :radius AND s.flags & :needs = :needs
  AND (:height = 0 OR s.height_cm = 0 OR s.height_cm >= :height)"""
FREE = """EXISTS (SELECT 1 FROM offered o WHERE o.number = n.offered
    AND o.starts_ms <= :starts AND o.ends_ms >= :ends)
  AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.space = n.number
    AND b.starts_ms < :ends AND b.ends_ms > :starts)"""
# How the spaces near are found.
NEAR = {
    "R*Tree": """box x CROSS JOIN space s ON s.number = x.number WHERE x.south <= :north
      AND x.north >= :south AND x.west <= :east AND x.east >= :west AND""",
    "cells": """rows r CROSS JOIN space s INDEXED BY space_cell
      ON s.cell BETWEEN r.row * 1000000 + :first AND r.row * 1000000 + :last WHERE""",
    "latitude and longitude": """space s INDEXED BY space_lat_lon WHERE s.lat >= :south
      AND s.lat <= :north AND s.lon >= :west AND s.lon <= :east AND""",
}
ROWS = """rows (row) AS (SELECT :top UNION ALL SELECT row + 1 FROM rows WHERE row < :bottom),"""
Answer = list[tuple[str, float]]


def statement(near: str, lazy: bool) -> str:
    """`lazy`: sorted by distance first, so that times are asked only until enough are found."""
    rows = ROWS if near == "cells" else ""
    sort = "ORDER BY square, id" if lazy else ""
    last = "" if lazy else "ORDER BY square, id"
    return f"""WITH RECURSIVE {rows} near AS MATERIALIZED (
      SELECT s.number, s.id, s.offered, {SQUARE} AS square FROM {NEAR[near]} {FIT} {sort})
    SELECT n.id, n.square FROM near n WHERE {FREE} {last} LIMIT :many"""


def fill(connection: sqlite3.Connection, city: City) -> None:
    columns = city.columns
    cells = (np.floor(columns.lat / CELL) * 1_000_000 + np.floor(columns.lon / CELL)).astype(int)
    ids = [text.decode() for text in columns.ids.tolist()]
    lists = (columns.lat, columns.lon, columns.flags, columns.heights_cm, columns.offered_of, cells)
    connection.executescript(TABLES)
    connection.executemany(
        "INSERT INTO space VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        zip(range(len(ids)), ids, *(array.tolist() for array in lists)),
    )
    connection.executemany("INSERT INTO offered VALUES (?, ?, ?)", offered_rows(city))
    taken = city.taken
    order = np.lexsort((taken.starts_ms, taken.where))
    times = (taken.where[order], taken.starts_ms[order], taken.ends_ms[order])
    rows = zip(*(array.tolist() for array in times))
    connection.executemany("INSERT OR IGNORE INTO booking VALUES (?, ?, ?)", rows)
    connection.executescript(INDEXES)
    connection.commit()


def opened(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
    connection.executescript("PRAGMA cache_size=-400000; PRAGMA mmap_size=1000000000;")
    return connection


def engines(connection: sqlite3.Connection) -> dict[str, Callable[[Ask], Answer]]:
    """Each with the whole circle at once, and with a quarter of the radius first, as ours."""
    made: dict[str, Callable[[Ask], Answer]] = {}
    for near in NEAR:
        for lazy in (False, True):
            text = statement(near, lazy)
            name = f"SQLite {near}{', times last' if lazy else ''}"
            made[name] = _asking(connection, text, (1.0,))
            made[f"{name}, smaller circle first"] = _asking(connection, text, (0.25, 1.0))
    return made


def _asking(
    connection: sqlite3.Connection, text: str, shares: tuple[float, ...]
) -> Callable[[Ask], Answer]:
    def answer(ask: Ask) -> Answer:
        found: Answer = []
        for share in shares:
            asked = values(replace(ask, radius_m=ask.radius_m * share))
            found = connection.execute(text, asked).fetchall()
            if len(found) == ask.many:
                break
        return found

    return answer


def values(ask: Ask) -> dict[str, Any]:
    scale = cos(radians(ask.lat))
    tall, wide = ask.radius_m / METRES + 1e-5, ask.radius_m / (METRES * scale) + 1e-5
    south, north, west, east = ask.lat - tall, ask.lat + tall, ask.lon - wide, ask.lon + wide
    return {
        **{"lat": ask.lat, "lon": ask.lon, "scale": scale, "radius": ask.radius_m},
        **{"south": south, "north": north, "west": west, "east": east},
        **{"top": floor(south / CELL), "bottom": floor(north / CELL)},
        **{"first": floor(west / CELL), "last": floor(east / CELL)},
        **{"needs": ask.needs, "height": ask.height_cm, "many": ask.many},
        **{"starts": ask.starts_ms, "ends": ask.ends_ms},
    }


def offered_rows(city: City) -> Iterator[tuple[int, int, int]]:
    for number, one in enumerate(city.columns.offered):
        for starts_ms, ends_ms in zip(one.starts_ms, one.ends_ms):
            yield number, starts_ms, ends_ms

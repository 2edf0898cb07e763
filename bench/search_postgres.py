"""The same question on a PostgreSQL server of its own, where there is one on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import psycopg

from bench.search_city import City
from bench.search_sql import CELL, FIT, FREE, SQUARE, Answer, offered_rows, values
from cloud.core.search_segment import Ask

TABLES = """
CREATE TABLE space (number int, id text COLLATE "C", lat float8, lon float8, flags int,
  height_cm int, offered int, cell bigint);
CREATE TABLE offered (number int, starts_ms bigint, ends_ms bigint);
CREATE TABLE booking (space int, starts_ms bigint, ends_ms bigint);
"""
INDEXES = """
CREATE INDEX ON space USING gist (point(lon, lat));
CREATE INDEX ON space (cell);
CREATE INDEX ON offered (number, starts_ms, ends_ms);
CREATE INDEX ON booking (space, starts_ms, ends_ms);
"""
NEAR = {
    "gist": "space s WHERE point(s.lon, s.lat) <@ box(point(:west, :south), point(:east, :north))",
    "cells": """generate_series(:top, :bottom) AS r (row) JOIN space s
      ON s.cell BETWEEN r.row * 1000000 + :first AND r.row * 1000000 + :last WHERE true""",
}
PARTS = ("lat", "lon", "scale", "radius", "south", "north", "west", "east", "top", "bottom")
MORE = ("first", "last", "needs", "height", "many", "starts", "ends")
WHOLE = {"top", "bottom", "first", "last", "starts", "ends"}


def fill(connection: psycopg.Connection[Any], city: City) -> None:
    columns, taken = city.columns, city.taken
    cells = np.floor(columns.lat / CELL) * 1_000_000 + np.floor(columns.lon / CELL)
    ids = [text.decode() for text in columns.ids.tolist()]
    lists = (columns.lat, columns.lon, columns.flags, columns.heights_cm, columns.offered_of)
    spaces = zip(range(len(ids)), ids, *(a.tolist() for a in (*lists, cells.astype(np.int64))))
    times = zip(*(a.tolist() for a in (taken.where, taken.starts_ms, taken.ends_ms)))
    connection.execute(TABLES)
    _copied(connection, "space", spaces)
    _copied(connection, "offered", offered_rows(city))
    _copied(connection, "booking", times)
    connection.execute(INDEXES)
    connection.execute("VACUUM ANALYZE space")
    connection.execute("VACUUM ANALYZE offered")
    connection.execute("VACUUM ANALYZE booking")


def engines(connection: psycopg.Connection[Any]) -> dict[str, Callable[[Ask], Answer]]:
    return {
        f"PostgreSQL {near}{', times last' if lazy else ''}": _asking(connection, near, lazy)
        for near in NEAR
        for lazy in (False, True)
    }


def _asking(connection: psycopg.Connection[Any], near: str, lazy: bool) -> Callable[[Ask], Answer]:
    sort, last = ("ORDER BY square, id", "") if lazy else ("", "ORDER BY square, id")
    text = f"""WITH near AS MATERIALIZED (
      SELECT s.number, s.id, s.offered, {SQUARE} AS square FROM {NEAR[near]} AND {FIT} {sort})
    SELECT n.id, n.square FROM near n WHERE {FREE} {last} LIMIT :many"""
    for name in sorted((*PARTS, *MORE), key=len, reverse=True):
        kind = "int8" if name in WHOLE else "int4" if name in MORE else "float8"
        text = text.replace(f":{name}", f"%({name})s::{kind}")

    def answer(ask: Ask) -> Answer:
        return connection.execute(text.encode(), values(ask), prepare=True).fetchall()

    return answer


def _copied(
    connection: psycopg.Connection[Any], table: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)

"""The cloud's database after a power cut: it opens, and all that somebody was told is in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from sqlmodel import select

from cloud.adapters.db import Database
from cloud.errors import CloudError
from cloud.tables import Booking
from cloud.usecases import plate_vault
from firmware_sim.powercut.images import Cut, Outcome, judge_all, record, scratch, told
from firmware_sim.powercut.trace import Step
from tests.sim.powercut_cloud_work import FILE, apply_all

WORK = "tests.sim.powercut_cloud_work"
# The adapter asks for every table: most images are opened by SQLite alone, in the same way.
ADAPTER_EVERY = 10
PLATE = "沪A12345"
ROUNDS = 12


class CloudJudge:
    def __init__(self, marks: Sequence[str]) -> None:
        self._said = [json.loads(text) for text in marks]
        self._judged = 0

    def __call__(self, cut: Cut, folder: Path) -> str:
        self._judged += 1
        path = folder / FILE
        if not path.exists():
            return "lost: no database" if cut.told else ""
        if self._judged % ADAPTER_EVERY == 0 and (wrong := self._opened(cut, path)):
            return wrong
        try:
            with closing(sqlite3.connect(path)) as database:
                database.execute("PRAGMA synchronous=FULL")
                return next(self._wrong(cut, database), "")
        except sqlite3.DatabaseError as error:
            return f"corrupt: {error}"

    def _opened(self, cut: Cut, path: Path) -> str:
        """By the adapter itself, which must read what it sealed, and apply what was stored only."""
        try:
            database = Database(path, plate_key=path.parent / "plates.key")
        except CloudError as error:
            return f"does not open: {error}"
        try:
            plates = database.read(
                lambda s: [plate_vault.of_booking(s, row) for row in s.exec(select(Booking))]
            )
            left = apply_all(database) if cut.told else 0
        finally:
            database.close()
        if left:
            return f"stuck: {left} events are stored and do not become stays"
        return "lost: a plate does not open" if set(plates) - {PLATE} else ""

    def _wrong(self, cut: Cut, database: sqlite3.Connection) -> Iterator[str]:
        for pragma in ("integrity_check", "foreign_key_check"):
            for found, *_ in database.execute(f"PRAGMA {pragma}").fetchall():
                if found != "ok":
                    yield f"corrupt: {pragma}: {found}"
        said = self._said[: cut.told]
        if not said:
            return
        yield from _events(said, database)
        yield from _named(said, database)
        if database.execute("SELECT 1 FROM transfersum LIMIT 1").fetchone():
            yield "torn: a transfer of which a part is missing"


def _events(said: Sequence[dict[str, int]], database: sqlite3.Connection) -> Iterator[str]:
    acked = max((it["acked"] for it in said if "acked" in it), default=0)
    count = "SELECT COUNT(*) FROM event WHERE seq <= ?"
    if (found := database.execute(count, (acked,)).fetchone()[0]) != acked:
        yield f"lost: {acked} events were acknowledged, {found} are there"
    kept = "SELECT COALESCE(MAX(MAX(seq, kept_seq)), 0) FROM gateway"
    known = database.execute(kept).fetchone()[0]
    if known < acked:
        yield f"lost: {acked} events were acknowledged, the gateway stands at {known}"


NAMED = {
    "booked": "SELECT id FROM booking",
    "paid": "SELECT transfer FROM entry",
    "sent": "SELECT hash FROM chainattempt",
    "settled": "SELECT stay FROM settlement",
}


def _named(said: Sequence[dict[str, object]], database: sqlite3.Connection) -> Iterator[str]:
    for what, query in NAMED.items():
        names = {it[what] for it in said if what in it}
        if names and (missing := names - {name for (name,) in database.execute(query)}):
            yield f"lost: {what} {sorted(map(str, missing))[:3]}"


def recorded(seed: int, rounds: int) -> list[Step]:
    with scratch() as folder:
        parts = [(str(seed), str(part), str(rounds)) for part in (0, 1)]
        return record(WORK, Path(folder), parts)


def judged(steps: Sequence[Step], most: int, seed: int) -> Outcome:
    return judge_all(steps, CloudJudge(told(steps)), Random(seed), most)


def run(most: int, seed: int, rounds: int = ROUNDS) -> Outcome:
    return judged(recorded(seed, rounds), most, seed)

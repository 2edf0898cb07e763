"""A cloud at work, to be recorded:

`python -m tests.sim.powercut_cloud_work FOLDER SEED PART ROUNDS`.

Real database, group writer, use cases, sweeps and the intake that serves, its checkers in this
process: events are stored together, acknowledged, then applied. The chain is the shipped fake one.
Several coroutines write at once, as the wire and the API do. PART 0 ends as by kill -9; PART 1
opens what is there, writes on, and ends as it should. Marks: what a gateway was acknowledged, a
driver told that was booked or paid, the chain sent, and all settled.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from sqlmodel import func, select

from cloud.adapters.checkers import PlainCheckers
from cloud.adapters.db import Database
from cloud.adapters.fake_chain import FakeChain
from cloud.entrypoints.intake import Desk, Inbox, Intake
from cloud.ports.chain import SignedTransaction
from cloud.tables import Account, Booking, Settlement
from cloud.usecases import accounts, stay_intake
from cloud.usecases.stays import Taken
from contracts.wire.codec import encode
from contracts.wire.messages import SignedEvent, Up
from contracts.wire.topics import topic_for
from contracts.wire.types import from_ms
from firmware_sim.powercut.trace import MARK
from tests.cloud.rig import Rig

EVERY_S = 3900.0
AGAIN, AGAIN_MS = 6, 1_780_000_000_000
CHECKPOINT_EVERY = 3
PATIENCE_S, MOST_APPLIED = 60.0, 1_000
FILE = "cloud.sqlite"
MARKS: list[int] = []


def say(**what: object) -> None:
    os.write(MARKS[0], json.dumps(what).encode())


class Told(FakeChain):
    """What leaves for the chain may be mined, whatever becomes of us."""

    def send(self, tx: SignedTransaction) -> None:
        say(sent=tx.hash)
        super().send(tx)


class Office:
    """The cloud's intake on a rig. `heard`: all up to `last` is acknowledged."""

    def __init__(self, rig: Rig, last: int) -> None:
        self._rig, self._last = rig, last
        self._inbox, self.heard = Inbox(), asyncio.Event()
        desk = Desk(self._commit, self._answer, Counter())
        self.intake = Intake(rig.db, rig.clock, PlainCheckers(rig.domain), self._inbox, desk)

    def _commit(self, group: list[Up]) -> list[Taken]:
        return [self._rig.take(it) for it in group if isinstance(it, SignedEvent)]

    def _answer(self, taken: Taken) -> None:
        assert taken.refused is None, taken
        say(epoch=taken.epoch, acked=taken.seq)
        if taken.seq >= self._last:
            self.heard.set()

    async def give(self, signed: Sequence[SignedEvent]) -> None:
        """One after the other, so that some are stored while others are applied."""
        for one in signed:
            self._inbox.put_nowait((topic_for(one), encode(one)))
            await asyncio.sleep(0)

    async def applied(self) -> None:
        await self.heard.wait()
        while self._rig.db.read(stay_intake.behind):
            await asyncio.sleep(0.001)


async def payment(rig: Rig, reference: str) -> None:
    await rig.db.write_soon(lambda s: accounts.top_up(s, rig.driver, 1_000, reference, rig.now_ms))
    say(paid=f"deposit:{rig.driver}:{reference}")


async def together(rig: Rig, signed: list[SignedEvent], references: list[str]) -> None:
    office = Office(rig, max(one.body.seq for one in signed))
    running = asyncio.create_task(office.intake.run())
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(office.give(signed))
        for reference in references:
            group.create_task(payment(rig, reference))
        group.create_task(office.applied())
    running.cancel()
    await asyncio.wait([running])


def round_of(rig: Rig, number: int, rng: Random) -> None:
    """One booked stay beside some that nobody booked, then a turn of the sweeps."""
    begins_s = number * EVERY_S
    booking = rig.book(begins_s + 60, begins_s + 3660, 600, f"key-{number}")
    assert isinstance(booking, Booking), booking
    say(booked=booking.id)
    arrive_s, depart_s = begins_s + rng.randint(70, 200), begins_s + rng.randint(1000, 3500)
    more = {"match": "accepted", "grant": booking.grant}
    first = [rig.next_event("arrival", "occupied", arrive_s, **more)]
    first += [rig.next_event("arrival", "occupied", arrive_s, space=s) for s in ("S2", "S3")]
    second = [rig.next_event("departure", "free", depart_s, **more)]
    second += [rig.next_event("departure", "free", depart_s, space=s) for s in ("S2", "S3")]
    for signed in (first, second):
        # In order they are stored together; with a gap each is taken by itself.
        if number % 2:
            rng.shuffle(signed)
        asyncio.run(together(rig, signed, [f"r-{number}-{s}-{len(signed)}" for s in range(2)]))
    rig.clock.pass_s(EVERY_S)
    rig.settle()
    for stay in rig.db.read(lambda s: list(s.exec(select(Settlement.stay)))):
        say(settled=stay)


def checkpoint(folder: Path, rng: Random) -> None:
    """As SQLite does by itself after 16 MB, which would make large traces."""
    with sqlite3.connect(folder / FILE) as database:
        database.execute(f"PRAGMA wal_checkpoint({rng.choice(['PASSIVE', 'FULL', 'TRUNCATE'])})")
    database.close()


def main(folder: Path, seed: int, part: int, rounds: int) -> None:
    rng = Random(f"{seed}-{part}")
    MARKS.append(os.open(folder / MARK, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    if part:
        again(folder)
        return
    rig = Rig(folder, chain_type=Told)
    rig.open_market()
    rig.top_up(100_000, "much")
    rig.offer("S1", 24 * 30)
    for number in range(rounds):
        round_of(rig, number, rng)
        if number % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1:
            checkpoint(folder, rng)
    os._exit(0)


def again(folder: Path) -> None:
    """Another process over the same file: recovery, what waits is applied, some writes, a close."""
    db = Database(folder / FILE, plate_key=folder / "plates.key")
    driver = db.read(lambda s: s.exec(select(func.max(Account.number))).one())
    for number in range(AGAIN):
        reference = f"again-{number}"
        db.write(lambda s, it=reference: accounts.top_up(s, driver, 1_000, it, AGAIN_MS))
        say(paid=f"deposit:{driver}:{reference}")
    apply_all(db)
    db.close()


def apply_all(db: Database) -> int:
    """As the intake does when it begins; how many events are left waiting."""
    now = from_ms(AGAIN_MS)
    for name in db.read(stay_intake.behind):
        db.write(lambda s, it=name: stay_intake.apply_waiting(s, it, MOST_APPLIED, now))
    return db.read(stay_intake.waiting)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))

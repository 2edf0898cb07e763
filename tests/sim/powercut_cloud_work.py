"""A cloud at work, to be recorded:

`python -m tests.sim.powercut_cloud_work FOLDER SEED PART ROUNDS`.

Real database, group writer, use cases and sweeps; the chain is the shipped fake one. Several
coroutines write at once, as the wire and the API do. PART 0 ends as by kill -9; PART 1 opens what
is there, writes on, and ends as it should. Marks: what a gateway was acknowledged, a driver told
that was booked or paid, the chain sent, and all settled.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from pathlib import Path
from random import Random

from sqlmodel import func, select

from cloud.adapters.db import Database
from cloud.adapters.fake_chain import FakeChain
from cloud.ports.chain import SignedTransaction
from cloud.tables import Account, Booking, Settlement
from cloud.usecases import accounts, stays
from contracts.wire.messages import SignedEvent
from firmware_sim.powercut.trace import MARK
from tests.cloud.rig import Rig

EVERY_S = 3900.0
AGAIN, AGAIN_MS = 6, 1_780_000_000_000
CHECKPOINT_EVERY = 3
FILE = "cloud.sqlite"
MARKS: list[int] = []


def say(**what: object) -> None:
    os.write(MARKS[0], json.dumps(what).encode())


class Told(FakeChain):
    """What leaves for the chain may be mined, whatever becomes of us."""

    def send(self, tx: SignedTransaction) -> None:
        say(sent=tx.hash)
        super().send(tx)


async def event(rig: Rig, signed: SignedEvent) -> None:
    taken = await rig.db.write_soon(lambda s: stays.take(s, signed, rig.domain, rig.clock.at))
    assert taken.refused is None, taken
    say(epoch=taken.epoch, acked=taken.seq)


async def payment(rig: Rig, reference: str) -> None:
    await rig.db.write_soon(lambda s: accounts.top_up(s, rig.driver, 1_000, reference, rig.now_ms))
    say(paid=f"deposit:{rig.driver}:{reference}")


async def together(rig: Rig, signed: list[SignedEvent], references: list[str]) -> None:
    async with asyncio.TaskGroup() as group:
        for one in signed:
            group.create_task(event(rig, one))
        for reference in references:
            group.create_task(payment(rig, reference))


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
    """Another process over the same file: recovery, some writes, and a close."""
    db = Database(folder / FILE, plate_key=folder / "plates.key")
    driver = db.read(lambda s: s.exec(select(func.max(Account.number))).one())
    for number in range(AGAIN):
        reference = f"again-{number}"
        db.write(lambda s, it=reference: accounts.top_up(s, driver, 1_000, it, AGAIN_MS))
        say(paid=f"deposit:{driver}:{reference}")
    db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))

"""A lot of offered spaces for the bench of bookings: the real tables, made without a chain."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session

from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.tables import Account, Booking, Gateway, Lot, Registration, Setting, Space
from cloud.usecases import accounts, bookings, offers
from contracts.ledger.pricing import Tariff, Terms, Window
from tests.contracts.making import at

CLIENTS, SPACES = 16, 400
OVERLAPS = """SELECT count(*) FROM {table} a JOIN {table} b ON a.space = b.space AND a.id < b.id
  AND a.starts_ms < b.ends_ms AND b.starts_ms < a.ends_ms"""
Wish = tuple[str, str, int]


class Market:
    """A lot of offered spaces, and a driver whose money lasts; made without a chain."""

    def __init__(self, where: Path | str, plate_key: Path | None = None) -> None:
        self.db = Database(where, plate_key=plate_key)
        self.now = at(0)
        self.drivers = self.db.write(self._open)

    def _open(self, session: Session) -> list[int]:
        session.add(Lot(id="lot-1", name="lot"))
        session.add(Gateway(id="gw-1", signer="0x", lot="lot-1", online=True))
        session.add(Setting(key="bench", value="x"))
        people = [
            Account(name="d", role="driver", token_hash=f"{n}", address="", created_ms=0)
            for n in range(CLIENTS + 1)
        ]
        session.add_all(people)
        session.flush()
        numbers = [person.number or 0 for person in people]
        for number in numbers:
            accounts.post(session, f"d{number}", accounts.money.deposit(number, 10**9), 0)
        window = Window(starts_at=at(0), ends_at=at(80 * 86_400))
        for number in range(SPACES):
            self._offer(session, number, numbers[0], window)
        return numbers[1:]

    def _offer(self, session: Session, number: int, owner: int, window: Window) -> None:
        name = f"P{number}"
        session.add(
            Space(
                id=name,
                number=number + 1,
                lot="lot-1",
                lat=31.23,
                lon=121.47,
                gateway="gw-1",
                occupancy="free",
            )
        )
        session.add(_shared(name, owner))
        tariff = Tariff(id="t", version=1, currency="CNY", per_hour_minor=600)
        row = offers.compose(f"o{number}", owner, name, [window], (tariff, Terms()))
        row.status = "open"
        session.add(row)

    def book(self, wish: Wish) -> bool:
        return _granted(wish, self.db.write(self._story(wish)))

    async def book_soon(self, wish: Wish) -> bool:
        return _granted(wish, await self.db.write_soon(self._story(wish)))

    def _story(self, wish: Wish) -> Callable[[Session], Booking | Refusal]:
        key, space, quarter = wish
        begins = at(3600 + quarter * 900)
        asked = bookings.Asked(
            key,
            self.drivers[zlib.crc32(key.encode()) % CLIENTS],
            space,
            Window(starts_at=begins, ends_at=begins + timedelta(hours=1)),
            "沪A12345",
            600,
        )
        ids = bookings.Ids(f"b-{key}", f"c-{key}")
        return lambda session: bookings.confirm(session, asked, ids, self.now)

    def overlaps(self) -> int:
        return overlaps_in(self.db, "booking")

    def close(self) -> None:
        self.db.close()


def _granted(wish: Wish, made: Booking | Refusal) -> bool:
    if isinstance(made, Refusal) and made.reasons[0].code != "overlap":
        raise SystemExit(f"{wish} was refused: {made.reasons[0].code}")
    return not isinstance(made, Refusal)


def _shared(space: str, owner: int) -> Registration:
    known = {"id": f"r-{space}", "space": space, "owner": owner, "status": "shared"}
    blank = {
        name: 0 if field.annotation is int else ""
        for name, field in Registration.model_fields.items()
        if field.is_required() and name not in known
    }
    return Registration(**known, **blank)


def overlaps_in(db: Database, table: str) -> int:
    asked = OVERLAPS.format(table=table)
    return int(db.read(lambda s: s.connection().exec_driver_sql(asked).scalar_one()))

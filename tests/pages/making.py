"""A lot with every state in it, written straight into the tables."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from fastapi import FastAPI
from sqlmodel import Session

from cloud.adapters.db import Database
from cloud.entrypoints.http.pages import no_page, pages_router, static_app
from cloud.tables import (
    Alarm,
    Batch,
    Booking,
    ChainCall,
    Command,
    Gateway,
    Lot,
    ReceiptRow,
    Space,
    Stay,
)
from cloud.usecases import plate_vault
from cloud.usecases.billing import settlement_of
from contracts.ledger.onchain import Ask
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.ledger.receipt import Receipt
from contracts.ledger.records import BookingRecord, tariff_digest
from contracts.wire.types import format_instant, to_ms
from tests.contracts.making import at, receipt

HOSTILE = "<script>alert('Lot')</script> & {key}"
TARIFF = Tariff(id="t-1", version=1, currency="CNY", per_hour_minor=600, free_s=900, cap_minor=3000)
DEGREE_M = 111_320.0
NOW_S = 3000.0
ORDER = ("confirmed", "granted", "active", "completed", "settled")


@dataclass
class HandClock:
    at: datetime = field(default_factory=lambda: at(NOW_S))
    rate: float = 1.0

    def now(self) -> datetime:
        return self.at


@dataclass
class Town:
    db: Database
    clock: HandClock
    app: FastAPI
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def lot(self, lot_id: str = "lot-1", name: str = "虹桥 Lot", across: int = 8) -> None:
        """Two rows that face each other; A1 occupied, A2 unknown, the last not watched."""

        def story(session: Session) -> None:
            session.add(Lot(id=lot_id, name=name))
            session.add(
                Gateway(
                    id=f"gw-{lot_id}",
                    signer="0x" + "11" * 20,
                    lot=lot_id,
                    online=True,
                    seen_ms=to_ms(self.clock.at),
                    epoch=1,
                    seq=9,
                )
            )
            for row, column in ((r, c) for r in range(2) for c in range(across)):
                session.add(self._space(lot_id, row, column, across))

        self.db.write(story)

    def _space(self, lot_id: str, row: int, column: int, across: int) -> Space:
        state = {(0, 0): "occupied", (0, 1): "unknown"}.get((row, column), "free")
        last = (row, column) == (1, across - 1)
        return Space(
            id=f"{lot_id}.{'AB'[row]}{column + 1:02d}",
            number=next(self.numbers),
            lot=lot_id,
            lat=31.2 - row * 11.5 / DEGREE_M,
            lon=121.4 + column * 2.5 / DEGREE_M / 0.8554,
            gateway=None if last else f"gw-{lot_id}",
            occupancy=state,
            occupancy_ms=to_ms(at(300)),
        )

    def occupy(self, space: str, state: str = "occupied") -> None:
        def story(session: Session) -> None:
            row = session.get_one(Space, space)
            row.occupancy, row.occupancy_ms = state, to_ms(self.clock.at)
            session.add(row)

        self.db.write(story)

    def alarm(self, code: str = "unbooked", space: str | None = None) -> None:
        row = Alarm(
            id=f"{code}:{space}", code=code, space=space, sentence="Look.", at_ms=to_ms(at(60))
        )
        self.db.write(lambda s: s.add(row))

    def booking(
        self,
        state: str = "granted",
        booking_id: str = "b-1",
        space: str = "lot-1.B03",
        command: str = "accepted",
    ) -> None:
        window = Window(starts_at=at(0), ends_at=at(7200))
        record = BookingRecord(
            id=booking_id,
            space=space,
            grant=f"g-{booking_id}",
            window=window,
            terms=Terms(),
            tariff=tariff_digest(TARIFF),
            driver_account=3,
            owner_account=2,
            quoted_minor=1200,
            confirmed_at=at(-60),
        )
        row = Booking(
            id=booking_id,
            request_key=booking_id,
            space=space,
            offer="o-1",
            driver=3,
            plate="",
            state=state,
            starts_ms=to_ms(window.starts_at),
            ends_ms=to_ms(window.ends_at),
            grant=record.grant,
            record=record.model_dump_json(),
            tariff=TARIFF.model_dump_json(),
            held_minor=1200,
            history=json.dumps(_history(state)),
        )
        sent = Command(
            id=f"cmd-{booking_id}",
            gateway="gw-lot-1",
            kind="grant",
            payload="{}",
            subject=booking_id,
            status=command,
            created_ms=to_ms(at(-59)),
        )

        def story(session: Session) -> None:
            plate_vault.put(session, row, "沪A12345")
            session.add_all([row, sent])

        self.db.write(story)

    def stay(self, departed: bool = False) -> None:
        row = Stay(
            number=1,
            space="lot-1.B03",
            gateway="gw-lot-1",
            epoch=1,
            first_seq=3,
            last_seq=9 if departed else None,
            booking="b-1",
            arrived_ms=to_ms(at(300)),
            departed_ms=to_ms(at(5700)) if departed else None,
        )
        self.db.write(lambda s: s.add(row))

    def settlement(self, paid: bool = True) -> Receipt:
        made = receipt()
        lines = [line.model_dump(mode="json") for line in made.lines]
        filed = settlement_of(made.record, "b-1", json.dumps(lines))
        filed.batch, filed.position = 1, 0
        call = ChainCall(
            id="batch:1",
            contract="ledger",
            function="settle_batch",
            args="[]",
            sender="settler",
            status="final",
            block_number=9,
        )
        issued = ReceiptRow(stay=1, booking="b-1", text=made.model_dump_json())
        batch = Batch(seq=1, root=made.proof.root, call="batch:1")
        self.db.write(lambda s: s.add_all([filed, call, batch, issued]))
        return made


def _history(state: str) -> list[dict[str, str]]:
    states = ORDER[: ORDER.index(state) + 1] if state in ORDER else (ORDER[0], state)
    times = (-60, -58, 300, 5700, 5760)
    return [
        {"state": name, "at": format_instant(at(second))}
        for name, second in zip(states, times, strict=False)
    ]


@contextmanager
def town(
    folder: Path, heartbeat_s: float = 5.0, ask: Ask | None = None, **bounds: float
) -> Iterator[Town]:
    db, clock = Database(folder / "cloud.sqlite"), HandClock()
    app = FastAPI()
    served_s = float(bounds.get("served_s", 3600.0))
    limit = int(bounds.get("max_streams", 200))
    app.include_router(pages_router(db, clock, heartbeat_s, served_s, limit, ask))
    app.mount("/static", static_app())
    app.add_exception_handler(404, no_page)
    try:
        yield Town(db, clock, app)
    finally:
        db.close()


def later(clock: HandClock, seconds: float) -> None:
    clock.at += timedelta(seconds=seconds)

"""Closed stays in the cloud's database, as its use cases would have left them."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bench.peers.wire import address
from cloud.adapters.dev_keys import DEV_CHAIN_ID
from cloud.core import money
from cloud.tables import Account, Booking, EventRow, Gateway, Space, Stay
from cloud.usecases import accounts
from contracts.ledger.hashing import keccak
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.ledger.records import BookingRecord, tariff_digest
from contracts.wire.messages import Event
from contracts.wire.signing import Domain, address_of, event_digest, sign
from contracts.wire.types import to_ms

T0 = datetime(2026, 5, 1, tzinfo=UTC)
SIZE, DRIVERS, OWNER = 200, 200, 4
FUNDS_MINOR = 1_000_000
GATEWAY_KEY = keccak(b"a bench gateway")
TARIFF = Tariff(id="t-1", version=1, currency="CNY", per_hour_minor=600, cap_minor=3000)


def people(session: Session) -> None:
    for number in range(1, 2 * DRIVERS + 1):
        role = "driver" if number <= DRIVERS else "owner"
        fields = {"name": f"{role} {number}", "token_hash": str(number), "address": address(OWNER)}
        session.add(Account(number=number, role=role, created_ms=0, **fields))
        session.add(Space(id=f"S{number}", number=number, lot="L", lat=0.0, lon=0.0))
    session.add(Gateway(id="gw-1", signer=address_of(GATEWAY_KEY), lot="L"))
    session.flush()
    for number in range(1, DRIVERS + 1):
        postings = money.deposit(number, FUNDS_MINOR)
        accounts.post(session, f"deposit:{number}", postings, 0)


def closed_stays(session: Session, batch: int) -> None:
    """SIZE stays whose departure is in, each with two signed events of one gateway."""
    for at in range(SIZE):
        _closed_stay(session, batch * SIZE + at, at)
    session.flush()


def _closed_stay(session: Session, number: int, at: int) -> None:
    begins = T0 + timedelta(seconds=number)
    window = Window(starts_at=begins, ends_at=begins + timedelta(hours=2))
    record = BookingRecord(
        id=f"b-{number}",
        space=f"S{at + 1}",
        grant="unbound",
        window=window,
        terms=Terms(),
        tariff=tariff_digest(TARIFF),
        driver_account=at + 1,
        owner_account=DRIVERS + 1 + (at * 7 + number // SIZE) % DRIVERS,
        quoted_minor=1200,
        confirmed_at=begins - timedelta(minutes=1),
    ).bound()
    accounts.post(session, f"hold:{record.id}", money.hold(at + 1, 1200), 0)
    session.add(
        Booking(
            id=record.id,
            request_key=record.id,
            space=record.space,
            offer="o",
            driver=at + 1,
            plate="",
            state="completed",
            starts_ms=to_ms(window.starts_at),
            ends_ms=to_ms(window.ends_at),
            grant=record.grant,
            record=record.model_dump_json(),
            tariff=TARIFF.model_dump_json(),
            held_minor=1200,
            history='[{"state": "completed", "at": "2026-05-01T02:00:00.000Z"}]',
        )
    )
    _stay_with_events(session, number, record)


def _stay_with_events(session: Session, number: int, record: BookingRecord) -> None:
    begins, seq = record.window.starts_at, 2 * number + 1
    stay = Stay(
        space=record.space,
        gateway="gw-1",
        epoch=1,
        first_seq=seq,
        last_seq=seq + 1,
        booking=record.id,
        state="closed",
        arrived_ms=to_ms(begins),
        departed_ms=to_ms(begins + timedelta(minutes=90)),
    )
    session.add(stay)
    previous = "0x" + "00" * 32
    for step, (kind, occupancy) in enumerate((("arrival", "occupied"), ("departure", "free"))):
        seconds = 5_400 * step + 1
        event = Event(
            gateway="gw-1",
            epoch=1,
            seq=seq + step,
            kind=kind,  # type: ignore[arg-type]
            space=record.space,
            occupancy=occupancy,  # type: ignore[arg-type]
            at=begins + timedelta(seconds=seconds),
            uncertainty_s=1.0,
            reported_at=begins + timedelta(seconds=seconds + 5),
            boot_id="boot-1",
            boottime_ns=seconds * 10**9,
            clock="synced",
            previous=previous,
            **({"match": "accepted", "grant": record.grant} if step == 0 else {}),  # type: ignore[arg-type]
        )
        raw = event_digest(event, Domain(DEV_CHAIN_ID, address(OWNER)))
        previous = "0x" + raw.hex()
        session.add(_signed_row(event, raw))


def _signed_row(event: Event, raw: bytes) -> EventRow:
    return EventRow(
        gateway=event.gateway,
        epoch=event.epoch,
        seq=event.seq,
        space=event.space,
        body=event.model_dump_json(),
        signature=sign(raw, GATEWAY_KEY),
        digest="0x" + raw.hex(),
        signer=address_of(GATEWAY_KEY),
    )

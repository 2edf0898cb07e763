"""A cloud without processes: real database, use cases and sweeps, and the fake chain."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from cloud.adapters.db import Database
from cloud.adapters.fake_chain import FakeChain
from cloud.core.reasons import Refusal
from cloud.entrypoints.sweeps import Sweeps
from cloud.tables import Booking, Registration
from cloud.usecases import (
    accounts,
    bookings,
    gateways,
    installation,
    offers,
    plate_vault,
    registrations,
    stays,
    titles,
)
from cloud.usecases.stays import Taken
from contracts.ledger.hashing import keccak
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.ledger.records import Deployed
from contracts.wire.messages import Event, SignedEvent, Status
from contracts.wire.signing import Domain, address_of, event_digest, sign
from contracts.wire.types import to_ms
from firmware_sim.city.founding import ADDRESSES, ROW
from tests.contracts.making import KEY, at

ADMIN = ADDRESSES["admin"]


@dataclass
class HandClock:
    """Time moves when a test says so."""

    at: datetime
    rate: float = 1.0

    def now(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def title_rows(changes: dict[str, dict[str, str]] | None = None) -> list[titles.Row]:
    rows = []
    for number in range(1, 6):
        space = f"S{number}"
        row = ROW | {"space": space, "number": str(number)} | (changes or {}).get(space, {})
        rows.append((number + 1, row))
    return rows


@dataclass
class Rig:
    folder: Path
    chain_type: type[FakeChain] = FakeChain
    clock: HandClock = field(default_factory=lambda: HandClock(at(0)))
    # A server's URL; without one a file in the folder.
    url: str | None = None

    def __post_init__(self) -> None:
        self.db = Database(self.url or self.folder / "cloud.sqlite", plate_key=self.plate_key)
        self.chain = self.chain_type(lambda: to_ms(self.clock.at) // 1000, addresses=ADDRESSES)
        where = self.chain.deployment()
        self.deployed = Deployed(
            chain_id=where.chain_id,
            token=where.token,
            registry=where.registry,
            ledger=where.ledger,
        )
        self.domain = Domain(where.chain_id, where.ledger)
        self.sweeps = Sweeps(self.db, self.chain, self.clock, self.deployed, 20_000, 600_000)
        self._ids = count(1)
        self._seq = 0
        self._previous: dict[str, str] = {}
        self.db.write(lambda s: installation.remember(s, self.deployed, ADMIN))
        self.owner = self.account("owner")
        self.driver = self.account("driver")

    def account(self, role: str) -> int:
        made = self.db.write(
            lambda s: accounts.open_account(s, role, role, f"key of {role}", ADMIN, self.now_ms)
        )
        return made.number or 0

    @property
    def plate_key(self) -> Path:
        return self.folder / "plates.key"

    def plate_of(self, booking: Booking) -> str:
        """In clear, as it is in the database now."""
        return self.db.read(lambda s: plate_vault.of_booking(s, s.get_one(Booking, booking.id)))

    @property
    def now_ms(self) -> int:
        return to_ms(self.clock.at)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}-{next(self._ids)}"

    def import_titles(
        self, rows: list[titles.Row] | None = None, name: str = "a"
    ) -> titles.Imported:
        placed = titles.parse(rows or title_rows(), salts(), lambda _n: None)
        sha = keccak(name.encode()).hex()
        return self.db.write(lambda s: titles.store(s, placed, sha, self.now_ms))

    def enrol(self, spaces: tuple[str, ...] = ("S1", "S2", "S3")) -> object:
        return self.db.write(
            lambda s: gateways.enrol(
                s, "gw-1", address_of(KEY), ("lot-1", list(spaces)), self.clock.at
            )
        )

    def heartbeat(self, online: bool = True, unacknowledged: int = 0) -> None:
        status = Status(
            gateway="gw-1",
            online=online,
            at=self.clock.at,
            boot_id="b",
            version="1",
            clock="synced",
            unacknowledged=unacknowledged,
        )
        self.db.write(lambda s: gateways.heard(s, status, self.clock.at))

    def register(self, space: str = "S1", **changes: object) -> Registration:
        asked = {
            "space": space,
            "holder": "王 伟",
            "management_consent": True,
            "co_owner_consent": True,
            **changes,
        }
        wish = registrations.Asked(**asked)  # type: ignore[arg-type]
        return self.db.write(
            lambda s: registrations.register(s, self.new_id("reg"), self.owner, wish, self.clock.at)
        )

    def offer(self, space: str = "S1", hours: float = 4) -> object:
        window = Window(starts_at=at(0), ends_at=at(hours * 3600))
        tariff = Tariff(id=f"t-{space}", version=1, currency="CNY", per_hour_minor=600)
        row = offers.compose(self.new_id("o"), self.owner, space, [window], (tariff, Terms()))
        return self.db.write(lambda s: offers.publish(s, row, self.clock.at))

    def top_up(self, amount_minor: int = 10_000, reference: str = "first") -> int | Refusal:
        return self.db.write(
            lambda s: accounts.top_up(s, self.driver, amount_minor, reference, self.now_ms)
        )

    def open_market(self) -> None:
        """S1 shared on the chain, offered, free; the driver has money; the gateway is there."""
        self.import_titles()
        self.enrol()
        self.register()
        self.sweeps.drive()
        self.offer()
        self.top_up()
        self.heartbeat()
        self.report("snapshot", "free", 0)

    def book(
        self, begins_s: float = 60, ends_s: float = 3660, quoted: int = 600, key: str = "k1"
    ) -> Booking | Refusal:
        asked = bookings.Asked(
            request_key=key,
            driver=self.driver,
            space="S1",
            window=Window(starts_at=at(begins_s), ends_at=at(ends_s)),
            plate="沪A12345",
            quoted_minor=quoted,
        )
        ids = bookings.Ids(self.new_id("b"), self.new_id("cmd"))
        return self.db.write(lambda s: bookings.confirm(s, asked, ids, self.clock.at))

    def booked(self) -> Booking:
        booking = self.book()
        assert isinstance(booking, Booking), booking
        return booking

    def next_event(self, kind: str, occupancy: str, seconds: float, **more: object) -> SignedEvent:
        self._seq += 1
        space = str(more.pop("space", "S1"))
        key = more.pop("key", KEY)
        body = Event(
            gateway="gw-1",
            epoch=1,
            seq=self._seq,
            kind=kind,  # type: ignore[arg-type]
            space=space,
            occupancy=occupancy,  # type: ignore[arg-type]
            at=at(seconds),
            uncertainty_s=0.5,
            reported_at=at(seconds + 5),
            boot_id="boot",
            boottime_ns=int(seconds * 1e9),
            clock="synced",
            previous=self._previous.get(space, "0x" + "00" * 32),
            **more,  # type: ignore[arg-type]
        )
        digest = event_digest(body, self.domain)
        self._previous[space] = "0x" + digest.hex()
        assert isinstance(key, bytes)
        return SignedEvent(body=body, signature=sign(digest, key))

    def take(self, signed: SignedEvent) -> Taken:
        return self.db.write(lambda s: stays.take(s, signed, self.domain, self.clock.at))

    def report(self, kind: str, occupancy: str, seconds: float, **more: object) -> Taken:
        """The cloud's clock may be behind here, but no event lies a day ahead of it."""
        signed = self.next_event(kind, occupancy, seconds, **more)
        self.clock.at = max(self.clock.at, signed.body.at - timedelta(hours=24))
        return self.take(signed)

    def settle(self) -> None:
        """A turn as the cloud's scheduler takes it."""
        self.sweeps.settle()
        self.sweeps.issue()


def salts() -> Callable[[], bytes]:
    numbers = count()
    return lambda: keccak(next(numbers).to_bytes(4, "big"))

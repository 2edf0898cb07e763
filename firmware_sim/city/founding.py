"""A city before its first day: titles, spaces shared on the chain, gateways, people with money.

Made once and copied for every seed: what differs between seeds is published on top of it.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeVar

from cloud.adapters.db import Database
from cloud.core.reasons import Refusal
from cloud.entrypoints.sweeps import Sweeps
from cloud.ports.chain import Sender
from cloud.usecases import accounts, enrolling, installation, offers, registrations, titles
from contracts.ledger.hashing import keccak
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.ledger.records import Deployed
from contracts.wire.signing import Domain, address_of
from contracts.wire.types import checksummed, to_ms
from firmware_sim.city.chain import CityChain
from firmware_sim.city.clocks import BEGINS_AT, CityClock, CloudClock, truly
from firmware_sim.city.town import DRIVERS, Town, all_gateways

T = TypeVar("T")
ADDRESSES: dict[Sender, str] = {
    "admin": checksummed("0x" + "a1" * 20),
    "registrar": checksummed("0x" + "b2" * 20),
    "settler": checksummed("0x" + "c3" * 20),
}
ROW = {
    "lot": "lot-1",
    "holder": "王伟",
    "right": "ownership",
    "valid_until": "2050-12-31",
    "encumbrance": "none",
    "use": "private",
    "lat": "31.2304",
    "lon": "121.4737",
}
MONEY_MINOR = 5_000_000
OPEN_S = 5 * 86_400.0
DATABASE = "cloud.sqlite"


@dataclass
class Founded:
    """Where it lies; `chain` is a master to be copied."""

    folder: Path
    chain: CityChain
    deployed: Deployed
    owner: int
    drivers: tuple[int, ...]


@dataclass
class Tolls:
    """A seed's prices; the oracle reckons with them by itself."""

    tariffs: dict[str, Tariff] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)


def done(found: T | Refusal) -> T:
    if isinstance(found, Refusal):
        raise RuntimeError(f"the founding was refused: {found}")
    return found


def found(folder: Path) -> Founded:
    """Takes half a second."""
    folder.mkdir(parents=True, exist_ok=True)
    world = CityClock()
    clock = CloudClock(world)
    chain = CityChain(lambda: to_ms(clock.now()) // 1000, ADDRESSES)
    where = chain.deployment()
    deployed = Deployed(
        chain_id=where.chain_id, token=where.token, registry=where.registry, ledger=where.ledger
    )
    db = Database(folder / DATABASE)
    try:
        now_ms = to_ms(clock.now())
        db.write(lambda s: installation.remember(s, deployed, ADDRESSES["admin"]))
        owner, *drivers = (_account(db, name, now_ms) for name in _people())
        _import(db, now_ms)
        gateways = all_gateways()
        for name, spaces in gateways.items():
            enrol(db, name, Random(f"founding {name}").randbytes(32), spaces, clock)
        for number, space in enumerate(s for spaces in gateways.values() for s in spaces):
            _share(db, f"reg-{number}", owner, space, clock)
        for driver in drivers:
            _top_up(db, driver, now_ms)
        sweeps = Sweeps(db, chain, clock, deployed, 10**9, 600_000)
        for _ in range(6):
            sweeps.drive()
    finally:
        db.close()
    return Founded(folder, chain, deployed, owner, tuple(drivers))


def copied(master: Founded, folder: Path, now_s: Callable[[], int]) -> CityChain:
    """The database's file into the folder; the chain's state as it was founded."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in master.folder.iterdir():
        if path.is_file() and not path.name.endswith(("-wal", "-shm")):
            shutil.copyfile(path, folder / path.name)
            path_mode = path.stat().st_mode
            (folder / path.name).chmod(path_mode)
    kept, master.chain.now_s = master.chain.now_s, now_s
    made = copy.deepcopy(master.chain)
    master.chain.now_s = kept
    made.now_s = now_s
    made.begin()
    return made


def open_market(
    db: Database, master: Founded, town: Town, keys: dict[str, bytes], now: CloudClock
) -> Tolls:
    """Prices of this seed, offered for days, and this seed's keys of the gateways."""
    rng = Random(f"tolls {town.seed}")
    tolls = Tolls(
        terms=Terms(
            early_start_s=rng.choice((900, 1_800)),
            no_show_timeout_s=rng.choice((1_800, 3_600)),
            no_show_fee_minor=rng.choice((0, 300)),
            grace_s=600,
        )
    )
    window = Window(starts_at=BEGINS_AT, ends_at=truly(OPEN_S))
    for space in town.spaces:
        tariff = Tariff(
            id=f"t-{space}",
            version=1,
            currency="CNY",
            per_hour_minor=rng.choice((300, 600, 777, 1_200)),
            overstay_percent=rng.choice((100, 150, 200)),
        )
        tolls.tariffs[space] = tariff
        row = offers.compose(f"offer-{space}", master.owner, space, [window], (tariff, tolls.terms))
        done(db.write(partial(offers.publish, offer=row, now=now.now())))
    for name, key in keys.items():
        enrol(db, name, key, town.gateways[name], now)
    return tolls


def enrol(db: Database, name: str, key: bytes, spaces: Sequence[str], clock: CloudClock) -> None:
    place, now = ("lot-1", list(spaces)), clock.now()
    done(db.write(lambda s: enrolling.enrol(s, name, address_of(key), place, now, True)))


def _share(db: Database, name: str, owner: int, space: str, clock: CloudClock) -> None:
    wish = registrations.Asked(space, "王 伟", True, True)
    db.write(lambda s: registrations.register(s, name, owner, wish, clock.now()))


def _top_up(db: Database, driver: int, now_ms: int) -> None:
    done(db.write(lambda s: accounts.top_up(s, driver, MONEY_MINOR, "first", now_ms)))


def domain_of(deployed: Deployed) -> Domain:
    return Domain(deployed.chain_id, deployed.ledger)


def _people() -> tuple[str, ...]:
    return ("owner", *(f"driver {n}" for n in range(DRIVERS)))


def _account(db: Database, name: str, now_ms: int) -> int:
    role = name.split()[0]
    made = db.write(
        lambda s: accounts.open_account(s, name, role, f"key of {name}", ADDRESSES["admin"], now_ms)
    )
    return made.number or 0


def _import(db: Database, now_ms: int) -> None:
    spaces = [space for names in all_gateways().values() for space in names]
    rows = [
        (number + 2, ROW | {"space": space, "number": str(number + 1)})
        for number, space in enumerate(spaces)
    ]
    numbers = count()
    salt: Callable[[], bytes] = lambda: keccak(next(numbers).to_bytes(4, "big"))  # noqa: E731
    placed = titles.parse(rows, salt, lambda _n: None)
    db.write(lambda s: titles.store(s, placed, keccak(b"city").hex(), now_ms))

"""One seed: a day with faults, then all is healed, then a while in which all must come right."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from cloud.adapters.db import Database
from contracts.wire.types import to_ms
from firmware_sim.city import judging
from firmware_sim.city.board import Around, Board
from firmware_sim.city.chain import CityChain
from firmware_sim.city.clocks import DAY_S, CityClock, CloudClock
from firmware_sim.city.faults import Fault, draw
from firmware_sim.city.founding import DATABASE, Founded, copied, domain_of, found, open_market
from firmware_sim.city.hall import Hall
from firmware_sim.city.lookout import Lookout
from firmware_sim.city.net import Net
from firmware_sim.city.people import People
from firmware_sim.city.records import Failure, Records
from firmware_sim.city.striking import Strikes
from firmware_sim.city.town import Town, town
from firmware_sim.clock import NS

FAULTS = 120
# In which everything must come right by itself: nothing is started again, nothing repaired.
LIVENESS_S = 3 * 3_600.0
BLOCK_S = 240.0
WINDOW = 20
QUICK = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Plan:
    """`faults` None: as drawn. `lasts_s`: of the safety phase."""

    seed: int
    faults: tuple[Fault, ...] | None = None
    lasts_s: float = DAY_S
    count: int = FAULTS
    trace: bool = False


@dataclass
class Result:
    seed: int
    failures: list[Failure]
    digest: str
    faults: tuple[Fault, ...]
    struck: list[Fault]
    last: list[str]
    counts: dict[str, int] = field(default_factory=dict)
    trace: list[str] | None = None


@dataclass
class Scene:
    """All parts of one run, for those who judge it."""

    town: Town
    world: CityClock
    net: Net
    chain: CityChain
    boards: dict[str, Board]
    hall: Hall
    people: People
    strikes: Strikes
    records: Records
    db: Database
    owner: int
    heals_s: float = 0.0


class City:
    """Founds once, runs many seeds. Use as `with`."""

    def __init__(self) -> None:
        loud = structlog.make_filtering_bound_logger(logging.ERROR)
        structlog.configure(
            processors=[self._logged], wrapper_class=loud, cache_logger_on_first_use=False
        )
        self._records: Records | None = None
        base = QUICK if QUICK.is_dir() else None
        self._folder = Path(tempfile.mkdtemp(prefix="berth-city-", dir=base))
        self._master: Founded | None = None
        self._runs = 0

    def __enter__(self) -> City:
        return self

    def __exit__(self, *_error: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        structlog.reset_defaults()

    def _logged(self, _logger: object, _name: str, said: MutableMapping[str, Any]) -> str:
        """What the cloud calls an error is told beside what happened."""
        error = sys.exc_info()[1]
        if self._records is not None:
            self._records.logged(str(said.get("event")), error)
        raise structlog.DropEvent

    def run(self, plan: Plan) -> Result:
        if self._master is None:
            self._master = found(self._folder / "founded")
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        try:
            return self._run(plan, folder, self._master)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, plan: Plan, folder: Path, master: Founded) -> Result:
        made = town(plan.seed, plan.lasts_s)
        faults = plan.faults
        if faults is None:
            faults = tuple(draw(made, plan.count, plan.lasts_s))
        scene = self._scene(plan, made, folder, master)
        try:
            _day(scene, faults, plan.lasts_s)
            judging.judge(scene)
            records = scene.records
            judging.closing(scene)
            counts = judging.counted(scene)
        finally:
            scene.hall.close()
            for board in scene.boards.values():
                if board.outbox is not None:
                    board.outbox.close()
            scene.db.close()
            scene.records.close()
        return Result(
            plan.seed,
            records.failures,
            records.digest,
            faults,
            scene.strikes.done,
            list(records.lines),
            counts,
            records.trace,
        )

    def _scene(self, plan: Plan, made: Town, folder: Path, master: Founded) -> Scene:
        world = CityClock()
        clock = CloudClock(world)
        chain = copied(master, folder / "cloud", lambda: to_ms(clock.now()) // 1000)
        db = Database(folder / "cloud" / DATABASE)
        net = Net(world, plan.seed, tuple(made.gateways))
        records = Records(lambda: world.now_s, folder / "cloud" / DATABASE, WINDOW)
        records.domain = domain_of(master.deployed)
        self._records = records
        records.trace = [] if plan.trace else None
        hall = Hall(db, chain, master.deployed, world, net, records.sent, records.tell)
        where = (master.deployed.chain_id, master.deployed.ledger)
        around = Around(world, net, where, plan.seed, records)
        boards = {}
        for name, spaces in made.gateways.items():
            place = folder / name
            place.mkdir()
            looks = [
                Lookout(space, [v for v in made.visits if v.space == space], plan.seed)
                for space in spaces
            ]
            boards[name] = Board(name, place, looks, around)
        tolls = open_market(
            db, master, made, {name: board.key for name, board in boards.items()}, clock
        )
        people = People(
            world, hall, master.drivers, tolls.tariffs, tolls.terms, records.wrong, records.tell
        )
        strikes = Strikes(world, net, boards, hall, chain, records.tell)
        return Scene(
            made, world, net, chain, boards, hall, people, strikes, records, db, master.owner
        )


def _day(scene: Scene, faults: Sequence[Fault], lasts_s: float) -> None:
    world, heals_s = scene.world, lasts_s
    scene.heals_s = heals_s
    scene.hall.start()
    for board in scene.boards.values():
        world.at(round(5 * NS), board.start)
    for wish in scene.town.wishes:
        scene.people.plan(wish)
    for fault in faults:
        scene.strikes.plan(fault)
    _blocks(scene)
    world.run_until(heals_s)
    scene.strikes.heal()
    scene.hall.every = 0.5
    world.run_until(heals_s + LIVENESS_S)


def _blocks(scene: Scene) -> None:
    def block() -> None:
        scene.chain.block()
        again()

    def again() -> None:
        wait_s = BLOCK_S * scene.strikes.block_every_s
        scene.world.at(scene.world.now_ns() + round(wait_s * NS), block)

    again()

"""Composes the cloud: the one place that knows all of its parts."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import stamina
import structlog
import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler
from fastapi import FastAPI

from cloud.adapters import notify_channels
from cloud.adapters.broker import EmbeddedBroker
from cloud.adapters.broker_choice import door_of, own_broker, wire_url
from cloud.adapters.chain import Web3Chain, asker, connect
from cloud.adapters.checkers import Checkers
from cloud.adapters.clock import Clock, SystemClock, clock_for, new_token
from cloud.adapters.db import Database
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import DEV_CHAIN_ID
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.document_folder import FolderDocuments
from cloud.adapters.identity_choice import authority_of, told_by
from cloud.adapters.keys import addresses, role_keys, write_secret
from cloud.adapters.search_held import HeldIndex
from cloud.adapters.service import Service
from cloud.adapters.web3_errors import answers
from cloud.config import Config
from cloud.core.retention import periods
from cloud.entrypoints import forgetting, timetable
from cloud.entrypoints.codes_sweep import EVERY_S as CODES_EVERY_S
from cloud.entrypoints.codes_sweep import CodesSweep
from cloud.entrypoints.compliance_sweep import ComplianceSweep
from cloud.entrypoints.doors import Doors
from cloud.entrypoints.health import Health, Since, add_health
from cloud.entrypoints.http import api
from cloud.entrypoints.http.api_gateways import Identity
from cloud.entrypoints.http.door import entry_of
from cloud.entrypoints.http.pages import pages_router, static_app
from cloud.entrypoints.metrics import Meters, Standing, add_metrics
from cloud.entrypoints.mqtt import Wire
from cloud.entrypoints.pulse import Pulse
from cloud.entrypoints.sweeps import Sweeps
from cloud.entrypoints.timetable import Job
from cloud.entrypoints.turns import Turns
from cloud.entrypoints.ways import ways_of
from cloud.errors import (
    NotDeployed,
    OtherChain,
    OtherCode,
    OtherDatabase,
    OtherKey,
    PublishedKey,
)
from cloud.ports.chain import ChainRefused, Deployment, Sender
from cloud.usecases import installation
from contracts.ledger.records import Deployed
from contracts.wire.signing import Domain, address_of
from contracts.wire.types import to_ms

log = structlog.get_logger("cloud")
TOKEN_UNIT = 10_000  # demo tokens have 6 decimals, money has 2
WITHDRAW_DELAY_S = 86_400
SILENT_HEARTBEATS = 2.0
DOOR_EVERY_S = 1.0
FORGET_EVERY_S = 3600.0
CHAIN_TRIES = 20
CHAIN_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Cloud:
    config: Config
    db: Database
    clock: Clock
    deployed: Deployed
    sweeps: Sweeps
    wire: Wire
    custodian: str
    chain_url: str
    store: FolderDocuments
    index: HeldIndex
    identity: Identity
    turns: Turns = field(default_factory=lambda: Turns(SystemClock().now, Meters()))


def compose(config: Config, chain_url: str, broker_url: str) -> Cloud:
    db = Database(config.database, alone=True, plate_key=config.plate_file)
    forgetting.seal_all(db)
    clock = clock_for(config.clock)
    keys = role_keys(config.keys)
    custodian = address_of(keys["admin"])
    deployed = _deployed(db, chain_url, config)
    chain = _chain(chain_url, deployed, keys)
    _first_operator(db, config, custodian, to_ms(clock.now()))
    silent_after_ms = int(config.heartbeat_s * SILENT_HEARTBEATS * clock.rate * 1000)
    sweeps = Sweeps(
        db,
        chain,
        clock,
        deployed,
        silent_after_ms,
        int(config.alarm_after_s * 1000),
        batch_age_ms=config.batch_age_ms(deployed.chain_id == DEV_CHAIN_ID, clock.rate),
        addresses=addresses(keys),
    )
    domain = Domain(deployed.chain_id, deployed.ledger)
    ways = ways_of(config, domain)
    wire = Wire(broker_url, db, clock, domain, Checkers(domain), ways)
    store = FolderDocuments(config.data / "documents", config.data / "documents.key")
    identity = Identity(
        authority_of(config), SystemClock(), told_by(config, ways.address), config.url
    )
    own = (store, HeldIndex(), identity, Turns(SystemClock().now, wire.meters))
    return Cloud(config, db, clock, deployed, sweeps, wire, custodian, chain_url, *own)


def serve(config: Config) -> None:
    """Until a signal. Embedded parts run in this process and stop with it."""
    own_chain = config.chain == "embedded"
    chain = DevChainServer(config.data / "chain", port=config.chain_port) if own_chain else None
    try:
        chain_url = chain.start() if chain else config.chain
        cloud = compose(config, chain_url, wire_url(config))
        broker = own_broker(config)
        uvicorn.run(
            http_app(cloud, broker),
            host=config.host,
            port=config.port,
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
    finally:
        if chain:
            chain.stop()


def http_app(cloud: Cloud, broker: EmbeddedBroker | None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if broker:
            await broker.start()
        door = door_of(cloud.config, broker)
        codes = CodesSweep(cloud.db, cloud.clock)
        more: tuple[Job, ...] = (("codes", codes.send, CODES_EVERY_S),)
        if door is not None:
            more += (("doors", Doors(cloud.db, door, SystemClock()).bring, DOOR_EVERY_S),)
        scheduler = _scheduler(cloud, _compliance(cloud), *more)
        wire = asyncio.create_task(cloud.wire.run())
        wire.add_done_callback(_wire_ended)
        scheduler.start()
        service = Service(os.environ.get("NOTIFY_SOCKET"))
        pulse = asyncio.create_task(Pulse(service, cloud.turns, SystemClock().now).run())
        log.info("serving", port=cloud.config.port)
        yield
        scheduler.shutdown(wait=False)
        for task in (pulse, wire):
            task.cancel()
        await asyncio.wait([pulse, wire])
        if broker:
            await broker.stop()

    app = FastAPI(title="Berth", lifespan=lifespan, docs_url=None, redoc_url=None)
    entry = entry_of(cloud.config.url, cloud.config.smtp)
    parts = api.Parts(cloud.index, cloud.store, identity=cloud.identity, entry=entry)
    api.install(app, cloud.db, cloud.clock, cloud.custodian, parts=parts)
    ask = asker(cloud.chain_url)
    app.include_router(pages_router(cloud.db, cloud.clock, cloud.config.heartbeat_s, ask=ask))
    app.mount("/static", static_app())
    _add_health(app, cloud)
    return app


def deploy_contracts(config: Config, chain_url: str) -> Deployed:
    keys = role_keys(config.keys)
    try:
        found = deploy(chain_url, keys, TOKEN_UNIT, WITHDRAW_DELAY_S)
    except ChainRefused as wrong:
        if wrong.code == "DEV_KEY":
            raise PublishedKey(f"{wrong}.") from None
        raise
    return Deployed.model_validate(asdict(found))


def _deployed(db: Database, chain_url: str, config: Config) -> Deployed:
    """Of this database, checked against the chain; a dev chain gets its contracts by itself."""
    known = db.read(installation.deployed)
    if known is None and config.operator_key.exists():
        raise OtherDatabase(f"{config.operator_key} is there, and this database is new.")
    chain_id = _chain_id(chain_url)
    if known is None and chain_id != DEV_CHAIN_ID:
        raise NotDeployed(f"Chain {chain_id} at {chain_url}.")
    if known is None:
        made = deploy_contracts(config, chain_url)
        custodian = address_of(role_keys(config.keys)["admin"])
        db.write(lambda s: installation.remember(s, made, custodian))
        return made
    return known


def _chain(chain_url: str, deployed: Deployed, keys: Mapping[Sender, bytes]) -> Web3Chain:
    """Looked at before anything starts: the wrong chain, code or keys stop the boot."""
    try:
        chain = Web3Chain(chain_url, Deployment(**deployed.model_dump()), keys)
        chain.check()
    except ChainRefused as wrong:
        known = {"CODE": OtherCode, "DEV_KEY": PublishedKey, "ROLE": OtherKey}.get(
            wrong.code, OtherChain
        )
        raise known(f"{wrong}.") from None
    return chain


@stamina.retry(on=OSError, attempts=CHAIN_TRIES, timeout=CHAIN_PATIENCE_S, wait_max=1.0)
def _chain_id(chain_url: str) -> int:
    """The chain may be starting beside us: ask a bounded number of times."""
    with answers():
        return int(connect(chain_url).eth.chain_id)


def _first_operator(db: Database, config: Config, custodian: str, now_ms: int) -> None:
    """The key is on disk before the account is in the database: it can never be lost between."""
    if db.read(installation.has_operator):
        return
    path = config.operator_key
    # One that is there already was written by a start that went no further.
    token = path.read_text("utf-8").strip() if path.exists() else new_token()
    write_secret(path, token)
    db.write(lambda s: installation.first_operator(s, token, custodian, now_ms))
    log.info("operator_key", file=str(path))


def _wire_ended(task: asyncio.Task[None]) -> None:
    """A cloud that no longer hears its gateways must not look alive: it ends, to be restarted."""
    if not task.cancelled():
        log.error("wire_ended", error=repr(task.exception()))
        signal.raise_signal(signal.SIGTERM)


def _compliance(cloud: Cloud) -> ComplianceSweep:
    channels = notify_channels.channels(cloud.config.smtp)
    return ComplianceSweep(cloud.db, cloud.clock, cloud.store, channels)


def _scheduler(cloud: Cloud, compliance: ComplianceSweep, *more: Job) -> BackgroundScheduler:
    """One thread for batches and calls, which lends its waiting: two that both compute took a third
    longer for the same batches (bench.settling, 36 ms against 27).
    """
    sweeps, forget = cloud.sweeps, lambda: _forget(cloud)
    jobs: dict[str, list[Job]] = {
        "settling": [("settle", sweeps.settle, 0.3), ("issue", sweeps.issue, 0.3)],
        "default": [
            *(("watch", sweeps.watch, 1.0), ("compliance", compliance.check, 1.0)),
            *(("notices", compliance.send, 2.0), ("audit", sweeps.audit, 30.0)),
            *(("keep", sweeps.keep, 30.0), ("tidy", compliance.tidy, 60.0)),
            *(("index", lambda: _renew(cloud), 60.0), ("forget", forget, FORGET_EVERY_S)),
            *more,
        ],
    }
    return timetable.scheduler(cloud.turns, {"default": 3, "settling": 1}, jobs)


def _renew(cloud: Cloud) -> None:
    """The search's index: built anew beside the old one, which answers until then."""
    cloud.db.read(lambda session: cloud.index.renew(session, cloud.clock.now()))


def _forget(cloud: Cloud) -> None:
    forgetting.run(cloud.db, cloud.clock, periods(cloud.config.keep))


def _add_health(app: FastAPI, cloud: Cloud) -> None:
    now = SystemClock().now
    contact, wire = cloud.sweeps.contact, cloud.wire
    health = Health(cloud.db, cloud.clock, wire, contact, cloud.turns, now, Since())

    def facts() -> dict[str, Any]:
        return {
            "broker": wire.connected,
            "chain": contact.answers is not False,
            "waiting_batches": health.waiting_batches(),
            "deployed": cloud.deployed.model_dump(mode="json"),
            "commands": cloud.identity.told.commands,
        }

    add_health(app, health, facts)
    add_metrics(app, wire.meters, Standing(wire.counts, wire.shed, health.gauges))

"""The two who listen, each in a process of its own: an idle subscriber, and the cloud."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import sys
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any
from urllib.parse import urlsplit

import structlog
from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv50
from sqlmodel import Session

from cloud.adapters.checkers import Checkers
from cloud.adapters.clock import clock_for
from cloud.adapters.db import Database
from cloud.adapters.tls import client_context
from cloud.entrypoints.mqtt import Wire
from cloud.entrypoints.ways import Ways
from cloud.tables import Lot, Space
from cloud.usecases import gateways, stay_intake
from contracts.wire.signing import Domain
from contracts.wire.topics import ALL_UP

DOMAIN = Domain(31337, "0x" + "1e" * 20)
APPLY_S = 5.0


async def idle(url: str, wanted: int, tls: ssl.SSLContext | None) -> None:
    """Counts, and nothing else; the settings are those of the cloud's own client."""
    done, got, begun_s = asyncio.Event(), 0, 0.0

    async def on_message(*_: Any) -> int:
        nonlocal got, begun_s
        begun_s = begun_s or time.perf_counter()
        got += 1
        if got >= wanted:
            done.set()
        return 0

    client = Client("idle", clean_session=True, optimistic_acknowledgement=False)
    client.on_message = on_message
    joined = asyncio.Event()
    client.on_subscribe = lambda *_: joined.set()
    client.on_connect = lambda it, *_: it.subscribe(ALL_UP, qos=1)
    port = urlsplit(url).port
    await client.connect("127.0.0.1", port, ssl=tls or False, version=MQTTv50)
    await joined.wait()
    before_s = time.process_time()
    print("ready", flush=True)
    await done.wait()
    spent_us = (time.process_time() - before_s) / wanted * 1e6
    per_s = got / (time.perf_counter() - begun_s)
    print(json.dumps({"per_s": per_s, "cpu_us": spent_us}), flush=True)


async def cloud(url: str, folder: Path, tls: Path | None) -> None:
    db = Database(folder / "cloud.sqlite")
    place = json.loads((folder / "place.json").read_text("utf-8"))
    db.write(lambda session: settle(session, place))
    ways = Ways(tls=(lambda: client_context(tls)) if tls else None)
    wire = Wire(url, db, clock_for(""), DOMAIN, Checkers(DOMAIN), ways)
    running = asyncio.create_task(wire.run())
    while not wire.connected:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    print("ready", flush=True)
    # Once every gateway was heard, and again at the end.
    await asyncio.to_thread(sys.stdin.readline)
    begun_s = time.process_time()
    await asyncio.to_thread(sys.stdin.readline)
    spent_s = time.process_time() - begun_s
    left = db.read(stay_intake.waiting)
    await asyncio.sleep(APPLY_S)
    applied = (left - db.read(stay_intake.waiting)) / APPLY_S
    running.cancel()
    await asyncio.wait([running])
    found: dict[str, object] = {"listener_s": spent_s, "checking_s": children_s()}
    found |= {"unapplied": left, "applied_per_s": applied, "counts": dict(wire.counts)}
    print(json.dumps(found), flush=True)
    db.close()


def children_s() -> float:
    """Processor time of the checkers, which have ended."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def settle(session: Session, place: dict[str, Any]) -> None:
    """The gateways and their spaces, without the calls to a chain."""
    session.add(Lot(id="lot-1", name="lot-1"))
    number, clock = 0, clock_for("")
    for name, gateway in place.items():
        for space in gateway["spaces"]:
            number += 1
            session.add(Space(id=space, number=number, lot="lot-1", lat=0.0, lon=0.0))
        session.flush()
        where = ("lot-1", gateway["spaces"])
        gateways.enrol(session, name, gateway["signer"], where, now=clock.now())


def main(side: str, url: str, rest: str, folder: str = "") -> None:
    logging.getLogger("gmqtt").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    tls = Path(folder) if folder else None
    if side == "idle":
        asyncio.run(idle(url, int(rest), client_context(tls) if tls else None))
    else:
        asyncio.run(cloud(url, Path(rest), tls))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A broker, the real consumer with a real database behind it, an honest gateway and a victim.

gw-1 is honest and watches S1 to S3; gw-2 is enrolled, has S4 and is in the wrong hands; gw-3 is the
victim: it only listens.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import col, func, select

from cloud.core.broker_rules import CLOUD
from cloud.entrypoints.mqtt import Wire
from cloud.entrypoints.ways import Ways
from cloud.tables import EventRow, Space
from cloud.usecases import gateways
from contracts.wire.codec import encode
from contracts.wire.signing import address_of
from contracts.wire.topics import Topic, all_down, topic_for
from tests.broker.brokers import Loop, RunningBroker
from tests.broker.papers import Papers
from tests.broker.peer import PUBACK, PUBLISH, SUBACK, V3, Hello, Peer, publish, subscribe
from tests.cloud.rig import Rig

HONEST, WRONG, VICTIM, REVOKED = "gw-1", "gw-2", "gw-3", "gw-4"
ENROLLED = (HONEST, WRONG, VICTIM, REVOKED)
WRONG_KEY, REVOKED_KEY = bytes([7]) * 32, bytes([8]) * 32
ACK_S = 10.0
TAKEN = ("received", "malformed", "shed", "retained", "crossed")


@dataclass(frozen=True)
class Effects:
    """What the cloud has taken so far: by the wire's counts, and what its tables hold."""

    honest: int
    heard: int
    counts: Counter[str]
    events: int
    spaces: tuple[tuple[str, str], ...]


class Cloud:
    """The real consumer on a real database, in a loop of its own."""

    def __init__(self, folder: Path, url: str, tls: ssl.SSLContext) -> None:
        logging.getLogger("gmqtt").setLevel(logging.CRITICAL)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        self.rig = Rig(folder)
        self.rig.import_titles()
        self.rig.enrol()
        self._enrol(WRONG, WRONG_KEY, "S4")
        self._enrol(REVOKED, REVOKED_KEY, "S5")
        self.rig.db.write(lambda s: gateways.revoke(s, REVOKED, "it was stolen", self.rig.clock.at))
        self.loop = Loop()
        self.wire = self.loop.do(self._made(url, tls))
        self._running = asyncio.run_coroutine_threadsafe(self.wire.run(), self.loop.loop)

    def _enrol(self, name: str, key: bytes, space: str) -> None:
        rig, place = self.rig, ("lot-1", [space])
        rig.db.write(lambda s: gateways.enrol(s, name, address_of(key), place, now=rig.clock.at))

    async def _made(self, url: str, tls: ssl.SSLContext) -> Wire:
        ways = Ways(tls=lambda: tls)
        return Wire(url, self.rig.db, self.rig.clock, self.rig.domain, ways=ways)

    def wait_connected(self) -> None:
        gate = asyncio.Event()

        async def look() -> None:
            while not self.wire.connected:
                with_timeout = asyncio.wait_for(gate.wait(), 0.02)
                try:
                    await with_timeout
                except TimeoutError:
                    continue

        self.loop.do(look())

    def effects(self, honest: int) -> Effects:
        counts = Counter(self.wire.counts)
        events, spaces = self.rig.db.read(
            lambda s: (
                s.exec(select(func.count()).select_from(EventRow)).one(),
                s.exec(select(Space.id, Space.occupancy).order_by(col(Space.id))).all(),
            )
        )
        heard = sum(counts[name] for name in TAKEN)
        return Effects(honest, heard, counts, events, tuple((one, two) for one, two in spaces))

    def end(self) -> None:
        self._running.cancel()
        self.loop.end()
        structlog.reset_defaults()
        self.rig.db.close()


class Scene:
    def __init__(self, folder: Path, broker: RunningBroker, papers: Papers) -> None:
        self.broker, self.papers = broker, papers
        self.shown = {name: papers.of(name) for name in (*ENROLLED, "gw-9")}
        self.shown["revoked"] = papers.taken_back
        self._said = 0
        host, port = broker.cloud_address
        self.cloud = Cloud(folder, f"mqtts://{host}:{port}", papers.of(CLOUD))
        self.cloud.wait_connected()
        self.honest = self._listening(HONEST)
        self.victim = self._listening(VICTIM)
        assert self.honest_event(), "an honest gateway is heard before anything is tried"

    def peer(self, tls: ssl.SSLContext | None, version: int = V3) -> Peer:
        """Connected, and nothing said yet."""
        return Peer(self.broker.address, tls, version).open()

    def wrong(self, version: int, name: str = WRONG, **hello: Any) -> Peer:
        """The gateway in the wrong hands, let in (or not: then it is `closed`)."""
        peer = self.peer(self.shown[name], version)
        if not peer.hello(Hello(hello.pop("client_id", name), **hello)):
            peer.end()
        return peer

    def honest_event(self) -> bool:
        """One event of the honest gateway, and the cloud's acknowledgement after its commit."""
        if self.honest.closed or not self.honest.alive():
            self.honest = self._listening(HONEST)
        signed = self.cloud.rig.next_event("snapshot", "free", 0)
        self._said += 1
        self.honest.send(publish(topic_for(signed), encode(signed), V3, number=signed.body.seq))
        want = f'"seq":{signed.body.seq}'.encode()
        while (heard := self.honest.until(PUBLISH, ACK_S)) is not None:
            size = int.from_bytes(heard.body[:2], "big")
            self.honest.send(bytes([PUBACK << 4, 2]) + heard.body[2 + size : 4 + size])
            if heard.topic.endswith("/down/ack") and want in heard.body:
                return True
        return False

    def victim_hears(self) -> list[str]:
        """Topics of what came to it since it was last asked; it must be connected still."""
        if self.victim.closed or not self.victim.alive():
            self.victim = self._listening(VICTIM)
            return ["it was thrown out"]
        found = [heard.topic for heard in self.victim.heard if heard.kind == PUBLISH]
        self.victim.heard.clear()
        return found

    def tell_victim(self) -> None:
        """The cloud commands something: whoever listens in hears it."""
        topic = str(Topic(VICTIM, "down", "ask"))
        client = self.cloud.wire._client
        self.cloud.loop.loop.call_soon_threadsafe(
            lambda: client.publish(topic, b"a command", qos=1)
        )
        assert self.victim.until(PUBLISH) is not None, "the victim hears its own command"

    def effects(self) -> Effects:
        return self.cloud.effects(self._said)

    def shut(self, *names: str) -> None:
        self.broker.door.bring(frozenset(ENROLLED) - set(names), frozenset(names))

    def end(self) -> None:
        self.honest.end()
        self.victim.end()
        self.cloud.end()
        self.broker.stop()

    def _listening(self, name: str) -> Peer:
        peer = self.peer(self.shown[name])
        assert peer.hello(Hello(name)), f"{name} is let in: {peer.refusal}"
        peer.send(subscribe(all_down(name), V3))
        answer = peer.until(SUBACK)
        assert answer is not None and answer.body[2] == 1, "it may listen to its own commands"
        return peer

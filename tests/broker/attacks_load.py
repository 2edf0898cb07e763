"""Too much: floods, crowds, storms, connections that never speak, read or acknowledge."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from contracts.wire.topics import all_down
from tests.broker.attacks import Catalogue
from tests.broker.peer import SUBACK, V3, Hello, packet, publish, subscribe
from tests.broker.scene import HONEST, WRONG, Scene

CATALOGUE = Catalogue()
attack = CATALOGUE.attack
OWN = f"park/v1/gw/{WRONG}/up/event"
FLOOD, PINGS, SILENT, HALF_WAY, STORM, UNREAD = 2_000, 5_000, 150, 30, 30, 500


@attack("a flood of nonsense on its own topic", heard=("malformed", "shed"))
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(b"".join(publish(OWN, b"x", version, qos=0) for _ in range(FLOOD)))
        peer.alive()
        return ""


@attack("a flood of large nonsense", heard=("malformed", "shed"))
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        large = publish(OWN, b"x" * 16_000, version, qos=0)
        peer.send(large * 100)
        peer.alive()
        return ""


@attack("a flood on another's topic")
def _(scene: Scene, version: int) -> str:
    foreign = f"park/v1/gw/{HONEST}/up/event"
    with scene.wrong(version) as peer:
        peer.send(b"".join(publish(foreign, b"x", version, qos=0) for _ in range(FLOOD)))
        peer.alive()
        return ""


@attack("a flood of pings")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(packet(0xC0) * PINGS)
        return "" if peer.alive() else "it was ended"


@attack("subscribes without end")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        for number in range(1, 300):
            peer.send(subscribe(f"park/v1/gw/{HONEST}/down/{number}", version, number))
        peer.alive()
        granted = [one for one in peer.heard if one.kind == SUBACK and one.body[-1] < 0x80]
        return f"{len(granted)} were granted" if granted else ""


@attack("connections that say nothing: the honest gateway comes back in spite of them")
def _(scene: Scene, version: int) -> str:
    with ExitStack() as crowd:
        for _ in range(SILENT):
            crowd.enter_context(socket.create_connection(scene.broker.address, 5))
        scene.honest.end()
        return "" if scene.honest_event() else "there was no room for the honest gateway"


@attack("connections that stop half-way through their greeting")
def _(scene: Scene, version: int) -> str:
    hello = Hello(WRONG).to_bytes(version)
    with ExitStack() as crowd:
        for _ in range(HALF_WAY):
            peer = crowd.enter_context(scene.peer(scene.shown[WRONG], version))
            peer.send(hello[:5])
        scene.honest.end()
        return "" if scene.honest_event() else "there was no room for the honest gateway"


@attack("a storm of reconnections under one name")
def _(scene: Scene, version: int) -> str:
    with ExitStack() as storm:
        for _ in range(STORM):
            peer = storm.enter_context(scene.peer(scene.shown[WRONG], version))
            peer.send(Hello(WRONG).to_bytes(version))
        return ""


@attack("a storm of strangers")
def _(scene: Scene, version: int) -> str:
    stranger = scene.papers.foreign(WRONG)
    for _ in range(STORM):
        with scene.peer(stranger, version) as peer:
            if peer.hello(Hello(WRONG)):
                return "it was let in"
    return ""


@attack("hears commands and never acknowledges one")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(subscribe(all_down(WRONG), version))
        peer.until(SUBACK)
        client = scene.cloud.wire._client
        loop = scene.cloud.loop.loop
        for _ in range(UNREAD):
            loop.call_soon_threadsafe(
                lambda: client.publish(f"park/v1/gw/{WRONG}/down/ask", b"x" * 1000, qos=1)
            )
        return "" if scene.honest_event() else "the honest gateway is no longer heard"


@attack("says that it will never be silent, and is", versions=(V3,))
def _(scene: Scene, version: int) -> str:
    """A keepalive of 0 in 3.1.1 mosquitto cannot refuse: one connection under one name is all."""
    peers = [scene.peer(scene.shown[WRONG], version) for _ in range(10)]
    for peer in peers:
        peer.hello(Hello(WRONG, keepalive_s=0))
    staying = sum(peer.alive() for peer in peers)
    for peer in peers:
        peer.end()
    return "" if staying <= 1 else f"{staying} stay"

"""Who somebody is: certificates, names, client ids, sessions of others."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable

from cloud.core.broker_rules import CLOUD, CONTROL
from contracts.wire.topics import all_down
from tests.broker.attacks import Catalogue, overhears
from tests.broker.brokers import as_before_tls13
from tests.broker.papers import Papers
from tests.broker.peer import CONNACK, PUBACK, SUBACK, V3, Hello, publish, subscribe
from tests.broker.scene import VICTIM, WRONG, Scene

CATALOGUE = Catalogue()
attack = CATALOGUE.attack
REPORT = f"park/v1/gw/{WRONG}/up/event"
STRANGER = "gw-9"


def _shut(
    show: Callable[[Papers], ssl.SSLContext], name: str = WRONG
) -> Callable[[Scene, int], str]:
    def does(scene: Scene, version: int) -> str:
        with scene.peer(show(scene.papers), version) as peer:
            return "it was let in" if peer.hello(Hello(name)) else ""

    return does


for said, show in {
    "no certificate": lambda papers: papers.nobody(),
    "a certificate of a foreign authority": lambda papers: papers.foreign(WRONG),
    "an expired certificate": lambda papers: papers.expired(WRONG),
    "a certificate whose time has not come": lambda papers: papers.to_come(WRONG),
    "a self-signed certificate": lambda papers: papers.self_signed(WRONG),
    "a self-signed certificate with our authority's name": lambda papers: papers.self_signed(
        "Berth authority", ca=True
    ),
    "a certificate signed by a gateway's own key": lambda papers: papers.below_a_gateway(CLOUD),
    "the certificate of a broker, shown by a client": lambda papers: papers.server(),
    "TLS 1.2": lambda papers: as_before_tls13(papers.of(WRONG)),
    "a certificate without a name": lambda papers: papers.nameless(None),
}.items():
    attack(said)(_shut(show))


@attack("a certificate that is on the list of revoked ones")
def _(scene: Scene, version: int) -> str:
    with scene.peer(scene.shown["revoked"], version) as peer:
        return "it was let in" if peer.hello(Hello(WRONG)) else ""


@attack("MQTT in the clear at the door for TLS")
def _(scene: Scene, version: int) -> str:
    with scene.peer(None, version) as peer:
        return "it was let in" if peer.hello(Hello(WRONG)) else ""


def _named(name: str) -> Callable[[Scene, int], str]:
    """A certificate from our authority under a name that is a filter, or breaks a topic."""

    def does(scene: Scene, version: int) -> str:
        with scene.peer(scene.papers.nameless(name), version) as peer:
            if peer.hello(Hello(name)):
                peer.send(publish(f"park/v1/gw/{VICTIM}/up/event", b"{}", version))
                peer.send(subscribe(all_down(VICTIM), version, 2))
                peer.until(SUBACK)
                return overhears(scene, peer)
        return ""

    return does


for wild in ("+", "#", f"{VICTIM}/up", "gw-2\n", "$SYS"):
    attack(f"a certificate named {wild!r}")(_named(wild))


@attack("a certificate of a gateway that is not enrolled")
def _(scene: Scene, version: int) -> str:
    """mosquitto lets it in deaf and dumb; at the embedded broker the consumer refuses its word."""
    with scene.wrong(version, STRANGER) as peer:
        if peer.closed:
            return ""
        peer.send(publish(f"park/v1/gw/{WRONG}/up/event", b"{}", version))
        peer.send(subscribe(all_down(VICTIM), version))
        peer.until(SUBACK)
        return overhears(scene, peer)


@attack("the user name of the victim")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version, user=VICTIM, password="x") as peer:
        peer.send(publish(f"park/v1/gw/{VICTIM}/up/event", b"{}", version))
        peer.until(PUBACK)
        return ""


@attack("the user name of the cloud")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version, user=CLOUD, password="x") as peer:
        peer.send(publish(f"park/v1/gw/{VICTIM}/down/ask", b"{}", version))
        peer.until(PUBACK)
        return ""


@attack("the client id of the victim: it must not be thrown out")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version, client_id=VICTIM) as peer:
        peer.alive()
        return "" if scene.victim.alive() else "the victim was thrown out"


@attack("the client id of the victim, to take over its session")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version, client_id=VICTIM, clean=False) as peer:
        return overhears(scene, peer)


@attack("the client id of the cloud: it must not be thrown out")
def _(scene: Scene, version: int) -> str:
    client = scene.cloud.wire._client
    with scene.wrong(version, client_id=CLOUD) as peer:
        peer.alive()
    with scene.wrong(version, client_id=str(client._client_id)) as peer:
        peer.alive()
    same = scene.cloud.wire._client is client and scene.cloud.wire.connected
    return "" if same else "the cloud was thrown out"


@attack("the client id of whoever holds the broker's door")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version, client_id=CONTROL, user=CONTROL) as peer:
        command = {"commands": [{"command": "deleteClient", "username": VICTIM}]}
        peer.send(publish("$CONTROL/dynamic-security/v1", json.dumps(command).encode(), version))
        peer.alive()
        return ""


@attack("no client id at all", versions=(V3,))
def _(scene: Scene, version: int) -> str:
    with scene.peer(scene.shown[WRONG], version) as peer:
        return "it was let in" if peer.hello(Hello("", clean=False)) else ""


@attack("a client id of 65,535 bytes")
def _(scene: Scene, version: int) -> str:
    with scene.peer(scene.shown[WRONG], version) as peer:
        peer.hello(Hello("x" * 65_535))
        return ""


@attack("an open connection whose gateway is revoked")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        if not peer.alive():
            return "it was not let in before"
        scene.shut(WRONG)
        try:
            while peer.next() is not None:
                pass
            return "" if peer.closed else "its connection stayed open"
        finally:
            scene.shut()


@attack("a gateway that was revoked and comes again")
def _(scene: Scene, version: int) -> str:
    scene.shut(WRONG)
    try:
        with scene.wrong(version) as peer:
            peer.send(publish(REPORT, b"{}", version))
            peer.send(subscribe(all_down(WRONG), version))
            answer = peer.until(SUBACK)
            granted = answer is not None and answer.body[-1] < 0x80
            return "it may listen again" if granted else ""
    finally:
        scene.shut()


@attack("a password that is no text, and names in other writings")
def _(scene: Scene, version: int) -> str:
    for user in ("GW-3", " gw-3", "gw-3\u200b", "gw‑3"):
        with scene.wrong(version, user=user, password=b"\xff\x00") as peer:
            peer.send(publish(f"park/v1/gw/{user}/up/event", b"{}", version))
            peer.alive()
    return ""


@attack("an answer to CONNECT is not given twice")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(Hello(VICTIM).to_bytes(version))
        again = peer.until(CONNACK)
        return "a second CONNECT was taken" if again is not None or not peer.closed else ""

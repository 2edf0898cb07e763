"""Packets that break the standard, byte by byte, before and after the greeting."""

from __future__ import annotations

from collections.abc import Callable

from tests.broker.attacks import BOTH, Attack, Catalogue, overhears
from tests.broker.peer import (
    PUBACK,
    SUBACK,
    UNSUBACK,
    V3,
    V5,
    Hello,
    packet,
    publish,
    subscribe,
    text,
)
from tests.broker.scene import VICTIM, WRONG, Scene

CATALOGUE = Catalogue()
attack = CATALOGUE.attack
OWN = f"park/v1/gw/{WRONG}/up/event"
DOWN = f"park/v1/gw/{WRONG}/down/#"
# mosquitto 2.0.11 does not end these; nothing of them passes.
IGNORED = (
    "SUBACK from a client",
    "UNSUBACK from a client",
    "a ping's answer from a client",
    "a ping with other flags",
)


def _hello(version: int, name: bytes, level: int, flags: int, rest: bytes) -> bytes:
    properties = b"\0" if version == V5 else b""
    head = text(name) + bytes([level, flags]) + (30).to_bytes(2, "big") + properties
    return packet(0x10, head + rest)


def first_packets(version: int) -> dict[str, bytes]:
    """Instead of a greeting: none of them may be let in."""
    me = text(WRONG)
    good = _hello(version, b"MQTT", version, 2, me)
    return {
        "PUBLISH before CONNECT": publish(OWN, b"{}", version),
        "SUBSCRIBE before CONNECT": subscribe(DOWN, version),
        "a ping before CONNECT": packet(0xC0),
        "a goodbye before CONNECT": packet(0xE0),
        "CONNACK from a client": packet(0x20, b"\0\0"),
        "another protocol's name": _hello(version, b"HTTP", version, 2, me),
        "a protocol's name of 65,535 bytes announced": packet(0x10, b"\xff\xffMQTT"),
        "an empty protocol's name": _hello(version, b"", version, 2, me),
        "version 0": _hello(version, b"MQTT", 0, 2, me),
        "version 6": _hello(version, b"MQTT", 6, 2, me),
        "version 255": _hello(version, b"MQTT", 255, 2, me),
        "the reserved flag of CONNECT": _hello(version, b"MQTT", version, 3, me),
        "a will of quality 3": _hello(
            version, b"MQTT", version, 0x1E, me + (b"\0" if version == V5 else b"") + text(OWN) * 2
        ),
        "a retained will without a will": _hello(version, b"MQTT", version, 0x22, me),
        "the quality of no will": _hello(version, b"MQTT", version, 0x0A, me),
        "a will that is missing": _hello(version, b"MQTT", version, 0x06, me),
        "a user that is missing": _hello(version, b"MQTT", version, 0x82, me),
        "a CONNECT that goes on too long": _hello(version, b"MQTT", version, 2, me + b"xyz"),
        "a CONNECT cut short": good[:-3].replace(good[1:2], bytes([good[1] - 3]), 1),
        "an empty CONNECT": packet(0x10),
        "flags in CONNECT's first byte": b"\x1f" + good[1:],
        "a client id with a null": _hello(version, b"MQTT", version, 2, text(b"gw\x00-2")),
        "a client id that is no UTF-8": _hello(version, b"MQTT", version, 2, text(b"\xff\xfe")),
        "a client id with half a surrogate": _hello(
            version, b"MQTT", version, 2, text(b"\xed\xa0\x80")
        ),
        "a length of five bytes": b"\x10\xff\xff\xff\xff\x7f",
        "256 MB announced": b"\x10\xff\xff\xff\x7f" + b"x" * 1000,
        "a request for a page": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "zeros": bytes(64),
        "ones": b"\xff" * 64,
    }


def later_packets(version: int) -> dict[str, bytes]:
    """From a client that was let in: it is ended, and nothing of it passes."""
    none = b"\0" if version == V5 else b""
    return {
        "a packet of type 0": packet(0x00),
        "CONNACK after CONNECT": packet(0x20, b"\0\0" + none),
        "SUBACK from a client": packet(0x90, b"\0\1" + none + b"\0"),
        "UNSUBACK from a client": packet(0xB0, b"\0\1" + none),
        "a ping's answer from a client": packet(0xD0),
        "PUBLISH of quality 3": b"\x36" + publish(OWN, b"{}", version)[1:],
        "PUBLISH of quality 2": publish(OWN, b"{}", version, qos=2),
        "PUBLISH without a topic": publish("", b"{}", version),
        "PUBLISH on #": publish("#", b"{}", version),
        "PUBLISH on +": publish("park/v1/gw/+/up/event", b"{}", version),
        "PUBLISH with a null in its topic": publish(b"park/v1/gw/gw-2/up/ev\0ent", b"", version),
        "PUBLISH on a topic that is no UTF-8": publish(b"park/v1/gw/gw-2/up/\xff", b"", version),
        "PUBLISH on half a surrogate": publish(b"park/v1/gw/gw-2/up/\xed\xbf\xbf", b"", version),
        "PUBLISH numbered 0": publish(OWN, b"{}", version, number=0),
        "PUBLISH cut short": packet(0x32, b"\0\x20park"),
        "PUBLISH of no bytes": packet(0x32),
        "SUBSCRIBE with other flags": b"\x80" + subscribe(DOWN, version)[1:],
        "SUBSCRIBE to nothing": packet(0x82, b"\0\1" + none),
        "SUBSCRIBE numbered 0": subscribe(DOWN, version, number=0),
        "SUBSCRIBE of quality 3": subscribe(DOWN, version, qos=3),
        "SUBSCRIBE to an empty filter": subscribe("", version),
        "SUBSCRIBE to a#": subscribe("park/a#", version),
        "SUBSCRIBE to #/b": subscribe("park/#/b", version),
        "SUBSCRIBE to a+": subscribe("park/a+/b", version),
        "SUBSCRIBE cut short": packet(0x82, b"\0\1" + none + b"\0\x20park"),
        "UNSUBSCRIBE from nothing": packet(0xA2, b"\0\1" + none),
        "UNSUBSCRIBE with other flags": packet(0xA0, b"\0\1" + none + text(DOWN)),
        "PUBREL with other flags": packet(0x60, b"\0\1"),
        "a ping with other flags": packet(0xC1),
        "an acknowledgement of no bytes": packet(0x40),
        "a length of five bytes, later": b"\x30\xff\xff\xff\xff\x7f",
        "a packet of 64 KB": publish(OWN, b"x" * 65_536, version),
        "256 MB announced, later": b"\x30\xff\xff\xff\x7f" + b"x" * 1000,
    }


def _first(said: str) -> Callable[[Scene, int], str]:
    def does(scene: Scene, version: int) -> str:
        with scene.peer(scene.shown[WRONG], version) as peer:
            peer.send(first_packets(version)[said])
            answer = peer.next(0.5)
            let_in = answer is not None and answer.kind == 2 and answer.body[1] == 0
            return "it was let in" if let_in else ""

    return does


def _later(said: str) -> Callable[[Scene, int], str]:
    def does(scene: Scene, version: int) -> str:
        with scene.wrong(version) as peer:
            if peer.closed:
                return "it was not let in before"
            peer.send(later_packets(version)[said])
            if "announced" in said:
                peer.next(0.5)
                return ""
            if said in IGNORED:
                return ""
            return "its connection goes on" if peer.alive() else ""

    return does


for named in first_packets(V3):
    CATALOGUE.attacks.append(Attack(named, _first(named), BOTH))
for named in later_packets(V3):
    CATALOGUE.attacks.append(Attack(named, _later(named), BOTH))


@attack("poses as a bridge, which mosquitto lets in as who it is", versions=(V3,))
def _(scene: Scene, version: int) -> str:
    with scene.peer(scene.shown[WRONG], version) as peer:
        peer.hello(Hello(WRONG, level=0x84))
        peer.send(publish(f"park/v1/gw/{VICTIM}/up/event", b"{}", version))
        peer.send(publish(f"park/v1/gw/{VICTIM}/down/ask", b"{}", version, number=2))
        peer.send(subscribe("#", version, 3))
        return overhears(scene, peer)


@attack("acknowledgements of what was never sent")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        for number in range(1, 200):
            peer.send(bytes([PUBACK << 4, 2]) + number.to_bytes(2, "big"))
        peer.alive()
        return ""


@attack("every other step of quality 2, out of order")
def _(scene: Scene, version: int) -> str:
    for first in (0x50, 0x62, 0x70):
        with scene.wrong(version) as peer:
            peer.send(packet(first, b"\0\7"))
            peer.alive()
    return ""


@attack("one number for many messages", heard=("malformed",))
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        for _ in range(20):
            peer.send(publish(OWN, b"not an event", version, number=7))
        peer.send(publish(OWN, b"nor this", version, number=7, again=True))
        peer.alive()
        return ""


@attack("a message again, of quality 0", heard=("malformed",), may=True)
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish(OWN, b"", version, qos=0, again=True))
        peer.alive()
        return ""


@attack("a packet cut at every byte, and the connection with it")
def _(scene: Scene, version: int) -> str:
    whole = publish(f"park/v1/gw/{VICTIM}/up/event", b"{}", version)
    for cut in range(1, len(whole), 4):
        with scene.wrong(version) as peer:
            peer.send(whole[:cut])
    return ""


@attack("unsubscribes others")
def _(scene: Scene, version: int) -> str:
    none = b"\0" if version == V5 else b""
    with scene.wrong(version) as peer:
        for wanted in ("#", f"park/v1/gw/{VICTIM}/down/#", "park/v1/gw/+/up/#"):
            peer.send(packet(0xA2, b"\0\1" + none + text(wanted)))
            peer.until(UNSUBACK)
    scene.tell_victim()
    return ""


@attack("a thousand filters in one packet")
def _(scene: Scene, version: int) -> str:
    body = b"\0\1" + (b"\0" if version == V5 else b"")
    body += b"".join(text(f"park/v1/gw/{VICTIM}/down/{n}") + b"\1" for n in range(500))
    with scene.wrong(version) as peer:
        peer.send(packet(0x82, body))
        answer = peer.until(SUBACK, 1)
        granted = answer is not None and any(code < 0x80 for code in answer.body[3:])
        return "some were granted" if granted else ""


@attack("greets and says nothing of itself")
def _(scene: Scene, version: int) -> str:
    with scene.peer(scene.shown[WRONG], version) as peer:
        peer.send(Hello(b"", clean=True).to_bytes(version))
        peer.send(publish(f"park/v1/gw/{VICTIM}/up/event", b"{}", version))
        peer.next(0.5)
        return ""

"""What MQTT 5 adds: properties, aliases, expiry, options, enhanced authentication."""

from __future__ import annotations

from collections.abc import Callable

from tests.broker.attacks import Attack, Catalogue
from tests.broker.peer import SUBACK, V5, Hello, length, packet, publish, text
from tests.broker.scene import VICTIM, WRONG, Scene

CATALOGUE = Catalogue()
attack = CATALOGUE.attack
ONLY = (V5,)
OWN = f"park/v1/gw/{WRONG}/up/event"
FOREIGN = f"park/v1/gw/{VICTIM}/down/ask"


def byte(number: int, value: int) -> bytes:
    return bytes([number, value])


def two(number: int, value: int) -> bytes:
    return bytes([number]) + value.to_bytes(2, "big")


def four(number: int, value: int) -> bytes:
    return bytes([number]) + value.to_bytes(4, "big")


def pair(name: str, value: str) -> bytes:
    return b"\x26" + text(name) + text(value)


# Of a CONNECT: none may be let in.
GREETINGS = {
    "a receive maximum of 0": two(0x21, 0),
    "a largest packet of 0": four(0x27, 0),
    "a property twice": four(0x11, 1) * 2,
    "a property that there is not": byte(0x7F, 1),
    "a property of PUBLISH": two(0x23, 1),
    "a property that only brokers send": byte(0x24, 1),
    "a wish for problems of 2": byte(0x17, 2),
    "a wish for answers of 2": byte(0x19, 2),
    "a method of authentication that nobody knows": b"\x15" + text("GS2-KRB5"),
    "properties cut short": b"\x11\0",
}
# Of a PUBLISH on its own topic: the connection ends.
REPORTS = {
    "an alias of 0": two(0x23, 0),
    "an alias out of range": two(0x23, 60_000),
    "an alias twice": two(0x23, 1) * 2,
    "a property of CONNECT": four(0x11, 1),
    "an unknown property": byte(0x7F, 1),
}
# mosquitto 2.0.11 lets these pass, on its own topic: the consumer sees a report like any other.
LENIENT = {
    "a subscription's number": b"\x0b\x01",
    "a format of 2": byte(0x01, 2),
    "an expiry twice": four(0x02, 1) * 2,
    "an answer's topic with a wildcard": b"\x08" + text("park/#"),
}


def _greets(properties: bytes) -> Callable[[Scene, int], str]:
    def does(scene: Scene, version: int) -> str:
        with scene.peer(scene.shown[WRONG], version) as peer:
            let_in = peer.hello(Hello(WRONG, properties=properties))
            return "it was let in" if let_in else ""

    return does


def _reports(properties: bytes, lenient: bool = False) -> Callable[[Scene, int], str]:
    def does(scene: Scene, version: int) -> str:
        with scene.wrong(version) as peer:
            peer.send(publish(OWN, b"{}", version, properties=properties))
            return "its connection goes on" if peer.alive() and not lenient else ""

    return does


for said, raw in GREETINGS.items():
    CATALOGUE.attacks.append(Attack(f"CONNECT with {said}", _greets(raw), ONLY))
for said, raw in LENIENT.items():
    made = _reports(raw, lenient=True)
    CATALOGUE.attacks.append(Attack(f"PUBLISH with {said}", made, ONLY, ("malformed",), may=True))
for said, raw in REPORTS.items():
    CATALOGUE.attacks.append(Attack(f"PUBLISH with {said}", _reports(raw), ONLY))


@attack("CONNECT with authentication data without a method: let in as who it is", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version, properties=b"\x16" + text(b"x")) as peer:
        peer.send(publish(FOREIGN, b"{}", version))
        peer.alive()
        return ""


@attack("an alias that was never given a topic", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish("", b"{}", version, properties=two(0x23, 3)))
        return "its connection goes on" if peer.alive() else ""


@attack("an alias for another's topic", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish(FOREIGN, b"{}", version, properties=two(0x23, 1)))
        for number in range(2, 6):
            peer.send(publish("", b"{}", version, number=number, properties=two(0x23, 1)))
        peer.alive()
        return ""


@attack("a bomb of user properties in a greeting", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    with scene.peer(scene.shown[WRONG], version) as peer:
        bomb = pair("x" * 1000, "y" * 60_000) * 20
        return "it was let in" if peer.hello(Hello(WRONG, properties=bomb)) else ""


@attack("a bomb of user properties in a report", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish(OWN, b"{}", version, properties=pair("x" * 200, "y" * 200) * 200))
        return "its connection goes on" if peer.alive() else ""


@attack("a thousand small user properties", versions=ONLY, heard=("malformed",))
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish(OWN, b"{}", version, properties=pair("a", "b") * 1000))
        peer.alive()
        return ""


@attack("a session that never ends, for another's commands", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    forever = four(0x11, 0xFFFFFFFF)
    for _ in range(3):
        with scene.wrong(version, client_id=VICTIM, clean=False, properties=forever) as peer:
            peer.alive()
    scene.tell_victim()
    return ""


@attack("an end that makes the session longer", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        longer = four(0x11, 3600)
        peer.send(packet(0xE0, b"\0" + length(len(longer)) + longer))
        return "its connection goes on" if peer.alive() else ""


@attack("authentication in the middle", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(packet(0xF0, b"\x18\0"))
        return "its connection goes on" if peer.alive() else ""


@attack("a will that waits, on another's topic", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    delayed = four(0x18, 0)
    peer = scene.peer(scene.shown[WRONG], version)
    peer.hello(Hello(WRONG, will_topic=FOREIGN, will_properties=delayed))
    peer.end()
    return ""


def _options(wanted: str, options: int) -> Callable[[Scene, int], str]:
    def does(scene: Scene, version: int) -> str:
        with scene.wrong(version) as peer:
            peer.send(packet(0x82, b"\0\1\0" + text(wanted) + bytes([options])))
            answer = peer.until(SUBACK)
            granted = answer is not None and answer.body[-1] < 0x80
            return "it was granted" if granted else ""

    return does


DOWN = f"park/v1/gw/{WRONG}/down/#"
attack("SUBSCRIBE with a reserved option", versions=ONLY)(_options(DOWN, 0xC1))
attack("SUBSCRIBE with a third way to handle retained", versions=ONLY)(_options(DOWN, 0x31))
attack("SUBSCRIBE shared and not local", versions=ONLY)(_options(f"$share/x/{DOWN}", 0x05))
attack("SUBSCRIBE shared under no name", versions=ONLY)(_options(f"$share//{DOWN}", 0x01))
attack("SUBSCRIBE shared under a wildcard", versions=ONLY)(_options(f"$share/+/{DOWN}", 0x01))


@attack("SUBSCRIBE numbered 0 by a property", versions=ONLY)
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(packet(0x82, b"\0\1\2\x0b\0" + text(DOWN) + b"\1"))
        return "its connection goes on" if peer.alive() else ""

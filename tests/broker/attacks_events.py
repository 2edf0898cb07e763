"""What a gateway in the wrong hands says on its own topics: forged, replayed, cut, of others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from contracts.ledger.hashing import unhex
from contracts.wire.codec import encode
from contracts.wire.messages import Event, Reply, SignedEvent, Status
from contracts.wire.signing import Domain, event_digest, sign
from contracts.wire.types import checksummed
from tests.broker.attacks import Attack, Catalogue
from tests.broker.peer import publish
from tests.broker.scene import HONEST, REVOKED, REVOKED_KEY, WRONG, WRONG_KEY, Scene
from tests.contracts.making import KEY, at

CATALOGUE = Catalogue()
attack = CATALOGUE.attack
NUMBERS = count(1)
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
MALFORMED = ("malformed", "crossed")


def event(gateway: str = WRONG, **changes: Any) -> Event:
    given: dict[str, Any] = {
        "gateway": gateway,
        "epoch": 1,
        "seq": next(NUMBERS),
        "kind": "snapshot",
        "space": "S4",
        "occupancy": "free",
        "at": at(0),
        "uncertainty_s": 0.5,
        "reported_at": at(5),
        "boot_id": "boot",
        "boottime_ns": 1,
        "clock": "synced",
    }
    return Event(**given | changes)


def signed(body: Event, domain: Domain, key: bytes = WRONG_KEY) -> SignedEvent:
    return SignedEvent(body=body, signature=sign(event_digest(body, domain), key))


def say(
    scene: Scene, version: int, payload: bytes, kind: str = "event", gateway: str = WRONG
) -> str:
    with scene.wrong(version, gateway) as peer:
        peer.send(publish(f"park/v1/gw/{gateway}/up/{kind}", payload, version))
        peer.alive()
        return ""


def _forged(make: Callable[[Scene], SignedEvent]) -> Callable[[Scene, int], str]:
    return lambda scene, version: say(scene, version, encode(make(scene)))


def _elsewhere(scene: Scene, **changes: Any) -> SignedEvent:
    return signed(event(), replace(scene.cloud.rig.domain, **changes))


def _malleable(scene: Scene) -> SignedEvent:
    """The other of the two signatures that ECDSA has for everything."""
    true = signed(event(), scene.cloud.rig.domain)
    raw = unhex(true.signature)
    other = ORDER - int.from_bytes(raw[32:64], "big")
    turned = raw[:32] + other.to_bytes(32, "big") + bytes([55 - raw[64]])
    return true.model_copy(update={"signature": "0x" + turned.hex()})


def _changed(scene: Scene) -> SignedEvent:
    true = signed(event(), scene.cloud.rig.domain)
    return true.model_copy(update={"body": true.body.model_copy(update={"uncertainty_s": 9.0})})


WRONG_KEYS: dict[str, Callable[[Scene], SignedEvent]] = {
    "an event signed by nobody": lambda _: SignedEvent(body=event(), signature="0x" + "00" * 65),
    "an event with a signature of ones": lambda _: SignedEvent(
        body=event(), signature="0x" + "ff" * 65
    ),
    "an event signed by another key": lambda s: signed(
        event(), s.cloud.rig.domain, bytes([9]) * 32
    ),
    "an event signed by the honest gateway's key": lambda s: signed(
        event(), s.cloud.rig.domain, KEY
    ),
    "an event of another chain": lambda s: _elsewhere(s, chain_id=1),
    "an event of another ledger": lambda s: _elsewhere(s, ledger=checksummed("0x" + "99" * 20)),
    "an event changed after it was signed": _changed,
    "the other signature of an event": _malleable,
}
for said, make in WRONG_KEYS.items():
    heard = ("wrong_key", "malformed", "unknown_gateway")
    CATALOGUE.attacks.append(Attack(said, _forged(make), heard=heard))

CROSSED: dict[str, Callable[[Scene], SignedEvent]] = {
    "an event of the honest gateway, by its own key": lambda s: signed(
        event(HONEST, space="S1"), s.cloud.rig.domain, KEY
    ),
    "an event that claims to be the honest gateway's": lambda s: signed(
        event(HONEST, space="S1", kind="arrival", occupancy="occupied"), s.cloud.rig.domain
    ),
}
for said, make in CROSSED.items():
    CATALOGUE.attacks.append(Attack(said, _forged(make), heard=MALFORMED))


@attack("an event of a gateway that is not enrolled", heard=("unknown_gateway",), may=True)
def _(scene: Scene, version: int) -> str:
    made = signed(event("gw-9"), scene.cloud.rig.domain)
    return say(scene, version, encode(made), gateway="gw-9")


@attack("an event of a gateway whose key was revoked", heard=("revoked_key", "wrong_key"))
def _(scene: Scene, version: int) -> str:
    made = signed(event(REVOKED, space="S5"), scene.cloud.rig.domain, REVOKED_KEY)
    return say(scene, version, encode(made), gateway=REVOKED)


@attack("a space of the honest gateway, signed by its own key", heard=("received",), stored=True)
def _(scene: Scene, version: int) -> str:
    """It is kept as evidence of who said so; the space stays as it was."""
    made = event(space="S1", kind="arrival", occupancy="occupied")
    return say(scene, version, encode(signed(made, scene.cloud.rig.domain)))


@attack("its own event, ten times", heard=("received",), stored=True)
def _(scene: Scene, version: int) -> str:
    before = scene.effects().events
    payload = encode(signed(event(), scene.cloud.rig.domain))
    for _ in range(10):
        say(scene, version, payload)
    scene.honest_event()
    more = scene.effects().events - before - 1
    return "" if more == 1 else f"it was kept {more} times"


@attack("a number again, for something else", heard=("number_reused",), stored=True)
def _(scene: Scene, version: int) -> str:
    first = event()
    say(scene, version, encode(signed(first, scene.cloud.rig.domain)))
    again = first.model_copy(update={"occupancy": "occupied", "kind": "arrival"})
    return say(scene, version, encode(signed(again, scene.cloud.rig.domain)))


@attack("a number a billion ahead", heard=("received",))
def _(scene: Scene, version: int) -> str:
    made = event(seq=10**9)
    return say(scene, version, encode(signed(made, scene.cloud.rig.domain)))


@attack("events of the years 2199 and 1970", heard=("received",), stored=True)
def _(scene: Scene, version: int) -> str:
    for year in (2199, 1970):
        when = at(0).replace(year=year)
        made = event(at=when, reported_at=when, space="S4", occupancy="free")
        say(scene, version, encode(signed(made, scene.cloud.rig.domain)))
    return ""


def _raw() -> dict[str, bytes]:
    whole = json.loads(encode(signed(event(), Domain(1, checksummed("0x" + "11" * 20)))))

    def changed(**body: Any) -> bytes:
        return json.dumps(whole | {"body": whole["body"] | body}).encode()

    return {
        "nothing": b"",
        "an empty object": b"{}",
        "a list": b"[]",
        "a number": b"1",
        "no JSON": b"\xff\xfe\x00",
        "a list in a list, a hundred thousand deep": b"[" * 16_000,
        "objects, two thousand deep": b'{"body":' * 2_000,
        "a number of 10,000 digits": b'{"body":{"seq":' + b"9" * 10_000 + b"}}",
        "not a number": changed(uncertainty_s=1).replace(b'"uncertainty_s": 1', b'"seq": NaN'),
        "the number 0": changed(seq=0),
        "a negative number": changed(seq=-1),
        "a number beyond 2^53": changed(seq=2**60),
        "a number as text": changed(seq="1"),
        "a fraction": changed(seq=1.5),
        "an epoch of 0": changed(epoch=0),
        "an uncertainty that is infinite": changed(uncertainty_s=1e999),
        "a name with a topic in it": changed(gateway="gw-2/../gw-1"),
        "a name with a null": changed(gateway="gw-2\0"),
        "a kind that there is not": changed(kind="teleport"),
        "a time without a zone": changed(at="2026-05-01T00:00:00"),
        "of the year 9999": changed(at="9999-05-01T00:00:00Z"),
        "a time of 15,000 digits": changed(at="2" * 15_000),
        "half a surrogate": json.dumps(whole).encode().replace(b'"boot"', b'"\\ud800"'),
        "17 KB": b" " * 17_000,
        "compressed": gzip.compress(json.dumps(whole).encode()),
        "a signature of 64 bytes": json.dumps(whole | {"signature": "0x" + "11" * 64}).encode(),
        "a signature that is no hex": json.dumps(whole | {"signature": "0x" + "zz" * 65}).encode(),
        "two bodies in one": json.dumps(whole).encode() * 2,
        "a plate of 10,000 letters": json.dumps(
            whole | {"plate": {"text": "A" * 10_000, "salt": "0x" + "11" * 32}}
        ).encode(),
    }


for said, raw in _raw().items():

    def _say(scene: Scene, version: int, payload: bytes = raw) -> str:
        return say(scene, version, payload)

    CATALOGUE.attacks.append(Attack(f"an event that is {said}", _say, heard=("malformed",)))


@attack("an event cut at every place", heard=("malformed",))
def _(scene: Scene, version: int) -> str:
    whole = encode(signed(event(seq=999), scene.cloud.rig.domain))
    with scene.wrong(version) as peer:
        for cut in range(0, len(whole), 37):
            peer.send(publish(f"park/v1/gw/{WRONG}/up/event", whole[:cut], version))
        peer.alive()
    return ""


@attack("another's status on its own topic", heard=MALFORMED)
def _(scene: Scene, version: int) -> str:
    made = Status(gateway=HONEST, online=False, at=at(0), boot_id="b", version="1", clock="synced")
    return say(scene, version, encode(made), "status")


@attack("an answer to another's command", heard=("received",))
def _(scene: Scene, version: int) -> str:
    return say(scene, version, encode(Reply(gateway=WRONG, to="cmd-1", accepted=True)), "reply")


@attack("an answer in another's name", heard=MALFORMED)
def _(scene: Scene, version: int) -> str:
    return say(scene, version, encode(Reply(gateway=HONEST, to="cmd-1", accepted=True)), "reply")


@attack("telemetry of 10,000 channels", heard=("malformed",))
def _(scene: Scene, version: int) -> str:
    channels = [{"name": "x"}] * 1000
    payload = {"gateway": WRONG, "at": "2026-05-01T00:00:00Z", "clock": "synced"}
    made = json.dumps(payload | {"channels": channels}).encode()
    return say(scene, version, made, "telemetry")

"""Topics: of others, of the cloud, of the broker; filters that listen in; retained words; wills."""

from __future__ import annotations

from collections.abc import Callable

from contracts.wire.topics import all_down
from tests.broker.attacks import BOTH, Attack, Catalogue, overhears
from tests.broker.peer import PUBACK, SUBACK, V5, Hello, publish, subscribe
from tests.broker.scene import HONEST, VICTIM, WRONG, Scene

CATALOGUE = Catalogue()
attack = CATALOGUE.attack
OWN = f"park/v1/gw/{WRONG}"
OWN_UP = f"{OWN}/up"
CREATE = b'{"commands":[{"command":"createClient","username":"gw-9","password":"x"}]}'

FOREIGN = {
    "another's event": f"park/v1/gw/{HONEST}/up/event",
    "another's status: it would look offline": f"park/v1/gw/{HONEST}/up/status",
    "another's telemetry": f"park/v1/gw/{HONEST}/up/telemetry",
    "another's reply": f"park/v1/gw/{HONEST}/up/reply",
    "a command to another": f"park/v1/gw/{VICTIM}/down/grant",
    "an acknowledgement to another: its events would be forgotten": (
        f"park/v1/gw/{VICTIM}/down/ack"
    ),
    "a command to itself": f"{OWN}/down/grant",
    "the broker's own topic": "$SYS/broker/version",
    "a bridge's state": "$SYS/broker/connection/x/state",
    "the broker's control": "$CONTROL/dynamic-security/v1",
    "the control's answers": "$CONTROL/dynamic-security/v1/response",
    "a shared subscription's name": f"$share/x/park/v1/gw/{HONEST}/up/event",
    "a topic outside": "anything/at/all",
    "the root": "park/v1/gw",
    "a name that begins like its own": f"{OWN}x/up/event",
    "other letters": f"PARK/V1/GW/{HONEST}/UP/EVENT",
    "a leading slash": f"/park/v1/gw/{HONEST}/up/event",
    "an empty name": "park/v1/gw//up/event",
    "a look-alike name": "park/v1/gw/gw‑1/up/event",
    "dots": f"{OWN}/../{HONEST}/up/event",
    "its own, without the kind": f"{OWN}/up",
    "Home Assistant's topics": "homeassistant/sensor/x/config",
}
FILTERS = {
    "everything": "#",
    "everything below one level": "+/#",
    "all reports": "park/v1/gw/+/up/#",
    "all commands": "park/v1/gw/+/down/#",
    "another's commands": all_down(VICTIM),
    "another's commands, by a pattern": f"+/+/+/{VICTIM}/+/ask",
    "another's commands, one kind": f"park/v1/gw/{VICTIM}/down/ask",
    "its own reports": f"{OWN}/up/#",
    "a share of all reports": "$share/cloud/park/v1/gw/+/up/#",
    "a share of another's commands": f"$share/x/park/v1/gw/{VICTIM}/down/#",
    "a share of its own commands": f"$share/x/{OWN}/down/#",
    "the broker's own topics": "$SYS/#",
    "the broker's control": "$CONTROL/#",
    "the control's answers": "$CONTROL/dynamic-security/v1/response",
}


def _says(topic: str) -> Callable[[Scene, int], str]:
    def does(scene: Scene, version: int) -> str:
        payload = CREATE if topic.startswith("$CONTROL") else b"{}"
        with scene.wrong(version) as peer:
            peer.send(publish(topic, payload, version))
            answer = peer.until(PUBACK)
            code = answer.body[2:3] if answer is not None else b""
            told_so = version == V5 and answer is not None and code != b"\x87"
            return "it was told that it may" if told_so and not topic.startswith(OWN_UP) else ""

    return does


def _listens(wanted: str) -> Callable[[Scene, int], str]:
    def does(scene: Scene, version: int) -> str:
        with scene.wrong(version) as peer:
            peer.send(subscribe(wanted, version))
            answer = peer.until(SUBACK)
            if answer is not None and answer.body[-1] < 0x80:
                return "it was granted"
            return overhears(scene, peer)

    return does


for said, topic in FOREIGN.items():
    reached = ("malformed",) if topic.startswith(OWN_UP) else ()
    CATALOGUE.attacks.append(Attack(f"says on {said}", _says(topic), BOTH, reached))
for said, wanted in FILTERS.items():
    CATALOGUE.attacks.append(Attack(f"listens to {said}", _listens(wanted)))


@attack("its own topics, with kinds, levels and letters that nobody speaks", heard=("malformed",))
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        odd = ("x", "event/", "/event", "event/x", "EVENT", "down/ack", "événement", "a" * 200)
        for rest in odd:
            peer.send(publish(f"{OWN}/up/{rest}", b"{}", version))
        return "" if peer.alive() else "it was ended for a harmless word"


@attack("a topic of 65,535 bytes")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish((OWN + "/up/" + "x" * 65_535)[:65_535], b"", version))
        return "" if not peer.alive() else "it was taken"


@attack("a thousand levels")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish(OWN + "/up" + "/x" * 1000, b"{}", version))
        peer.send(subscribe(OWN + "/down" + "/x" * 1000, version))
        peer.alive()
        return ""


@attack("a retained report")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish(f"{OWN}/up/event", b"{}", version, retain=True))
        return "it was taken" if peer.alive() else ""


@attack("a retained nothing, to clear what is kept")
def _(scene: Scene, version: int) -> str:
    with scene.wrong(version) as peer:
        peer.send(publish(f"park/v1/gw/{VICTIM}/down/grant", b"", version, retain=True))
        return "it was taken" if peer.alive() else ""


def _wills(topic: str, **more: object) -> Callable[[Scene, int], str]:
    """Let in or not: when the connection breaks nothing may be told."""

    def does(scene: Scene, version: int) -> str:
        peer = scene.peer(scene.shown[WRONG], version)
        peer.hello(Hello(WRONG, will_topic=topic, **more))  # type: ignore[arg-type]
        peer.end()
        return ""

    return does


for said, topic in {
    "another's status": f"park/v1/gw/{VICTIM}/up/status",
    "another's commands": f"park/v1/gw/{VICTIM}/down/grant",
    "the broker's control": "$CONTROL/dynamic-security/v1",
    "the broker's own topics": "$SYS/broker/version",
    "a filter": f"{OWN}/up/#",
    "nothing": "",
}.items():
    attack(f"a will on {said}")(_wills(topic))
attack("a retained will")(_wills(f"{OWN}/up/status", will_retain=True))
attack("a will of quality 2")(_wills(f"{OWN}/up/status", will_qos=2))
attack("a will too large")(_wills(f"{OWN}/up/status", will=b"x" * 60_000))
attack("a will that is no status", heard=("malformed",))(_wills(f"{OWN}/up/status"))

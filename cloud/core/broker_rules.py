"""Who may say and hear what on the wire: one place for the embedded broker and for mosquitto.

A name is who somebody is: CN of a certificate = gateway id = user = client id. What is not allowed
here is refused: there is no default that lets through.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Any

from contracts.wire.topics import ALL_UP, ROOT

CLOUD, CONTROL = "berth-cloud", "berth-control"
# Whoever bears such a name is of the cloud; no gateway may be given one.
OWN_PREFIX = "berth-"
GATEWAY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# A report has at most 16,384 bytes (contracts/wire/codec.py); topic and properties come on top.
MAX_PACKET_BYTES = 20_480
MAX_TOPIC = 256
# A gateway listens to its own commands only; a few more are harmless, a thousand are not.
MAX_FILTERS = 8
# As much as a gateway's settings allow (edge/config/settings.py).
MAX_KEEPALIVE_S = 3600
COMMANDS = "$CONTROL/dynamic-security"

Role = dict[str, Any]


def is_gateway(name: str) -> bool:
    return GATEWAY.fullmatch(name) is not None and not name.casefold().startswith(OWN_PREFIX)


def publishes(name: str) -> tuple[str, ...]:
    """Filters of the topics on which this name may speak."""
    if name == CLOUD:
        return (f"{ROOT}/+/down/#",)
    if name == CONTROL:
        return (f"{COMMANDS}/v1",)
    return (f"{ROOT}/{name}/up/#",) if is_gateway(name) else ()


def subscribes(name: str) -> tuple[str, ...]:
    """Filters that this name may subscribe to, or to anything within them."""
    if name == CLOUD:
        return (ALL_UP,)
    if name == CONTROL:
        return (f"{COMMANDS}/v1/response",)
    return (f"{ROOT}/{name}/down/#",) if is_gateway(name) else ()


def may_publish(name: str, topic: str) -> bool:
    if set(topic) & set("+#\0") or len(topic) > MAX_TOPIC:
        return False
    return any(covers(own, topic) for own in publishes(name))


def may_subscribe(name: str, wanted: str) -> bool:
    """Shared subscriptions are refused: whoever joins a group takes messages away from it."""
    return any(covers(own, wanted) for own in subscribes(name))


def covers(outer: str, inner: str) -> bool:
    """Whether every topic that `inner` (a topic or a filter) names is named by `outer`.

    `a/#` names `a` itself, too (MQTT 3.1.1, 4.7.1.2).
    """
    outside, inside = outer.split("/"), inner.split("/")
    for number, level in enumerate(outside):
        if level == "#":
            return True
        if number >= len(inside) or inside[number] == "#":
            return False
        if level != inside[number] and (level != "+" or not inside[number]):
            return False
    return len(inside) == len(outside)


def token(secret: bytes, name: str) -> str:
    """What a name shows instead of a certificate, where the broker is the embedded one."""
    return hmac.new(secret, f"broker\0{name}".encode(), hashlib.sha256).hexdigest()


def is_token(secret: bytes, name: str, shown: bytes) -> bool:
    return hmac.compare_digest(token(secret, name).encode(), shown)


def dynamic_security(gateways: Iterable[str]) -> dict[str, Any]:
    """The file that mosquitto's plugin of this name starts from: everybody by name, no defaults."""
    names = (CLOUD, CONTROL, *sorted(set(gateways)))
    return {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": False,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [{"username": name, "roles": [{"rolename": name}]} for name in names],
        "groups": [],
        "roles": [role(name) for name in names],
    }


def role(name: str) -> Role:
    """Of this name alone: the plugin of mosquitto 2.0 knows no pattern for the user's own name."""
    said = [("publishClientSend", topic) for topic in publishes(name)]
    heard = [
        (kind, topic)
        for kind in ("publishClientReceive", "subscribePattern")
        for topic in subscribes(name)
    ]
    acls = [{"acltype": kind, "topic": topic, "allow": True} for kind, topic in (*said, *heard)]
    return {"rolename": name, "acls": acls}


def admitting(name: str) -> list[dict[str, Any]]:
    """Commands to the plugin; what is there already it refuses, which changes nothing."""
    return [
        {"command": "createRole", **role(name)},
        {"command": "createClient", "username": name, "roles": [{"rolename": name}]},
    ]


def shutting_out(name: str) -> list[dict[str, Any]]:
    """Each of the first two ends an open session at once (measured on 2.0.11)."""
    return [
        {"command": "disableClient", "username": name},
        {"command": "deleteClient", "username": name},
        {"command": "deleteRole", "rolename": name},
    ]

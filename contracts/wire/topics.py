"""The only place where a topic is put together or taken apart."""

import re
from dataclasses import dataclass
from typing import Literal

from contracts.wire.messages import (
    Ack,
    Ask,
    Down,
    Grant,
    Reply,
    Revoke,
    SignedEvent,
    Status,
    Telemetry,
    Up,
)

ROOT = "park/v1/gw"
UP: dict[str, type[SignedEvent | Status | Telemetry | Reply]] = {
    "event": SignedEvent,
    "status": Status,
    "telemetry": Telemetry,
    "reply": Reply,
}
DOWN: dict[str, type[Ack | Grant | Revoke | Ask]] = {
    "ack": Ack,
    "grant": Grant,
    "revoke": Revoke,
    "ask": Ask,
}
KIND_OF = {model: kind for table in (UP, DOWN) for kind, model in table.items()}
TOPIC = re.compile(rf"{ROOT}/([A-Za-z0-9][A-Za-z0-9._-]{{0,63}})/(up|down)/([a-z]+)")

ALL_UP = f"{ROOT}/+/up/#"


@dataclass(frozen=True, slots=True)
class Topic:
    gateway: str
    direction: Literal["up", "down"]
    kind: str

    def __str__(self) -> str:
        return f"{ROOT}/{self.gateway}/{self.direction}/{self.kind}"


def topic_for(message: Up | Down) -> str:
    kind = KIND_OF[type(message)]
    gateway = message.body.gateway if isinstance(message, SignedEvent) else message.gateway
    return str(Topic(gateway, "up" if kind in UP else "down", kind))


def all_down(gateway: str) -> str:
    return f"{ROOT}/{gateway}/down/#"


def parse_topic(topic: str) -> Topic | None:
    """None for a topic that is not ours, or that names a kind we do not speak."""
    found = TOPIC.fullmatch(topic)
    if found is None:
        return None
    gateway, direction, kind = found.groups()
    if direction == "up" and kind in UP:
        return Topic(gateway, "up", kind)
    if direction == "down" and kind in DOWN:
        return Topic(gateway, "down", kind)
    return None

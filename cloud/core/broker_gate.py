"""What the embedded broker's guard decides: who somebody is, and what becomes of each packet.

Pure: connections, time and bytes stay in cloud/adapters/broker_guard.py. The same is refused as by
a mosquitto that runs on `berth-cloud broker-config`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from cloud.core import broker_rules as rules
from cloud.core.mqtt_packets import (
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    BadPacket,
    Connect,
    Other,
    Packet,
    Publish,
    Subscribe,
)

# Answers to a CONNECT (MQTT 3.1.1, 3.2.2.3).
VERSION, IDENTIFIER, UNAVAILABLE, PASSWORD, NOT_ALLOWED = 1, 2, 3, 4, 5
REFUSED_FILTER = 0x80
MAX_CLIENT_ID = 64
MAX_UNACKNOWLEDGED = 5000
ACKNOWLEDGEMENT_BYTES = 2
# Of quality 2, which nobody of ours speaks and which costs the broker memory.
QUALITY_2 = (PUBREC, PUBREL, PUBCOMP)

Fate = Literal["pass", "swallow", "end"]


class Refused(Exception):
    """This CONNECT is not let in: `code` goes into the answer, `why` into the counts."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


@dataclass(frozen=True, slots=True)
class Door:
    """How somebody came: `certified` is the name of the certificate shown, None without TLS."""

    loopback: bool
    certified: str | None = None


def named(connect: Connect, door: Door, secret: bytes) -> str:
    """Who it is. Without TLS: by the token, or on loopback, for a gateway, by its word alone.

    Whoever can speak on loopback reads the data folder of the demonstration anyway; its events are
    refused without the key. The cloud's name is never given on a word.
    """
    name = door.certified if door.certified is not None else connect.user or connect.client_id
    if not rules.publishes(name):
        raise Refused(NOT_ALLOWED, "nobody")
    if door.certified is None and connect.password is not None:
        if not rules.is_token(secret, name, connect.password):
            raise Refused(PASSWORD, "wrong_token")
    elif door.certified is None and not (door.loopback and rules.is_gateway(name)):
        raise Refused(NOT_ALLOWED, "no_token")
    return name


def check(connect: Connect, name: str) -> None:
    """What the standard allows and we do not. Raises Refused."""
    if len(connect.client_id) > MAX_CLIENT_ID:
        raise Refused(IDENTIFIER, "long_client_id")
    if not 0 < connect.keepalive_s <= rules.MAX_KEEPALIVE_S:
        raise Refused(UNAVAILABLE, "keepalive")
    if connect.will_topic is None:
        return
    if connect.will_retain or connect.will_qos > 1:
        raise Refused(NOT_ALLOWED, "will")
    if not rules.may_publish(name, connect.will_topic):
        raise Refused(NOT_ALLOWED, "will")


@dataclass
class Talk:
    """One admitted connection: `count` is told each refusal by a word; `answer` sends bytes."""

    name: str
    count: Callable[[str], None]
    answer: Callable[[bytes], None]
    _filters: set[str] = field(default_factory=set)
    _unacknowledged: set[int] = field(default_factory=set)

    def judge(self, packet: Packet, body: bytes) -> Fate:
        if isinstance(packet, Publish):
            return self._publish(packet, body)
        if isinstance(packet, Subscribe):
            return self._subscribe(packet, body)
        if isinstance(packet, Connect):
            return self._end("second_connect")
        return self._other(packet, body)

    def sent(self, data: bytes) -> bool:
        """A packet to this client; False once too many wait for its acknowledgement."""
        if data[0] >> 4 != PUBLISH or not data[0] & 6:
            return True
        start = next((at for at in range(1, 5) if data[at] < 0x80), 4) + 1
        size = int.from_bytes(data[start : start + 2], "big")
        self._unacknowledged.add(int.from_bytes(data[start + 2 + size : start + 4 + size], "big"))
        return len(self._unacknowledged) <= MAX_UNACKNOWLEDGED

    def _publish(self, packet: Publish, body: bytes) -> Fate:
        if packet.retain:
            return self._end("retained")
        if packet.qos > 1:
            return self._end("quality_2")
        if rules.may_publish(self.name, packet.topic):
            return "pass"
        # Acknowledged and dropped, as mosquitto does: [MQTT-3.3.5-2] leaves that or the end.
        self.count("foreign_topic")
        if packet.qos:
            size = int.from_bytes(body[:2], "big")
            self.answer(bytes([PUBACK << 4, 2]) + body[2 + size : 4 + size])
        return "swallow"

    def _subscribe(self, packet: Subscribe, body: bytes) -> Fate:
        wanted = self._filters | set(packet.filters)
        allowed = all(rules.may_subscribe(self.name, one) for one in packet.filters)
        if allowed and len(wanted) <= rules.MAX_FILTERS:
            self._filters = wanted
            return "pass"
        self.count("foreign_filter")
        if len(packet.filters) > rules.MAX_FILTERS:
            return self._end("filters")
        codes = bytes([REFUSED_FILTER] * len(packet.filters))
        self.answer(bytes([0x90, 2 + len(codes)]) + body[:2] + codes)
        return "swallow"

    def _other(self, packet: Other, body: bytes) -> Fate:
        if packet.kind in QUALITY_2:
            return self._end("quality_2")
        if packet.kind != PUBACK:
            return "pass"
        number = int.from_bytes(body[:ACKNOWLEDGEMENT_BYTES], "big")
        if number in self._unacknowledged:
            self._unacknowledged.discard(number)
            return "pass"
        self.count("stray_acknowledgement")
        return "swallow"

    def _end(self, why: str) -> Fate:
        self.count(why)
        return "end"


def refusal(error: Exception) -> int | None:
    """The code to answer a CONNECT with, or None to end without a word."""
    if isinstance(error, Refused):
        return error.code
    return None if isinstance(error, BadPacket) else UNAVAILABLE

"""MQTT 3.1.1 packets from a client, read strictly: what the standard forbids is BadPacket.

Source: MQTT 3.1.1 (OASIS), sections 1.5, 2 and 3; the numbers in comments are its rules.
"""

from dataclasses import dataclass, replace

CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 3, 4, 5, 6, 7
SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 8, 10, 12, 14
# The low four bits of the first byte, where they are fixed [MQTT-2.2.2-1].
FLAGS = {
    **{CONNECT: 0, PUBACK: 0, PUBREC: 0, PUBREL: 2, PUBCOMP: 0},
    **{SUBSCRIBE: 2, UNSUBSCRIBE: 2, PINGREQ: 0, DISCONNECT: 0},
}
BARE = (PINGREQ, DISCONNECT)
NUMBERED = (PUBACK, PUBREC, PUBREL, PUBCOMP)
MAX_LENGTH_BYTES = 4
LEVEL = 4
MAX_QOS = 2


class BadPacket(ValueError):
    """It breaks the standard; the connection ends."""


class OtherVersion(BadPacket):
    """It is a CONNECT of another version than 3.1.1."""


@dataclass(frozen=True, slots=True)
class Connect:
    client_id: str
    keepalive_s: int
    clean: bool = True
    user: str | None = None
    password: bytes | None = None
    will_topic: str | None = None
    will: bytes = b""
    will_qos: int = 0
    will_retain: bool = False


@dataclass(frozen=True, slots=True)
class Publish:
    topic: str
    qos: int
    retain: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Subscribe:
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """An acknowledgement, a ping, a goodbye, an UNSUBSCRIBE: harmless once it is well formed."""

    kind: int


Packet = Connect | Publish | Subscribe | Other


class Cursor:
    """Reads a body from its front; never past its end."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    @property
    def left(self) -> int:
        return len(self._body) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise BadPacket("it ends too early")
        self._at += count
        return self._body[self._at - count : self._at]

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def identifier(self) -> int:
        found = self.number()
        if not found:
            raise BadPacket("packet identifier 0")  # [MQTT-2.3.1-1]
        return found

    def data(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        try:
            found = self.data().decode("utf-8")  # [MQTT-1.5.3-1]: surrogates are refused too
        except UnicodeDecodeError:
            raise BadPacket("text that is no UTF-8") from None
        if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in found):
            raise BadPacket("a control character in a text")  # [MQTT-1.5.3-2]
        return found

    def end(self) -> None:
        if self.left:
            raise BadPacket(f"{self.left} bytes too many")


def read(first: int, body: bytes) -> Packet:
    """`first`: the packet's first byte; `body`: what follows its length. Raises BadPacket."""
    kind, flags = first >> 4, first & 0x0F
    if kind == PUBLISH:
        return _publish(flags, Cursor(body))
    if FLAGS.get(kind) != flags:
        raise BadPacket(f"first byte {first:#04x}")
    cursor = Cursor(body)
    if kind == CONNECT:
        return _connect(cursor)
    if kind == SUBSCRIBE:
        return _subscribe(cursor)
    if kind == UNSUBSCRIBE:
        cursor.identifier()
        _filters(cursor, asked=False)
    elif kind in NUMBERED:
        cursor.identifier()
    cursor.end()
    return Other(kind)


def length_of(data: bytes) -> int | None:
    """The remaining length, or None where a byte is missing yet. Raises BadPacket."""
    value = 0
    for number, byte in enumerate(data[:MAX_LENGTH_BYTES]):
        value |= (byte & 0x7F) << 7 * number
        if byte < 0x80:
            return value
    if len(data) >= MAX_LENGTH_BYTES:
        raise BadPacket("a length of more than four bytes")
    return None


def written(connect: Connect) -> bytes:
    """The CONNECT as bytes, without user and password: they were looked at and go no further."""
    flags = 0x02 if connect.clean else 0
    fields = [connect.client_id.encode()]
    if connect.will_topic is not None:
        flags |= 0x04 | connect.will_qos << 3 | (0x20 if connect.will_retain else 0)
        fields += [connect.will_topic.encode(), connect.will]
    head = b"\0\4MQTT" + bytes([LEVEL, flags]) + connect.keepalive_s.to_bytes(2, "big")
    body = head + b"".join(len(part).to_bytes(2, "big") + part for part in fields)
    return bytes([CONNECT << 4]) + _length(len(body)) + body


def as_client(connect: Connect, client_id: str) -> Connect:
    """Under the broker's name for it, and with nothing remembered for its absence."""
    return replace(connect, client_id=client_id, clean=True)


def _connect(cursor: Cursor) -> Connect:
    protocol, level = cursor.data(), cursor.take(1)[0]
    if protocol not in (b"MQTT", b"MQIsdp"):
        raise BadPacket("another protocol than MQTT")
    if (protocol, level) != (b"MQTT", LEVEL):
        raise OtherVersion(f"version {level}")
    flags, keepalive_s = cursor.take(1)[0], cursor.number()
    has_will, has_user, has_password = bool(flags & 4), bool(flags & 0x80), bool(flags & 0x40)
    will_qos = flags >> 3 & 3
    if flags & 1 or will_qos > MAX_QOS or (not has_will and flags & 0x38):
        raise BadPacket(f"connect flags {flags:#04x}")  # [MQTT-3.1.2-3, 11, 13, 14, 15]
    if has_password and not has_user:
        raise BadPacket("a password without a user")  # [MQTT-3.1.2-22]
    client_id = cursor.text()
    if not client_id and not flags & 2:
        raise BadPacket("no client id for a session to keep")  # [MQTT-3.1.3-8]
    will_topic = _topic(cursor) if has_will else None
    will = cursor.data() if has_will else b""
    user = cursor.text() if has_user else None
    password = cursor.data() if has_password else None
    cursor.end()
    clean, will_retain = bool(flags & 2), bool(flags & 0x20)
    return Connect(
        client_id, keepalive_s, clean, user, password, will_topic, will, will_qos, will_retain
    )


def _publish(flags: int, cursor: Cursor) -> Publish:
    qos, again = flags >> 1 & 3, bool(flags & 8)
    if qos > MAX_QOS or (again and not qos):
        raise BadPacket(f"publish flags {flags:#03x}")  # [MQTT-3.3.1-2, 4]
    topic = _topic(cursor)
    if qos:
        cursor.identifier()
    return Publish(topic, qos, bool(flags & 1), cursor.take(cursor.left))


def _subscribe(cursor: Cursor) -> Subscribe:
    cursor.identifier()
    return Subscribe(_filters(cursor, asked=True))


def _filters(cursor: Cursor, asked: bool) -> tuple[str, ...]:
    """Of a SUBSCRIBE each is followed by the quality that is `asked` for."""
    found: list[str] = []
    while cursor.left:
        found.append(_filter(cursor.text()))
        if asked and cursor.take(1)[0] > MAX_QOS:
            raise BadPacket("a quality above 2")  # [MQTT-3.8.3-4]
    if not found:
        raise BadPacket("no filter")  # [MQTT-3.8.3-3]
    return tuple(found)


def _filter(text: str) -> str:
    levels = text.split("/")
    if not text or "#" in "".join(levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        raise BadPacket("a wrong filter")  # [MQTT-4.7.1-2, 4.7.3-1]
    if any("+" in level and level != "+" for level in levels):
        raise BadPacket("a wrong filter")  # [MQTT-4.7.1-3]
    return text


def _topic(cursor: Cursor) -> str:
    found = cursor.text()
    if not found or "+" in found or "#" in found:
        raise BadPacket("a wrong topic")  # [MQTT-3.3.2-2, 4.7.3-1]
    return found


def _length(count: int) -> bytes:
    """Seven bits a byte, least first; the high bit says that there is more."""
    out = bytearray()
    while True:
        count, low = divmod(count, 0x80)
        out.append(low | (0x80 if count else 0))
        if not count:
            return bytes(out)

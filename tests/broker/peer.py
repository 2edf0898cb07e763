"""A client of our own making, which can say anything: bytes over a socket, MQTT 3.1.1 and 5."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

V3, V5 = 4, 5
CONNACK, PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP, GOODBYE = 2, 3, 4, 9, 11, 13, 14
ANSWER_S = 5.0


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def length(count: int) -> bytes:
    out = bytearray()
    while True:
        count, low = divmod(count, 128)
        out.append(low | (128 if count else 0))
        if not count:
            return bytes(out)


def packet(first: int, body: bytes = b"") -> bytes:
    return bytes([first]) + length(len(body)) + body


@dataclass(frozen=True)
class Hello:
    """A CONNECT; what is left out is left out of the packet."""

    client_id: str | bytes = ""
    keepalive_s: int = 30
    clean: bool = True
    user: str | bytes | None = None
    password: str | bytes | None = None
    will_topic: str | bytes | None = None
    will: bytes = b"gone"
    will_retain: bool = False
    will_qos: int = 0
    properties: bytes = b""
    will_properties: bytes = b""
    level: int = 0
    protocol: bytes = b"MQTT"
    flags: int = 0

    def to_bytes(self, version: int) -> bytes:
        flags = self.flags | (2 if self.clean else 0)
        body = text(self.client_id)
        if self.will_topic is not None:
            flags |= 4 | self.will_qos << 3 | (0x20 if self.will_retain else 0)
            if version == V5:
                body += length(len(self.will_properties)) + self.will_properties
            body += text(self.will_topic) + text(self.will)
        for bit, value in ((0x80, self.user), (0x40, self.password)):
            if value is not None:
                flags |= bit
                body += text(value)
        head = text(self.protocol) + bytes([self.level or version, flags])
        head += self.keepalive_s.to_bytes(2, "big")
        if version == V5:
            head += length(len(self.properties)) + self.properties
        return packet(0x10, head + body)


def publish(
    topic: str | bytes,
    payload: bytes,
    version: int,
    qos: int = 1,
    number: int = 1,
    retain: bool = False,
    again: bool = False,
    properties: bytes = b"",
) -> bytes:
    body = text(topic)
    if qos:
        body += number.to_bytes(2, "big")
    if version == V5:
        body += length(len(properties)) + properties
    return packet(0x30 | again << 3 | qos << 1 | retain, body + payload)


def subscribe(wanted: str | bytes, version: int, number: int = 1, qos: int = 1) -> bytes:
    body = number.to_bytes(2, "big") + (b"\0" if version == V5 else b"")
    return packet(0x82, body + text(wanted) + bytes([qos]))


@dataclass(frozen=True)
class Heard:
    first: int
    body: bytes

    @property
    def kind(self) -> int:
        return self.first >> 4

    @property
    def topic(self) -> str:
        size = int.from_bytes(self.body[:2], "big")
        return self.body[2 : 2 + size].decode(errors="replace")


@dataclass
class Peer:
    """One connection. `closed` once the other side ended it; `refusal`: why, if it or TLS said."""

    address: tuple[str, int]
    tls: ssl.SSLContext | None = None
    version: int = V3
    closed: bool = False
    refusal: str = ""
    heard: list[Heard] = field(default_factory=list)

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None
    ) -> None:
        self.end()

    def open(self) -> Peer:
        plain = socket.create_connection(self.address, ANSWER_S)
        self._link: socket.socket = plain
        self._buffer = b""
        if self.tls is not None:
            try:
                self._link = self.tls.wrap_socket(plain, server_hostname="127.0.0.1")
            except (ssl.SSLError, OSError) as error:
                plain.close()
                self._lost(error)
        return self

    def hello(self, hello: Hello) -> bool:
        """Whether it was let in."""
        self.send(hello.to_bytes(self.version))
        answer = self.next()
        if answer is None or answer.kind != CONNACK:
            return False
        code = answer.body[1]
        if code:
            self.refusal = f"CONNACK {code:#04x}"
        return code == 0

    def send(self, data: bytes) -> None:
        if self.closed:
            return
        try:
            self._link.sendall(data)
        except (ssl.SSLError, OSError) as error:
            self._lost(error)

    def next(self, wait_s: float = ANSWER_S) -> Heard | None:
        """The next packet, or None: then `closed` tells whether anything can follow."""
        while not self.closed:
            found = self._take()
            if found is not None:
                self._note(found)
                return found
            if not self._more(wait_s):
                return None
        return None

    def until(self, kind: int, wait_s: float = ANSWER_S) -> Heard | None:
        """What comes before it is kept in `heard`."""
        while (found := self.next(wait_s)) is not None:
            if found.kind == kind:
                return found
            self.heard.append(found)
        return None

    def alive(self) -> bool:
        """After everything sent so far was looked at: a ping comes back."""
        self.send(packet(0xC0))
        return self.until(PINGRESP) is not None

    def end(self) -> None:
        if hasattr(self, "_link"):
            with suppress(OSError):
                self._link.close()
        self.closed = True

    def _note(self, found: Heard) -> None:
        if found.kind == GOODBYE and found.body:
            self.refusal = f"DISCONNECT {found.body[0]:#04x}"

    def _more(self, wait_s: float) -> bool:
        self._link.settimeout(wait_s)
        try:
            some = self._link.recv(65536)
        except TimeoutError:
            return False
        except (ssl.SSLError, OSError) as error:
            self._lost(error)
            return False
        if not some:
            self.closed = True
        self._buffer += some
        return bool(some)

    def _take(self) -> Heard | None:
        size, shift = 0, 0
        for at in range(1, 5):
            if at >= len(self._buffer):
                return None
            size |= (self._buffer[at] & 127) << shift
            shift += 7
            if self._buffer[at] < 128:
                break
        if len(self._buffer) < at + 1 + size:
            return None
        found = Heard(self._buffer[0], self._buffer[at + 1 : at + 1 + size])
        self._buffer = self._buffer[at + 1 + size :]
        return found

    def _lost(self, error: Exception) -> None:
        self.closed = True
        self.refusal = self.refusal or getattr(error, "reason", "") or type(error).__name__


def context(ca: Path, cert: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """TLS 1.3 as a gateway has it; without `cert` it shows none."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.load_verify_locations(ca)
    if cert is not None and key is not None:
        made.load_cert_chain(cert, key)
    return made

"""Every packet for the embedded broker passes here first; amqtt sees none that we refuse.

amqtt alone closes and clears the session that a client id names before it asks who is calling, has
no bound on a packet's size and none on the time that a connection may take to say who it is.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address

from cloud.core import broker_gate as gate
from cloud.core import broker_rules as rules
from cloud.core.mqtt_packets import (
    MAX_LENGTH_BYTES,
    BadPacket,
    Connect,
    OtherVersion,
    as_client,
    length_of,
    read,
    written,
)

CONNECT_S, PACKET_S, CLOSE_S = 5.0, 10.0, 2.0
PATIENCE = 1.5  # of the keepalive that a client promised: MQTT 3.1.1, 3.1.2.10
MAX_ADMITTED, MAX_AT_THE_DOOR, MAX_OF_ONE_NAME = 500, 64, 4
# A gateway that comes back after a day tells it at this pace, and leaves room for the others.
MESSAGES_A_S, BURST = 500.0, 1000.0
CROWDED_S = 0.01


class Refusal(Exception):
    """This connection ends."""


@dataclass
class Bucket:
    """Tokens that fill up with time; the wait that a message costs once they are spent."""

    left: float = BURST
    at_s: float = 0.0

    def wait_s(self, now_s: float) -> float:
        self.left = min(BURST, self.left + (now_s - self.at_s) * MESSAGES_A_S) - 1.0
        self.at_s = now_s
        return max(0.0, -self.left / MESSAGES_A_S)


class Wire:
    """Whole packets from a stream: (first byte, body, all bytes). Raises Refusal, BadPacket."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream

    async def next(self, first_s: float, rest_s: float) -> tuple[int, bytes, bytes]:
        try:
            async with asyncio.timeout(first_s):
                first = await self._stream.readexactly(1)
            async with asyncio.timeout(rest_s):
                return await self._rest(first)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            raise Refusal(type(error).__name__) from None

    async def _rest(self, first: bytes) -> tuple[int, bytes, bytes]:
        head = b""
        while (size := length_of(head)) is None:
            head += await self._stream.readexactly(1)
        if size + 1 + MAX_LENGTH_BYTES > rules.MAX_PACKET_BYTES:
            raise BadPacket("oversize")
        body = await self._stream.readexactly(size)
        return first[0], body, first + head + body


class Tracked:
    """Where amqtt writes (its WriterAdapter); it writes one packet at a time."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._over = False
        self.talk: gate.Talk | None = None

    def write(self, data: bytes) -> None:
        if self.talk is not None and not self.talk.sent(data):
            self.talk.count("never_acknowledges")
            self.abort()
        if not self._over and not self._writer.is_closing():
            self._writer.write(data)

    async def drain(self) -> None:
        """Who does not read is gone after a while: it must not hold amqtt's loop."""
        if self._over:
            return
        try:
            async with asyncio.timeout(PACKET_S):
                await self._writer.drain()
        except TimeoutError:
            if self.talk is not None:
                self.talk.count("never_reads")
            self.abort()

    def get_peer_info(self) -> tuple[str, int] | None:
        found = self._writer.get_extra_info("peername")
        return (found[0], found[1]) if found else None

    def get_ssl_info(self) -> None:
        """amqtt's own look at certificates is not used."""

    async def close(self) -> None:
        if not self._over:
            self._over = True
            self._writer.close()

    def abort(self) -> None:
        self._over = True
        self._writer.transport.abort()


class Checked:
    """What amqtt reads (its ReaderAdapter): our CONNECT for it, then what the gate lets pass."""

    def __init__(self, wire: Wire, talk: gate.Talk, hello: bytes, keepalive_s: int) -> None:
        self._wire, self._talk, self._buffer = wire, talk, hello
        self._idle_s = keepalive_s * PATIENCE
        self._bucket = Bucket()
        self.crowded: Callable[[], bool] = lambda: False

    async def read(self, n: int = -1) -> bytes:
        while len(self._buffer) < n:
            try:
                self._buffer += await self._next()
            except BadPacket as error:
                self._talk.count("oversize" if str(error) == "oversize" else "malformed")
                return b""
            except Refusal:
                return b""
        found, self._buffer = self._buffer[:n], self._buffer[n:]
        return found

    def feed_eof(self) -> None:
        self._buffer = b""

    async def _next(self) -> bytes:
        first, body, raw = await self._wire.next(self._idle_s, PACKET_S)
        fate = self._talk.judge(read(first, body), body)
        await self._pace()
        if fate == "end":
            raise Refusal("refused")
        return raw if fate == "pass" else b""

    async def _pace(self) -> None:
        wait_s = self._bucket.wait_s(asyncio.get_running_loop().time())
        if wait_s:
            self._talk.count("slowed")
            await asyncio.sleep(wait_s)
        while self.crowded():
            await asyncio.sleep(CROWDED_S)


@dataclass(eq=False)
class Link:
    """One admitted connection, and when it is over."""

    name: str
    client_id: str
    writer: Tracked
    over: asyncio.Event


class Guard:
    """Who is in. `counts`: refusals by a word."""

    def __init__(self, secret: bytes, tls: ssl.SSLContext | None) -> None:
        self._secret, self._tls = secret, tls
        if tls is not None:
            # asyncio says nothing of handshakes that fail: whoever begins one is counted here.
            tls.sni_callback = self._begins
        self._links: list[Link] = []
        self._waiting: list[asyncio.StreamWriter] = []
        self._made = 0
        self.shut: frozenset[str] = frozenset()
        self.counts: Counter[str] = Counter()

    def close(self, name: str) -> None:
        for link in self._links:
            if link.name == name:
                link.writer.abort()

    def close_all(self) -> None:
        for link in self._links:
            link.writer.abort()
        for writer in self._waiting:
            writer.transport.abort()

    @contextmanager
    def _at_the_door(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Who says nothing makes room for who comes next: the oldest goes first."""
        self._waiting.append(writer)
        if len(self._waiting) > MAX_AT_THE_DOOR:
            self.counts["crowd_at_the_door"] += 1
            self._waiting[0].transport.abort()
        try:
            yield
        finally:
            self._waiting.remove(writer)

    async def admit(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[Link, Checked] | None:
        if self._tls is not None:
            self.counts["tls"] -= 1
        try:
            with self._at_the_door(writer):
                return await self._admitted(reader, writer)
        except OtherVersion:
            await self._turn_away(writer, gate.VERSION, "other_version")
        except BadPacket:
            await self._turn_away(writer, None, "malformed")
        except gate.Refused as error:
            await self._turn_away(writer, error.code, error.why)
        except Refusal:
            await self._turn_away(writer, None, "says_nothing")
        except OSError:
            await self._turn_away(writer, None, "lost")
        return None

    async def _admitted(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[Link, Checked]:
        peer = writer.get_extra_info("peername")
        wire = Wire(reader)
        first, body, _ = await wire.next(CONNECT_S, CONNECT_S)
        connect = read(first, body)
        if not isinstance(connect, Connect):
            raise BadPacket("something before CONNECT")
        door = gate.Door(ip_address(peer[0]).is_loopback, self._certified(writer))
        name = gate.named(connect, door, self._secret)
        gate.check(connect, name)
        if name in self.shut:
            raise gate.Refused(gate.NOT_ALLOWED, "shut_out")
        link = await self._taken_in(name, connect, Tracked(writer))
        talk = link.writer.talk = gate.Talk(name, self._count, writer.write)
        hello = written(as_client(connect, f"{name}/{self._made}"))
        return link, Checked(wire, talk, hello, connect.keepalive_s)

    def _certified(self, writer: asyncio.StreamWriter) -> str | None:
        """The certificate's common name; "" where TLS is on and it has none, or several."""
        if self._tls is None:
            return None
        shown = writer.get_extra_info("peercert") or {}
        names = [
            value for part in shown.get("subject", ()) for key, value in part if key == "commonName"
        ]
        return names[0] if len(names) == 1 else ""

    async def _taken_in(self, name: str, connect: Connect, writer: Tracked) -> Link:
        """The older connection of the same client is over before the new one begins."""
        if len(self._links) >= MAX_ADMITTED and rules.is_gateway(name):
            raise gate.Refused(gate.UNAVAILABLE, "full")
        mine = [link for link in self._links if link.name == name]
        older = [link for link in mine if link.client_id == connect.client_id]
        if not older and len(mine) >= MAX_OF_ONE_NAME:
            older = mine[:1]
        self._made += 1
        link = Link(name, connect.client_id, writer, asyncio.Event())
        self._links.append(link)
        for one in older:
            one.writer.abort()
            with suppress(TimeoutError):
                await asyncio.wait_for(one.over.wait(), CLOSE_S)
        return link

    def ended(self, link: Link) -> None:
        link.over.set()
        self._links.remove(link)

    def _begins(self, *_: object) -> None:
        """A TLS handshake; it counts as refused until it is through."""
        self.counts["tls"] += 1

    def _count(self, why: str) -> None:
        self.counts[why] += 1

    async def _turn_away(self, writer: asyncio.StreamWriter, code: int | None, why: str) -> None:
        self.counts[why] += 1
        with suppress(OSError):
            if code is not None:
                writer.write(bytes([0x20, 2, 0, code]))
            writer.close()
            async with asyncio.timeout(CLOSE_S):
                await writer.wait_closed()

"""Five hundred gateways in one process: a connection each, signed events made beforehand.

Only what a load needs of MQTT 3.1.1: packets are put together once, with the bytes that they keep.
A gateway has no more than `WINDOW` events under way, as the real one; what opens the window is the
cloud's acknowledgement, or, towards a bare broker, the broker's.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WINDOW = 20
CONNECT, PUBLISH, PUBACK, SUBSCRIBE = 0x10, 0x30, 0x40, 0x82
TICK_S = 0.005
GIVE_UP_S = 120.0
# Packet ids are the event's number, which is why a gateway has fewer of them.
MAX_EVENTS = 65_535


def packet(kind: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length += bytes([digit | (0x80 if rest else 0)])
        if not rest:
            return bytes([kind]) + length + body


def text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def publish(topic: str, number: int, payload: bytes) -> bytes:
    return packet(PUBLISH | 2, text(topic) + number.to_bytes(2, "big") + payload)


def packets(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Takes what is whole out of the buffer."""
    while len(buffer) >= 2:
        length, shift, at = 0, 0, 1
        while True:
            if at >= len(buffer):
                return
            digit = buffer[at]
            length |= (digit & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not digit & 0x80:
                break
        if len(buffer) < at + length:
            return
        yield buffer[0], bytes(buffer[at : at + length])
        del buffer[: at + length]


@dataclass
class Tally:
    """What all of them share. `acked_s`: of each event, from its sending on."""

    wanted: int
    by_cloud: bool
    done: asyncio.Event = field(default_factory=asyncio.Event)
    confirmed: int = 0
    again: int = 0
    acked_s: list[float] = field(default_factory=list)


class Sender(asyncio.Protocol):
    """One gateway."""

    def __init__(self, name: str, payloads: Sequence[bytes], tally: Tally) -> None:
        topic = f"park/v1/gw/{name}/up/event"
        self.name, self._tally = name, tally
        self._packets = [publish(topic, n, p) for n, p in enumerate(payloads, 1)]
        self._buffer = bytearray()
        self._sent_s = [0.0] * (len(payloads) + 1)
        self.ready = asyncio.Event()
        self.sent = self.acked = 0
        self.free = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        flags = text("MQTT") + bytes([4, 2]) + (60).to_bytes(2, "big")
        user = text(self.name)
        transport.write(packet(CONNECT, flags + user))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        for kind, body in packets(self._buffer):
            self._take(kind, body)

    def _take(self, kind: int, body: bytes) -> None:
        if kind == 0x20:
            topic = f"park/v1/gw/{self.name}/down/#"
            asked = (1).to_bytes(2, "big") + text(topic) + b"\1"
            self._write(packet(SUBSCRIBE, asked))
        elif kind == 0x90:
            self.ready.set()
        elif kind == PUBACK and not self._tally.by_cloud:
            self._confirm(self.acked + 1)
        elif kind & 0xF0 == PUBLISH:
            self._told(kind, body)

    def _told(self, kind: int, body: bytes) -> None:
        at = 2 + int.from_bytes(body[:2], "big")
        topic = body[2:at]
        if kind & 6:
            self._write(packet(PUBACK, body[at : at + 2]))
            at += 2
        if topic.endswith(b"/ack"):
            self._confirm(json.loads(body[at:])["seq"])
        elif topic.endswith(b"/ask") and (asked := json.loads(body[at:]))["what"] == "events":
            self._again(asked["first"], asked["last"])

    def _again(self, first: int, last: int) -> None:
        self._tally.again += last - first + 1
        self._write(b"".join(self._packets[first - 1 : last]))

    def _confirm(self, seq: int) -> None:
        now_s = time.perf_counter()
        tally = self._tally
        for number in range(self.acked + 1, seq + 1):
            tally.acked_s.append(now_s - self._sent_s[number])
            tally.confirmed += 1
        self.acked = max(self.acked, seq)
        if self.free:
            self.fill()
        if tally.confirmed >= tally.wanted:
            tally.done.set()

    def fill(self) -> None:
        """As many as the window lets."""
        self.send(min(len(self._packets), self.acked + WINDOW))

    def send(self, upto: int) -> int:
        """How many went out."""
        upto = min(upto, len(self._packets), self.acked + WINDOW)
        if upto <= self.sent:
            return 0
        now_s = time.perf_counter()
        for number in range(self.sent + 1, upto + 1):
            self._sent_s[number] = now_s
        self._write(b"".join(self._packets[self.sent : upto]))
        count, self.sent = upto - self.sent, upto
        return count

    def stuck(self) -> None:
        """All that is not acknowledged once more, as the real one does after its time."""
        if self.acked < self.sent:
            self._again(self.acked + 1, self.sent)

    def _write(self, data: bytes) -> None:
        self._transport.write(data)  # type: ignore[attr-defined]


def read(path: Path) -> dict[str, list[bytes]]:
    """Of a file with a line for each event: the gateway, a tab, the payload."""
    found: dict[str, list[bytes]] = {}
    with path.open("rb") as lines:
        for line in lines:
            name, _, payload = line.rstrip(b"\n").partition(b"\t")
            found.setdefault(name.decode(), []).append(payload)
    return found


async def joined(port: int, senders: Iterable[Sender], own: str) -> None:
    """`own`: the folder of their certificates, a folder each; "" without TLS."""
    loop = asyncio.get_running_loop()
    name = "localhost" if own else None
    for sender in senders:
        tls = context(Path(own) / sender.name) if own else None
        await loop.create_connection(
            lambda it=sender: it, "127.0.0.1", port, ssl=tls, server_hostname=name
        )
        await asyncio.wait_for(sender.ready.wait(), GIVE_UP_S)


async def greet(senders: Sequence[Sender]) -> None:
    """The first event of each: the cloud knows all of them before anything is measured."""
    for sender in senders:
        sender.send(1)
    async with asyncio.timeout(GIVE_UP_S):
        while any(sender.acked < 1 for sender in senders):
            await asyncio.sleep(TICK_S)


async def pace(senders: Sequence[Sender], per_s: float) -> None:
    """At a steady rate over all of them, one event of each in turn."""
    begun_s, sent = time.perf_counter(), 0
    total = sum(len(it._packets) - it.sent for it in senders)
    turn = 0
    while sent < total:
        due = int((time.perf_counter() - begun_s) * per_s)
        tries = 0
        while sent < min(due, total) and tries < len(senders):
            sender = senders[turn % len(senders)]
            went = sender.send(sender.sent + 1)
            sent, turn, tries = sent + went, turn + 1, tries + 1 - went
        await asyncio.sleep(TICK_S)


async def unstick(senders: Sequence[Sender]) -> None:
    wait_s = 2.0
    while True:
        before = [it.acked for it in senders]
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, 30.0)
        for was, sender in zip(before, senders, strict=True):
            if was == sender.acked:
                sender.stuck()


async def load(asked: dict[str, object], events: dict[str, list[bytes]]) -> dict[str, object]:
    tally = Tally(sum(map(len, events.values())), bool(asked["by_cloud"]))
    senders = [Sender(name, payloads, tally) for name, payloads in events.items()]
    await joined(int(str(asked["port"])), senders, str(asked["tls"]))
    if tally.by_cloud:
        await greet(senders)
        tally.confirmed, tally.wanted = 0, tally.wanted - len(senders)
        tally.acked_s.clear()
    print("joined", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun_s, cpu_s = time.perf_counter(), time.process_time()
    watching = asyncio.create_task(unstick(senders)) if tally.by_cloud else None
    per_s = float(str(asked["per_s"]))
    if per_s:
        await pace(senders, per_s)
    else:
        for sender in senders:
            sender.free = True
            sender.fill()
    await asyncio.wait_for(tally.done.wait(), GIVE_UP_S)
    took_s, spent_s = time.perf_counter() - begun_s, time.process_time() - cpu_s
    if watching:
        watching.cancel()
    cuts = statistics.quantiles(tally.acked_s, n=100)
    return {
        "per_s": tally.confirmed / took_s,
        "events": tally.confirmed,
        "again": tally.again,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "cpu_us": spent_s / tally.confirmed * 1e6,
    }


def context(folder: Path) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    made.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def main() -> None:
    asked = json.loads(sys.argv[1])
    found = asyncio.run(load(asked, read(Path(asked["events"]))))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()

"""Signed events of 500 gateways through mosquitto into the cloud, beside the broker alone.

    python -m bench.run ingest        (needs mosquitto 2.0)

The load is one process with a connection for each gateway; the broker is a real mosquitto; the
consumer is cloud/entrypoints/mqtt.Wire on SQLite in WAL with synchronous=FULL, which checks every
signature in processes of its own, stores in batches and acknowledges after the commit. The peer,
taken in turn in the same run, is what the same mosquitto forwards of the same messages to an idle
gmqtt subscriber. What is stored in bulk is made into stays when nothing comes in: at what rate is
a figure of its own.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.ingest_broker import mutual_tls, plain, spent_s
from bench.ingest_sides import DOMAIN
from bench.rows import Row, result
from contracts.ledger.hashing import keccak
from contracts.wire.codec import encode
from contracts.wire.messages import Event, SignedEvent
from contracts.wire.signing import address_of, event_digest, sign

GATEWAYS, SPACES = 500, 2
EVENTS_EACH = 61
ROUNDS = 3
ACK_BUDGET_MS = 250.0
BEGUN = datetime(2026, 5, 1, tzinfo=UTC)
Found = dict[str, Any]


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        make(folder, EVENTS_EACH)
        pairs = [(bare(folder), ours(folder)) for _ in range(ROUNDS)]
        ciphered = [(bare(folder, tls=True), ours(folder, tls=True)) for _ in range(ROUNDS)]
        half = ours(folder, per_s=_median(pairs, 1, "per_s") / 2)
    for pair in (*pairs, *ciphered):
        print(*map(json.dumps, pair), sep="\n")
    print(json.dumps(half))
    return [
        _beside("ingest.vs_mosquitto", "bare mosquitto to an idle subscriber", pairs),
        _beside("ingest.tls_vs_mosquitto", "the same over mutual TLS", ciphered),
        result(
            "ingest.ack_p99_ms", half["p99_ms"], "ms at half load", ("the budget", ACK_BUDGET_MS)
        ),
        result(
            "ingest.cpu_us",
            _whole(pairs, 1),
            "us of all processes an event",
            ("of the bare broker's way", _whole(pairs, 0)),
            1,
        ),
        result(
            "ingest.checking_us",
            _median(pairs, 1, "checking_us"),
            "us an event in the checkers",
            ("of all processes", _whole(pairs, 1)),
            1,
        ),
        result("ingest.applied_per_s", half["applied_per_s"], "events/s", ("nothing", None), 0),
    ]


def _beside(name: str, peer: str, pairs: list[tuple[Found, Found]]) -> Row:
    known = (peer, _median(pairs, 0, "per_s"))
    return result(name, _median(pairs, 1, "per_s"), "events/s", known, 0)


def _median(pairs: list[tuple[Found, Found]], side: int, what: str) -> float:
    return statistics.median(pair[side][what] for pair in pairs)


def _whole(pairs: list[tuple[Found, Found]], side: int) -> float:
    """Processor time of load, broker, listener and checkers."""
    parts = ("cpu_us", "broker_us", "listener_us", "checking_us")
    return statistics.median(sum(pair[side].get(it, 0.0) for it in parts) for pair in pairs)


def make(folder: Path, each: int, gateways: int = GATEWAYS) -> None:
    """events.txt, in the order of their numbers, and place.json."""
    place: dict[str, Any] = {}
    with (folder / "events.txt").open("wb") as lines:
        for number in range(gateways):
            name = f"gw-{number}"
            key = keccak(name.encode())
            spaces = [f"{name}-S{space}" for space in range(SPACES)]
            place[name] = {"signer": address_of(key), "spaces": spaces}
            for payload in events(name, spaces, key, each):
                lines.write(name.encode() + b"\t" + payload + b"\n")
    (folder / "place.json").write_text(json.dumps(place), "utf-8")


def events(name: str, spaces: list[str], key: bytes, each: int) -> Iterator[bytes]:
    """A car comes and goes in each space in turn."""
    previous: dict[str, str] = {}
    for seq in range(1, each + 1):
        space = spaces[seq % len(spaces)]
        taken = (seq - 1) // len(spaces) % 2 == 0
        at = BEGUN + timedelta(seconds=60 * seq)
        body = Event(
            gateway=name,
            epoch=1,
            seq=seq,
            kind="arrival" if taken else "departure",
            space=space,
            occupancy="occupied" if taken else "free",
            at=at,
            uncertainty_s=0.5,
            reported_at=at + timedelta(seconds=5),
            boot_id="5f0c9d2e-1f1b-4a43-9d3c-0a4d1c2b3e4f",
            boottime_ns=60_000_000_000 * seq,
            clock="synced",
            previous=previous.get(space, "0x" + "00" * 32),
            evidence="0x" + keccak(f"{name}:{seq}".encode()).hex(),
        )
        digest = event_digest(body, DOMAIN)
        previous[space] = "0x" + digest.hex()
        yield encode(SignedEvent(body=body, signature=sign(digest, key)))


def bare(folder: Path, tls: bool = False) -> Found:
    wanted = sum(1 for _ in (folder / "events.txt").open("rb"))
    with ExitStack() as open_:
        door, broker = open_.enter_context(_broker(folder, tls))
        asked = ("bench.ingest_sides", "idle", door.url, str(wanted), door.cloud)
        side = open_.enter_context(child(*asked))
        said(side)
        found = _loaded(folder, door.port, door.own, by_cloud=False)
        heard = json.loads(said(side))
        broker_us = spent_s(broker) / wanted * 1e6
    slower = min(found["per_s"], heard["per_s"])
    return {**found, "per_s": slower, "listener_us": heard["cpu_us"], "broker_us": broker_us}


def ours(folder: Path, per_s: float = 0.0, tls: bool = False) -> Found:
    with ExitStack() as open_:
        door, broker = open_.enter_context(_broker(folder, tls))
        data = Path(open_.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        shutil.copy(folder / "place.json", data)
        asked = ("bench.ingest_sides", "cloud", door.url, str(data), door.cloud)
        side = open_.enter_context(child(*asked))
        said(side)
        asked_of = (folder, door.port, door.own)
        found = _loaded(*asked_of, by_cloud=True, per_s=per_s, joined=lambda: tell(side))
        broker_us = spent_s(broker) / found["events"] * 1e6
        tell(side)
        heard = json.loads(said(side))
    each = {f"{name}_us": heard[f"{name}_s"] / found["events"] * 1e6 for name in PARTS}
    rest = {name: heard[name] for name in ("unapplied", "applied_per_s", "counts")}
    return {**found, **each, **rest, "broker_us": broker_us}


PARTS = ("listener", "checking")


def _broker(folder: Path, tls: bool) -> Any:
    names = tuple(json.loads((folder / "place.json").read_text("utf-8")))
    return mutual_tls(folder, names) if tls else plain(folder)


def _loaded(
    folder: Path,
    port: int,
    own: str,
    by_cloud: bool,
    per_s: float = 0.0,
    joined: Callable[[], object] = lambda: None,
) -> Found:
    asked = {
        "events": str(folder / "events.txt"),
        "port": port,
        "by_cloud": by_cloud,
        "per_s": per_s,
        "tls": own,
    }
    with child("bench.ingest_load", json.dumps(asked)) as load:
        said(load)
        joined()
        tell(load)
        found: Found = json.loads(said(load))
        return found


@contextmanager
def child(module: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    asked = [sys.executable, "-m", module, *args]
    process = subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def said(process: subprocess.Popen[str]) -> str:
    """The next line that is ours; a library may log in between."""
    assert process.stdout
    for line in process.stdout:
        if line.startswith(("ready", "joined", "{")):
            return line
    raise RuntimeError(f"{process.args!r} ended")


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


if __name__ == "__main__":
    for row in rows():
        print(row)

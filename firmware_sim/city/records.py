"""What the oracle writes down while a run goes on, from outside of the product."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.wire.codec import decode_down
from contracts.wire.messages import Ack, Event, Grant, SignedEvent
from contracts.wire.signing import Domain, event_digest
from edge.core.outputs import BeginEpoch, PutGrant
from edge.ports import EventRow, Write
from firmware_sim.city.board import Watch, event_of

LAST_LINES = 40
# Drawn anew in each run, and told in no other way: of no consequence, so no part of its trace.
DRAWN = re.compile(rb'"(signature|signed_at_ms)":("[^"]*"|\d+)|\b(ask|cmd)-[0-9a-z]{20}')
Number = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Failure:
    """`invariant`: its number in reference/never-lose.md, as I5."""

    invariant: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that a gateway's outbox took, and when that truly was."""

    event: Event
    digest: str
    at_s: float


class Records(Watch):
    def __init__(self, now_s: Callable[[], float], database: Path, window: int) -> None:
        self._now_s, self._window = now_s, window
        self._db = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
        self.domain: Domain | None = None
        self.failures: list[Failure] = []
        self.kept: dict[Number, Kept] = {}
        self.gone: set[Number] = set()
        self.forgetful: set[str] = set()
        self.acked: dict[str, tuple[int, int]] = {}
        self.granted: dict[str, float] = {}
        self.counts: Counter[str] = Counter()
        self.lines: deque[str] = deque(maxlen=LAST_LINES)
        self._hash = hashlib.sha256()
        self.trace: list[str] | None = None

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        self._db.close()

    def tell(self, text: str) -> None:
        line = f"{self._now_s():.3f} {text}"
        self.lines.append(line)
        self._add(line.encode())

    def wrong(self, invariant: str, sentence: str) -> None:
        failure = Failure(invariant, f"at {self._now_s():.1f} s {sentence}")
        if failure not in self.failures:
            self.failures.append(failure)

    def logged(self, event: str, error: BaseException | None) -> None:
        """An error in the cloud's own log: a message that broke its handler is never harmless."""
        self.counts[f"log_{event}"] += 1
        told = f"{type(error).__name__}: {error}"[:200] if error is not None else ""
        self.lines.append(f"{self._now_s():.3f} log {event} {told}")
        if event in ("message_failed", "event_not_applied"):
            self.wrong("I10", f"a message broke its handler: {told}")

    # What gateways do

    def committed(self, gateway: str, writes: Sequence[Write]) -> None:
        for write in writes:
            if isinstance(write, EventRow):
                self._kept(gateway, write)
            elif isinstance(write, PutGrant):
                self.granted.setdefault(write.grant.booking, self._now_s())
            elif isinstance(write, BeginEpoch):
                self.counts["new_epochs"] += 1
                if gateway not in self.forgetful:
                    self.wrong("I7", f"{gateway} has lost its history on a sound card")

    def published(self, gateway: str, topic: str, payload: bytes) -> None:
        signed = event_of(topic, payload)
        self._said(f"{gateway} up", topic, payload)
        if signed is None:
            return
        self.counts["published"] += 1
        body = signed.body
        number = (gateway, body.epoch, body.seq)
        kept = self.kept.get(number)
        if kept is None or kept.event != body:
            self.wrong("I5", f"{number} was sent before it was on the card")
        epoch, acked = self.acked.get(gateway, (0, 0))
        if body.epoch == epoch and body.seq > acked + self._window:
            self.wrong("I15", f"{number} was sent beyond the window after {acked}")

    def lost(self, gateway: str, rows: Sequence[EventRow]) -> None:
        self.gone |= {(gateway, row.epoch, row.seq) for row in rows}
        self.forgetful.add(gateway)

    def opened(self, gateway: str, set_aside: bool) -> None:
        self.counts["opened"] += 1
        if set_aside and gateway not in self.forgetful:
            self.wrong("I7", f"the outbox of {gateway} was corrupt on a sound card")

    # What the cloud does

    def sent(self, topic: str, payload: bytes) -> None:
        self._said("cloud down", topic, payload)
        message = decode_down(topic, payload)
        if isinstance(message, Grant):
            self.counts["grants"] += 1
        if isinstance(message, Ack):
            self.counts["acks"] += 1
            self._acked(message)

    def stored(self, number: Number) -> str | None:
        """The digest that the cloud's database has committed under that number."""
        asked = "SELECT digest FROM event WHERE gateway = ? AND epoch = ? AND seq = ?"
        row = self._db.execute(asked, number).fetchone()
        return None if row is None else str(row[0])

    def _acked(self, ack: Ack) -> None:
        """Nothing is acknowledged but what has been committed: asked of another connection."""
        before = self.acked.get(ack.gateway, (0, 0))
        first = before[1] + 1 if before[0] == ack.epoch else 1
        sound = ack.gateway not in self.forgetful
        for seq in range(first, ack.seq + 1 if sound else first):
            number = (ack.gateway, ack.epoch, seq)
            if self.stored(number) is None:
                self.wrong("I5", f"{number} was acknowledged and is not in the database")
                break
        self.acked[ack.gateway] = max(before, (ack.epoch, ack.seq))

    def _kept(self, gateway: str, row: EventRow) -> None:
        signed = SignedEvent.model_validate_json(row.payload)
        number = (gateway, row.epoch, row.seq)
        before = self.kept.get(number)
        if before is not None and before.digest != row.digest and number not in self.gone:
            self.wrong("I7", f"the number {number} was used twice")
        if self.domain and "0x" + event_digest(signed.body, self.domain).hex() != row.digest:
            self.wrong("I5", f"the digest of {number} is not its body's")
        self.kept[number] = Kept(signed.body, row.digest, self._now_s())
        body = signed.body
        what = f"{body.epoch}.{body.seq} {body.kind} {body.space} {body.occupancy} {body.match}"
        when = f"at {body.at.isoformat()} ±{body.uncertainty_s} {body.clock}"
        self.tell(f"{gateway} {what} {when}")

    def _said(self, who: str, topic: str, payload: bytes) -> None:
        self._add(f"{self._now_s():.6f} {who} {topic} ".encode() + DRAWN.sub(b"", payload))

    def _add(self, line: bytes) -> None:
        self._hash.update(line + b"\n")
        if self.trace is not None:
            self.trace.append(line.decode())

"""An outbox in memory. Handed to a second agent, it is what a disk would have kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from contracts.wire.messages import Grant
from edge.core.outputs import (
    BeginEpoch,
    DropGrant,
    DropRevoked,
    PutGrant,
    PutRevoked,
    PutSpace,
    SetAcked,
    Start,
)
from edge.core.plate_proofs import without_plate
from edge.errors import OutboxUnwritable
from edge.ports import EventRow, Write


class MemoryOutbox:
    def __init__(self, epoch: int = 1, keep_acked: int = 1000) -> None:
        self.broken = False
        self._start = Start(epoch=epoch)
        self._grants: dict[str, Grant] = {}
        self._events: dict[tuple[int, int], EventRow] = {}
        self._keep_acked = keep_acked

    def load(self) -> Start:
        start = self._start
        return replace(
            start,
            grants=tuple(self._grants.values()),
            spaces=dict(start.spaces),
            revoked=dict(start.revoked),
        )

    def write(self, writes: Sequence[Write]) -> None:
        if self.broken:
            raise OutboxUnwritable("The fake disk is full.")
        keys = {(w.epoch, w.seq) for w in writes if isinstance(w, EventRow)}
        if keys & self._events.keys():
            raise OutboxUnwritable("A number was used twice.")
        for write in writes:
            self._apply(write)

    def events(self, epoch: int, first: int, last: int) -> list[EventRow]:
        found = sorted(key for key in self._events if key[0] == epoch and first <= key[1] <= last)
        return [self._events[key] for key in found]

    def close(self) -> None:
        """Nothing is held open."""

    def _apply(self, write: Write) -> None:
        match write:
            case EventRow():
                self._events[write.epoch, write.seq] = write
                self._start = replace(self._start, seq=write.seq)
                if write.space is None:
                    self._start = replace(self._start, gateway_digest=write.digest)
            case PutSpace():
                self._start.spaces[write.space] = write.record
            case PutGrant():
                self._grants[write.grant.id] = write.grant
            case DropGrant():
                self._grants.pop(write.id, None)
            case PutRevoked():
                self._start.revoked[write.id] = write.at
            case DropRevoked():
                self._start.revoked.pop(write.id, None)
            case SetAcked():
                self._ack(write)
            case BeginEpoch():
                self._begin(write.epoch)

    def _begin(self, epoch: int) -> None:
        left = self._start.epoch
        self._events = {key: row for key, row in self._events.items() if key[0] >= left}
        self._start = replace(self._start, epoch=epoch, seq=0, acked=0)

    def _ack(self, ack: SetAcked) -> None:
        if ack.epoch != self._start.epoch or ack.seq <= self._start.acked:
            return
        for row in self.events(ack.epoch, self._start.acked + 1, ack.seq):
            if (payload := without_plate(row.payload)) is not None:
                self._events[row.epoch, row.seq] = replace(row, payload=payload)
        self._start = replace(self._start, acked=min(ack.seq, self._start.seq))
        oldest = (ack.epoch, ack.seq - self._keep_acked)
        for key in [key for key in self._events if key[0] == oldest[0] and key <= oldest]:
            del self._events[key]

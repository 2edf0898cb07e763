"""What the core asks its caller to do.

Everything to be kept is committed, in one transaction, before anything of that turn is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeAlias

from pydantic import JsonValue

from contracts.wire.messages import Event, Grant, Match, PlateProof, Reply
from contracts.wire.types import (
    EPOCH,
    ZERO_DIGEST,
    ClockState,
    Digest,
    Instant,
    Name,
    Occupancy,
    Seconds,
    Tolerant,
    from_ms,
    to_ms,
)


class WallClock(Protocol):
    """Where monotonic time stands in the world. `boot_id` changes when monotonic time restarts."""

    @property
    def boot_id(self) -> str: ...
    def wall_at(self, mono_ns: int) -> datetime: ...
    def state(self) -> ClockState: ...


# The wire refuses times outside of these; a clock that shows one is wrong, and events must go on.
EARLIEST, LATEST = EPOCH, datetime(2199, 12, 31, tzinfo=UTC)


def wall_ms(clock: WallClock, mono_ns: int) -> datetime:
    """In whole milliseconds, which is what is signed."""
    at = clock.wall_at(max(0, mono_ns))
    return from_ms(to_ms(min(max(at, EARLIEST), LATEST)))


class Told(Tolerant):
    """One part of a stay, as an event told it. `dated`: by a clock that was set."""

    occupancy: Occupancy
    at: Instant
    uncertainty_s: Seconds
    dated: bool = True


class Begun(Tolerant):
    """How far ahead of its boot's monotonic clock the wall clock was as a stay began."""

    boot_id: str
    ahead_ms: int


class SpaceRecord(Tolerant):
    """What of one space must survive a restart. Wall times, as monotonic ones end at boot.

    `booking`: of the grant; `told`: the parts of the stay that lasts (edge/core/retelling.py);
    `begun`: what it is dated by (edge/core/scale.py).
    """

    digest: Digest = ZERO_DIGEST
    occupancy: Occupancy = "unknown"
    known: Literal["free", "occupied"] | None = None
    seen_at: Instant | None = None
    match: Match = "none"
    grant: Name | None = None
    booking: Name | None = None
    told: tuple[Told, ...] = ()
    begun: Begun | None = None
    detector: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where a gateway goes on: everything the outbox knows. `seq` and `acked` are of `epoch`.
    `next_epoch` is what a new outbox would begin with."""

    epoch: int
    next_epoch: int = 0
    seq: int = 0
    acked: int = 0
    gateway_digest: str = ZERO_DIGEST
    spaces: dict[str, SpaceRecord] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    revoked: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """To be signed, written and sent. `digest` is what is signed."""

    body: Event
    digest: str
    plate: PlateProof | None = None


@dataclass(frozen=True, slots=True)
class PutSpace:
    space: str
    record: SpaceRecord


@dataclass(frozen=True, slots=True)
class PutGrant:
    grant: Grant


@dataclass(frozen=True, slots=True)
class DropGrant:
    id: str


@dataclass(frozen=True, slots=True)
class PutRevoked:
    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DropRevoked:
    id: str


@dataclass(frozen=True, slots=True)
class SetAcked:
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class BeginEpoch:
    """Numbers start again at one in `epoch`: the cloud holds (acked_epoch, acked_seq), and what was
    sent under the numbers up to there is lost here."""

    epoch: int
    acked_epoch: int
    acked_seq: int


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Answer of an Ask for [first, last]: the answer says how many are still held."""

    command: str
    epoch: int
    first: int
    last: int


Kept: TypeAlias = PutSpace | PutGrant | DropGrant | PutRevoked | DropRevoked | SetAcked | BeginEpoch
Output: TypeAlias = NewEvent | Kept | Reply | SendAgain

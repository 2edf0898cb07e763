"""What gateway and cloud say to each other. Topics are in topics.py, bytes in codec.py."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.wire.types import (
    ZERO_DIGEST,
    ClockState,
    Count,
    Digest,
    Frozen,
    Instant,
    Name,
    Occupancy,
    Seconds,
    Signature,
    Tolerant,
)

EventKind = Literal["arrival", "departure", "snapshot", "boot", "gap", "fault"]
Match = Literal["accepted", "ambiguous", "other", "none"]
Plate = Annotated[str, Field(min_length=2, max_length=16)]
ChannelName = Annotated[str, Field(min_length=1, max_length=64)]
# A newer gateway may know more faults than its reader does.
FaultName = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
MAX_CHANNELS = 100


class Event(Tolerant):
    """Gateway, whenever a space changes, and at boot. This is the body that is signed.

    `at` is the best estimate of when it happened; the truth lies within `uncertainty_s` of it.
    `previous` is the digest of the last event of the same space, so that a run of one space's
    events shows by itself that none was left out. `seq` is gap-free over the whole gateway.
    """

    gateway: Name
    epoch: Annotated[int, Field(ge=1, lt=2**32)]
    seq: Annotated[int, Field(ge=1, lt=2**53)]
    kind: EventKind
    space: Name | None = None
    occupancy: Occupancy | None = None
    at: Instant
    uncertainty_s: Seconds
    reported_at: Instant
    boot_id: Annotated[str, Field(min_length=1, max_length=64)]
    boottime_ns: Annotated[int, Field(ge=0, lt=2**63)]
    clock: ClockState
    previous: Digest = ZERO_DIGEST
    evidence: Digest = ZERO_DIGEST
    plate: Digest = ZERO_DIGEST
    match: Match = "none"
    grant: Name | None = None


class PlateProof(Tolerant):
    """Opens the plate commitment of one event: keccak(salt ‖ plate). Erased, the event holds."""

    text: Plate
    salt: Digest


class SignedEvent(Tolerant):
    """Gateway, on up/event, again and again until the cloud's Ack covers its number."""

    body: Event
    signature: Signature
    plate: PlateProof | None = None


class Status(Tolerant):
    """Gateway, on up/status when it connects, every heartbeat, and (online=false) as its will."""

    gateway: Name
    online: bool
    at: Instant
    boot_id: str
    version: str
    clock: ClockState
    epoch: Count = 0
    unacknowledged: Count = 0


class ChannelHealth(Tolerant):
    """One sensor. `fault` says what is wrong `since` when; `per_minute` counts what it measured."""

    name: ChannelName
    space: Name | None = None
    fault: FaultName | None = None
    since: Instant | None = None
    per_minute: Count = 0


class Telemetry(Tolerant):
    """Gateway, on up/telemetry every minute and whenever a sensor fails or is well again.

    With more than 100 channels there are several; only one with `whole` names every channel there
    is. Not signed, as nothing is billed by it.
    """

    gateway: Name
    at: Instant
    clock: ClockState
    channels: Annotated[tuple[ChannelHealth, ...], Field(max_length=MAX_CHANNELS)] = ()
    whole: bool = True
    waiting: Count = 0
    disk_free_mb: Count | None = None
    temperature_c: Annotated[float, Field(ge=-100, le=200)] | None = None
    written_mb_a_day: Annotated[float, Field(ge=0, le=1e9)] | None = None


class Reply(Tolerant):
    """Gateway, on up/reply, once a command was stored or refused."""

    gateway: Name
    to: Name
    accepted: bool
    code: str = "ok"
    sentence: str = ""


class Signable(Frozen):
    """What the cloud says. Who has its command key pinned believes only what is signed with it, at

    `signed_at_ms` (since 1970, UTC), and each signature once: contracts/wire/commands.py.
    """

    signed_at_ms: Count = 0
    signature: Signature | None = None


class Ack(Signable):
    """Cloud, on down/ack: every event up to (epoch, seq) is committed to its database."""

    gateway: Name
    epoch: Count
    seq: Count


class Grant(Signable):
    """Cloud, on down/grant: this plate may use this space in this window (half-open, UTC).

    `early_s` before the start and `late_s` after the end still match. A newer `version` of the
    same id replaces it. Answered by a Reply whose `to` is the command's id.
    """

    command: Name
    gateway: Name
    id: Name
    version: Annotated[int, Field(ge=1)]
    booking: Name
    space: Name
    plates: tuple[Plate, ...]
    starts_at: Instant
    ends_at: Instant
    early_s: Seconds
    late_s: Seconds
    issued_at: Instant


class Revoke(Signable):
    """Cloud, on down/revoke: the grant is void. Revoking an unknown grant is accepted."""

    command: Name
    gateway: Name
    id: Name
    issued_at: Instant


class Ask(Signable):
    """Cloud, on down/ask: send events [first, last] of this epoch again, or a fresh snapshot."""

    command: Name
    gateway: Name
    what: Literal["events", "snapshot"]
    epoch: Count = 0
    first: Count = 0
    last: Count = 0


Up = SignedEvent | Status | Telemetry | Reply
Down = Ack | Grant | Revoke | Ask

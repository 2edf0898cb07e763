"""Field types that wire and ledger share: one spelling each, so equal values are equal bytes."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from contracts.ledger.hashing import keccak

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# No arithmetic on an accepted time may leave the calendar, whatever a stranger writes.
YEARS = range(1970, 2200)
MS = timedelta(milliseconds=1)
MAX_SECONDS = 10_000_000
# The gateways of a city; one address stands in thousands of records.
MAX_CHECKSUMS = 4096


def parse_instant(value: object) -> datetime:
    """Only `2026-05-01T00:00:00.000Z`; a datetime must be aware and is cut to milliseconds."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs a zone")
        at = value.astimezone(UTC)
        return _in_range(at.replace(microsecond=at.microsecond // 1000 * 1000))
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return _in_range(datetime.fromisoformat(value))
    raise ValueError("a time is written like 2026-05-01T00:00:00.000Z")


def _in_range(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise ValueError(f"the year must be {YEARS[0]} to {YEARS[-1]}")
    return at


def format_instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def to_ms(at: datetime) -> int:
    return (at - EPOCH) // MS


def from_ms(ms: int) -> datetime:
    return EPOCH + ms * MS


def parse_address(text: str) -> str:
    """Checksummed (EIP-55), so that one address has one spelling and a slip is noticed."""
    if not ADDRESS.fullmatch(text) or text != checksummed(text):
        raise ValueError("an address is 0x and 40 hex digits with their EIP-55 checksum")
    return text


@lru_cache(maxsize=MAX_CHECKSUMS)
def checksummed(address: str) -> str:
    """EIP-55: a letter is upper case where the hash of the address has a digit of 8 or more."""
    raw = address.removeprefix("0x").lower()
    marks = keccak(raw.encode()).hex()
    return "0x" + "".join(
        char.upper() if int(mark, 16) >= 8 else char for char, mark in zip(raw, marks)
    )


def whole_milliseconds(value: object) -> object:
    """Seconds as a number of at most three decimals: what is signed is whole milliseconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not -MAX_SECONDS <= value <= MAX_SECONDS:
            raise ValueError(f"seconds are at most {MAX_SECONDS}")
        if round(value, 3) != value:
            raise ValueError("seconds carry at most three decimals")
        return float(value)
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant),
    WithJsonSchema({"type": "string", "pattern": f"^{INSTANT.pattern}$"}),
]
Seconds = Annotated[float, BeforeValidator(whole_milliseconds), Field(ge=0, le=MAX_SECONDS)]
Digest = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Address = Annotated[
    str,
    AfterValidator(parse_address),
    WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}),
]
Signature = Annotated[str, Field(pattern=r"^0x[0-9a-f]{130}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Minor = Annotated[int, Field(ge=0, lt=2**32)]
Count = Annotated[int, Field(ge=0, lt=2**53)]  # what JSON carries exactly

Occupancy = Literal["free", "occupied", "unknown"]
ClockState = Literal["synced", "holdover", "unsynced"]

ZERO_DIGEST = "0x" + "00" * 32


class Frozen(BaseModel):
    """A value of ours: never changed after it was made, no field guessed from another type."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Tolerant(Frozen):
    """A report from a gateway that may be newer than its reader: unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


FaultCode = Literal[
    "timeout",
    "stuck_high",
    "silent",
    "garbage",
    "bus",
    "identity",
    "not_ready",
    "overflow",
    "frozen",
    "out_of_range",
    "camera",
    "missing",
]
"""What can be wrong with a sensor. A newer gateway may know more of them."""

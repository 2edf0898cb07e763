"""The cloud's clock, and the ids and randomness that its use cases take as arguments."""

import secrets
import time
from datetime import UTC, datetime
from typing import Protocol

from cloud.core.tempo import Tempo

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Clock(Protocol):
    rate: float

    def now(self) -> datetime: ...


class SystemClock:
    rate = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)


class TempoClock:
    """A lot's time that runs faster than ours, for demonstrations: see BERTH_CLOCK."""

    def __init__(self, tempo: Tempo) -> None:
        self.tempo = tempo
        self.rate = tempo.rate

    def now(self) -> datetime:
        return self.tempo.wall(time.time())


def monotonic_s() -> float:
    """For how long something took: no step of a clock changes it."""
    return time.monotonic()


def real_ms() -> int:
    """UTC, whatever the lot's clock says."""
    return time.time_ns() // 1_000_000


def clock_for(setting: str) -> Clock:
    return TempoClock(Tempo.parse(setting)) if setting else SystemClock()


def new_id(prefix: str) -> str:
    """100 random bits, asked of the system at once: a booking's id is also the key to its page."""
    return f"{prefix}-" + "".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(20))


def new_token() -> str:
    return secrets.token_hex(32)


def new_code() -> str:
    """60 random bits, as a person types them: abcd-efgh-jkmn."""
    text = "".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(12))
    return "-".join(text[at : at + 4] for at in (0, 4, 8))


def new_challenge() -> bytes:
    return secrets.token_bytes(32)


def new_salt() -> bytes:
    return secrets.token_bytes(32)

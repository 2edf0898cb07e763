"""A second of a lot's time against a second of ours: what lets a demo day pass in a minute."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Tempo:
    """`wall` = origin_wall + (real - origin_real_s) * rate; real time is Unix seconds."""

    origin_real_s: float
    origin_wall: datetime
    rate: float

    def __post_init__(self) -> None:
        if self.origin_wall.tzinfo is None:
            raise ValueError("a tempo's wall time needs a UTC offset")
        if not (math.isfinite(self.rate) and self.rate > 0 and math.isfinite(self.origin_real_s)):
            raise ValueError("a tempo's rate must be above 0 and its origin finite")

    def wall(self, real_s: float) -> datetime:
        return self.origin_wall + timedelta(seconds=(real_s - self.origin_real_s) * self.rate)

    def real(self, wall: datetime) -> float:
        return self.origin_real_s + (wall - self.origin_wall).total_seconds() / self.rate

    @classmethod
    def parse(cls, text: str) -> Tempo:
        """WALL@REAL*RATE, as `2026-05-01T00:00:00Z@1790000000.0*60`."""
        wall, at, rest = text.partition("@")
        real, star, rate = rest.partition("*")
        if not (at and star):
            raise ValueError(f"{text!r} is not a tempo: write WALL@REAL_SECONDS*RATE")
        try:
            return cls(float(real), datetime.fromisoformat(wall), float(rate))
        except ValueError as error:
            raise ValueError(f"{text!r} is not a tempo: {error}") from None

    def __str__(self) -> str:
        wall = self.origin_wall.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return f"{wall}@{self.origin_real_s!r}*{repr(self.rate).removesuffix('.0')}"

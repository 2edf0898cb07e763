"""Raw sensor values as they enter the core: never converted, never judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

ChannelKind: TypeAlias = Literal["ultrasonic", "magnetic", "camera", "temperature"]

NO_ECHO = "no_echo"
"""The one `why` that is a measurement (nothing in range); every other is a fault."""

IMAGE = "image:"
"""A camera reading that is a picture not yet read: value None, why `image:<path>`."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One sensor of one gateway; `space` is None for what all spaces share (temperature)."""

    name: str
    kind: ChannelKind
    space: str | None
    sensor: str | None = None
    lsb_per_gauss: float | None = None


@dataclass(frozen=True, slots=True)
class PlateRead:
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """`value`: echo in us, raw magnetic counts, a plate read, or degrees Celsius."""

    mono_ns: int
    channel: str
    value: float | tuple[int, int, int] | PlateRead | None
    why: str | None = None
    status: int = 0

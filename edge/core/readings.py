"""Raw sensor values as they enter the core: never converted, never judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

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


class PlateRead(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`confidence`: as any camera says it. `sure`: from a reader that was measured, how likely what
    it says is right, as it spells it: an expected plate as the lot does. 0 leaves it to a person.
    """

    text: Annotated[str, Meta(min_length=1)]
    confidence: Annotated[float, Meta(ge=0, le=1)]
    sure: Annotated[float, Meta(ge=0, le=1)] | None = None


Count: TypeAlias = Annotated[int, Meta(gt=-(2**31), lt=2**31)]
Counts: TypeAlias = tuple[Count, Count, Count]


class Reading(
    Struct,
    frozen=True,
    gc=False,
    rename={"mono_ns": "t", "channel": "ch", "value": "v", "status": "st"},
):
    """`value`: echo in us, raw magnetic counts, a plate read, or degrees Celsius.

    Decoded from a trace's line as it is; the bounds hold for lines, not for constructor calls.
    """

    mono_ns: Annotated[int, Meta(ge=0)]
    channel: Annotated[str, Meta(min_length=1)]
    value: float | Counts | PlateRead | None = None
    why: Annotated[str, Meta(min_length=1)] | None = None
    status: Annotated[int, Meta(ge=0, lt=2**16)] = 0

"""The gateway's settings: read once, frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from contracts.wire.signing import Domain
from contracts.wire.types import Address, Frozen, Name
from edge.config.plates import PlatesSpec
from edge.config.sensors import CalibrationSpec, CameraSpec, OutputSpec, PageSpec, SensorSpec
from edge.core.commands import Pinned
from edge.core.space import StaySettings
from edge.core.window import WindowSettings

MAX_SPACES = 500
MAX_SENSORS = 1_000
# The cloud's command key, and while it is changed the next one.
MAX_COMMAND_KEYS = 3


def _broker(url: str) -> str:
    parts = urlsplit(url)
    good = parts.scheme in ("mqtt", "mqtts") and parts.hostname and parts.path in ("", "/")
    if not good or parts.port == 0:
        raise ValueError
    return url


def _zone(name: str) -> str:
    """A system without time zone data takes any name: it is only written into traces."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if any(Path(folder).is_dir() for folder in TZPATH):
            raise ValueError from None
    return name


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


# Where no plates are read, those that a stream names are forgotten as soon.
UNREAD = PlatesSpec(regions=["cn"])


class Ledger(Frozen):
    chain_id: Annotated[int, Field(ge=1, le=2**53 - 1)]
    address: Address


class Timing(Frozen):
    heartbeat_s: Annotated[float, Field(ge=1, le=3600)] = 10.0
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    plate_wait_s: Annotated[float, Field(ge=0, le=60)] = 5.0
    plate_before_s: Annotated[float, Field(ge=0, le=300)] = 15.0
    seen_every_s: Annotated[float, Field(ge=1, le=600)] = 60.0
    boot_known_s: Annotated[float, Field(ge=5, le=3600)] = 60.0
    ack_timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 2.0
    ack_timeout_max_s: Annotated[float, Field(ge=1, le=3600)] = 30.0
    drain_s: Annotated[float, Field(ge=0, le=3600)] = 30.0


class Limits(Frozen):
    window_events: Annotated[int, Field(ge=1, le=200)] = 20
    keep_acked_events: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    inbox_items: Annotated[int, Field(ge=10, le=100_000)] = 1_000


class Config(Frozen):
    gateway: Name
    data: str
    broker: Annotated[str, AfterValidator(_broker)]
    ledger: Ledger
    commands: (
        Annotated[
            list[Address],
            BeforeValidator(_several),
            Field(min_length=1, max_length=MAX_COMMAND_KEYS),
        ]
        | None
    ) = None
    spaces: Annotated[list[Name], Field(max_length=MAX_SPACES)] | None = None
    tz: Annotated[str, AfterValidator(_zone)] = "UTC"
    sensors: dict[Name, SensorSpec] = Field(default_factory=dict, max_length=MAX_SENSORS)
    cameras: dict[Name, CameraSpec] = Field(default_factory=dict, max_length=MAX_SPACES)
    outputs: dict[Name, OutputSpec] = Field(default_factory=dict, max_length=MAX_SPACES)
    calibration: dict[Name, CalibrationSpec] = Field(default_factory=dict, max_length=MAX_SPACES)
    page: PageSpec | None = None
    plates: PlatesSpec | None = None
    timing: Timing = Timing()
    limits: Limits = Limits()

    @property
    def data_path(self) -> Path:
        return Path(self.data)

    @property
    def domain(self) -> Domain:
        return Domain(self.ledger.chain_id, self.ledger.address)

    @property
    def pinned(self) -> Pinned | None:
        """Whose commands are believed; None: anybody's."""
        return Pinned(tuple(self.commands), self.domain) if self.commands else None

    @property
    def stay(self) -> StaySettings:
        timing = self.timing
        return StaySettings(
            plate_wait_s=timing.plate_wait_s,
            plate_before_s=timing.plate_before_s,
            boot_known_s=timing.boot_known_s,
            seen_every_s=timing.seen_every_s,
            keep_reads_s=60.0 * (self.plates or UNREAD).keep_unexpected_min,
        )

    @property
    def window(self) -> WindowSettings:
        return WindowSettings(
            self.limits.window_events, self.timing.ack_timeout_s, self.timing.ack_timeout_max_s
        )

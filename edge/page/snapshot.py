"""What the page is drawn from: made by the agent's loop, read by the page's threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.wire.types import ClockState
from edge.core.health import ChannelState
from edge.core.live import SpaceView
from edge.core.promises import Promise
from edge.ports import Machine


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the gateway's page shows. Holds no plate and no secret. `safe_mode`: the settings of
    today cannot be used, and these are the last good ones. `acked_s`: as in edge.ports.Moment."""

    gateway: str
    version: str
    at: datetime
    clock: ClockState
    connected: bool
    waiting: int
    mono_ns: int
    real_s: float
    machine: Machine
    spaces: tuple[SpaceView, ...]
    channels: tuple[ChannelState, ...]
    passes: Mapping[str, int]
    promises: Mapping[str, tuple[Promise, ...]]
    safe_mode: bool = False
    acked_s: float | None = None

"""Puts one gateway together from its settings and ports. The simulator does the same with fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias

from edge.agent import Agent, AgentSettings, Ports
from edge.config import Config
from edge.core.detectors import make_detectors
from edge.core.gateway import Gateway, Site
from edge.core.occupancy import Levels
from edge.core.outputs import SpaceRecord
from edge.core.readings import Channel
from edge.core.space import Detector
from edge.ports import Watcher

Salt = Callable[[], bytes]
Look: TypeAlias = Callable[[Gateway, Mapping[str, Detector]], Sequence[Watcher]]
"""Who is to look on, given what there is to see."""


def nobody(core: Gateway, detectors: Mapping[str, Detector]) -> Sequence[Watcher]:
    return ()


def make_agent(
    config: Config,
    channels: Mapping[str, Channel],
    ports: Ports,
    key: bytes,
    salt: Salt,
    look: Look = nobody,
) -> Agent:
    start = ports.outbox.load()
    records = {name: it for name, it in start.spaces.items() if not _outdated(config, name, it)}
    detectors = make_detectors(
        channels, watched(config, channels), records, levels=calibrated(config)
    )
    site = Site(config.gateway, config.domain, channels, detectors)
    core = Gateway(site, start, ports.clock, salt, config.stay)
    timing = config.timing
    settings = AgentSettings(
        config.gateway,
        own_version(),
        config.window,
        timing.heartbeat_s,
        timing.drain_s,
        config.pinned,
    )
    seen = replace(ports, watchers=(*ports.watchers, *look(core, detectors)))
    return Agent(core, start, seen, key, settings)


def calibrated(config: Config) -> dict[str, Levels]:
    """What `berth-edge calibrate` found of each empty space."""
    found = config.calibration.items()
    return {space: Levels(spec.empty_m, spec.empty_ut) for space, spec in found}


def _outdated(config: Config, space: str, record: SpaceRecord) -> bool:
    """Its levels were learned before the last calibration; the sensors may have been moved."""
    spec = config.calibration.get(space)
    if spec is None or spec.at is None:
        return False
    return record.seen_at is None or record.seen_at < spec.at


def watched(config: Config, channels: Mapping[str, Channel]) -> tuple[str, ...]:
    """The spaces of this gateway: as set, else those that its channels name."""
    return tuple(config.spaces) if config.spaces is not None else spaces_of(channels)


def spaces_of(channels: Mapping[str, Channel]) -> tuple[str, ...]:
    return tuple(sorted({ch.space for ch in channels.values() if ch.space is not None}))


def own_version() -> str:
    try:
        return version("berth")
    except PackageNotFoundError:
        return "0"

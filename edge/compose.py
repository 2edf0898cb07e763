"""Puts one gateway together from its settings and ports. The simulator does the same with fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

from edge.agent import Agent, AgentSettings, Ports
from edge.config import Config
from edge.core.gateway import Gateway, Site, make_detectors
from edge.core.readings import Channel

Salt = Callable[[], bytes]


def make_agent(
    config: Config, channels: Mapping[str, Channel], ports: Ports, key: bytes, salt: Salt
) -> Agent:
    start = ports.outbox.load()
    spaces = tuple(config.spaces) if config.spaces is not None else spaces_of(channels)
    detectors = make_detectors(channels, spaces, start.spaces)
    site = Site(config.gateway, config.domain, channels, detectors)
    core = Gateway(site, start, ports.clock, salt, config.stay)
    timing = config.timing
    settings = AgentSettings(
        config.gateway, own_version(), config.window, timing.heartbeat_s, timing.drain_s
    )
    return Agent(core, start, ports, key, settings)


def spaces_of(channels: Mapping[str, Channel]) -> tuple[str, ...]:
    return tuple(sorted({ch.space for ch in channels.values() if ch.space is not None}))


def own_version() -> str:
    try:
        return version("berth")
    except PackageNotFoundError:
        return "0"

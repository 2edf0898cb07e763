"""Where a running gateway's readings come from: the sensors of this machine, or a stream."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.adapters.clock import StreamClock, SystemClock
from edge.adapters.contained import Broke, say_nothing
from edge.adapters.lines import LineSource, open_readings
from edge.config import Config
from edge.core.readings import Channel
from edge.core.trace_lines import TraceHeader
from edge.errors import NothingToRead
from edge.ports import Clock, Item, Put

if TYPE_CHECKING:
    from edge.adapters.camera import FrameSource

# How long a full inbox may hold its feeder back before that hears of it.
PUT_S = 0.5


@dataclass(frozen=True, slots=True)
class Feed:
    """`header` is asked again whenever a trace is written: the wall clock may be set after boot.

    `sampled`: from sensors, which never rest. `absent`: what did not answer at the start. `frames`:
    by camera channel; a stream has none.
    """

    gateway: str
    channels: Mapping[str, Channel]
    clock: Clock
    header: Callable[[], TraceHeader]
    start: Callable[[Put], None]
    stop: Callable[[], None]
    sampled: bool
    absent: Mapping[str, str]
    frames: Mapping[str, FrameSource] = field(default_factory=dict)


def stream_feed(name: str) -> Feed:
    source = LineSource(open_readings(name))
    header = source.header
    return Feed(
        gateway=header.gateway,
        channels=header.channels,
        clock=StreamClock(header),
        header=lambda: header,
        start=source.start,
        stop=source.stop,
        sampled=False,
        absent={},
    )


def putting(inbox: queue.Queue[Item]) -> Put:
    """Waits `PUT_S` at most."""

    def put(item: Item) -> bool:
        try:
            inbox.put(item, timeout=PUT_S)
        except queue.Full:
            return False
        return True

    return put


def sensor_feed(config: Config, broke: Broke = say_nothing) -> Feed:
    """Raises NothingToRead. Sensors that do not answer are in it, as they may come later."""
    from edge.adapters.sampler import Sampler
    from edge.adapters.sensors import channels_of, open_cameras, open_sensors, probe_all

    if not config.sensors and not config.cameras:
        raise NothingToRead
    clock = SystemClock()
    sensors = open_sensors(config, clock.mono_ns)
    absent = probe_all(sensors, clock.mono_ns, broke)
    cameras, sources = open_cameras(config.cameras, clock.mono_ns, broke=broke)
    channels = channels_of(sensors, cameras)
    samplers: list[Sampler] = []

    def start(put: Put) -> None:
        samplers.append(Sampler([*sensors, *cameras], put, clock.mono_ns, broke=broke))
        samplers[0].start()

    def stop() -> None:
        for sampler in samplers:
            sampler.stop()
        for source in sources:
            source.close()

    def header() -> TraceHeader:
        now_ns = clock.mono_ns()
        return TraceHeader(config.gateway, config.tz, now_ns, clock.wall_at(now_ns), channels)

    frames = dict(zip(config.cameras, sources))
    return Feed(config.gateway, channels, clock, header, start, stop, True, absent, frames)

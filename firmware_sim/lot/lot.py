"""A simulated lot: its header, its truth, and its readings in the order a gateway writes them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter

import numpy as np

from edge.core.readings import Channel, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.lot.channels import (
    AirChannel,
    ChannelOfLot,
    EchoChannel,
    FieldChannel,
    PlateChannel,
    Timed,
)
from firmware_sim.lot.echoes import EchoView
from firmware_sim.lot.fields import FieldView
from firmware_sim.lot.physics import Array
from firmware_sim.lot.truth import truth_of
from firmware_sim.lot.weather import Air
from firmware_sim.lot.world import World
from firmware_sim.trace import Truth

WALL = datetime(2026, 5, 1, tzinfo=UTC)
BLOCK_READINGS, BLOCK_LEAST_S, READINGS_PER_S = 40_000, 30.0, 13.0


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """`readings` begins anew each time it is asked. With lines that come late, `mono_ns` steps
    back by up to two seconds, in one channel at a time; all else is in time order."""

    world: World
    seed: int
    gateway: str = "gw-1"
    tz: str = "Asia/Shanghai"
    _echo_views: dict[str, EchoView] = field(default_factory=dict, repr=False)
    _field_views: dict[str, FieldView] = field(default_factory=dict, repr=False)

    @property
    def header(self) -> TraceHeader:
        channels = {name: channel for name, channel in self._channels()}
        return TraceHeader(self.gateway, self.tz, 0, WALL, channels)

    @property
    def truth(self) -> list[Truth]:
        return truth_of(self.world)

    @property
    def spaces(self) -> tuple[str, ...]:
        return self.world.spaces

    def readings(self, block_s: float | None = None) -> Iterator[Reading]:
        """A block of `block_s` is made at a time; its length changes nothing but the memory."""
        return self._merged(range(len(self.spaces)), block_s)

    def space_readings(self, space: str, block_s: float | None = None) -> Iterator[Reading]:
        """Those of one space and the air, as they are in the whole."""
        return self._merged([self.spaces.index(space)], block_s)

    def distance_m(self, space: str, at_s: float) -> float | None:
        """To the nearest thing before the ultrasonic sensor; None: nothing is there."""
        distance = float(self.echo_view(space).at(np.array([at_s])).distance_m[0])
        return distance if math.isfinite(distance) else None

    def field_ut(self, space: str, at_s: float) -> tuple[float, float, float]:
        """In the chip's axes, without noise."""
        x, y, z = self.field_view(space).at(np.array([at_s]))[0].tolist()
        return x, y, z

    def echo_view(self, space: str) -> EchoView:
        """What is there to be seen, for many times at once."""
        if space not in self._echo_views:
            view = EchoView(self.world, self.spaces.index(space))
            self._echo_views[space] = view
        return self._echo_views[space]

    def field_view(self, space: str) -> FieldView:
        if space not in self._field_views:
            view = FieldView(self.world, self.spaces.index(space), self.seed)
            self._field_views[space] = view
        return self._field_views[space]

    def air_c(self, at_s: Array) -> Array:
        return Air(self.world).celsius(at_s)

    def _channels(self) -> Iterator[tuple[str, Channel]]:
        for number, (space, mount) in enumerate(zip(self.spaces, self.world.mounts, strict=True)):
            us, mag, cam = f"us{number}", f"mag{number}", f"cam{number}"
            yield us, Channel(us, "ultrasonic", space, mount.echo.sensor)
            yield (
                mag,
                Channel(mag, "magnetic", space, mount.field.sensor, mount.field.lsb_per_gauss),
            )
            yield cam, Channel(cam, "camera", space)
        yield "temp0", Channel("temp0", "temperature", None, "ds18b20")

    def _merged(self, numbers: Sequence[int], block_s: float | None) -> Iterator[Reading]:
        world, seed = self.world, self.seed
        channels: list[ChannelOfLot] = [
            made(world, number, seed)
            for number in numbers
            for made in (EchoChannel, FieldChannel, PlateChannel)
        ]
        channels.append(AirChannel(world, seed))
        per_s = READINGS_PER_S * len(numbers)
        block_s = block_s or max(BLOCK_LEAST_S, BLOCK_READINGS / per_s)
        waiting: list[Timed] = []
        for index in range(math.ceil(world.lasts_s / block_s)):
            until_s = min((index + 1) * block_s, world.lasts_s)
            for channel in channels:
                waiting += channel.until(until_s)
            waiting.sort(key=itemgetter(0, 1))
            done = _first_at(waiting, int(until_s * 1e9))
            yield from map(itemgetter(2), waiting[:done])
            waiting = waiting[done:]
        yield from map(itemgetter(2), waiting)


def _first_at(waiting: list[Timed], until_ns: int) -> int:
    """How many are written before; those that come late wait for the next block."""
    count = len(waiting)
    while count and waiting[count - 1][0] >= until_ns:
        count -= 1
    return count

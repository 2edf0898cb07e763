"""What the sensors of each space say now, in plain units, for people who look on. Decides nothing.

Distances and fields are those of the newest reading; a trail keeps one of each a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import dist, hypot

from contracts.wire.messages import EventKind
from contracts.wire.types import Occupancy
from edge.core.echo import echo_distance_m
from edge.core.field import UT_PER_GAUSS, Vector
from edge.core.readings import NO_ECHO, Channel, Reading

NS = 1_000_000_000
TRAIL_S = 120
# Older than this, a value is no longer what the sensor says now.
FRESH_NS = 5 * NS
FIRST_SAMPLES = 20
TEMPERATURE_C = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """The last event of a space."""

    kind: EventKind
    at: datetime
    occupancy: Occupancy


@dataclass(frozen=True, slots=True)
class SpaceView:
    """`distance_m` None: nothing in range, or no reading; `echo_heard` tells which.

    `change_ut` is how far the field is from that of the empty space: as calibrated, else as it was
    in the first readings. Trails are oldest first, None where there was nothing.
    """

    space: str
    occupancy: Occupancy
    told: Told | None
    echo_heard: bool
    distance_m: float | None
    field_ut: float | None
    change_ut: float | None
    trail_m: tuple[float | None, ...]
    trail_ut: tuple[float | None, ...]


class Live:
    def __init__(
        self,
        channels: Mapping[str, Channel],
        spaces: Iterable[str],
        empty_ut: Mapping[str, Vector] | None = None,
    ) -> None:
        """`empty_ut`: the calibrated field of the empty space, by space."""
        self._channels = channels
        calibrated = empty_ut or {}
        self._spaces = {name: _Space(name, calibrated.get(name)) for name in spaces}
        self._temperature_c = TEMPERATURE_C

    def took(self, reading: Reading) -> None:
        channel = self._channels.get(reading.channel)
        if channel is None:
            return
        value = reading.value
        if channel.kind == "temperature" and isinstance(value, int | float):
            self._temperature_c = float(value)
        space = self._spaces.get(channel.space or "")
        if space is None:
            return
        if channel.kind == "ultrasonic":
            heard = isinstance(value, int | float)
            if heard or reading.why == NO_ECHO:
                metres = echo_distance_m(value, self._temperature_c) if heard else None  # type: ignore[arg-type]
                space.echo(reading.mono_ns, metres)
        elif channel.kind == "magnetic" and isinstance(value, tuple) and reading.why is None:
            scale = UT_PER_GAUSS / (channel.lsb_per_gauss or 1.0)
            space.field(reading.mono_ns, (value[0] * scale, value[1] * scale, value[2] * scale))

    def told(self, space: str, told: Told) -> None:
        if space in self._spaces:
            self._spaces[space].told = told

    def views(self, now_ns: int) -> tuple[SpaceView, ...]:
        """To be called about once a second, as the trails grow with it."""
        return tuple(space.view(now_ns) for space in self._spaces.values())


class _Space:
    def __init__(self, name: str, empty_ut: Vector | None) -> None:
        self._name = name
        self.told: Told | None = None
        self._metres: float | None = None
        self._echo_ns = self._field_ns = -FRESH_NS
        self._field_ut: Vector | None = None
        self._empty_ut = empty_ut
        self._first: list[Vector] = []
        self._trail_m: deque[float | None] = deque(maxlen=TRAIL_S)
        self._trail_ut: deque[float | None] = deque(maxlen=TRAIL_S)
        self._second = -1

    def echo(self, mono_ns: int, metres: float | None) -> None:
        self._echo_ns, self._metres = mono_ns, metres

    def field(self, mono_ns: int, field_ut: Vector) -> None:
        self._field_ns, self._field_ut = mono_ns, field_ut
        if self._empty_ut is None:
            self._first.append(field_ut)
            if len(self._first) >= FIRST_SAMPLES:
                x, y, z = (sum(axis) / FIRST_SAMPLES for axis in zip(*self._first))
                self._empty_ut, self._first = (x, y, z), []

    def view(self, now_ns: int) -> SpaceView:
        heard = now_ns - self._echo_ns < FRESH_NS
        field_ut = self._field_ut if now_ns - self._field_ns < FRESH_NS else None
        change_ut = None
        if field_ut is not None and self._empty_ut is not None:
            change_ut = dist(field_ut, self._empty_ut)
        metres = self._metres if heard else None
        if now_ns // NS != self._second:
            self._second = now_ns // NS
            self._trail_m.append(metres)
            self._trail_ut.append(change_ut)
        return SpaceView(
            self._name,
            self.told.occupancy if self.told else "unknown",
            self.told,
            heard,
            metres,
            None if field_ut is None else hypot(*field_ut),
            change_ut,
            tuple(self._trail_m),
            tuple(self._trail_ut),
        )

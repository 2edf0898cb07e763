"""What the sensors saw, kept for drawing while the readings pass by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from edge.core.echo import echo_distance_m
from edge.core.readings import NO_ECHO, Channel, Reading
from firmware_sim.report.envelope import Envelope
from firmware_sim.trace import NS

UT_PER_GAUSS = 100.0
AIR_C = 20.0
# Further than any sensor of these kinds can hear: how some of them say that nothing came back.
HEARD_M = 6.0
FINEST_NS = NS // 2
BUCKET_NS = 60 * NS
INSET_COLUMNS = 240

Sink = Callable[[Reading], None]


@dataclass(slots=True)
class Signals:
    """Of one space: distance in m, change of the field in uT against the channel's first reading
    (its norm: how the chip is turned does not matter), and when there was no echo."""

    distance_m: Envelope
    field_ut: Envelope
    silence: Envelope

    @classmethod
    def begun(cls, from_ns: int, width_ns: int = FINEST_NS) -> Signals:
        return cls(*(Envelope(from_ns, width_ns) for _ in range(3)))


@dataclass(slots=True)
class Lot:
    """Measured values of all spaces, handed to whoever wants those of a space at a time."""

    channels: Mapping[str, Channel]
    want: Callable[[str, int], Iterable[Signals]]
    air_c: float = AIR_C
    zero: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def pass_on(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        sinks = {name: self._sink(channel) for name, channel in self.channels.items()}
        for reading in readings:
            sinks[reading.channel](reading)
            yield reading

    def _sink(self, channel: Channel) -> Sink:
        if channel.kind == "temperature":
            return self._air
        if channel.space is None or channel.kind == "camera":
            return _nothing
        space, scale = channel.space, UT_PER_GAUSS / (channel.lsb_per_gauss or 1.0)
        if channel.kind == "ultrasonic":
            return lambda reading: self._echo(space, reading)
        return lambda reading: self._field(space, scale, reading)

    def _air(self, reading: Reading) -> None:
        if isinstance(reading.value, float | int) and -60 < reading.value < 90:
            self.air_c = reading.value

    def _echo(self, space: str, reading: Reading) -> None:
        value, now_ns = reading.value, reading.mono_ns
        lost = value is None and reading.why == NO_ECHO
        if not lost and not isinstance(value, float | int):
            return
        distance_m = echo_distance_m(value, self.air_c) if isinstance(value, float | int) else 0.0
        for signals in self.want(space, now_ns):
            if 0 < distance_m <= HEARD_M:
                signals.distance_m.add(now_ns, distance_m)
            else:
                signals.silence.add(now_ns, 0.0)

    def _field(self, space: str, scale: float, reading: Reading) -> None:
        value = reading.value
        if not isinstance(value, tuple):
            return
        zero = self.zero.setdefault(reading.channel, value)
        for signals in self.want(space, reading.mono_ns):
            signals.field_ut.add(reading.mono_ns, math.dist(value, zero) * scale)


class WholeTrace:
    """The signals of each space from its first reading to its last."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self.of: dict[str, Signals] = {}
        self._wanted: dict[str, tuple[Signals]] = {}
        self.pass_on = Lot(channels, self._want).pass_on

    def _want(self, space: str, mono_ns: int) -> tuple[Signals]:
        wanted = self._wanted.get(space)
        if wanted is None:
            signals = self.of[space] = Signals.begun(mono_ns)
            wanted = self._wanted[space] = (signals,)
        return wanted


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of one space to look at closely."""

    space: str
    from_ns: int
    until_ns: int


def close_up(
    channels: Mapping[str, Channel], readings: Iterable[Reading], cuts: Iterable[Cut]
) -> dict[Cut, Signals]:
    """Reads the trace once more and keeps only the stretches."""
    kept: dict[Cut, Signals] = {}
    near: dict[tuple[str, int], list[Cut]] = {}
    for cut in cuts:
        width_ns = max(1, (cut.until_ns - cut.from_ns) // INSET_COLUMNS)
        kept[cut] = Signals.begun(cut.from_ns, width_ns)
        for bucket in range(cut.from_ns // BUCKET_NS, cut.until_ns // BUCKET_NS + 1):
            near.setdefault((cut.space, bucket), []).append(cut)

    def want(space: str, mono_ns: int) -> list[Signals]:
        cuts = near.get((space, mono_ns // BUCKET_NS), ())
        return [kept[cut] for cut in cuts if cut.from_ns <= mono_ns < cut.until_ns]

    for _ in Lot(channels, want).pass_on(readings):
        pass
    return kept


def _nothing(reading: Reading) -> None:
    """Nobody draws it."""

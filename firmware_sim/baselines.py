"""What others do, with the detector's interface: the peers that the score is shown beside.

Each uses one sensor of the space and is tuned as its authors or its users would, not to lose:
the figures are at the top. None of them knows an unknown, a temperature or a second sensor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Protocol

from edge.core.fusion import Change
from edge.core.occupancy import ChangeKind, Occupancy
from edge.core.readings import NO_ECHO, Channel, ChannelKind, Reading
from firmware_sim.trace import NS

FIXED_UT = 5.0
ECHO_NEAR_M, ECHO_HOLD_S = 2.0, 5.0
# 343.26 m/s, there and back: gpiozero's constant.
M_PER_US = 343.26e-6 / 2
ATDA_UT, ATDA_HOLD_S, ATDA_MEMORY_S = 3.0, 3.0, 600.0
BIN_NS = NS // 2
SETTLE_BINS, SETTLE_UT = 20, 1.2
DOUBT_S = 1.0
UT_PER_GAUSS = 100.0

Vector = tuple[float, float, float]
_NOTHING: list[Change] = []


class Peer(Protocol):
    """`wants` names the one channel whose readings can change its mind; others may be left out."""

    wants: str

    @property
    def occupancy(self) -> Occupancy: ...
    def feed(self, reading: Reading) -> list[Change]: ...
    def tick(self, mono_ns: int) -> list[Change]: ...
    def deadline(self) -> int | None: ...


class _Standing:
    """The decisions of one space; the first is `known`, as no event can be told before it."""

    def __init__(self, space: str, wants: str, name: str) -> None:
        self.wants = wants
        self.occupancy: Occupancy = "unknown"
        self._space, self._why = space, name

    def tick(self, mono_ns: int) -> list[Change]:
        return _NOTHING

    def deadline(self) -> int | None:
        return None

    def _decide(self, occupied: bool, at_ns: int, now_ns: int) -> list[Change]:
        occupancy: Occupancy = "occupied" if occupied else "free"
        if occupancy == self.occupancy:
            return _NOTHING
        kind: ChangeKind = "arrival" if occupied else "departure"
        if self.occupancy == "unknown":
            kind = "known"
        self.occupancy = occupancy
        return [Change(self._space, kind, at_ns, DOUBT_S, now_ns, "", self._why)]


class FixedThreshold(_Standing):
    """A car is whatever moves the field by 5 uT from the first level that kept still for 10 s."""

    def __init__(self, space: str, channel: Channel) -> None:
        super().__init__(space, channel.name, "fixed threshold")
        self._scale = UT_PER_GAUSS / (channel.lsb_per_gauss or 1.0)
        self._bin, self._settling = _Bin(), _Settling()
        self._zero: Vector | None = None

    def feed(self, reading: Reading) -> list[Change]:
        value, now_ns = reading.value, reading.mono_ns
        mean = self._bin.take(value, now_ns) if isinstance(value, tuple) else None
        if mean is None:
            return _NOTHING
        if self._zero is None:
            self._zero = self._settling.add(mean, self._scale)
            return _NOTHING if self._zero is None else self._decide(False, now_ns, now_ns)
        over = math.dist(mean, self._zero) * self._scale >= FIXED_UT
        return self._decide(over, now_ns - BIN_NS, now_ns)


class DebouncedEcho(_Standing):
    """A car is an echo nearer than 2 m in every reading for 5 s; none in 5 s is no car."""

    def __init__(self, space: str, channel: Channel) -> None:
        super().__init__(space, channel.name, "debounced echo")
        self._near: bool | None = None
        self._since_ns = 0

    def feed(self, reading: Reading) -> list[Change]:
        value, now_ns = reading.value, reading.mono_ns
        if value is None:
            if reading.why != NO_ECHO:
                return _NOTHING
            near = False
        elif isinstance(value, float | int):
            near = value * M_PER_US < ECHO_NEAR_M
        else:
            return _NOTHING
        if near is not self._near:
            self._near, self._since_ns = near, now_ns
        if now_ns - self._since_ns < ECHO_HOLD_S * NS:
            return _NOTHING
        return self._decide(near, self._since_ns, now_ns)


class AdaptiveThreshold(_Standing):
    """ATDA: a smoothed field against a baseline that follows only while no car is seen, then a
    state machine that counts ones to enter and zeros to leave.

    After S.-Y. Cheung and P. Varaiya, "Traffic Surveillance by Wireless Sensor Networks: Final
    Report", UCB-ITS-PRR-2007-4 (2007), section 4.3.1, with holds for parking instead of traffic.
    Its known fault is kept: a step that stays freezes the baseline for ever.
    """

    def __init__(self, space: str, channel: Channel) -> None:
        super().__init__(space, channel.name, "adaptive threshold")
        self._scale = UT_PER_GAUSS / (channel.lsb_per_gauss or 1.0)
        self._bin, self._settling = _Bin(), _Settling()
        self._baseline: Vector | None = None
        self._over: bool | None = None
        self._since_ns = 0

    def feed(self, reading: Reading) -> list[Change]:
        value, now_ns = reading.value, reading.mono_ns
        mean = self._bin.take(value, now_ns) if isinstance(value, tuple) else None
        return _NOTHING if mean is None else self._smoothed(mean, now_ns)

    def _smoothed(self, mean: Vector, now_ns: int) -> list[Change]:
        if self._baseline is None:
            self._baseline = self._settling.add(mean, self._scale)
            return _NOTHING if self._baseline is None else self._decide(False, now_ns, now_ns)
        over = math.dist(mean, self._baseline) * self._scale >= ATDA_UT
        if over is not self._over:
            self._over, self._since_ns = over, now_ns - BIN_NS
        if not over and self.occupancy == "free":
            part = BIN_NS / NS / ATDA_MEMORY_S
            self._baseline = _toward(self._baseline, mean, part)
        if now_ns - self._since_ns < ATDA_HOLD_S * NS:
            return _NOTHING
        return self._decide(over, self._since_ns, now_ns)


class _Bin:
    """Means over half a second: the smoothing of the field, and little work for each reading."""

    def __init__(self) -> None:
        self._x = self._y = self._z = 0.0
        self._n = 0
        self._ends_ns = 0

    def take(self, value: Vector, mono_ns: int) -> Vector | None:
        mean: Vector | None = None
        if mono_ns >= self._ends_ns:
            n = self._n
            mean = (self._x / n, self._y / n, self._z / n) if n else None
            self._x = self._y = self._z = 0.0
            self._n = 0
            self._ends_ns = mono_ns + BIN_NS
        self._x += value[0]
        self._y += value[1]
        self._z += value[2]
        self._n += 1
        return mean


class _Settling:
    """The first level that keeps still for `SETTLE_BINS` means."""

    def __init__(self) -> None:
        self._means: list[Vector] = []

    def add(self, mean: Vector, scale: float) -> Vector | None:
        self._means = [*self._means, mean][-SETTLE_BINS:]
        if len(self._means) < SETTLE_BINS:
            return None
        x, y, z = (sum(axis) / SETTLE_BINS for axis in zip(*self._means))
        still = all(math.dist(one, (x, y, z)) * scale <= SETTLE_UT for one in self._means)
        return (x, y, z) if still else None


def _toward(a: Vector, b: Vector, part: float) -> Vector:
    return (
        a[0] + (b[0] - a[0]) * part,
        a[1] + (b[1] - a[1]) * part,
        a[2] + (b[2] - a[2]) * part,
    )


PEERS: dict[str, tuple[ChannelKind, Callable[[str, Channel], Peer]]] = {
    "fixed threshold": ("magnetic", FixedThreshold),
    "debounced echo": ("ultrasonic", DebouncedEcho),
    "adaptive threshold": ("magnetic", AdaptiveThreshold),
}
"""Name -> the sensor it needs, and how it is made for a space and that sensor's channel."""


def peers_for(name: str, channels: Iterable[Channel]) -> list[Peer]:
    """One for every space that has the sensor it needs."""
    kind, make = PEERS[name]
    first: dict[str, Channel] = {}
    for channel in channels:
        if channel.kind == kind and channel.space is not None:
            first.setdefault(channel.space, channel)
    return [make(space, channel) for space, channel in sorted(first.items())]

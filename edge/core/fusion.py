"""One space's readings to its arrivals and departures. No clock: time comes in with every reading.

Arrival `at` = the vehicle has come to rest; departure `at` = it begins to leave. `evidence` = 0x +
sha256 of the canonical trace lines (each with its newline) of this space's ultrasonic and magnetic
readings in the `evidence_s` before `reported_ns`, as fed.

Readings are gathered in steps of half a second and judged at the end of each, so that the cost per
reading is small and the memory does not grow.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import dist
from typing import TypeAlias, cast, get_args

from edge.core.echo import NS, EchoTrack, m_per_us
from edge.core.field import OVERFLOW_HMC, OVERFLOW_QMC, UT_PER_GAUSS, FieldTrack, Vector
from edge.core.occupancy import (
    TABLE,
    ChangeKind,
    DetectorSettings,
    Levels,
    Occupancy,
    Signal,
    Standing,
    occupancy_of,
)
from edge.core.passes import PassCounter
from edge.core.readings import NO_ECHO, Channel, Reading
from edge.core.trace_lines import format_reading
from edge.core.witness import Ruling, Witness

__all__ = ["JSON", "Change", "DetectorSettings", "SpaceDetector"]

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

STEP_NS = NS // 2
EVIDENCE_READINGS = 2048
ECHO_MAX_US = 200_000.0
DEFAULT_TEMPERATURE_C = 20.0
STATE_VERSION = 2


@dataclass(frozen=True, slots=True)
class Change:
    space: str
    kind: ChangeKind
    at_ns: int
    uncertainty_s: float
    reported_ns: int
    evidence: str
    why: str


class SpaceDetector:
    """Of several channels of one kind the first by name decides."""

    def __init__(
        self,
        space: str,
        channels: tuple[Channel, ...],
        settings: DetectorSettings,
        levels: Levels | None = None,
    ) -> None:
        self.space = space
        self._set = settings
        levels = levels or Levels()
        self._echo = EchoTrack(settings, levels.empty_m)
        self._field = FieldTrack(settings, levels.empty_ut)
        self._witness = Witness(settings, self._echo, self._field)
        self._take = self._takers(channels)
        self._standing: Standing = "unknown"
        self._recent: deque[Reading] = deque(maxlen=EVIDENCE_READINGS)
        self._echoes: list[Reading] = []
        self._counts: list[tuple[int, int, int]] = []
        self._begin_ns = self._end_ns = 0
        self._m_per_us = m_per_us(DEFAULT_TEMPERATURE_C)
        self._temperature_c = DEFAULT_TEMPERATURE_C
        self._alive_ns: int | None = None
        self._watch_ns: int | None = None
        self._supported_ns: int | None = None
        self._last_ns = 0

    @property
    def occupancy(self) -> Occupancy:
        return occupancy_of(self._standing)

    @property
    def passes(self) -> PassCounter:
        return self._field.passes

    def feed(self, reading: Reading) -> list[Change]:
        take = self._take.get(reading.channel)
        if take is None:
            return []
        if reading.mono_ns < self._end_ns:
            if reading.mono_ns >= self._begin_ns:
                take(reading)
            return []
        changes = self._step(reading.mono_ns)
        take(reading)
        return changes

    def tick(self, mono_ns: int) -> list[Change]:
        """Before `deadline()` it does nothing, so how often it is called changes no result."""
        if self._alive_ns is None:
            self._alive_ns = mono_ns
        deadline_ns = self.deadline()
        if deadline_ns is None or mono_ns < deadline_ns:
            return []
        return self._step(mono_ns)

    def deadline(self) -> int | None:
        """When to tick at the latest; 0 = now. None: only a reading can change anything.

        It never moves to an earlier time than it had, except by `assume`.
        """
        if self._standing not in ("free", "occupied"):
            return None
        if self._alive_ns is None:
            return 0
        alive_ns = self._end_ns if self._counts or self._echoes else self._alive_ns
        return alive_ns + int(self._set.silent_s * NS)

    def assume(self, occupancy: Occupancy, at_ns: int) -> None:
        """What was last known, from elsewhere (a journal, the cloud). Makes no change; the next
        evidence confirms it, or makes the change that was missed with its interval."""
        self._standing = occupancy
        self._supported_ns = at_ns
        self._alive_ns = self._watch_ns = None
        self._witness.forget()
        if occupancy == "free":
            self._witness.leave(at_ns)

    def state(self) -> dict[str, JSON]:
        """What must survive a kill: the standing and the levels, not the last seconds' samples."""
        return {
            "version": STATE_VERSION,
            "standing": self._standing,
            "supported_ns": self._supported_ns,
            "baseline_ut": _as_json(self._field.baseline_ut),
            "parked_ut": _as_json(self._field.parked_ut),
            "parked_m": _rounded(self._echo.parked_m),
            "empty_m": _rounded(self._echo.empty_m),
            "temperature_c": self._temperature_c,
        }

    @classmethod
    def restore(
        cls,
        space: str,
        channels: tuple[Channel, ...],
        settings: DetectorSettings,
        state: dict[str, JSON],
    ) -> SpaceDetector:
        """Within one boot (the same monotonic clock); after a reboot also `assume`. ValueError."""
        standing, supported_ns = state.get("standing"), state.get("supported_ns")
        if state.get("version") != STATE_VERSION or standing not in get_args(Standing):
            raise ValueError(f"this is not a detector state of version {STATE_VERSION}")
        levels = Levels(_as_float(state.get("empty_m")), _as_vector(state.get("baseline_ut")))
        detector = cls(space, channels, settings, levels)
        detector._standing = cast(Standing, standing)
        detector._supported_ns = supported_ns if isinstance(supported_ns, int) else None
        detector._field.parked_ut = _as_vector(state.get("parked_ut"))
        detector._echo.parked_m = _as_float(state.get("parked_m"))
        temperature_c = _as_float(state.get("temperature_c"))
        if temperature_c is not None:
            detector._warm(temperature_c)
        return detector

    def _takers(self, channels: tuple[Channel, ...]) -> dict[str, Callable[[Reading], object]]:
        own = sorted((ch for ch in channels if ch.space in (self.space, None)), key=_name)
        takers: dict[str, Callable[[Reading], object]] = {}
        kinds: set[str] = set()
        self._scale, self._hmc = 1.0, False
        for channel in own:
            if channel.kind == "temperature":
                takers[channel.name] = self._take_temperature
            elif channel.kind == "magnetic":
                if not channel.lsb_per_gauss:
                    raise ValueError(f"magnetic channel {channel.name} has no lsb_per_gauss")
                if channel.kind not in kinds:
                    self._scale = UT_PER_GAUSS / channel.lsb_per_gauss
                    self._hmc = channel.sensor == "hmc5883l"
                    checks = channel.sensor in ("qmc5883l", "qmc5883p")
                    takers[channel.name] = self._take_checked if checks else self._take_counts
            elif channel.kind == "ultrasonic" and channel.kind not in kinds:
                takers[channel.name] = self._take_echo
            kinds.add(channel.kind)
        return takers

    def _take_checked(self, reading: Reading) -> None:
        if not reading.status & OVERFLOW_QMC:
            self._take_counts(reading)
        else:
            self._recent.append(reading)

    def _take_counts(self, reading: Reading) -> None:
        self._recent.append(reading)
        value = reading.value
        if value.__class__ is tuple:
            self._counts.append(value)  # type: ignore[arg-type]

    def _take_echo(self, reading: Reading) -> None:
        self._recent.append(reading)
        value = reading.value
        if value.__class__ is float or value.__class__ is int:
            if 0 < value < ECHO_MAX_US:  # type: ignore[operator]
                self._echoes.append(reading)
        elif value is None and reading.why == NO_ECHO:
            self._echoes.append(reading)

    def _take_temperature(self, reading: Reading) -> None:
        value = reading.value
        if isinstance(value, (int, float)) and -60 < value < 90:
            self._warm(value)

    def _warm(self, temperature_c: float) -> None:
        self._temperature_c, self._m_per_us = temperature_c, m_per_us(temperature_c)

    def _step(self, now_ns: int) -> list[Change]:
        """Closes the step that ended, judges it, and begins the one that holds `now_ns`."""
        heard = self._gather()
        end_ns = self._end_ns
        self._begin_ns = now_ns - now_ns % STEP_NS
        self._end_ns = self._begin_ns + STEP_NS
        changes: list[Change] = []
        if heard:
            if self._watch_ns is None:
                self._watch_ns = end_ns - STEP_NS
            self._alive_ns = max(end_ns, self._alive_ns or 0)
            changes = self._judge(end_ns)
        if self._alive_ns is not None and now_ns >= self._alive_ns + self._set.silent_s * NS:
            self._witness.forget()
            self._watch_ns = None
            changes += self._apply(Ruling("doubt", self._alive_ns), now_ns, "no sensor speaks")
        return changes

    def _gather(self) -> bool:
        """What came in since the step began goes to the tracks; False if there was nothing."""
        counts, echoes = self._counts, self._echoes
        if not counts and not echoes:
            return False
        if counts:
            if self._hmc:
                counts = [count for count in counts if OVERFLOW_HMC not in count]
            n = len(counts)
            if n:
                scale = self._scale
                x, y, z = map(sum, zip(*counts))
                part = scale / n
                spread_ut = dist(counts[0], counts[-1]) * scale if n > 1 else None
                mean = (x * part, y * part, z * part)
                self._field.add(self._begin_ns, mean, spread_ut, n)
            self._counts = []
        if echoes:
            for reading in echoes:
                self._echo.add(reading.mono_ns, reading.value, self._m_per_us)  # type: ignore[arg-type]
            self._echoes = []
        return True

    def _judge(self, now_ns: int) -> list[Change]:
        witness = self._witness
        witness.listen(now_ns)
        if not witness.heard:
            return []
        standing, why = self._standing, " and ".join(witness.heard)
        if standing == "free":
            ruling = None
            if self._echo.far_ns is None or len(witness.heard) < 2:
                ruling = witness.car(now_ns)
            ruling = ruling or witness.doubt(now_ns, False)
            if ruling is None:
                if self._echo.far_ns is not None or "echo" not in witness.heard:
                    self._supported_ns = now_ns
                witness.follow_free(now_ns, 0.5)
        elif standing == "occupied":
            if witness.stands():
                self._supported_ns = now_ns
                witness.follow_car(now_ns)
                return []
            ruling = (
                witness.empty(now_ns)
                or witness.leaving(now_ns)
                or witness.again(now_ns)
                or witness.doubt(now_ns, True)
            )
            if ruling is None:
                witness.follow_car(now_ns)
        else:
            if standing == "unknown_was_occupied" and witness.stands():
                ruling = Ruling("car", now_ns)
            else:
                ruling = witness.car(now_ns) or witness.empty(now_ns)
            if ruling is None:
                witness.follow_free(now_ns, 0.5)
        if ruling is None:
            return []
        why = "the sensors disagree" if ruling.signal == "doubt" else why
        return self._apply(ruling, now_ns, why)

    def _apply(self, ruling: Ruling, now_ns: int, why: str) -> list[Change]:
        changes = self._move(ruling.signal, ruling, now_ns, why)
        if ruling.then_ns is not None:
            then = Ruling("car", ruling.then_ns)
            changes += self._move("car", then, now_ns, why + ", another car")
        return changes

    def _move(self, signal: Signal, ruling: Ruling, now_ns: int, why: str) -> list[Change]:
        move = TABLE.get((self._standing, signal))
        if move is None:
            return []
        was = self._standing
        self._standing, kind = move
        at_ns, uncertainty_s = self._when(ruling)
        at_ns = self._last_ns = max(at_ns, self._last_ns)
        if self._standing == "free":
            self._witness.leave(now_ns)
        elif self._standing == "occupied":
            self._witness.arrive(now_ns)
        if signal != "doubt":
            self._supported_ns = now_ns
        digest = self._digest(now_ns)
        text = f"{was} to {self._standing}: {why}"
        return [Change(self.space, kind, at_ns, round(uncertainty_s, 3), now_ns, digest, text)]

    def _when(self, ruling: Ruling) -> tuple[int, float]:
        base_s = self._base_s()
        if ruling.signal == "doubt":
            return ruling.at_ns, base_s
        late_ns = ruling.at_ns
        blind = self._watch_ns is not None and late_ns <= self._watch_ns + 2 * NS
        if blind and self._supported_ns is not None and self._supported_ns < late_ns:
            # We began to look in the middle of it: it came after the last time it was otherwise.
            early_ns = self._supported_ns
            half_s = (late_ns - early_ns) / 2 / NS
            return (early_ns + late_ns) // 2, base_s + half_s
        return late_ns, base_s + ruling.spread_s

    def _base_s(self) -> float:
        heard = self._witness.heard
        gaps_ns = {"echo": self._echo.gap_ns, "field": self._field.gap_ns}
        gap_s = max((gaps_ns[name] for name in heard), default=NS) / NS
        return gap_s + self._set.settle_s * (3 - len(heard))

    def _digest(self, now_ns: int) -> str:
        from_ns = now_ns - self._set.evidence_s * NS
        digest = hashlib.sha256()
        for reading in self._recent:
            if reading.mono_ns > from_ns:
                digest.update(format_reading(reading).encode() + b"\n")
        return "0x" + digest.hexdigest()


def _name(channel: Channel) -> str:
    return channel.name


def _rounded(value: float | None) -> JSON:
    return None if value is None else round(value, 3)


def _as_json(vector: Vector | None) -> JSON:
    return None if vector is None else [round(part, 2) for part in vector]


def _as_float(value: JSON) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r} in a detector state is not a number")
    return float(value)


def _as_vector(value: JSON) -> Vector | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError(f"{value!r} in a detector state is not a vector")
    x, y, z = (_as_float(part) or 0.0 for part in value)
    return (x, y, z)

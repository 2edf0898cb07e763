"""One space's readings to its arrivals and departures. No clock: time comes in with every reading.

Arrival `at` = first sample of the final run at rest; departure `at` = first sample off the level
of the car at rest. `evidence` = 0x + sha256 of the canonical trace lines (each with its newline)
of this space's ultrasonic and magnetic readings in the `evidence_s` before `reported_ns`, as fed.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from typing import TypeAlias, cast, get_args

from edge.core.echo import NS
from edge.core.field import Vector
from edge.core.occupancy import (
    TABLE,
    ChangeKind,
    DetectorSettings,
    Occupancy,
    Signal,
    Standing,
    occupancy_of,
)
from edge.core.readings import Channel, Reading
from edge.core.trace_lines import format_reading
from edge.core.witness import Witness

__all__ = ["JSON", "Change", "DetectorSettings", "SpaceDetector"]

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

EVALUATE_NS = NS // 2
EVIDENCE_READINGS = 2048
# Two starts further apart than this: the middle, with half the distance as uncertainty.
APART_S = 2.0


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
    def __init__(
        self, space: str, channels: tuple[Channel, ...], settings: DetectorSettings
    ) -> None:
        self.space = space
        self._set = settings
        self._witness = Witness(space, channels, settings)
        self._standing: Standing = "unknown"
        self._recent: deque[Reading] = deque(maxlen=EVIDENCE_READINGS)
        self._alive_ns: int | None = None
        self._watch_ns: int | None = None
        self._supported_ns: int | None = None
        self._evaluated_ns: int | None = None

    @property
    def occupancy(self) -> Occupancy:
        return occupancy_of(self._standing)

    def feed(self, reading: Reading) -> list[Change]:
        now_ns = reading.mono_ns
        changes = self._lapse(now_ns)
        if self._witness.decides(reading):
            self._recent.append(reading)
        if not self._witness.take(reading):
            return changes
        self._watch_ns = now_ns if self._watch_ns is None else self._watch_ns
        self._alive_ns = max(now_ns, self._alive_ns or 0)
        if self._evaluated_ns is None or now_ns >= self._evaluated_ns + EVALUATE_NS:
            changes += self._evaluate(now_ns)
        return changes

    def tick(self, mono_ns: int) -> list[Change]:
        """Before `deadline()` it does nothing, so how often it is called changes no result."""
        if self._alive_ns is None:
            self._alive_ns = mono_ns
        deadline_ns = self.deadline()
        if deadline_ns is None or mono_ns < deadline_ns:
            return []
        return self._lapse(mono_ns) or self._evaluate(mono_ns)

    def deadline(self) -> int | None:
        """When to tick at the latest; 0 = now. None: only a reading can change anything."""
        if self.occupancy == "unknown":
            return None
        if self._alive_ns is None:
            return 0
        silent_ns = self._alive_ns + int(self._set.silent_s * NS)
        conflict_ns = self._witness.conflict_ns
        if conflict_ns is None:
            return silent_ns
        return min(silent_ns, conflict_ns + int(self._set.disagree_s * NS))

    def assume(self, occupancy: Occupancy, at_ns: int) -> None:
        """What was last known, from elsewhere (a journal, the cloud). Makes no change; the next
        evidence confirms it, or makes the change that was missed with its interval."""
        self._standing = occupancy
        self._supported_ns = at_ns
        self._alive_ns = self._watch_ns = None
        self._witness.forget()
        if occupancy == "free":
            self._witness.leave()

    def state(self) -> dict[str, JSON]:
        """What must survive a kill: the standing and the levels, not the last seconds' samples."""
        witness = self._witness
        return {
            "version": 1,
            "standing": self._standing,
            "supported_ns": self._supported_ns,
            "baseline_ut": _as_json(witness.field.baseline_ut),
            "parked_ut": _as_json(witness.field.parked_ut),
            "parked_m": witness.echo.parked_m,
            "temperature_c": witness.temperature_c,
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
        detector = cls(space, channels, settings)
        standing, supported_ns = state.get("standing"), state.get("supported_ns")
        if state.get("version") != 1 or standing not in get_args(Standing):
            raise ValueError("this is not a detector state of version 1")
        detector._standing = cast(Standing, standing)
        detector._supported_ns = supported_ns if isinstance(supported_ns, int) else None
        witness, temperature_c = detector._witness, _as_float(state.get("temperature_c"))
        witness.field.baseline_ut = _as_vector(state.get("baseline_ut"))
        witness.field.parked_ut = _as_vector(state.get("parked_ut"))
        witness.echo.parked_m = _as_float(state.get("parked_m"))
        if temperature_c is not None:
            witness.temperature_c = temperature_c
        return detector

    def _lapse(self, now_ns: int) -> list[Change]:
        """Nothing heard for `silent_s`: what was known is known no more."""
        if self._alive_ns is None or now_ns < self._alive_ns + self._set.silent_s * NS:
            return []
        self._witness.forget()
        self._watch_ns = None
        return self._apply("doubt", now_ns, self._alive_ns, "no sensor speaks")

    def _evaluate(self, now_ns: int) -> list[Change]:
        elapsed_s = 0.0 if self._evaluated_ns is None else (now_ns - self._evaluated_ns) / NS
        self._evaluated_ns = now_ns
        signal = self._witness.judge(now_ns)
        changes: list[Change] = []
        if signal == "doubt":
            at_ns = self._witness.conflict_ns or now_ns
            changes = self._apply(signal, now_ns, at_ns, "the sensors disagree")
        elif signal is not None:
            changes = self._apply(signal, now_ns, None, " and ".join(self._witness.heard))
            self._supported_ns = now_ns
        self._witness.follow(self.occupancy, now_ns, elapsed_s)
        return changes

    def _apply(self, signal: Signal, now_ns: int, at_ns: int | None, why: str) -> list[Change]:
        move = TABLE.get((self._standing, signal))
        if move is None:
            return []
        was = self._standing
        self._standing, kind = move
        uncertainty_s = self._base_s()
        if at_ns is None:
            at_ns, uncertainty_s = self._when(signal)
        if self._standing == "free":
            self._witness.leave()
        digest = self._digest(now_ns)
        text = f"{was} to {self._standing}: {why}"
        return [Change(self.space, kind, at_ns, round(uncertainty_s, 3), now_ns, digest, text)]

    def _base_s(self) -> float:
        return self._witness.spacing_s() + self._set.settle_s * (3 - len(self._witness.heard))

    def _when(self, signal: Signal) -> tuple[int, float]:
        starts_ns = self._witness.starts_ns()
        early_ns, late_ns = min(starts_ns), max(starts_ns)
        blind = self._watch_ns is not None and early_ns <= self._watch_ns + NS
        if blind and self._supported_ns is not None:
            # We began to look in the middle of it: it came after the last time it was otherwise.
            early_ns = min(self._supported_ns, early_ns)
        if late_ns - early_ns > APART_S * NS:
            return (early_ns + late_ns) // 2, self._base_s() + (late_ns - early_ns) / 2 / NS
        return (late_ns if signal == "car" else early_ns), self._base_s()

    def _digest(self, now_ns: int) -> str:
        from_ns = now_ns - self._set.evidence_s * NS
        digest = hashlib.sha256()
        for reading in self._recent:
            if reading.mono_ns > from_ns:
                digest.update(format_reading(reading).encode() + b"\n")
        return "0x" + digest.hexdigest()


def _as_json(vector: Vector | None) -> JSON:
    return None if vector is None else [vector[0], vector[1], vector[2]]


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

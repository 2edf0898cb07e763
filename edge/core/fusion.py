"""One space's readings to its arrivals and departures. No clock: time comes in with every reading.

Arrival `at` = the vehicle has come to rest; departure `at` = it begins to leave. `evidence` = 0x +
sha256 of the canonical trace lines (each with its newline) of this space's ultrasonic and magnetic
readings in the `evidence_s` before `reported_ns`, as fed.

Readings are gathered in steps of half a second and judged at the end of each, so that the cost per
reading is small and the memory does not grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

from edge.core.detector_state import JSON, as_float, as_json, as_vector, rounded
from edge.core.echo import NS, EchoTrack
from edge.core.field import FieldTrack
from edge.core.intake import Intake
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
from edge.core.readings import Channel, Reading
from edge.core.signs import Ruling
from edge.core.witness import Witness

__all__ = ["JSON", "Change", "DetectorSettings", "SpaceDetector"]

# A line that is a little late counts; so many that are far behind are another clock.
LATE_NS, BEHIND = 2 * NS, 50
STEP_NS, STEP_S = NS // 2, 0.5
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
        self._intake = Intake(space, channels)
        plates = self._intake.plates
        self._witness = Witness(settings, self._echo, self._field, plates)
        self._witness.has_echo = self._intake.has_echo
        self._take, self.forget_plates = self._intake.takers, self._intake.forget_plates
        self._standing: Standing = "unknown"
        self._begin_ns = self._end_ns = 0
        self._alive_ns: int | None = None
        self._watch_ns: int | None = None
        self._supported_ns: int | None = None
        self._last_ns = self._behind = 0

    @property
    def occupancy(self) -> Occupancy:
        return occupancy_of(self._standing)

    @property
    def stirs(self) -> bool:
        return self._witness.stirs(self._standing == "occupied")

    @property
    def passes(self) -> PassCounter:
        return self._field.passes

    def feed(self, reading: Reading) -> list[Change]:
        take = self._take.get(reading.channel)
        if take is None:
            return []
        if reading.mono_ns < self._end_ns:
            if reading.mono_ns >= self._begin_ns - LATE_NS:
                take(reading)
                self._behind = 0
                return []
            self._behind += 1
            if self._behind < BEHIND:
                return []
            self._restart()
        changes = self._step(reading.mono_ns)
        take(reading)
        return changes

    def _restart(self) -> None:
        """The clock began anew, as at another boot in one stream: nothing is known of when."""
        self._begin_ns = self._end_ns = self._behind = self._last_ns = 0
        self._alive_ns = self._watch_ns = self._supported_ns = None
        self._witness.forget()
        self._echo.last_ns = self._field.last_ns = self._field.calm_ns = None
        self._intake.clear()

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
        alive_ns = self._end_ns if self._intake else self._alive_ns
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
            "baseline_ut": as_json(self._field.baseline_ut),
            "parked_ut": as_json(self._field.parked_ut),
            "parked_m": rounded(self._echo.parked_m),
            "empty_m": rounded(self._echo.empty_m),
            "temperature_c": self._intake.temperature_c,
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
        levels = Levels(as_float(state.get("empty_m")), as_vector(state.get("baseline_ut")))
        detector = cls(space, channels, settings, levels)
        detector._standing = cast(Standing, standing)
        detector._supported_ns = supported_ns if isinstance(supported_ns, int) else None
        detector._field.parked_ut = as_vector(state.get("parked_ut"))
        detector._echo.parked_m = as_float(state.get("parked_m"))
        temperature_c = as_float(state.get("temperature_c"))
        if temperature_c is not None:
            detector._intake.warm(temperature_c)
        return detector

    def _step(self, now_ns: int) -> list[Change]:
        """Closes the step that ended, judges it, and begins the one that holds `now_ns`."""
        heard = bool(self._intake)
        if heard:
            self._intake.hand_on(self._begin_ns, self._echo, self._field)
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

    def _judge(self, now_ns: int) -> list[Change]:
        witness = self._witness
        witness.listen(now_ns)
        if not witness.heard:
            return []
        ruling = self._ruling(now_ns)
        if ruling is None:
            return []
        why = " and ".join(witness.heard)
        return self._apply(
            ruling, now_ns, "the sensors disagree" if ruling.signal == "doubt" else why
        )

    def _ruling(self, now_ns: int) -> Ruling | None:
        standing = self._standing
        if standing == "free":
            return self._rule_free(now_ns)
        if standing == "occupied":
            return self._rule_occupied(now_ns)
        witness = self._witness
        if standing == "unknown_was_occupied" and witness.stands():
            return Ruling("car", now_ns)
        ruling = witness.car(now_ns) or witness.empty(now_ns)
        if ruling is not None and ruling.signal == "empty" and witness.doubtful(standing):
            ruling = None
        if ruling is None:
            witness.follow_free(now_ns, STEP_S)
        return ruling

    def _rule_free(self, now_ns: int) -> Ruling | None:
        witness = self._witness
        far = self._echo.far_ns is not None
        ruling = None if far and len(witness.heard) > 1 else witness.car(now_ns)
        ruling = ruling or witness.doubt(now_ns, False)
        if ruling is None:
            if far or "echo" not in witness.heard:
                self._supported_ns = now_ns
            witness.follow_free(now_ns, STEP_S)
        return ruling

    def _rule_occupied(self, now_ns: int) -> Ruling | None:
        witness = self._witness
        if witness.stands():
            self._supported_ns = now_ns
            witness.follow_car(now_ns)
            return None
        ruling = (
            witness.empty(now_ns)
            or witness.leaving(now_ns)
            or witness.again(now_ns)
            or witness.doubt(now_ns, True)
        )
        if ruling is None:
            witness.follow_car(now_ns)
        return ruling

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
            self._witness.leave(now_ns, was in ("occupied", "unknown_was_occupied"))
        elif self._standing == "occupied":
            self._witness.arrive(now_ns)
        if signal != "doubt":
            self._supported_ns = now_ns
        digest = self._intake.evidence(now_ns - int(self._set.evidence_s * NS))
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
            return (early_ns + late_ns) // 2, base_s + (late_ns - early_ns) / 2 / NS
        return late_ns, base_s + ruling.spread_s

    def _base_s(self) -> float:
        heard = self._witness.heard
        gaps_ns = {"echo": self._echo.gap_ns, "field": self._field.gap_ns}
        gap_s = max((gaps_ns[name] for name in heard), default=NS) / NS
        return gap_s + self._set.settle_s * (3 - len(heard))

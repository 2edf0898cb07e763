"""What a tester expected of a scenario against what the detector said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from edge.core.fusion import Change, DetectorSettings
from edge.core.occupancy import Occupancy
from edge.core.readings import Channel, Reading
from firmware_sim.lot.scenario import Line, Scenario
from firmware_sim.lot.sentences import Said
from firmware_sim.replay import Replay
from firmware_sim.score import match
from firmware_sim.trace import NS, Truth


@dataclass(frozen=True, slots=True)
class Run:
    """`standings`: from when on (ns, as reported) a space was what."""

    changes: Sequence[Change]
    standings: Sequence[tuple[int, str, Occupancy]]
    truth: Sequence[Truth]
    lasts_s: float

    def of(self, space: str | None, kind: str) -> list[Change]:
        return [change for change in self.changes if (change.space, change.kind) == (space, kind)]

    def standing(self, space: str | None, at_s: float) -> Occupancy:
        """A space is unknown until something was said of it."""
        said = [what for ns, of, what in self.standings if of == space and ns <= at_s * NS]
        return said[-1] if said else "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    passed: bool
    line: int
    sentence: str
    found: str


def run(
    channels: dict[str, Channel],
    readings: Iterable[Reading],
    truth: Sequence[Truth],
    lasts_s: float,
) -> Run:
    """Through the real edge core."""
    replay = Replay(channels, DetectorSettings())
    changes, standings = [], []
    for change in replay.run(readings):
        changes.append(change)
        occupancy = replay.detectors[change.space].occupancy
        standings.append((change.reported_ns, change.space, occupancy))
    return Run(changes, standings, truth, lasts_s)


def outcomes(scenario: Scenario, done: Run) -> list[Outcome]:
    return [_outcome(line, done) for line in scenario.expect]


def _outcome(line: Line, done: Run) -> Outcome:
    passed, found = JUDGES[line.said.verb](line.said, done)
    return Outcome(passed, line.line, line.text, found)


def _moment(said: Said, done: Run) -> tuple[bool, str]:
    """The nearest change of that kind counts."""
    near = sorted(done.of(said.space, said.words[0]), key=lambda c: abs(c.at_ns / NS - said.at_s))
    if not near:
        return False, f"no {said.words[0]} at {said.space}"
    off_s = near[0].at_ns / NS - said.at_s
    after_s = near[0].reported_ns / NS - said.at_s
    passed = abs(off_s) <= said.lasts_s and after_s <= (said.latest_s or after_s)
    return passed, f"{clock(near[0].at_ns)} ({off_s:+.1f} s), reported after {after_s:.1f} s"


def _standing(said: Said, done: Run) -> tuple[bool, str]:
    found = done.standing(said.space, said.at_s)
    return found == said.words[0], f"{said.space} is {found}"


def _stays(said: Said, done: Run) -> tuple[bool, str]:
    found = done.of(said.space, "arrival")
    when = "".join(f", at {clock(change.at_ns)}" for change in found)
    return len(found) == said.count, f"{len(found)} stay{'s' * (len(found) != 1)}{when}"


def _unknown(said: Said, done: Run) -> tuple[bool, str]:
    """Counted from the first reading on."""
    total_s, since_s, what = 0.0, 0.0, "unknown"
    moves = [(ns / NS, now) for ns, space, now in done.standings if space == said.space]
    for at_s, now in [*moves, (done.lasts_s, "unknown")]:
        total_s += at_s - since_s if what == "unknown" else 0.0
        since_s, what = at_s, now
    return total_s <= said.lasts_s, f"unknown for {total_s:.1f} s"


def _all(said: Said, done: Run) -> tuple[bool, str]:
    found = [c for c in done.changes if c.kind in ("arrival", "departure")]
    true = [row for row in done.truth if row.kind in ("arrive", "depart")]
    hits = len(match(found, true))
    passed = hits == len(found) == len(true)
    return passed, f"{hits} of {len(true)} moments found, {len(found) - hits} others"


def clock(mono_ns: int) -> str:
    return str(timedelta(milliseconds=mono_ns // 1_000_000))[:9].rstrip(".")


JUDGES: dict[str, Callable[[Said, Run], tuple[bool, str]]] = {
    "moment": _moment,
    "standing": _standing,
    "stays": _stays,
    "unknown": _unknown,
    "all": _all,
}

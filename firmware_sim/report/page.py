"""The page of a replay: one file, nothing loaded from elsewhere, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edge.core.fusion import Change
from edge.core.occupancy import Occupancy
from edge.core.trace_lines import TraceHeader
from firmware_sim.report import words
from firmware_sim.report.bands import told_bands, true_bands
from firmware_sim.report.chart import Axis, Chart, Scene, chart
from firmware_sim.report.clock import LotClock, offset
from firmware_sim.report.failures import Failure, failures
from firmware_sim.report.signals import Cut, Signals
from firmware_sim.score import Score, by_tag, score_of
from firmware_sim.scoring import tables
from firmware_sim.scoring.stays import Watch
from firmware_sim.scoring.tally import by_space, tally
from firmware_sim.trace import NS, Truth

AROUND_NS = 60 * NS
# Beyond these the page would grow without end; what is left out is said.
MAX_CLOSE_UPS, MAX_FAILURES, MAX_EVENTS = 100, 1000, 500


@dataclass(frozen=True, slots=True)
class Told:
    """A replay and what is known of it. `truth` None: it was not given, and nothing is judged."""

    trace: str
    header: TraceHeader
    changes: Sequence[Change]
    truth: Sequence[Truth] | None
    watch: Mapping[str, Watch]
    final: Mapping[str, Occupancy]
    readings: int
    bad_lines: int
    reasons: Sequence[str]

    def failures(self) -> list[Failure]:
        """Those that fail first, then what was outside its stated uncertainty; each by time."""
        found = [] if self.truth is None else failures(self.changes, self.truth)
        return sorted(found, key=lambda one: not one.fails)


def cuts_of(told: Told) -> list[Cut]:
    """The stretches that the close-ups need, for signals.close_up."""
    return [_around(one) for one in told.failures()[:MAX_CLOSE_UPS]]


def html(told: Told, whole: Mapping[str, Signals], close: Mapping[Cut, Signals]) -> str:
    clock, failed = LotClock(told.header), told.failures()
    numbered = list(enumerate(failed[:MAX_FAILURES], 1))
    scenes = _scenes(told, numbered, whole)
    charts = {name: chart(s, Axis(*told.watch[name]), clock) for name, s in scenes.items()}
    close_ups = {
        number: _close_up(scenes[one.space], one, close, clock)
        for number, one in numbered
        if one.space in scenes
    }
    return (
        _environment(clock)
        .get_template("page.html.j2")
        .render(
            told=told,
            charts=charts,
            scenes=scenes,
            numbered=numbered,
            wrong=[(n, one) for n, one in numbered if one.fails],
            doubts=[(n, one) for n, one in numbered if not one.fails],
            failed=sum(one.fails for one in failed),
            outside=sum(not one.fails for one in failed),
            close_ups=close_ups,
            max_events=MAX_EVENTS,
            **_judged(told, failed),
        )
    )


def _judged(told: Told, failed: Sequence[Failure]) -> dict[str, Any]:
    if told.truth is None:
        return {"score": None, "by_tag": {}, "confusion": []}
    counted = tally(told.changes, told.truth, told.watch)
    score = score_of(counted)
    return {"score": score, "by_tag": by_tag(counted), "confusion": _confusion(score, failed)}


def _confusion(score: Score, failed: Sequence[Failure]) -> list[tuple[str, int, int, int]]:
    """(event, found, missed, false) of arrivals and departures."""
    counts = {
        (kind, event): 0 for kind in ("missed", "false") for event in ("arrival", "departure")
    }
    for one in failed:
        if one.fails:
            counts[one.kind, one.event] += 1
    arrivals = score.stays - score.missed_stays
    found = {"arrival": arrivals, "departure": score.matched - arrivals}
    return [(name, found[name], counts["missed", name], counts["false", name]) for name in found]


def _scenes(
    told: Told, numbered: Sequence[tuple[int, Failure]], whole: Mapping[str, Signals]
) -> dict[str, Scene]:
    changes, rows = by_space(told.changes), by_space(told.truth or ())
    scenes: dict[str, Scene] = {}
    for space in sorted(told.watch):
        truth, said = rows.get(space, []), changes.get(space, [])
        watch, final = told.watch[space], told.final.get(space, "unknown")
        scenes[space] = Scene(
            signals=whole.get(space) or Signals.begun(watch[0]),
            truth=sorted([*truth, *rows.get(None, [])], key=lambda row: row.mono_ns),
            changes=said,
            true_bands=true_bands(truth, watch) if told.truth is not None else (),
            told_bands=told_bands(said, final, watch),
            failures=[(n, one) for n, one in numbered if one.space == space],
        )
    return scenes


def _close_up(
    scene: Scene, one: Failure, close: Mapping[Cut, Signals], clock: LotClock
) -> Chart | None:
    cut = _around(one)
    if cut not in close:
        return None
    near = replace(scene, signals=close[cut])
    return chart(near, Axis(cut.from_ns, cut.until_ns), clock)


def _around(one: Failure) -> Cut:
    return Cut(one.space, max(0, one.at_ns - AROUND_NS), one.at_ns + AROUND_NS)


def _environment(clock: LotClock) -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        wall=clock.text,
        offset=offset,
        seconds=tables.seconds,
        percent=tables.percent,
        tag=words.tag,
        cause=words.cause,
    )
    return made

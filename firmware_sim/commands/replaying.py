"""berth-sim replay: a trace through the real edge core."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cloud.core.tempo import Tempo
from edge.core.fusion import Change, DetectorSettings
from edge.core.trace_lines import BadLine
from firmware_sim.commands.feeding import pace_of
from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input, say, write
from firmware_sim.replay import Replay
from firmware_sim.score import Score, score
from firmware_sim.trace import NS, TraceReader, read_truth, trace_sha256


def replay(
    trace: Path,
    truth: Annotated[Path | None, typer.Option()] = None,
    events: Annotated[Path | None, typer.Option()] = None,
    report: Annotated[Path | None, typer.Option()] = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Times real time.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a trace through the real edge core; exit 1 if it differs from the truth."""
    with bad_input():
        changes, found = _replay(trace, rate)
        graded = _score(trace, truth, changes) if truth else None
        found |= {"score": graded.as_dict()} if graded else {}
        if events:
            write(events, "".join(_event_line(change) for change in changes))
        if report:
            write(report, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    if not as_json:
        for change in changes:
            typer.echo(_sentence(change))
    say(found, as_json)
    raise typer.Exit(FLAWED if graded and graded.f1 < 1 else 0)


def _replay(trace: Path, rate: float | None) -> tuple[list[Change], dict[str, Any]]:
    with TraceReader(trace) as reader:
        run = Replay(reader.header.channels, DetectorSettings())
        readings = iter(reader)
        if rate is not None:
            now_s = time.time()
            pace = pace_of(reader.header, Tempo(now_s, reader.header.wall, rate))
            timed = ((reading.mono_ns, reading) for reading in reader)
            readings = (r for batch in pace.batches(timed, skip_past=False) for r in batch)
        changes = list(run.run(readings))
    counts = {kind: sum(c.kind == kind for c in changes) for kind in ("arrival", "departure")}
    return changes, {
        "readings": run.readings,
        "bad_lines": reader.bad,
        "reasons": reader.reasons,
        "arrivals": counts["arrival"],
        "departures": counts["departure"],
        "occupancy": {space: d.occupancy for space, d in run.detectors.items()},
    }


def _score(trace: Path, truth: Path, changes: list[Change]) -> Score:
    sha256, rows = read_truth(truth)
    if sha256 != trace_sha256(trace):
        raise BadLine(f"{truth.name} is the truth of another trace (its trace_sha256 differs)")
    return score(changes, rows)


def _event_line(change: Change) -> str:
    names = ("kind", "space", "at_ns", "uncertainty_s", "reported_ns")
    fields = asdict(change)
    event = {name: fields[name] for name in names}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"


def _sentence(change: Change) -> str:
    at = timedelta(seconds=round(change.at_ns / NS))
    return f"{at} {change.space} {change.kind} ±{change.uncertainty_s:g} s ({change.why})"

"""berth-sim replay: a trace through the real edge core."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cloud.core.tempo import Tempo
from edge.core.fusion import Change, DetectorSettings
from edge.core.promises import alike, kinds_of, promises_of
from edge.core.readings import ChannelKind, Reading
from firmware_sim.commands import plate_eye
from firmware_sim.commands.feeding import pace_of
from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input, say, say_bad, write
from firmware_sim.commands.telling import tell_score, tell_spaces
from firmware_sim.replay import Replay
from firmware_sim.report.junit import junit as junit_of
from firmware_sim.report.page import Told, cuts_of
from firmware_sim.report.page import html as html_of
from firmware_sim.report.signals import WholeTrace, close_up
from firmware_sim.score import Score, score
from firmware_sim.scoring.peers import Watching
from firmware_sim.trace import DAMAGED, NS, TraceReader, Truth, rows_for


def replay(  # noqa: PLR0913 - the options of a command
    trace: Path,
    truth: Annotated[Path | None, typer.Option()] = None,
    events: Annotated[Path | None, typer.Option(help="A JSON line for every change.")] = None,
    report: Annotated[Path | None, typer.Option(help="What --json says, as a file.")] = None,
    html: Annotated[Path | None, typer.Option(help="One page: events over the signals.")] = None,
    junit: Annotated[Path | None, typer.Option(help="JUnit XML, a case a space.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Times real time.")] = None,
    eye: Annotated[
        bool | None, typer.Option(help="Read the plates in its pictures; if it can, by itself.")
    ] = None,
    expected: Annotated[
        list[str] | None, typer.Option(help="A plate that may come; as often as wanted.")
    ] = None,
    region: Annotated[str, typer.Option(help="Whose plates: cn, eu, br or us.")] = "cn",
    detector: Annotated[Path | None, typer.Option(help="Another .onnx than ours.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a trace through the real edge core; exit 1 if it differs from the truth."""
    with bad_input():
        if junit and truth is None:
            raise ValueError("--junit says what differs from the truth: add --truth FILE")
        rows = _rows(trace, truth) if truth else None
        began_s = time.monotonic()
        wanted = plate_eye.Wanted(eye, region, tuple(expected or ()), detector)
        run = _replay(trace, rows, rate, wanted, drawn=html is not None)
        took_s = time.monotonic() - began_s
        graded = score(run.told.changes, rows, run.told.watch) if rows is not None else None
        found = run.found | ({"score": graded.as_dict()} if graded else {})
        if events:
            write(events, "".join(run.event_lines(wanted.expected)))
        if report:
            write(report, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        if html and run.whole:
            write(html, _page(trace, run.told, run.whole))
        if junit and rows is not None:
            write(junit, junit_of(trace.name, run.told.watch, run.told.failures(), took_s))
    if as_json:
        say(found, as_json)
    else:
        _tell(run, graded, wanted.expected)
    say_bad(run.reader, trace)
    raise typer.Exit(FLAWED if graded and graded.f1 < 1 else 0)


@dataclass(frozen=True, slots=True)
class _Run:
    told: Told
    found: dict[str, Any]
    whole: WholeTrace | None
    reader: TraceReader
    kinds: Mapping[str, set[ChannelKind]]
    looked: plate_eye.Looked

    def event_lines(self, expected: Sequence[str]) -> Iterator[str]:
        for place, change in enumerate(self.told.changes):
            yield plate_eye.event_line(change, self.looked.by_place.get(place), expected)

    def count(self, kind: str, space: str) -> int:
        return sum((one.kind, one.space) == (kind, space) for one in self.told.changes)


def _tell(run: _Run, graded: Score | None, expected: Sequence[str]) -> None:
    for place, change in enumerate(run.told.changes):
        seen = run.looked.by_place.get(place)
        typer.echo(_sentence(change) + plate_eye.sentence(seen, expected))
    for spaces, made in alike(run.kinds):
        for promise in made:
            typer.echo(f"{spaces}: {promise.en}")
    for reason in run.told.reasons:
        typer.echo(f"bad {reason}")
    typer.echo(f"{run.told.readings} readings, {run.told.bad_lines} bad lines")
    tell_spaces(
        {
            space: {
                "at the end": occupancy,
                "arrivals": run.count("arrival", space),
                "departures": run.count("departure", space),
                "passes": run.found["passes"][space],
            }
            for space, occupancy in run.told.final.items()
        }
    )
    if graded is not None:
        tell_score(graded, run.told.failures())


def _rows(trace: Path, truth: Path) -> list[Truth] | None:
    """None, and said, where the trace is damaged: nothing tells then whose truth it is."""
    try:
        return rows_for(trace, truth)
    except DAMAGED:
        typer.echo(f"berth-sim: {truth.name} is not used: the trace is damaged", err=True)
        return None


def _replay(
    trace: Path,
    rows: list[Truth] | None,
    rate: float | None,
    wanted: plate_eye.Wanted,
    drawn: bool,
) -> _Run:
    with TraceReader(trace) as reader:
        channels = reader.header.channels
        run, watching = Replay(channels, DetectorSettings()), Watching(channels)
        whole = WholeTrace(channels) if drawn else None
        readings = watching.pass_on(_paced(reader, rate) if rate else reader)
        pictures = plate_eye.pictures_for(channels, wanted)
        readings = pictures.pass_on(readings) if pictures else readings
        changes = list(run.run(whole.pass_on(readings) if whole else readings))
    looked = plate_eye.looked(trace, changes, pictures, rows, wanted)
    kinds = kinds_of(channels.values(), run.detectors)
    final = {space: detector.occupancy for space, detector in run.detectors.items()}
    counts = {kind: sum(c.kind == kind for c in changes) for kind in ("arrival", "departure")}
    found = {
        "readings": run.readings,
        "bad_lines": reader.bad,
        "reasons": reader.reasons,
        **({"clock": reader.set_back} if reader.set_back else {}),
        "arrivals": counts["arrival"],
        "departures": counts["departure"],
        "occupancy": final,
        "promises": {
            space: [promise.en for promise in made] for space, made in promises_of(kinds).items()
        },
        "passes": {space: one.passes.count for space, one in run.detectors.items()},
        **({"plates": looked.found} if looked.found is not None else {}),
    }
    told = Told(
        trace=trace.name,
        header=reader.header,
        changes=changes,
        truth=rows,
        watch=watching.spaces(),
        final=final,
        readings=run.readings,
        bad_lines=reader.bad,
        reasons=reader.reasons,
    )
    return _Run(told, found, whole, reader, kinds, looked)


def _paced(reader: TraceReader, rate: float) -> Iterator[Reading]:
    pace = pace_of(reader.header, Tempo(time.time(), reader.header.wall, rate))
    timed: Iterable[tuple[int, Reading]] = ((reading.mono_ns, reading) for reading in reader)
    return (r for batch in pace.batches(timed, skip_past=False) for r in batch)


def _page(trace: Path, told: Told, whole: WholeTrace) -> str:
    """The trace is read once more where failures are to be seen closely."""
    cuts = cuts_of(told)
    if not cuts:
        return html_of(told, whole.of, {})
    with TraceReader(trace) as again:
        return html_of(told, whole.of, close_up(told.header.channels, again, cuts))


def _sentence(change: Change) -> str:
    at = timedelta(seconds=round(change.at_ns / NS))
    return f"{at} {change.space} {change.kind} ±{change.uncertainty_s:g} s ({change.why})"

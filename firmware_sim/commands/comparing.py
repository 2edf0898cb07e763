"""berth-sim diff: two traces, or what two traces say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.core.fusion import DetectorSettings
from edge.core.trace_lines import BadLine
from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input, say
from firmware_sim.diff import (
    MOST_SHOWN,
    EventLine,
    EventsDiff,
    TraceDiff,
    diff_events,
    diff_traces,
    event_of,
    read_events,
)
from firmware_sim.replay import Replay
from firmware_sim.trace import NS, TraceReader

Shown = tuple[str, str]


def diff(
    a: Path,
    b: Path,
    events: Annotated[
        bool, typer.Option("--events", help="What the edge core makes of them, not their lines.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Compare two traces, or two files of `replay --events`; exit 0 the same, 1 different."""
    with bad_input():
        traces = [_is_trace(path) for path in (a, b)]
        if events or not any(traces):
            found = _diff_events(a, b, traces)
            say_events(found, as_json)
            raise typer.Exit(FLAWED if found.differs else 0)
        if not all(traces):
            raise ValueError("one is a trace and one is not: compare what they say with --events")
        with TraceReader(a) as left, TraceReader(b) as right:
            differences = diff_traces(left, right)
    say_traces(differences, as_json)
    raise typer.Exit(FLAWED if differences.differs else 0)


def say_traces(found: TraceDiff, as_json: bool) -> None:
    counts = ("same", "changed", "only_a", "only_b", "bad_a", "bad_b")
    first = found.first
    if as_json:
        shown: dict[str, Any] = {"header": found.header}
        shown |= {name: getattr(found, name) for name in counts}
        if first is not None:
            shown["first"] = {"a": [first[0], first[1]], "b": [first[2], first[3]]}
        say(shown, as_json)
        return
    for line in found.header:
        typer.echo(f"header {line}")
    if first is not None:
        typer.echo(f"first difference:\n< reading {first[0]}: {first[1]}")
        typer.echo(f"> reading {first[2]}: {first[3]}")
    typer.echo(", ".join(f"{name.replace('_', ' ')} {getattr(found, name)}" for name in counts))


def say_events(found: EventsDiff, as_json: bool) -> None:
    if as_json:
        shown: dict[str, Any] = {"same": found.same}
        shown["moved"] = [[_fields(ours), _fields(theirs)] for ours, theirs in found.moved]
        shown["vanished"] = [_fields(event) for event in found.vanished]
        shown["appeared"] = [_fields(event) for event in found.appeared]
        say(shown, as_json)
        return
    moved = [_moved_text(ours, theirs) for ours, theirs in found.moved]
    groups = {
        "moved": moved,
        "only in the first": [f"- {_text(event)}" for event in found.vanished],
        "only in the second": [f"+ {_text(event)}" for event in found.appeared],
    }
    typer.echo(f"same: {found.same}")
    for name, lines in groups.items():
        typer.echo(f"{name}: {len(lines)}")
        for line in lines[:MOST_SHOWN]:
            typer.echo(f"  {line}")
        if len(lines) > MOST_SHOWN:
            typer.echo(f"  and {len(lines) - MOST_SHOWN} more")


def _diff_events(a: Path, b: Path, traces: list[bool]) -> EventsDiff:
    ours, theirs = (_events(path, trace) for path, trace in zip((a, b), traces))
    return diff_events(ours, theirs)


def _events(path: Path, is_trace: bool) -> list[EventLine]:
    if is_trace:
        with TraceReader(path) as reader:
            run = Replay(reader.header.channels, DetectorSettings())
            events = [event_of(change) for change in run.run(reader)]
        bad, reasons = reader.bad, reader.reasons
    else:
        events, reasons = read_events(path)
        bad = len(reasons)
    if bad:
        first = "; ".join(reasons[:3])
        typer.echo(f"berth-sim: {path.name}: {bad} bad lines left out: {first}", err=True)
    return events


def _is_trace(path: Path) -> bool:
    try:
        with TraceReader(path):
            return True
    except BadLine:
        return False


def _fields(event: EventLine) -> dict[str, Any]:
    return {name: getattr(event, name) for name in EventLine.__slots__}


def _moved_text(ours: EventLine, theirs: EventLine) -> str:
    changes = []
    if ours.at_ns != theirs.at_ns:
        changes.append(f"by {(theirs.at_ns - ours.at_ns) / NS:+.3f} s")
    if ours.uncertainty_s != theirs.uncertainty_s:
        changes.append(f"±{ours.uncertainty_s:g} s -> ±{theirs.uncertainty_s:g} s")
    if ours.reported_ns != theirs.reported_ns:
        changes.append(f"reported {(theirs.reported_ns - ours.reported_ns) / NS:+.3f} s")
    return f"~ {_text(ours)}: {', '.join(changes)}"


def _text(event: EventLine) -> str:
    at = timedelta(milliseconds=event.at_ns // 1_000_000)
    return f"{at} {event.space} {event.kind} ±{event.uncertainty_s:g} s"

"""berth-sim import, info, cut and export: whole files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.core.readings import Reading
from edge.core.trace_lines import MAX_NS, BadLine
from firmware_sim import export as formats
from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input, say, say_bad
from firmware_sim.commands.telling import tell_channels, tell_trace
from firmware_sim.cut import Cut, moment_ns, names_of
from firmware_sim.importers import import_recording
from firmware_sim.info import lasts_s, tally
from firmware_sim.trace import (
    DAMAGED,
    TraceReader,
    Truth,
    read_truth,
    trace_sha256,
    write_trace,
    write_truth,
)

TruthOption = Annotated[
    Path | None, typer.Option(help="The trace's truth; one beside it is found by itself.")
]
Moment = Annotated[
    str | None, typer.Option(help="1:20:00 since the trace's start, or a wall time.")
]
Names = Annotated[str | None, typer.Option(help="Names with commas between them.")]


def import_(kind: str, file: Path, out: Path) -> None:
    """Turn a recording of others into a trace (the kinds are named in a refusal)."""
    with bad_input():
        recording = import_recording(kind, file)
        write_trace(out, recording.header, recording.readings)
    typer.echo(f"{out} with {len(recording.readings)} readings")


def info(trace: Path, as_json: JsonFlag = False) -> None:
    """Say what a trace holds, channel by channel; exit 1 if it has bad lines."""
    with bad_input(), TraceReader(trace) as reader:
        header = reader.header
        tallies = tally(header, reader)
    channels = {name: one.as_dict(header.channels[name], header) for name, one in tallies.items()}
    found: dict[str, Any] = {"gateway": header.gateway, "wall": header.wall.isoformat()}
    found |= {"tz": header.tz, "lasts_s": lasts_s(tallies.values())}
    found |= {"readings": {name: one.readings for name, one in tallies.items()}}
    found |= {"bad_lines": reader.bad, "reasons": reader.reasons}
    if as_json:
        say({**found, "channels": channels}, as_json)
    else:
        total = sum(one.readings for one in tallies.values())
        tell_trace(header, found["lasts_s"], total, reader.reasons)
        tell_channels(channels)
    raise typer.Exit(FLAWED if reader.bad else 0)


def cut(
    trace: Path,
    out: Path,
    from_: Annotated[str | None, typer.Option("--from", help="As --to; included.")] = None,
    to: Moment = None,
    spaces: Names = None,
    channels: Names = None,
    truth: TruthOption = None,
) -> None:
    """Keep some minutes, spaces or channels of a trace, and the same of its truth."""
    with bad_input():
        _refuse_same(trace, out)
        with TraceReader(trace) as reader:
            begin_ns = 0 if from_ is None else moment_ns(from_, reader.header)
            end_ns = MAX_NS if to is None else moment_ns(to, reader.header)
            piece = Cut(begin_ns, end_ns, names_of(spaces), names_of(channels))
            header = piece.header(reader.header)
            rows = _truth_of(trace, truth)
            kept = _some(piece.readings(header, reader), from_ is None and to is None)
            sha256 = write_trace(out, header, kept)
        if rows is not None:
            write_truth(truth_beside(out), sha256, piece.truth(rows))
    beside = "" if rows is None else f" and {truth_beside(out)}"
    typer.echo(f"{out}{beside}")
    say_bad(reader, trace)


def export(
    trace: Path,
    to: Annotated[Path, typer.Option(help="OUT.mcap (Foxglove) or OUT.parquet.")],
    truth: TruthOption = None,
) -> None:
    """Write a trace, and its truth beside it, in a format that other tools read."""
    with bad_input():
        _refuse_same(trace, to)
        rows = _truth_of(trace, truth)
        with TraceReader(trace) as reader:
            written = formats.export(to, reader.header, reader, rows)
    typer.echo(f"{to} with {written} readings" + ("" if rows is None else " and the truth"))
    say_bad(reader, trace)


def truth_beside(trace: Path) -> Path:
    """`a.trace.jsonl.gz` -> `a.truth.jsonl`."""
    name = trace.name
    for end in (".gz", ".jsonl", ".trace"):
        name = name.removesuffix(end)
    return trace.with_name(name + ".truth.jsonl")


def _truth_of(trace: Path, truth: Path | None) -> list[Truth] | None:
    """A truth that was named must be this trace's (BadLine); one that was found may be another's,
    and is left alone then."""
    asked, truth = truth is not None, truth or truth_beside(trace)
    if not asked and not truth.exists():
        return None
    sha256, rows = read_truth(truth)
    try:
        other = "" if sha256 == trace_sha256(trace) else "is the truth of another trace"
    except DAMAGED:
        other = "cannot be told to be this trace's, which is damaged"
    if not other:
        return rows
    if asked and not other.startswith("cannot"):
        raise BadLine(f"{truth.name} {other} (its trace_sha256 differs)")
    typer.echo(f"berth-sim: {truth.name} {other}: left alone", err=True)
    return None


def _some(readings: Iterator[Reading], none_will_do: bool) -> Iterator[Reading]:
    """ValueError, before anything is written, where --from and --to leave no reading."""
    first = next(readings, None)
    if first is None:
        if none_will_do:
            return iter(())
        raise ValueError(
            "--from and --to leave no reading: `berth-sim info` says from when to when it lasts"
        )
    return chain((first,), readings)


def _refuse_same(trace: Path, out: Path) -> None:
    if out.exists() and trace.exists() and out.samefile(trace):
        raise ValueError(f"{out} is the trace itself: name another file")

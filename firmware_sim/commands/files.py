"""berth-sim import, info, cut and export: whole files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edge.core.trace_lines import MAX_NS, BadLine
from firmware_sim import export as formats
from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input, say
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
        say(found, as_json)
        for name, about in channels.items():
            typer.echo(f"{name}: {_channel_text(about)}")
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
            sha256 = write_trace(out, header, piece.readings(header, reader))
        if rows is not None:
            write_truth(truth_beside(out), sha256, piece.truth(rows))
    _say_bad(reader)
    beside = "" if rows is None else f" and {truth_beside(out)}"
    typer.echo(f"{out}{beside}")


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
    _say_bad(reader)
    typer.echo(f"{to} with {written} readings" + ("" if rows is None else " and the truth"))


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
    if asked:
        raise BadLine(f"{truth.name} {other} (its trace_sha256 differs)")
    typer.echo(f"berth-sim: {truth.name} {other}: left alone", err=True)
    return None


def _refuse_same(trace: Path, out: Path) -> None:
    if out.exists() and trace.exists() and out.samefile(trace):
        raise ValueError(f"{out} is the trace itself: name another file")


def _say_bad(reader: TraceReader) -> None:
    if reader.bad:
        first = "; ".join(reader.reasons[:3])
        typer.echo(f"berth-sim: {reader.bad} bad lines left out: {first}", err=True)


def _channel_text(about: dict[str, Any]) -> str:
    """`ultrasonic S1 (hc-sr04): 7200 readings, 2 /s, 5800 to 14500 us, no echo 1.2 %, ...`"""
    place = " ".join(str(about[key]) for key in ("kind", "space") if about[key])
    sensor = f" ({about['sensor']})" if about["sensor"] else ""
    parts = [f"{about['readings']} readings"]
    if about["rate_hz"] is not None:
        parts.append(f"{about['rate_hz']:g} /s")
    if about["low"] is not None:
        parts.append(f"{about['low']:g} to {about['high']:g} {about['unit']}")
    if about.get("no_echo_share"):
        parts.append(f"no echo {about['no_echo_share']:.1%}")
    if about.get("gaps_over_5_s"):
        longest = f"the longest {about['longest_gap_s']:g} s at {about['longest_gap_at']}"
        parts.append(f"{about['gaps_over_5_s']} gaps over 5 s, {longest}")
    if about["went_back"]:
        parts.append(f"time goes back {about['went_back']} times")
    if about["faults"]:
        whys = ", ".join(f"{why} {count}" for why, count in about["whys"].items())
        parts.append(f"{about['faults']} faults: {whys}")
    return f"{place}{sensor}: {', '.join(parts)}"

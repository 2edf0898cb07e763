"""berth-sim import and info: whole files."""

from __future__ import annotations

from pathlib import Path

import typer

from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input, say
from firmware_sim.importers import import_recording
from firmware_sim.trace import NS, TraceReader, write_trace


def import_(kind: str, file: Path, out: Path) -> None:
    """Turn a recording of others into a trace (the kinds are named in a refusal)."""
    with bad_input():
        recording = import_recording(kind, file)
        write_trace(out, recording.header, recording.readings)
    typer.echo(f"{out} with {len(recording.readings)} readings")


def info(trace: Path, as_json: JsonFlag = False) -> None:
    """Say what a trace holds; exit 1 if it has bad lines."""
    with bad_input(), TraceReader(trace) as reader:
        counts: dict[str, int] = {name: 0 for name in reader.header.channels}
        first_ns = last_ns = None
        for reading in reader:
            counts[reading.channel] += 1
            first_ns = reading.mono_ns if first_ns is None else first_ns
            last_ns = reading.mono_ns
    found = {
        "gateway": reader.header.gateway,
        "wall": reader.header.wall.isoformat(),
        "lasts_s": ((last_ns or 0) - (first_ns or 0)) / NS,
        "readings": counts,
        "bad_lines": reader.bad,
        "reasons": reader.reasons,
    }
    say(found, as_json)
    raise typer.Exit(FLAWED if reader.bad else 0)

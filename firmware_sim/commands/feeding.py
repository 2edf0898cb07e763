"""berth-sim feed: a trace on a stream, each line when it is due."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from cloud.core.tempo import Tempo
from edge.core.trace_lines import TraceHeader
from firmware_sim.commands.saying import bad_input
from firmware_sim.pace import Pace
from firmware_sim.trace import NS, TraceReader


def feed(
    trace: Path,
    tempo: Annotated[str, typer.Option(help="WALL@REAL_S*RATE")],
    stay_s: Annotated[float, typer.Option(min=0, help="Keep the stream open at its end.")] = 0,
) -> None:
    """Write the trace to stdout line by line when each is due; what is past is skipped."""
    with bad_input(), TraceReader(trace) as reader:
        pace = pace_of(reader.header, Tempo.parse(tempo))
        out, written, read = sys.stdout.buffer, 0, Counter[str]()
        try:
            out.write(reader.header_line)
            out.flush()
            for batch in pace.batches(_timed_lines(reader, read), skip_past=True):
                out.write(b"".join(batch))
                out.flush()
                written += len(batch)
            if not written:
                _say_over(reader.header, sum(read.values()))
            Event().wait(stay_s)
        except BrokenPipeError:
            # The reader went away; point stdout elsewhere or the interpreter complains at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_over(header: TraceHeader, lines: int) -> None:
    """Nothing was due any more: so it is with a tempo of another day than the trace's."""
    begins = header.wall.isoformat().replace("+00:00", "Z")
    said = f"all {lines} lines lie before the lot's clock; the trace begins at {begins}."
    if lines:
        print(f"berth-sim feed: {said} Give that day as WALL in --tempo.", file=sys.stderr)


def _timed_lines(reader: TraceReader, read: Counter[str]) -> Iterator[tuple[int, bytes]]:
    """Damaged lines go out as they are, with the line before them. `read` counts them all."""
    mono_ns = reader.header.mono_ns
    for raw in reader.raw_lines():
        reading = reader.parse(raw)
        mono_ns = reading.mono_ns if reading else mono_ns
        read["lines"] += 1
        yield mono_ns, raw if raw.endswith(b"\n") else raw + b"\n"


def pace_of(header: TraceHeader, tempo: Tempo) -> Pace:
    start_real_s = tempo.real(header.wall)
    return Pace(
        lambda mono_ns: start_real_s + (mono_ns - header.mono_ns) / NS / tempo.rate,
        time.time,
        Event().wait,
    )

"""berth-sim: exit 0 done, 1 found something wrong, 2 bad input (one sentence)."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import Annotated, Any

import typer

from cloud.core.tempo import Tempo
from edge.core.fusion import Change, DetectorSettings
from edge.core.trace_lines import BadLine, TraceHeader
from firmware_sim import sensors, world
from firmware_sim.importers import BadRecording, import_recording
from firmware_sim.pace import Pace
from firmware_sim.replay import Replay
from firmware_sim.score import Score, score
from firmware_sim.trace import NS, TraceReader, read_truth, trace_sha256, write_trace, write_truth

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Simulate, replay and score a lot."
)

FIRST_STAY_SEED = 1
FLAWED, BAD_INPUT = 1, 2
DEMO_DATA = Path(".berth/demo")
JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object, for a program.")]


def main() -> None:
    app()


@app.command()
def generate(
    out: Annotated[Path, typer.Option(help="PREFIX of .trace.jsonl.gz and .truth.jsonl.")],
    seed: int = FIRST_STAY_SEED,
    spaces: Annotated[int, typer.Option(min=1, max=500)] = 3,
    minutes: Annotated[float, typer.Option(min=1)] = 60,
    scenario: Annotated[str, typer.Option(help="random or first-stay (scripted).")] = "random",
) -> None:
    """Write a simulated trace and its truth; the same seed gives the same lines."""
    rng = Random(seed)
    if scenario not in ("random", "first-stay"):
        _refuse(f"unknown scenario {scenario!r}: write random or first-stay")
    lot = world.first_stay() if scenario == "first-stay" else None
    lot = lot or world.random_scenario(rng, spaces, minutes)
    with _bad_input():
        trace = Path(f"{out}.trace.jsonl.gz")
        sha256 = write_trace(trace, sensors.header(lot), sensors.readings(lot, rng))
        write_truth(Path(f"{out}.truth.jsonl"), sha256, world.truth(lot))
    typer.echo(f"{trace} with {len(lot.stays)} stays")


@app.command("import")
def import_(kind: str, file: Path, out: Path) -> None:
    """Turn a recording of others into a trace (the kinds are named in a refusal)."""
    with _bad_input():
        recording = import_recording(kind, file)
        write_trace(out, recording.header, recording.readings)
    typer.echo(f"{out} with {len(recording.readings)} readings")


@app.command()
def info(trace: Path, as_json: JsonFlag = False) -> None:
    """Say what a trace holds; exit 1 if it has bad lines."""
    with _bad_input(), TraceReader(trace) as reader:
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
    _say(found, as_json)
    raise typer.Exit(FLAWED if reader.bad else 0)


@app.command()
def replay(
    trace: Path,
    truth: Annotated[Path | None, typer.Option()] = None,
    events: Annotated[Path | None, typer.Option()] = None,
    report: Annotated[Path | None, typer.Option()] = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Times real time.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run a trace through the real edge core; exit 1 if it differs from the truth."""
    with _bad_input():
        changes, found = _replay(trace, rate)
        graded = _score(trace, truth, changes) if truth else None
        found |= {"score": graded.as_dict()} if graded else {}
        if events:
            _write(events, "".join(_event_line(change) for change in changes))
        if report:
            _write(report, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    if not as_json:
        for change in changes:
            typer.echo(_sentence(change))
    _say(found, as_json)
    raise typer.Exit(FLAWED if graded and graded.f1 < 1 else 0)


@app.command()
def feed(
    trace: Path,
    tempo: Annotated[str, typer.Option(help="WALL@REAL_S*RATE")],
    stay_s: Annotated[float, typer.Option(min=0, help="Keep the stream open at its end.")] = 0,
) -> None:
    """Write the trace to stdout line by line when each is due; what is past is skipped."""
    with _bad_input(), TraceReader(trace) as reader:
        pace = _pace(reader.header, Tempo.parse(tempo))
        out = sys.stdout.buffer
        try:
            out.write(reader.header_line)
            out.flush()
            for batch in pace.batches(_timed_lines(reader), skip_past=True):
                out.write(b"".join(batch))
                out.flush()
            Event().wait(stay_s)
        except BrokenPipeError:
            # The reader went away; point stdout elsewhere or the interpreter complains at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _timed_lines(reader: TraceReader) -> Iterator[tuple[int, bytes]]:
    """Damaged lines go out as they are, with the line before them."""
    mono_ns = reader.header.mono_ns
    for raw in reader.raw_lines():
        reading = reader.parse(raw)
        mono_ns = reading.mono_ns if reading else mono_ns
        yield mono_ns, raw if raw.endswith(b"\n") else raw + b"\n"


def _pace(header: TraceHeader, tempo: Tempo) -> Pace:
    start_real_s = tempo.real(header.wall)
    return Pace(
        lambda mono_ns: start_real_s + (mono_ns - header.mono_ns) / NS / tempo.rate,
        time.time,
        Event().wait,
    )


def _replay(trace: Path, rate: float | None) -> tuple[list[Change], dict[str, Any]]:
    with TraceReader(trace) as reader:
        run = Replay(reader.header.channels, DetectorSettings())
        readings = iter(reader)
        if rate is not None:
            now_s = time.time()
            pace = _pace(reader.header, Tempo(now_s, reader.header.wall, rate))
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


def _say(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        typer.echo(f"{name}: {value}")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _refuse(sentence: str) -> None:
    typer.echo(f"berth-sim: {sentence}", err=True)
    raise typer.Exit(BAD_INPUT)


@contextmanager
def _bad_input() -> Iterator[None]:
    try:
        yield
    except (BadLine, BadRecording) as error:
        _refuse(str(error))
    except EOFError:
        _refuse("the compressed file is damaged; `berth-sim info` says from which line on")
    except OSError as error:
        _refuse(f"{error.filename or 'a file'}: {error.strerror or error}")
    except ValueError as error:
        _refuse(str(error))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself; 0 if it verified.")] = False,
    data: Annotated[
        Path, typer.Option(help="All state of the run; an earlier demo there is removed.")
    ] = DEMO_DATA,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the live page; 0 takes a free one.")
    ] = 8470,
) -> None:
    """One stay through all real parts, from a sensor trace to a verified receipt."""
    from firmware_sim.demo import DemoError, run

    try:
        status = run(data, once, port)
    except DemoError as error:
        _refuse(str(error))
        return
    raise typer.Exit(status)

"""berth-sim score: the detector beside the baselines, on one trace or on held-out seeds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input
from firmware_sim.score import by_tag, score_of
from firmware_sim.scoring import tables
from firmware_sim.scoring.heldout import Plan, Tallies, parts, run_parts, together
from firmware_sim.scoring.peers import OURS, side_by_side
from firmware_sim.scoring.targets import missed
from firmware_sim.trace import TraceReader, rows_for

SEEDS = re.compile(r"(\d{1,9})\.\.(\d{1,9})")


def score(  # noqa: PLR0913 - the options of a command
    trace: Annotated[Path | None, typer.Argument(help="Score this trace only.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Of the trace.")] = None,
    level: Annotated[str, typer.Option(help="easy, normal, hard or held-out.")] = "normal",
    stays: Annotated[int, typer.Option(min=1, help="At least so many.")] = 2000,
    seeds: Annotated[str, typer.Option(help="FIRST..LAST")] = "5001..5999",
    jobs: Annotated[int, typer.Option(min=1, max=64)] = 2,
    check: Annotated[bool, typer.Option(help="Exit 1 if a target is missed.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Judge the detector and three baselines by the same readings, a table side by side."""
    with bad_input():
        if trace is not None:
            level, found, tallies = "", {"trace": trace.name}, _of_trace(trace, truth)
        else:
            found, tallies = _of_seeds(Plan(level), _range(seeds), stays, jobs)
    _say(found, tallies, level, as_json)
    if check and missed(level, score_of(tallies[OURS])):
        raise typer.Exit(FLAWED)


def _of_trace(trace: Path, truth: Path | None) -> Tallies:
    if truth is None:
        raise ValueError("a trace is scored against its truth: add --truth FILE")
    rows = rows_for(trace, truth)
    with TraceReader(trace) as reader:
        return side_by_side(reader.header.channels, reader).tallies(rows)


def _of_seeds(plan: Plan, seeds: range, stays: int, jobs: int) -> tuple[dict[str, Any], Tallies]:
    chosen = parts(plan, seeds, stays)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    done: dict[int, Tallies] = {}
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"{plan.level}: space-days", total=len(chosen))
        for number, tallies in run_parts(plan, chosen, jobs):
            done[number] = tallies
            progress.advance(bar)
    # In the order of the parts, whoever was done first: the same bytes with any number of jobs.
    whole = together(done[number] for number in sorted(done))
    used = f"{chosen[0][0]}..{chosen[-1][0]}" if chosen else "none"
    return {"level": plan.level, "seeds": used, "spaces": len(chosen)}, whole


def _range(seeds: str) -> range:
    found = SEEDS.fullmatch(seeds)
    if found is None or int(found[1]) > int(found[2]):
        raise ValueError(f"seeds {seeds!r}: write FIRST..LAST, such as 5001..5100")
    return range(int(found[1]), int(found[2]) + 1)


def _say(found: Mapping[str, Any], tallies: Tallies, level: str, as_json: bool) -> None:
    scores = {name: score_of(counted) for name, counted in tallies.items()}
    tagged = by_tag(tallies[OURS])
    short = missed(level, scores[OURS])
    if as_json:
        said = {
            **found,
            "scores": {name: one.as_dict() for name, one in scores.items()},
            "tags": {tag: one.as_dict() for tag, one in tagged.items()},
            "targets_missed": short,
        }
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    console, ours = Console(), scores[OURS]
    density = ours.stays / ours.space_days if ours.space_days else 0.0
    title = ", ".join(f"{name} {value}" for name, value in found.items())
    title += f": {ours.stays} stays, {density:.1f} a space-day"
    console.print(tables.detectors(title, scores))
    console.print(tables.tags(tagged))
    for sentence in short:
        console.print(f"missed: {sentence}")

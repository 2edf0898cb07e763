"""berth-sim city: whole days of a town in which everything fails, by seed."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from firmware_sim.city.clocks import HOUR_S
from firmware_sim.city.run import FAULTS, City, Plan, Result
from firmware_sim.city.shrink import MOST_RUNS, Shrunk, shrink
from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input

SEEDS = re.compile(r"(\d{1,9})\.\.(\d{1,9})")
LAST_FAULTS = 8


def city(
    seeds: Annotated[str, typer.Option(help="FIRST..LAST")] = "1..10",
    faults: Annotated[int, typer.Option(min=0, max=400, help="In each seed's day.")] = FAULTS,
    hours: Annotated[int, typer.Option(min=4, max=168, help="Of faults; then all heals.")] = 24,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Beyond a failure.")] = False,
    twice: Annotated[
        bool, typer.Option("--twice", help="Each seed again: the same trace?")
    ] = False,
    runs: Annotated[
        int, typer.Option("--shrink", min=0, help="Most runs to find the fewest faults.")
    ] = MOST_RUNS,
    as_json: JsonFlag = False,
) -> None:
    """Gateways, cloud and chain in one process, on one clock: a day of faults, then all must heal.

    The same seed is the same run. A failure prints what broke, the seed and the commit, and the
    fewest faults that break it.
    """
    with bad_input():
        chosen = _range(seeds)
    told = _Told(chosen, as_json)
    with City() as town, told.progress:
        for seed in chosen:
            plan = Plan(seed, lasts_s=hours * HOUR_S, count=faults)
            result = town.run(plan)
            if twice and town.run(plan).digest != result.digest:
                told.differed(seed)
            told.add(result, shrink(town, plan, result, runs) if result.failures and runs else None)
            if told.bad and not keep_going:
                break
    told.end()
    if told.bad:
        raise typer.Exit(FLAWED)


class _Told:
    """What is said of a run of seeds, as it goes on and at its end."""

    def __init__(self, seeds: range, as_json: bool) -> None:
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=Console(stderr=True))
        self._bar = self.progress.add_task("days of a town", total=len(seeds))
        self._first, self._json, self._commit = seeds[0], as_json, commit()
        self._done = self._faults = self.bad = 0
        self._failures: list[dict[str, Any]] = []
        self._counts: Counter[str] = Counter()

    def differed(self, seed: int) -> None:
        self.bad += 1
        self._failures.append({"seed": seed, "failures": ["twice: the traces of two runs differ"]})
        typer.echo(f"seed {seed} at {self._commit}: the traces of two runs differ", err=self._json)

    def add(self, result: Result, shrunk: Shrunk | None) -> None:
        self._done += 1
        self._faults += len(result.struck)
        self._counts.update(result.counts)
        self.progress.advance(self._bar)
        if result.failures:
            self.bad += 1
            self._failed(result, shrunk)

    def end(self) -> None:
        found: dict[str, Any] = {
            "seeds": self._done,
            "first": self._first,
            "faults": self._faults,
            "failed": self.bad,
            "commit": self._commit,
            "chain": "the shipped fake of the contracts",
            **{name: self._counts[name] for name in ("visits", "bookings", "events", "priced")},
        }
        if self._json:
            typer.echo(json.dumps({**found, "failures": self._failures}, ensure_ascii=False))
        else:
            typer.echo(", ".join(f"{name} {value}" for name, value in found.items()))

    def _failed(self, result: Result, shrunk: Shrunk | None) -> None:
        needed = shrunk.faults if shrunk else ()
        told: dict[str, Any] = {
            "seed": result.seed,
            "commit": self._commit,
            "failures": [str(failure) for failure in result.failures],
            "last_faults": [str(fault) for fault in result.struck[-LAST_FAULTS:]],
            "needed": [str(fault) for fault in needed],
            "broken_by_these": [str(it) for it in shrunk.result.failures] if shrunk else [],
        }
        self._failures.append(told)
        if self._json:
            return
        typer.echo(f"seed {result.seed} at {self._commit}:")
        for name in ("failures", "last_faults", "needed", "broken_by_these"):
            for line in told[name]:
                typer.echo(f"  {name.replace('_', ' ')}: {line}")


def commit() -> str:
    """Of the tree that this runs from; a plus where it was changed since."""
    asked = ["git", "describe", "--always", "--dirty=+"]
    place = Path(__file__).parent
    done = subprocess.run(asked, cwd=place, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no commit"


def _range(seeds: str) -> range:
    found = SEEDS.fullmatch(seeds)
    if found is None or int(found[1]) > int(found[2]):
        raise ValueError(f"seeds {seeds!r}: write FIRST..LAST, such as 1..100")
    return range(int(found[1]), int(found[2]) + 1)

"""berth-sim generate: a trace and its truth, of a level, a scenario file or a script."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from firmware_sim import sensors, world
from firmware_sim.commands.saying import bad_input, refuse
from firmware_sim.trace import NS, write_trace, write_truth

if TYPE_CHECKING:
    from edge.core.readings import Reading
    from firmware_sim.lot import Lot

DEFAULT_SEED, DEFAULT_SPACES, DEFAULT_MINUTES = 1, 3, 60.0
YAML = (".yaml", ".yml")


def generate(  # noqa: PLR0913 - the options of a command
    out: Annotated[Path, typer.Option(help="PREFIX of .trace.jsonl.gz and .truth.jsonl.")],
    seed: Annotated[int | None, typer.Option(min=0, help="1, or the scenario file's own.")] = None,
    spaces: Annotated[int | None, typer.Option(min=1, max=500, help="3 if not said.")] = None,
    hours: Annotated[float | None, typer.Option(min=1 / 60, max=8784)] = None,
    minutes: Annotated[float | None, typer.Option(min=1)] = None,
    level: Annotated[
        str | None, typer.Option(help="easy, normal, hard or held-out: how much goes on.")
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="FILE.yaml, first-stay (scripted) or random (drawn from --level).")
    ] = "random",
    stays_per_day: Annotated[float | None, typer.Option(min=0.1, max=200)] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Write .jsonl, not packed.")] = False,
    frames: Annotated[
        bool, typer.Option("--frames", help="Cameras' pictures in frames/, for plates read here.")
    ] = False,
) -> None:
    """Write a simulated trace and its truth; the same seed gives the same lines."""
    trace = Path(f"{out}.trace.jsonl{'' if plain else '.gz'}")
    with bad_input(), sim_parts():
        drawn = {"level": level, "spaces": spaces, "hours": hours, "minutes": minutes}
        _refuse_ignored(scenario, drawn | {"stays-per-day": stays_per_day})
        if scenario == "random":
            lasts_s = hours * 3600 if hours else (minutes or DEFAULT_MINUTES) * 60
            size = (spaces or DEFAULT_SPACES, lasts_s / 3600, stays_per_day)
            _write(out, trace, _drawn(level or "normal", seed, size), frames)
        elif scenario.endswith(YAML):
            _write(out, trace, _staged(Path(scenario), seed), frames)
        elif scenario == "first-stay" and not frames:
            _write_first_stay(out, trace, Random(DEFAULT_SEED if seed is None else seed))
        elif scenario == "first-stay":
            refuse("first-stay has no cameras' pictures: write FILE.yaml or random with --frames")
        else:
            refuse(f"unknown scenario {scenario!r}: write FILE.yaml, random or first-stay")


def _refuse_ignored(scenario: str, drawn: Mapping[str, object]) -> None:
    """ValueError. `drawn`: the options that only a drawn lot has a use for, by name."""
    said = ", ".join(f"--{name}" for name, value in drawn.items() if value is not None)
    if scenario != "random" and said:
        raise ValueError(
            f"--scenario {scenario} and {said} both say what happens: keep one of them"
        )
    if drawn["hours"] is not None and drawn["minutes"] is not None:
        raise ValueError("--hours and --minutes both say how long it lasts: keep one of them")


@contextmanager
def sim_parts() -> Iterator[None]:
    """The simulated lot needs numpy, which those who only run a lot do not install."""
    try:
        yield
    except ModuleNotFoundError as missing:
        extra = "vision" if missing.name == "cv2" else "sim"
        refuse(f"this needs {missing.name}: install berth with its extra `{extra}`")


def _drawn(level: str, seed: int | None, size: tuple[int, float, float | None]) -> Lot:
    from firmware_sim.lot import make

    spaces, hours, stays_per_day = size
    return make(level, DEFAULT_SEED if seed is None else seed, spaces, hours, stays_per_day)


def _staged(path: Path, seed: int | None) -> Lot:
    from firmware_sim.lot.scenario import read_scenario
    from firmware_sim.lot.staging import stage

    return stage(read_scenario(path), str(path), seed)


def _write(out: Path, trace: Path, lot: Lot, frames: bool) -> None:
    from firmware_sim.lot.writing import write_lot

    readings = _with_frames(lot, out.parent) if frames else lot.readings()
    with _bar(lot.world.lasts_s) as told:
        sha256 = write_lot(trace, lot.header, readings, told)
    rows = lot.truth
    write_truth(Path(f"{out}.truth.jsonl"), sha256, rows)
    typer.echo(f"{trace} with {sum(row.kind == 'arrive' for row in rows)} stays")


def _with_frames(lot: Lot, beside: Path) -> Iterator[Reading]:
    """The pictures are written, and told of among the readings."""
    from firmware_sim.frames.pictures import FOLDER, pictures_of, with_pictures, write_pictures

    pictures = pictures_of(lot)
    with _bar(lot.world.lasts_s) as told:
        write_pictures(lot, pictures, beside, told)
    typer.echo(f"{beside / FOLDER} with {len(pictures)} pictures")
    return with_pictures(lot.readings(), pictures)


def _write_first_stay(out: Path, trace: Path, rng: Random) -> None:
    """Of the generator that came before, whose lines are committed (tests/data)."""
    lot = world.first_stay()
    sha256 = write_trace(trace, sensors.header(lot), sensors.readings(lot, rng))
    write_truth(Path(f"{out}.truth.jsonl"), sha256, world.truth(lot))
    typer.echo(f"{trace} with {len(lot.stays)} stays")


@contextmanager
def _bar(lasts_s: float) -> Iterator[Callable[[int], object]]:
    """On stderr, and only where a person looks at it."""
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("generate", total=lasts_s)
        yield lambda mono_ns: progress.update(task, completed=mono_ns / NS)

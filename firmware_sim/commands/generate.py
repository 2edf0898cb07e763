"""berth-sim generate."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Annotated

import typer

from firmware_sim import sensors, world
from firmware_sim.commands.saying import bad_input, refuse
from firmware_sim.trace import write_trace, write_truth

FIRST_STAY_SEED = 1


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
        refuse(f"unknown scenario {scenario!r}: write random or first-stay")
    lot = world.first_stay() if scenario == "first-stay" else None
    lot = lot or world.random_scenario(rng, spaces, minutes)
    with bad_input():
        trace = Path(f"{out}.trace.jsonl.gz")
        sha256 = write_trace(trace, sensors.header(lot), sensors.readings(lot, rng))
        write_truth(Path(f"{out}.truth.jsonl"), sha256, world.truth(lot))
    typer.echo(f"{trace} with {len(lot.stays)} stays")

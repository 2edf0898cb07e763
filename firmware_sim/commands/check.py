"""berth-sim check: a tester's scenario through the real detector, each expectation told."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmware_sim.commands.generate import sim_parts
from firmware_sim.commands.saying import FLAWED, JsonFlag, bad_input, say

if TYPE_CHECKING:
    from firmware_sim.lot.expecting import Outcome


def check(
    scenario: Path,
    seed: Annotated[int | None, typer.Option(min=0, help="Other than the file's own.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Play a scenario file and say which expectations hold; exit 1 if one does not."""
    with bad_input(), sim_parts():
        used, found = _outcomes(scenario, seed)
    failed = sum(not one.passed for one in found)
    if as_json:
        say({"seed": used, "failed": failed, "expect": [asdict(one) for one in found]}, True)
    else:
        for one in found:
            typer.echo(_sentence(scenario, one))
        typer.echo(f"{len(found) - failed} of {len(found)} expectations hold (seed {used})")
    raise typer.Exit(FLAWED if failed else 0)


def _outcomes(path: Path, seed: int | None) -> tuple[int, list[Outcome]]:
    """With the seed that was used."""
    from firmware_sim.lot.expecting import outcomes, run
    from firmware_sim.lot.scenario import read_scenario
    from firmware_sim.lot.staging import stage

    said = read_scenario(path)
    if not said.expect:
        raise ValueError(
            f"{path} expects nothing, so nothing can be checked: add `expect:` with a line such "
            f"as `- every stay and no other`"
        )
    lot = stage(said, str(path), seed)
    done = run(lot.header.channels, lot.readings(), lot.truth, said.lasts_s)
    return lot.seed, outcomes(said, done)


def _sentence(path: Path, one: Outcome) -> str:
    verdict = "ok  " if one.passed else "FAIL"
    return f"{verdict} {path}:{one.line}: {one.sentence} -> {one.found}"

"""berth-sim demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firmware_sim.commands.saying import refuse

DEMO_DATA = Path(".berth/demo")


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
        refuse(str(error))
        return
    raise typer.Exit(status)

"""berth-edge: what an installer types. Exit codes: 0 done, 1 found something wrong, 2 bad input."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from edge.commands import (
    bundle,
    calibrate,
    enrol,
    evidence,
    health,
    plates,
    record,
    running,
    settings,
    watch,
    wiring,
)
from edge.compose import own_version
from edge.errors import EdgeError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.command()(settings.init)
app.command("check-config")(settings.check_config)
app.command()(settings.address)
app.command()(enrol.serial)
app.command()(enrol.enrol)
app.command()(enrol.renew)
app.command("rotate-key")(enrol.rotate_key)
app.command()(wiring.wiring)
app.command()(health.doctor)
app.command()(bundle.bundle)
app.command()(running.run)
app.command()(record.record)
app.command()(watch.watch)
app.command()(calibrate.calibrate)
app.command()(plates.plates)
app.add_typer(evidence.app, name="evidence")


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"berth-edge {own_version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Berth's gateway: it watches the spaces and signs what it saw."""


def main() -> None:
    try:
        app()
    except EdgeError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)

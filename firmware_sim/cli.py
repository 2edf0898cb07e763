"""berth-sim: exit 0 done, 1 found something wrong, 2 bad input (one sentence)."""

from __future__ import annotations

import typer

from firmware_sim.commands import demonstrate, feeding, files, generate, replaying

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Simulate, replay and score a lot."
)
app.command()(generate.generate)
app.command("import")(files.import_)
app.command()(files.info)
app.command()(replaying.replay)
app.command()(feeding.feed)
app.command()(demonstrate.demo)


def main() -> None:
    app()

"""berth-sim: exit 0 done, 1 found something wrong, 2 bad input (one sentence)."""

from __future__ import annotations

import typer

from firmware_sim.commands import (
    check,
    city,
    comparing,
    demonstrate,
    feeding,
    files,
    generate,
    play,
    replaying,
    score,
)

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Simulate, replay and score a lot."
)
app.command()(generate.generate)
app.command()(check.check)
app.command("import")(files.import_)
app.command()(files.info)
app.command()(files.cut)
app.command()(files.export)
app.command()(comparing.diff)
app.command()(replaying.replay)
app.command()(score.score)
app.command()(feeding.feed)
app.command()(play.play)
app.command()(demonstrate.demo)
app.command()(city.city)


def main() -> None:
    app()

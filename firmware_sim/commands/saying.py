"""What the commands share: how they speak, refuse and end (0 done, 1 flawed, 2 bad input)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.core.trace_lines import BadLine
from firmware_sim.importers import BadRecording
from firmware_sim.trace import TraceReader

FLAWED, BAD_INPUT = 1, 2
PLACE = re.compile(r"[^\s'\":][^'\":]*:\d+(:\d+)?: ")
JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object, for a program.")]


def say(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        typer.echo(f"{name}: {value}")


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def refuse(sentence: str) -> None:
    """What names a place in a file begins with it: editors and terminals jump there."""
    prefix = "" if PLACE.match(sentence) else "berth-sim: "
    typer.echo(prefix + sentence, err=True)
    raise typer.Exit(BAD_INPUT)


def say_bad(reader: TraceReader, path: Path) -> None:
    """What was left out. A trace whose rest is lost ends the command, its output written, with 1:
    to be called last."""
    if reader.damaged_line is not None:
        typer.echo(
            f"{path}:{reader.damaged_line}: the compressed file is damaged from here on; what"
            " stands before it was used",
            err=True,
        )
        raise typer.Exit(FLAWED)
    if reader.bad:
        first = "; ".join(reader.reasons[:3])
        typer.echo(f"berth-sim: {reader.bad} bad lines left out: {first}", err=True)


@contextmanager
def bad_input() -> Iterator[None]:
    try:
        yield
    except (BadLine, BadRecording) as error:
        refuse(str(error))
    except EOFError:
        refuse("the compressed file is damaged; `berth-sim info` says from which line on")
    except OSError as error:
        refuse(f"{error.filename or 'a file'}: {error.strerror or error}")
    except ValueError as error:
        refuse(str(error))

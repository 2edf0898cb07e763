"""berth-edge wiring."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge.commands.options import CONFIG_FILE, ConfigOption, JsonOption
from edge.config import parts_of, read_config
from edge.core.cautions import Caution, cautions_of
from edge.core.header import PLACES
from edge.core.wiring import LETTERS, Letter, Wire, label, named, places_of, supplies_of, wires_of
from edge.core.wiring_svg import draw
from edge.errors import DrawingUnwritable

STYLES: dict[Letter, str] = {
    "T": "bold white on blue",
    "E": "bold white on red",
    "U": "bold white on magenta",
    "I": "bold white on cyan",
    "W": "bold black on yellow",
    "L": "bold black on green",
    "K": "bold black on white",
}
Half = list[str | Text]


def wiring(
    config: ConfigOption = Path(CONFIG_FILE),
    svg: Annotated[Path | None, typer.Option(help="Also draw it into this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Name each wire's pin, draw the header, and say what to mind before soldering."""
    settings = read_config(config)
    parts = parts_of(settings)
    wires, cautions = wires_of(parts), cautions_of(parts)
    if svg is not None:
        notes = [caution.sentence for caution in cautions]
        _write(svg, draw(f"Gateway {settings.gateway}", wires, notes))
    if as_json:
        print(json.dumps(as_rows(wires, cautions), ensure_ascii=False))
        return
    if not wires:
        print(f"{config} names no sensors and no outputs: there is nothing to wire.")
        return
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    console.print(pin_table(wires))
    console.print(header_table(wires))
    console.print(legend(wires))
    for caution in cautions:
        console.print(f"! {caution.sentence}", soft_wrap=True, markup=False)


def _write(path: Path, drawing: str) -> None:
    try:
        path.write_text(drawing, encoding="utf-8")
    except OSError as error:
        raise DrawingUnwritable(f"{path}: {error.strerror}.") from None


def as_rows(wires: Sequence[Wire], cautions: Sequence[Caution]) -> dict[str, object]:
    return {
        "wires": [
            {
                "part": wire.part,
                "wire": wire.wire,
                "to": wire.to,
                "bcm": wire.bcm,
                "pins": list(wire.pins),
                "note": wire.note,
            }
            for wire in wires
        ],
        "cautions": [{"code": told.code, "sentence": told.sentence} for told in cautions],
    }


def pin_table(wires: Sequence[Wire]) -> Table:
    table = Table("part", "wire", "goes to", "pin of the header", "note", box=None, pad_edge=False)
    for wire in wires:
        pins = " or ".join(str(pin) for pin in wire.pins)
        table.add_row(wire.part, wire.wire, wire.to, pins, wire.note)
    return table


def header_table(wires: Sequence[Wire]) -> Table:
    """Both columns of the header as they lie on the board, pin 1 at the upper left."""
    used, supplies = places_of(wires), supplies_of(wires)
    table = Table(
        show_header=False, box=None, pad_edge=False, title="the header, pin 1 at the upper left"
    )
    for number in range(8):
        table.add_column(justify="right" if number < 4 else "left")
    for pin in range(1, len(PLACES), 2):
        left, right = (_half(at, used, supplies) for at in (pin, pin + 1))
        table.add_row(*reversed(left), *right)
    return table


def _half(pin: int, used: dict[int, Wire], supplies: dict[int, tuple[str, ...]]) -> Half:
    """From the header outwards: the letter, the pin's number, what it is, and who uses it."""
    wire = used.get(pin)
    letter = Text("(+)" if pin in supplies else "( )")
    if wire and wire.letter:
        letter = Text(f"({wire.letter})", STYLES[wire.letter])
    use = f"{wire.part} {wire.wire}" if wire else named(supplies.get(pin, ()))
    return [letter, str(pin), label(pin), use]


def legend(wires: Sequence[Wire]) -> Text:
    letters = sorted({wire.letter for wire in wires if wire.letter})
    said = Text("  ").join(
        Text.assemble((f"({letter})", STYLES[letter]), f" {LETTERS[letter]}") for letter in letters
    )
    return Text.assemble("\n", said, "\n")

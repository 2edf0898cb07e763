"""The header of one gateway as a picture: each used pin coloured, lettered and named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from textwrap import wrap

from edge.core.header import GROUND, PLACES, POWER_3V3, POWER_5V
from edge.core.wiring import DIVIDER, LETTERS, Letter, Wire, label, named, places_of, supplies_of

ROW, TOP, MIDDLE, WIDTH = 24, 64, 380, 760
SIGNAL: dict[Letter, str] = {
    "T": "#1f6fb2",
    "E": "#b3261e",
    "U": "#6a3fa0",
    "I": "#00695c",
    "W": "#8a5a00",
    "L": "#2e7d32",
    "K": "#37474f",
}
SUPPLY = {POWER_5V: "#e57373", POWER_3V3: "#ffb74d", GROUND: "#9e9e9e"}
FREE = "#eceff1"
TEXT = 'font-family="sans-serif" font-size="13"'


LINE, LINE_LETTERS, LINES_FROM = 18, 112, 18


def draw(title: str, wires: Sequence[Wire], notes: Sequence[str] = ()) -> str:
    """An SVG document with the notes below; the same wires give the same bytes."""
    used = places_of(wires)
    letters = sorted({wire.letter for wire in used.values() if wire.letter})
    divider = any(wire.note == DIVIDER for wire in used.values())
    below = TOP + 20 * ROW + 20
    under = below + 22 * ((len(letters) + 2) // 3) + (120 if divider else 10)
    told = [line for note in notes for line in _wrapped(note)]
    height = under + LINES_FROM + LINE * len(told)
    supplies = supplies_of(wires)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(MIDDLE, 26, title, "middle", ' font-weight="bold"'),
        _text(
            MIDDLE,
            46,
            "pin 1 is at the end beside the card; the odd pins are the inner row",
            "middle",
        ),
        f'<rect x="{MIDDLE - 30}" y="{TOP - 4}" width="60" height="{20 * ROW + 8}" rx="6" '
        'fill="#263238"/>',
        *(line for pin in PLACES for line in _place(pin, used.get(pin), supplies.get(pin, ()))),
        *_legend(letters, below),
        *(_divider(under - 96) if divider else ()),
        *(
            _text(24, under + LINES_FROM + LINE * row, line, "start")
            for row, line in enumerate(told)
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _place(pin: int, wire: Wire | None, supplied: Sequence[str]) -> Iterator[str]:
    left = pin % 2 == 1
    y = TOP + (pin - 1) // 2 * ROW + ROW // 2
    x = MIDDLE - 13 if left else MIDDLE + 13
    mark = PLACES[pin]
    colour = SIGNAL[wire.letter] if wire and wire.letter else SUPPLY.get(str(mark), FREE)
    ring = ' stroke="#ffffff" stroke-width="3"' if supplied else ""
    yield f'<circle cx="{x}" cy="{y}" r="10" fill="{colour}"{ring}/>'
    if wire:
        yield _text(x, y + 5, wire.letter, "middle", ' font-weight="bold"', "#ffffff")
    edge, anchor = (MIDDLE - 36, "end") if left else (MIDDLE + 36, "start")
    use = f"{wire.part} {wire.wire}" if wire else named(supplied)
    words = [use, label(pin), str(pin)] if left else [str(pin), label(pin), use]
    weight = ' font-weight="bold"' if use else ""
    yield _text(edge, y + 5, " · ".join(filter(None, words)), anchor, weight)


def _wrapped(note: str) -> list[str]:
    first, *rest = wrap(note, LINE_LETTERS, break_on_hyphens=False) or [""]
    return [f"! {first}", *(f"   {line}" for line in rest)]


def _legend(letters: Sequence[Letter], top: int) -> Iterator[str]:
    for number, letter in enumerate(letters):
        x, y = 40 + number % 3 * 235, top + number // 3 * 22
        yield f'<circle cx="{x}" cy="{y}" r="9" fill="{SIGNAL[letter]}"/>'
        yield _text(x, y + 5, letter, "middle", ' font-weight="bold"', "#ffffff")
        yield _text(x + 16, y + 5, LETTERS[letter], "start")


def _divider(top: int) -> Iterator[str]:
    line = 'stroke="#b3261e" stroke-width="2" fill="none"'
    yield _text(
        40, top, "On each ECHO or TX wire from a 5 V sensor, never in the supply wire:", "start"
    )
    yield f'<path d="M190 {top + 24}H250M320 {top + 24}H470M395 {top + 24}V{top + 34}" {line}/>'
    yield f'<rect x="250" y="{top + 16}" width="70" height="16" {line}/>'
    yield f'<rect x="387" y="{top + 34}" width="16" height="28" {line}/>'
    yield f'<path d="M395 {top + 62}V{top + 72}M380 {top + 72}H410" {line}/>'
    for x, y, word, anchor in (
        (184, 29, "ECHO or TX (5 V)", "end"),
        (285, 29, "1 kΩ", "middle"),
        (412, 53, "2 kΩ", "start"),
        (476, 29, "GPIO (3.3 V)", "start"),
        (395, 87, "ground", "middle"),
    ):
        yield _text(x, top + y, word, anchor)


def _text(x: int, y: int, words: str, anchor: str, more: str = "", fill: str = "#111111") -> str:
    place = f'x="{x}" y="{y}" text-anchor="{anchor}" fill="{fill}"'
    return f"<text {place} {TEXT}{more}>{escape(words)}</text>"

"""Draws the sheets of firmware_sim/drawing/glyphs: `python -m tests.tools.glyph_sheets FOLDER`.

FOLDER holds npm's @fontsource packages, unpacked (NAME-SUBSET-WEIGHT-normal.woff2). Needs
fonttools, brotli and pillow, which nothing else here does.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from firmware_sim.drawing.glyphs import CELL_PX, HAN, HEIGHT_PX, INK, LATIN

OUT = Path(__file__).parents[2] / "firmware_sim" / "drawing" / "glyphs"
POINTS, ROOM_PX = 200, (400, 500)


def redraw(folder: Path) -> None:
    for sheet in sorted(OUT.glob("*.png")):
        script, name, weight = _parts(sheet.stem)
        chars = HAN if script == "han" else LATIN
        found = _fonts(folder, name, weight, chars)
        sheet.write_bytes(_sheet(chars, lambda char, f=found: _drawn(f[char], char), script))  # type: ignore[misc]
        print(sheet.name)


def _parts(stem: str) -> tuple[str, str, str]:
    script, rest = stem.split("-", 1)
    name, weight = rest.rsplit("-", 1)
    return script, name, weight


def _fonts(folder: Path, name: str, weight: str, chars: str) -> dict[str, Any]:
    """Large scripts come in many files, each with some of the characters."""
    from fontTools.ttLib import TTFont
    from PIL import ImageFont

    found: dict[str, Any] = {}
    for path in sorted(folder.rglob(f"{name}-*-{weight}-normal.woff2")):
        font, plain = TTFont(path), io.BytesIO()
        own = [char for char in chars if ord(char) in font.getBestCmap() and char not in found]
        font.flavor = None
        font.save(plain)
        plain.seek(0)
        found |= dict.fromkeys(own, ImageFont.truetype(plain, POINTS))
    if missing := set(chars) - set(found):
        raise SystemExit(f"{name} {weight}: no file has {''.join(sorted(missing))}")
    return found


def _drawn(font: Any, char: str) -> Any:
    from PIL import Image, ImageDraw

    picture = Image.new("L", ROOM_PX)
    ImageDraw.Draw(picture).text((80, 80), char, font=font, fill=255)
    ink = np.asarray(picture)
    rows, columns = np.nonzero(ink > INK)
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _sheet(chars: str, drawn: Callable[[str], Any], script: str) -> bytes:
    """Latin letters are all as high as the cell, Chinese ones keep their sizes."""
    glyphs = [drawn(char) for char in chars]
    tallest = max(glyph.shape[0] for glyph in glyphs)
    cells = [
        _cell(glyph, HEIGHT_PX / (tallest if script == "han" else glyph.shape[0]))
        for glyph in glyphs
    ]
    return cv2.imencode(".png", np.hstack(cells))[1].tobytes()


def _cell(glyph: Any, scale: float) -> Any:
    high, wide = (max(3, round(side * scale)) for side in glyph.shape)
    small = cv2.resize(glyph, (wide, high), interpolation=cv2.INTER_AREA)
    high, wide = min(HEIGHT_PX, high), min(CELL_PX, wide)
    cell = np.zeros((HEIGHT_PX, CELL_PX), np.uint8)
    top, left = (HEIGHT_PX - high) // 2, (CELL_PX - wide) // 2
    cell[top : top + high, left : left + wide] = small[:high, :wide]
    return cell


if __name__ == "__main__":
    redraw(Path(sys.argv[1]))

"""The characters of plates, from sheets of drawn letters (glyphs/README.md tells whose)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

LATIN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HAN = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新学警港澳挂使领"
HEIGHT_PX, CELL_PX = 72, 80
INK = 40

Mask = NDArray[np.uint8]


@cache
def fonts(script: str) -> tuple[str, ...]:
    """`script`: latin or han."""
    names = sorted(it.name for it in (files(__package__) / "glyphs").iterdir())
    return tuple(name[:-4] for name in names if name.startswith(script))


def glyph(font: str, char: str) -> Mask:
    """How much ink lies on each pixel, 0 to 255, cut to the ink's own width."""
    return _glyphs(font)[char]


@cache
def _glyphs(font: str) -> dict[str, Mask]:
    data = (files(__package__) / "glyphs" / f"{font}.png").read_bytes()
    sheet = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    chars = HAN if font.startswith("han") else LATIN
    cells = np.split(sheet, len(chars), axis=1)
    return {char: _cut(cell) for char, cell in zip(chars, cells)}  # type: ignore[arg-type]


def _cut(cell: Mask) -> Mask:
    across = np.flatnonzero((cell > INK).any(axis=0))
    return cell[:, across[0] : across[-1] + 1]

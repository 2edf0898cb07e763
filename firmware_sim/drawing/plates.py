"""One plate, drawn from the front.

Sizes follow GA 36-2018 (cn), the 520 x 110 mm plate (eu), Resolution 780 and the plate before it
(br), and 12 x 6 inches (us); what a state or a maker adds is left to chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_sim.drawing.glyphs import HAN, HEIGHT_PX, LATIN, fonts, glyph
from firmware_sim.drawing.texts import text_of

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Blue, green, red."""
Box = tuple[float, float, float, float]
"""x, y, width, height in millimetres."""

PX_PER_MM = 0.8
WHITE, BLACK = (245, 245, 245), (25, 25, 25)
HEADS = ("BA SALVADOR", "SP SAO PAULO", "PE RECIFE", "CE FORTALEZA", "MG BETIM", "RJ NITEROI",
         "PR LONDRINA", "DF BRASILIA", "GO GOIANIA", "RS CANOAS")  # fmt: skip
STATES = ("TEXAS", "CALIFORNIA", "NEW YORK", "FLORIDA", "OHIO", "VIRGINIA", "KANSAS", "OREGON",
          "MISSOURI", "INDIANA", "ILLINOIS", "GEORGIA", "COLORADO", "UTAH", "IOWA")  # fmt: skip
SLOGANS = ("THE LONE STAR STATE", "SUNSHINE STATE", "SHOW ME STATE", "LAND OF LINCOLN", "MAY 12",
           "EMPIRE STATE", "FIRST IN FLIGHT", "DEALER", "")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """Millimetres; `back` and `ink` are chosen from, row by row."""

    width: float
    height: float
    colours: tuple[tuple[Colour, Colour], ...]
    region: str


CN_BLUE = ((180, 80, 20), WHITE), ((150, 60, 10), WHITE), ((200, 110, 30), WHITE)
YELLOW = ((30, 185, 245), BLACK), ((20, 165, 230), BLACK)
STYLES: dict[str, Style] = {
    "cn_blue": Style(440, 140, CN_BLUE, "cn"),
    "cn_yellow": Style(440, 140, YELLOW, "cn"),
    "cn_white": Style(440, 140, ((WHITE, BLACK),), "cn"),
    "cn_black": Style(440, 140, (((30, 25, 20), WHITE),), "cn"),
    "cn_green": Style(480, 140, (((150, 215, 150), BLACK), ((110, 200, 110), BLACK)), "cn"),
    "cn_rear": Style(440, 220, YELLOW, "cn"),
    "eu": Style(520, 112, ((WHITE, BLACK), ((230, 235, 238), (40, 20, 20)),
                           ((60, 200, 240), BLACK), ((30, 30, 30), WHITE),
                           ((30, 30, 160), WHITE)), "eu"),
    "eu_two": Style(280, 200, ((WHITE, BLACK), ((60, 200, 240), BLACK)), "eu"),
    "br": Style(400, 130, (((175, 178, 176), BLACK), ((190, 190, 188), (40, 40, 40)),
                           ((40, 40, 190), WHITE)), "br"),
    "br_new": Style(400, 130, ((WHITE, BLACK), (WHITE, (40, 30, 190))), "br"),
    "br_two": Style(200, 170, (((175, 178, 176), BLACK), (WHITE, BLACK)), "br"),
    "us": Style(305, 152, ((WHITE, (90, 30, 20)), ((235, 240, 240), BLACK),
                           (WHITE, (40, 40, 160)), ((225, 235, 220), (70, 100, 20)),
                           ((200, 225, 240), (100, 50, 20)), ((80, 190, 235), (110, 40, 20))),
                "us"),
}  # fmt: skip


class Plate:
    """A picture that is written on."""

    def __init__(self, style: Style, rng: Random) -> None:
        self.style, self.rng = style, rng
        self.back, self.ink = rng.choice(style.colours)
        size = round(style.height * PX_PER_MM), round(style.width * PX_PER_MM)
        self.image: Image = np.full((*size, 3), self.back, np.uint8)
        self.latin, self.han = rng.choice(fonts("latin")), rng.choice(fonts("han"))

    def write(self, text: str, cells: Sequence[Box], ink: Colour | None = None) -> None:
        for char, cell in zip(text, cells):
            if char in LATIN:
                self._stamp(glyph(self.latin, char), cell, ink or self.ink)
            elif char in HAN:
                self._stamp(glyph(self.han, char), cell, ink or self.ink)

    def line(self, text: str, box: Box, ink: Colour | None = None, gap: float = 0.18) -> None:
        """Characters of one width side by side within the box."""
        x, y, width, height = box
        step = width / max(len(text), 1)
        self.write(text, [(x + n * step, y, step * (1 - gap), height) for n in range(len(text))],
                   ink)  # fmt: skip

    def fill(self, box: Box, colour: Colour) -> None:
        x, y, w, h = (round(it * PX_PER_MM) for it in box)
        self.image[max(y, 0) : y + h, max(x, 0) : x + w] = colour

    def rim(self, inset_mm: float, thick_mm: float, colour: Colour) -> None:
        low = round(inset_mm * PX_PER_MM)
        high = self.image.shape[1] - 1 - low, self.image.shape[0] - 1 - low
        cv2.rectangle(self.image, (low, low), high, colour, max(1, round(thick_mm * PX_PER_MM)))

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        at = round(x * PX_PER_MM), round(y * PX_PER_MM)
        cv2.circle(self.image, at, max(1, round(radius * PX_PER_MM)), colour, -1, cv2.LINE_AA)

    def shade(self, top: float, bottom: float) -> None:
        """Lighter or darker from top to bottom."""
        rows = np.linspace(top, bottom, len(self.image), dtype=np.float32)[:, None, None]
        self.image = np.clip(self.image * rows, 0, 255).astype(np.uint8)

    def _stamp(self, mask: Image, cell: Box, ink: Colour) -> None:
        x, y, w, h = (it * PX_PER_MM for it in cell)
        natural = mask.shape[1] * h / HEIGHT_PX
        # Narrow letters stay narrow; wide fonts are pressed into the cell.
        wide = min(w, natural * 1.6) if mask.shape[1] > HEIGHT_PX / 3 else min(w, natural)
        size = max(2, round(wide)), max(2, round(h))
        small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        left, top = round(x + (w - wide) / 2), round(y)
        part = self.image[top : top + size[1], left : left + size[0]]
        if part.shape[:2] == small.shape:
            share = small[:, :, None].astype(np.float32) / 255
            part[:] = part * (1 - share) + np.array(ink, np.float32) * share


def draw(kind: str, text: str, rng: Random) -> Image:
    """(height, width, 3), blue first."""
    plate = Plate(STYLES[kind], rng)
    _DRAWN[kind](plate, text)
    return plate.image


def drawn(kind: str, rng: Random) -> tuple[Image, str]:
    text = text_of(kind, rng)
    return draw(kind, text, rng), text


def _cn(plate: Plate, text: str) -> None:
    rng = plate.rng
    if len(text) == 8:
        plate.shade(rng.uniform(1.3, 1.7), rng.uniform(0.85, 1.0))
        cells = [(15.0 if n == 0 else 22.0 + 53.0 * n + (14 if n > 1 else 0), 25.0, 44.0, 90.0)
                 for n in range(8)]  # fmt: skip
    else:
        cells = [(15.5 + 57.0 * n + (22 if n > 1 else 0), 25.0, 45.0, 90.0) for n in range(7)]
    plate.rim(4, 3, plate.ink)
    if len(text) == 7:
        plate.dot(137, 70, 5, plate.ink)
    if text[-1] in HAN and plate.back == WHITE:
        plate.write(text[:-1], cells[:-1])
        plate.write(text[-1], cells[-1:], (30, 30, 200))
    else:
        plate.write(text, cells)
    for x in (110, 330):
        for y in (12, 128):
            if rng.random() < 0.7:
                plate.dot(x, y, 5, rng.choice((WHITE, BLACK, (90, 90, 90))))


def _cn_rear(plate: Plate, text: str) -> None:
    plate.rim(4, 3, plate.ink)
    plate.write(text[:2], [(110, 15, 80, 60), (250, 15, 80, 60)])
    plate.write(text[2:], [(27 + 80 * n, 90, 65, 110) for n in range(5)])


def _eu(plate: Plate, text: str) -> None:
    rng, left = plate.rng, 14.0
    if rng.random() < 0.75:
        plate.fill((0, 0, 42, 112), (160, 60, 10) if rng.random() < 0.9 else plate.back)
        plate.line(
            rng.choice(("D", "SK", "CZ", "F", "PL", "I", "BG", "NL")), (7, 72, 28, 24), WHITE
        )
        plate.dot(21, 36, 9, (40, 200, 240))
        left = 52.0
    if rng.random() < 0.6:
        plate.rim(3, 3, plate.ink)
    groups, gap = _groups(text, rng), rng.choice((18.0, 28.0, 50.0))
    room = 506 - left - gap * (len(groups) - 1)
    step = min(room / len(text), rng.choice((54.0, 62.0)))
    high = rng.choice((72.0, 78.0, 84.0))
    x = left + (room - step * len(text)) / 2
    for number, group in enumerate(groups):
        plate.line(group, (x, (112 - high) / 2, step * len(group), high))
        x += step * len(group)
        if number < len(groups) - 1:
            _mark(plate, x + gap / 2, gap)
            x += gap


def _groups(text: str, rng: Random) -> list[str]:
    cut = next((n for n in range(1, len(text)) if text[n].isdigit() != text[0].isdigit()), 2)
    groups = [text[:cut], text[cut:]]
    if len(groups[1]) > 4 and rng.random() < 0.5:
        groups[1:] = [groups[1][:-2], groups[1][-2:]]
    return [it for it in groups if it]


def _mark(plate: Plate, x: float, gap: float) -> None:
    """What stands between two groups: a seal, two stickers, a dash, or nothing."""
    what = plate.rng.random()
    if what < 0.3 and gap > 20:
        plate.dot(
            x, 56, gap * 0.36, plate.rng.choice(((60, 60, 190), (160, 90, 40), (80, 140, 60)))
        )
        plate.dot(x, 56, gap * 0.18, WHITE)
    elif what < 0.5 and gap > 20:
        plate.dot(x, 34, gap * 0.26, (70, 150, 70))
        plate.dot(x, 80, gap * 0.26, (160, 160, 160))
    elif what < 0.75:
        plate.fill((x - gap * 0.25, 52, gap * 0.5, 9), plate.ink)


def _eu_two(plate: Plate, text: str) -> None:
    plate.fill((0, 0, 36, 90), (160, 60, 10))
    plate.rim(3, 3, plate.ink)
    cut = 2 if len(text) > 6 else 3
    plate.line(text[:cut], (60, 14, 62.0 * cut, 76))
    plate.line(text[cut:], (20, 108, 240, 76))


def _br(plate: Plate, text: str) -> None:
    plate.rim(3, 3, plate.ink)
    plate.line(plate.rng.choice(HEADS), (90, 12, 220, 18), gap=0.1)
    plate.line(text[:3], (18, 40, 150, 72))
    if plate.rng.random() < 0.8:
        plate.dot(185, 78, 6, plate.ink)
    plate.line(text[3:], (206, 40, 180, 72))


def _br_new(plate: Plate, text: str) -> None:
    plate.fill((0, 0, 400, 30), (150, 60, 10))
    plate.line("BRASIL", (140, 6, 120, 18), WHITE)
    plate.line(text, (26, 42, 352, 74))


def _br_two(plate: Plate, text: str) -> None:
    plate.line("BRASIL", (60, 8, 80, 14))
    plate.line(text[:3], (30, 32, 140, 58))
    plate.line(text[3:], (16, 98, 168, 60))


def _us(plate: Plate, text: str) -> None:
    rng = plate.rng
    if rng.random() < 0.5:
        plate.shade(rng.uniform(0.75, 1.2), rng.uniform(0.8, 1.15))
    if rng.random() < 0.5:
        _graphics(plate)
    accent = rng.choice(((40, 30, 180), (150, 60, 20), plate.ink, (40, 110, 40)))
    state = rng.choice(STATES)
    wide = min(14.0 * len(state), 200)
    plate.line(state, (152 - wide / 2, 10, wide, 20), accent, gap=0.12)
    slogan = rng.choice(SLOGANS)
    plate.line(slogan, (152 - 5 * len(slogan), 132, 10.0 * len(slogan), 12), accent, gap=0.1)
    high = rng.choice((66.0, 72.0, 78.0))
    step, x = min(270 / (len(text) + 0.6), 40.0), 0.0
    cut = rng.choice((0, 3)) if len(text) > 4 else 0
    gap = rng.choice((0.3, 0.6, 1.0)) * step if cut else 0.0
    x = 152 - (step * len(text) + gap) / 2
    plate.line(text[:cut], (x, 44, step * cut, high))
    plate.line(text[cut:], (x + step * cut + gap, 44, step * (len(text) - cut), high))
    for at in (50, 255):
        plate.dot(at, 12, 4, (120, 120, 120))
        plate.dot(at, 140, 4, (120, 120, 120))


def _graphics(plate: Plate) -> None:
    """Hills, stripes and the like, pale behind the letters."""
    high, wide = plate.image.shape[:2]
    rng = plate.rng
    for _ in range(rng.randrange(1, 4)):
        points = np.array([[rng.randrange(wide), rng.randrange(high)] for _ in range(4)], np.int32)
        colour = tuple(int((3 * a + rng.randrange(256)) / 4) for a in plate.back)
        cv2.fillPoly(plate.image, [points], colour, cv2.LINE_AA)


_DRAWN = {
    **dict.fromkeys(("cn_blue", "cn_yellow", "cn_white", "cn_black", "cn_green"), _cn),
    **{"cn_rear": _cn_rear, "eu": _eu, "eu_two": _eu_two, "br": _br, "br_new": _br_new},
    **{"br_two": _br_two, "us": _us},
}

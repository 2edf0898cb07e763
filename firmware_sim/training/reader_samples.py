"""What the reader learns from: drawn plates as a detector would cut them out, and photographs'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import cv2
import numpy as np

from firmware_sim.drawing import plates, weather
from firmware_sim.drawing.texts import CN_LETTERS, DIGITS, KINDS, text_of
from firmware_sim.drawing.warping import Image, Quad, cut, lay, lean_of, quad_at
from firmware_sim.training.real import held, photographs
from firmware_sim.training.sizes import CHARS, HIGH_PX, WIDE_PX
from firmware_sim.training.spliced import Splicer

REAL, SPLICED = 0.15, 0.15
# Half of the drawn plates of China ask as often for a letter as for a digit, and most often for
# what is taken for one another.
EVEN = 0.5
CONFUSED = DIGITS + CN_LETTERS + "00DDQQ88BB55SS22ZZ11TTJJ66GGNNMMWWVVYY77"
ONE_LINE = tuple(kind for kind in KINDS if kind not in ("cn_rear", "eu_two", "br_two"))
# Blue plates and white ones are what most cars have.
DRAWN = (*ONE_LINE, *("cn_blue",) * 4, "cn_green", "cn_yellow", *("eu",) * 3, "br", *("us",) * 4)
NARROWEST_PX, WIDEST_PX = 42, 210
Crop = tuple[Image, str]


def samples(seed: int, real: Sequence[Crop], splicer: Splicer | None = None) -> Iterator[Crop]:
    """Without end; the same of the same seed. Crops are (48, 160, 3), blue first."""
    rng = Random(seed)
    while True:
        share = rng.random() if real else 1.0
        if share < REAL:
            yield _real(rng, rng.choice(real))
        elif share < REAL + SPLICED and splicer:
            yield _real(rng, splicer(rng))
        else:
            yield drawn_crop(rng, rng.choice(DRAWN))


def real_crops(folder: Path, *, held_out: bool) -> list[Crop]:
    """Plates of the photographs with a margin of a quarter of their height, and ready crops."""
    found = []
    for photo in photographs(folder, held_out=held_out):
        for quad, text in zip(photo.quads, photo.texts):
            if all(char in CHARS for char in text):
                found.append((_with_margin(photo.image, quad), text))
    ready = folder / "lprnet-crops"
    for path in sorted(ready.glob("*.jpg")) if ready.is_dir() else ():
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
        text = path.stem.split("_")[0]
        if held(text) == held_out and image is not None and all(c in CHARS for c in text):
            found.append((_with_margin(image.astype(np.uint8), None), text))
    return found


MARGIN = 0.25


def _with_margin(image: Image, quad: Quad | None) -> Image:
    """(height (1 + 2 m), width + 2 m height): the plate lies m of its height from every edge."""
    if quad is None:
        edge = round(MARGIN * image.shape[0])
        made = cv2.copyMakeBorder(image, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        return made.astype(np.uint8)
    wide = float(np.linalg.norm(quad[1] - quad[0]))
    tall = float(np.linalg.norm(quad[3] - quad[0]))
    right, down = (quad[1] - quad[0]) / wide, (quad[3] - quad[0]) / tall
    edge = MARGIN * tall
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    grown = quad + edge * (signs[:, :1] * right + signs[:, 1:] * down)
    size = max(8, round(wide + 2 * edge)), max(8, round(tall + 2 * edge))
    return cut(image, grown.astype(np.float32), size)


def _real(rng: Random, crop: Crop) -> Crop:
    image, text = crop
    high, wide = image.shape[:2]
    edge = high * MARGIN / (1 + 2 * MARGIN)
    quad = np.array(
        [[edge, edge], [wide - edge, edge], [wide - edge, high - edge], [edge, high - edge]],
        np.float32,
    )
    if rng.random() < 0.5:
        image = weather.spoiled(image, rng, 0.35)
    return cut(image, _jittered(rng, quad), (WIDE_PX, HIGH_PX)), text


def drawn_crop(rng: Random, kind: str) -> Crop:
    text = _text(kind, rng)
    flat = plates.draw(kind, text, rng)
    style = plates.STYLES[kind]
    aspect = style.width / style.height
    across = float(np.exp(rng.uniform(np.log(NARROWEST_PX), np.log(WIDEST_PX))))
    size = round(across * 1.5) + 8, round(across * (1.1 / aspect + 0.35)) + 8
    grey = rng.randrange(20, 230)
    image = np.full((size[1], size[0], 3), grey, np.uint8)
    image[:] = np.clip(image + np.array([rng.gauss(0, 20) for _ in range(3)]), 0, 255)
    quad = quad_at((size[0] / 2, size[1] / 2), across, aspect, lean_of(rng, 0.8))
    if rng.random() < 0.6:
        flat = weather.dirt(flat, rng)
    light = rng.uniform(0.4, 1.1)
    lay(image, np.clip(flat * light, 0, 255).astype(np.uint8), quad)
    image = weather.spoiled(image, rng, 0.8)
    if rng.random() < 0.15:
        # As a detector without corners would cut it.
        low, high = quad.min(axis=0), quad.max(axis=0)
        quad = np.array([low, [high[0], low[1]], high, [low[0], high[1]]], np.float32)
    return cut(image, _jittered(rng, quad), (WIDE_PX, HIGH_PX)), text


def _text(kind: str, rng: Random) -> str:
    text = text_of(kind, rng)
    if not kind.startswith("cn") or rng.random() >= EVEN:
        return text
    return text[:2] + "".join(rng.choice(CONFUSED) if it in CONFUSED else it for it in text[2:])


def _jittered(rng: Random, quad: Quad) -> Quad:
    """As far off as a detector's corners are."""
    tall = float(np.linalg.norm(quad[3] - quad[0]))
    off = np.array([[rng.gauss(0, 0.05), rng.gauss(0, 0.05)] for _ in range(4)], np.float32)
    middle = quad.mean(axis=0)
    grown = middle + (quad - middle) * np.float32(rng.uniform(0.97, 1.1))
    return (grown + off * tall).astype(np.float32)

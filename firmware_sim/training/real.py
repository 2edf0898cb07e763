"""Photographs with truth, where somebody has them: another source of samples, never needed.

The folder holds `truth.jsonl`: a line a picture, {"image", "region", "plates": [{"box": [x1, y1,
x2, y2], "quad"?: [[x, y] x 4], "text"}]}. Two of five vehicles, by the hash of their
plate, are never trained on: they are what figures are quoted of.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from firmware_sim.drawing.warping import Image, Quad

LONG_PX = 1100
KINDS = {
    "cn": ("cn_blue", "cn_blue", "cn_blue", "cn_yellow", "cn_green", "cn_white", "cn_black"),
    **{"eu": ("eu",), "br": ("br", "br", "br_new"), "us": ("us",)},
}


@dataclass(frozen=True, slots=True)
class Photograph:
    name: str
    region: str
    image: Image
    quads: tuple[Quad, ...]
    texts: tuple[str, ...]
    exact: tuple[bool, ...]
    """Whether the quad is one, and not the box around it."""
    scale: float
    """`image` and `quads` are as large as the file times this."""


def held(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 5 < 2


def photographs(folder: Path, *, held_out: bool) -> list[Photograph]:
    rows = [json.loads(line) for line in (folder / "truth.jsonl").open(encoding="utf-8")]
    chosen = [row for row in rows if held(row["plates"][0]["text"]) == held_out]
    return [_photograph(folder, row) for row in chosen]


def _photograph(folder: Path, row: dict[str, object]) -> Photograph:
    name, found = str(row["image"]), row["plates"]
    image = cv2.imdecode(np.fromfile(folder / name, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None and isinstance(found, list), name
    scale = min(1.0, LONG_PX / max(image.shape[:2]))
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    quads = tuple(_quad(plate) * np.float32(scale) for plate in found)
    texts = tuple(str(plate["text"]) for plate in found)
    exact = tuple("quad" in plate for plate in found)
    return Photograph(name, str(row["region"]), image.astype(np.uint8), quads, texts, exact, scale)


def _quad(plate: dict[str, list[float]]) -> Quad:
    if "quad" in plate:
        return _upright(np.array(plate["quad"], np.float32).reshape(4, 2))
    x1, y1, x2, y2 = plate["box"]
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def _upright(quad: Quad) -> Quad:
    """From top left clockwise, wherever it began: along a long side, to the right."""
    middle = quad.mean(axis=0)
    around = np.argsort(np.arctan2(*(quad - middle).T[::-1]))
    turned = [np.roll(quad[around], -n, axis=0) for n in range(4)]
    sides = [it[1] - it[0] for it in turned]
    longest = max(float(np.hypot(*side)) for side in sides)
    right = [s[0] if np.hypot(*s) > 0.8 * longest else -np.inf for s in sides]
    return turned[int(np.argmax(right))]

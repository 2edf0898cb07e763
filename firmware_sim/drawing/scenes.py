"""A street, cars that carry plates, and what else has letters on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import cv2
import numpy as np

from firmware_sim.drawing import plates, weather
from firmware_sim.drawing.glyphs import LATIN
from firmware_sim.drawing.texts import KINDS
from firmware_sim.drawing.warping import Image, Quad, cut, lay, lean_of, quad_at

PAINTS = ((235, 235, 235), (30, 30, 32), (120, 120, 125), (40, 35, 150), (140, 70, 30),
          (60, 90, 60), (180, 185, 190), (70, 60, 60), (30, 120, 200), (60, 40, 100))  # fmt: skip
MOST_CARS = 3
LEAST_CONTRAST = 7.0
SEEN = 0.75
"""A plate of which less is inside the picture is none that could be read."""


@dataclass(frozen=True, slots=True)
class Seen:
    quad: Quad
    text: str
    kind: str
    legible: bool = True


@dataclass(frozen=True, slots=True)
class Scene:
    image: Image
    plates: tuple[Seen, ...]


def scene(rng: Random, size: tuple[int, int], kinds: Sequence[str] = KINDS) -> Scene:
    """`size` = (width, height) in pixels."""
    image = street(rng, size)
    if rng.random() < 0.5:
        _sign(image, rng)
    seen: list[Seen] = []
    for _ in range(rng.choice((0, 1, 1, 1, 2, MOST_CARS))):
        found = _car(image, rng, kinds, seen)
        if found is not None:
            seen.append(found)
    for _ in range(rng.randrange(0, 3)):
        _badge(image, rng, seen)
    image = weather.spoiled(image, rng)
    return Scene(image, tuple(replace(it, legible=_legible(image, it.quad)) for it in seen))


def _legible(image: Image, quad: Quad) -> bool:
    """Night and glare may leave nothing of it."""
    grey = cv2.cvtColor(cut(image, quad, (64, 20)), cv2.COLOR_BGR2GRAY)
    return float(grey.std()) > LEAST_CONTRAST


def street(rng: Random, size: tuple[int, int]) -> Image:
    """Sky, walls, ground and clutter, none of which means anything."""
    wide, high = size
    made = np.random.default_rng(rng.getrandbits(32))
    small = made.integers(0, 256, (rng.randrange(3, 12), rng.randrange(3, 16), 3), np.uint8)
    rough = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    grey = rough.mean(axis=2, keepdims=True)
    rough = grey + (rough - grey) * rng.uniform(0, 0.6)
    base = np.array([rng.uniform(60, 200)] * 3, np.float32) + made.uniform(-25, 25, 3)
    image = base + (rough - 128) * rng.uniform(0.1, 0.5)
    image += made.standard_normal((high, wide, 1)) * rng.uniform(0, 14)
    out: Image = np.clip(image, 0, 255).astype(np.uint8)
    horizon = rng.randrange(high // 5, high // 2)
    out[horizon:] = (out[horizon:] * rng.uniform(0.5, 1.0)).astype(np.uint8)
    for _ in range(rng.randrange(4, 22)):
        _clutter(out, rng)
    return out


def _clutter(image: Image, rng: Random) -> None:
    high, wide = image.shape[:2]
    grey = rng.randrange(20, 235)
    colour = tuple(max(0, min(255, grey + rng.randrange(-50, 50))) for _ in range(3))
    x, y = rng.randrange(wide), rng.randrange(high)
    what = rng.random()
    if what < 0.45:
        size = rng.randrange(5, wide // 3), rng.randrange(5, high // 3)
        cv2.rectangle(image, (x, y), (x + size[0], y + size[1]), colour, rng.choice((-1, 1, 3)))
    elif what < 0.75:
        to = rng.randrange(wide), rng.randrange(high)
        cv2.line(image, (x, y), to, colour, rng.randrange(1, 6), cv2.LINE_AA)
    elif what < 0.9:
        cv2.circle(image, (x, y), rng.randrange(3, high // 6), colour, rng.choice((-1, 2)))
    else:
        # Fences, shutters and grilles: many even lines.
        step, long = rng.randrange(4, 14), rng.randrange(30, wide // 2)
        for n in range(rng.randrange(4, 14)):
            cv2.line(image, (x, y + n * step), (x + long, y + n * step), colour, 2)


def _car(image: Image, rng: Random, kinds: Sequence[str], others: Sequence[Seen]) -> Seen | None:
    high, wide = image.shape[:2]
    kind = rng.choice(kinds)
    flat, text = plates.drawn(kind, rng)
    style = plates.STYLES[kind]
    aspect = style.width / style.height
    across = wide * float(np.exp(rng.uniform(np.log(0.055), np.log(0.42)))) * min(1, aspect / 2.6)
    centre = rng.uniform(0.08, 0.92) * wide, rng.uniform(0.15, 0.93) * high
    quad = quad_at(centre, across, aspect, lean_of(rng))
    if not _fits(quad, (wide, high)) or any(_near(quad, it.quad) for it in others):
        return None
    hides = any(_near(_around(centre, across), it.quad) for it in others)
    if rng.random() < 0.85 and not hides:
        _body(image, rng, centre, across)
    _mount(image, rng, quad)
    if rng.random() < 0.5:
        flat = weather.dirt(flat, rng)
    level = float(image.mean()) / 128
    light = rng.uniform(0.55, 1.15) * min(1.15, max(0.35, 0.4 + 0.6 * level))
    lay(image, np.clip(flat * light, 0, 255).astype(np.uint8), quad, rng.uniform(0.85, 1.0))
    if rng.random() < 0.1:
        _cover(image, rng, quad)
    return Seen(quad, text, kind)


def _fits(quad: Quad, size: tuple[int, int]) -> bool:
    low, high = quad.min(axis=0), quad.max(axis=0)
    inside = np.minimum(high, size) - np.maximum(low, 0)
    return bool((inside > 0).all() and np.prod(inside) >= SEEN * np.prod(high - low))


def _around(centre: tuple[float, float], across: float) -> Quad:
    """No body is larger (see `_body`)."""
    return quad_at((centre[0], centre[1] - across / 2), 4 * across, 4 / 3.2, (0.0, 0.0, 0.0))


def _near(one: Quad, other: Quad) -> bool:
    gap = np.abs(one.mean(axis=0) - other.mean(axis=0))
    reach = np.ptp(one, axis=0) / 2 + np.ptp(other, axis=0) / 2
    return bool((gap < reach * 1.4).all())


def _body(image: Image, rng: Random, centre: tuple[float, float], across: float) -> None:
    """The end of a car around its plate: body, window, lamps, bumper, grille, badge."""
    x, y = centre
    half, paint = across * rng.uniform(1.2, 2.0), rng.choice(PAINTS)
    top, foot = y - across * rng.uniform(0.9, 2.2), y + across * rng.uniform(0.3, 0.9)
    body = [(x - half, foot), (x - half, y - across * 0.5), (x - half * 0.75, top),
            (x + half * 0.75, top), (x + half, y - across * 0.5), (x + half, foot)]  # fmt: skip
    _poly(image, body, paint)
    sill, roof = top + across * 0.5, top + across * 0.1
    glass = [(x - half * 0.65, sill), (x - half * 0.55, roof), (x + half * 0.55, roof)]
    _poly(image, [*glass, (x + half * 0.65, sill)], (60, 50, 45))
    lamp = rng.choice(((40, 40, 190), (235, 240, 240), (90, 170, 230)))
    for side in (-1, 1):
        at = round(x + side * half * 0.82), round(y - across * rng.uniform(0.15, 0.5))
        axes = max(2, round(across * 0.2)), max(2, round(across * 0.11))
        cv2.ellipse(image, at, axes, 0, 0, 360, lamp, -1, cv2.LINE_AA)
    if rng.random() < 0.5:
        for n in range(rng.randrange(2, 6)):
            level = round(y - across * (0.22 + 0.06 * n))
            ends = (round(x - across * 0.5), level), (round(x + across * 0.5), level)
            cv2.line(image, *ends, (50, 50, 50), max(1, round(across * 0.02)))
    shade = [(x - half, foot), (x - half, foot + across * 0.15), (x + half, foot + across * 0.15),
             (x + half, foot)]  # fmt: skip
    _poly(image, shade, (25, 25, 25))
    if rng.random() < 0.5:
        _letters(image, rng, (x + rng.uniform(-0.6, 0.3) * half, y - across * 0.4), across * 0.3)


def _poly(image: Image, points: Sequence[tuple[float, float]], colour: plates.Colour) -> None:
    cv2.fillPoly(
        image, [np.array(points, np.float32).round().astype(np.int32)], colour, cv2.LINE_AA
    )


def _mount(image: Image, rng: Random, quad: Quad) -> None:
    """A frame or a dark recess around the plate, or nothing."""
    if rng.random() < 0.55:
        middle = quad.mean(axis=0)
        grown = middle + (quad - middle) * rng.uniform(1.04, 1.25)
        colour = rng.choice(((25, 25, 25), (60, 60, 60), (190, 190, 190), (120, 120, 120)))
        cv2.fillConvexPoly(image, grown.round().astype(np.int32), colour, cv2.LINE_AA)


def _cover(image: Image, rng: Random, quad: Quad) -> None:
    """A tow bar, a twig or a hand's breadth of dirt over part of it."""
    at = quad[0] + (quad[2] - quad[0]) * np.array([rng.random(), rng.random()], np.float32)
    long = float(np.linalg.norm(quad[1] - quad[0])) * rng.uniform(0.05, 0.2)
    to = at + long * np.array([rng.uniform(-1, 1), rng.uniform(-1, 1)])
    colour = (rng.randrange(80),) * 3
    ends = tuple(at.round().astype(int).tolist()), tuple(to.round().astype(int).tolist())
    cv2.line(image, ends[0], ends[1], colour, max(1, round(long / 4)), cv2.LINE_AA)


def _letters(image: Image, rng: Random, at: tuple[float, float], wide: float) -> None:
    """A badge of letters on the paint: not a plate."""
    text = "".join(rng.choice(LATIN) for _ in range(rng.randrange(2, 6)))
    font = rng.choice((cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX))
    place = round(at[0]), round(at[1])
    grey = rng.choice((40, 200))
    scale = max(0.3, wide / 20 / len(text))
    cv2.putText(image, text, place, font, scale, (grey,) * 3, 1, cv2.LINE_AA)


def _badge(image: Image, rng: Random, seen: Sequence[Seen]) -> None:
    """Loose letters anywhere but on a plate."""
    high, wide = image.shape[:2]
    at = rng.uniform(0, wide), rng.uniform(0, high)
    far = (abs(at[0] - it.quad[:, 0].mean()) > 2 * np.ptp(it.quad[:, 0]) for it in seen)
    if all(far):
        _letters(image, rng, at, rng.uniform(20, 160))


def _sign(image: Image, rng: Random) -> None:
    """An advert, a shop's or a road's sign: rows of letters on a board, which is no plate."""
    high, wide = image.shape[:2]
    rows = rng.randrange(1, 4)
    ground = tuple(rng.randrange(256) for _ in range(3))
    ink = (20, 20, 20) if sum(ground) > 380 else (235, 235, 235)
    board = np.full((60 * rows, 360, 3), ground, np.uint8)
    for n in range(rows):
        text = " ".join(
            "".join(rng.choice(LATIN) for _ in range(rng.randrange(2, 8)))
            for _ in range(rng.randrange(2, 4))
        )
        face = rng.choice((cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_TRIPLEX))
        scale, x = 320 / max(cv2.getTextSize(text, face, 1, 2)[0][0], 1), 12
        cv2.putText(board, text, (x, 60 * n + 42), face, min(scale, 1.6), ink, 2, cv2.LINE_AA)
    across = rng.uniform(0.12, 0.5) * wide
    centre = rng.uniform(0.1, 0.9) * wide, rng.uniform(0.05, 0.6) * high
    lay(image, board, quad_at(centre, across, 6 / rows, lean_of(rng)))

"""What light, weather, lens and file do to a picture."""

from __future__ import annotations

from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def spoiled(image: Image, rng: Random, much: float = 1.0) -> Image:
    """A chance of each, in the order in which light meets them."""
    for chance, work in _CHANCES:
        if rng.random() < chance * much:
            image = work(image, rng)
    return image


def dirt(plate: Image, rng: Random) -> Image:
    """Mud, rust and shadow on the plate itself."""
    made = plate.astype(np.float32)
    high, wide = plate.shape[:2]
    if rng.random() < 0.5:
        made *= _slope(high, wide, rng, rng.uniform(0.35, 0.9))[:, :, None]
    for _ in range(rng.randrange(0, 4)):
        spot = np.zeros((high, wide), np.uint8)
        at = rng.randrange(wide), rng.randrange(high)
        axes = rng.randrange(3, max(4, high // 3)), rng.randrange(2, max(3, high // 6))
        cv2.ellipse(spot, at, axes, rng.randrange(180), 0, 360, rng.randrange(60, 220), -1)
        share = cv2.GaussianBlur(spot, (0, 0), rng.uniform(1, 6)).astype(np.float32)[:, :, None]
        made += (np.array([50, 70, 90], np.float32) - made) * share / 255 * rng.uniform(0.2, 0.8)
    return _whole(made)


def _slope(high: int, wide: int, rng: Random, low: float) -> NDArray[np.float32]:
    """From `low` to 1 over a soft or hard edge somewhere."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    along = (x / wide - rng.random()) * np.cos(angle) + (y / high - rng.random()) * np.sin(angle)
    edge = 1 / (1 + np.exp(-along * rng.choice((3.0, 10.0, 60.0))))
    made: NDArray[np.float32] = (low + (1 - low) * edge).astype(np.float32)
    return made


def _light(image: Image, rng: Random) -> Image:
    curve = np.linspace(0, 1, 256) ** rng.uniform(0.55, 1.8)
    gain, base = rng.uniform(0.6, 1.15), rng.uniform(0, 45)
    table = np.clip(curve * 255 * gain + base, 0, 255).astype(np.uint8)
    return cv2.LUT(image, table)  # type: ignore[return-value]


def _night(image: Image, rng: Random) -> Image:
    """Dark, with noise, and headlights that burn out what is near them."""
    dark = image.astype(np.float32) * rng.uniform(0.15, 0.5)
    high, wide = image.shape[:2]
    for _ in range(rng.randrange(0, 3)):
        dark += _glow(high, wide, rng, rng.uniform(0.03, 0.15)) * 255
    return _whole(dark)


def _glare(image: Image, rng: Random) -> Image:
    high, wide = image.shape[:2]
    return _whole(image + _glow(high, wide, rng, rng.uniform(0.15, 0.6)) * rng.uniform(60, 200))


def _glow(high: int, wide: int, rng: Random, radius: float) -> NDArray[np.float32]:
    y, x = np.ogrid[0:high, 0:wide]
    far = (x - rng.random() * wide) ** 2 + (y - rng.random() * high) ** 2
    warm = np.array([rng.uniform(0.7, 1), rng.uniform(0.85, 1), 1], np.float32)
    return np.exp(-far / (2 * (radius * wide) ** 2)).astype(np.float32)[:, :, None] * warm


def _shadow(image: Image, rng: Random) -> Image:
    high, wide = image.shape[:2]
    return _whole(image * _slope(high, wide, rng, rng.uniform(0.3, 0.8))[:, :, None])


def _rain(image: Image, rng: Random) -> Image:
    made = image.copy()
    high, wide = image.shape[:2]
    lean = rng.uniform(-0.4, 0.4)
    for _ in range(rng.randrange(20, 200)):
        x, y, long = rng.randrange(wide), rng.randrange(high), rng.randrange(5, 30)
        cv2.line(made, (x, y), (round(x + lean * long), y + long), (200, 200, 200), 1)
    return _whole(image * 0.6 + made * 0.4)


def _blur(image: Image, rng: Random) -> Image:
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.4))  # type: ignore[return-value]


def _motion(image: Image, rng: Random) -> Image:
    long = rng.randrange(3, 8)
    kernel = np.zeros((long, long), np.float32)
    angle = rng.gauss(0, 0.5)
    half = (long - 1) / 2
    step = np.cos(angle) * half, np.sin(angle) * half
    cv2.line(kernel, (round(half - step[0]), round(half - step[1])),
             (round(half + step[0]), round(half + step[1])), 1.0)  # fmt: skip
    return cv2.filter2D(image, -1, kernel / max(float(kernel.sum()), 1.0))  # type: ignore[return-value]


def _coarse(image: Image, rng: Random) -> Image:
    """A smaller camera."""
    high, wide = image.shape[:2]
    by = rng.uniform(0.45, 0.9)
    small = cv2.resize(image, (max(2, round(wide * by)), max(2, round(high * by))),
                       interpolation=cv2.INTER_AREA)  # fmt: skip
    return cv2.resize(small, (wide, high), interpolation=rng.choice((1, 2)))  # type: ignore[return-value]


def _tint(image: Image, rng: Random) -> Image:
    if rng.random() < 0.3:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]
    shift = np.array([rng.uniform(0.75, 1.25) for _ in range(3)], np.float32)
    return _whole(image * shift)


def _noise(image: Image, rng: Random) -> Image:
    made = np.random.default_rng(rng.getrandbits(32))
    grain = made.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(2, 14))
    return _whole(image + grain)


def _jpeg(image: Image, rng: Random) -> Image:
    quality = [cv2.IMWRITE_JPEG_QUALITY, rng.randrange(25, 92)]
    _, data = cv2.imencode(".jpg", image, quality)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[return-value]


def _whole(image: NDArray[np.float32]) -> Image:
    return np.clip(image, 0, 255).astype(np.uint8)


_CHANCES = (
    *((0.6, _light), (0.2, _shadow), (0.1, _night), (0.12, _glare), (0.08, _rain), (0.4, _tint)),
    *((0.3, _blur), (0.12, _motion), (0.3, _coarse), (0.3, _noise), (0.6, _jpeg)),
)

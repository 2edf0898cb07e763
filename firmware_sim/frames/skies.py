"""Light, rain, snow and the camera's own noise, as they are at one moment of a lot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import pi, sin
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_sim.drawing.plates import Image

# Hours of the day, by the lot's own clock.
SUNRISE_H, SUNSET_H = 5.6, 18.6
GLARE_H = ((6.0, 7.6), (16.8, 18.4))
NIGHT_LIGHT, LIGHT_STEPS = 0.36, 64
# Pools of noise are made once for each strength, a little larger than any frame.
POOL_PX, POOL_SPARE_PX = (1280, 960), 64
STREAKS, FLAKES = 240, 300
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]


@dataclass(frozen=True, slots=True)
class Sky:
    """`light`: of the whole scene, 1 at noon; `night`: lamps are on and the camera sees in grey by
    its own light; `rain`, `snow`, `glare`: 0 to 1; `grain`: standard deviation of the noise."""

    light: float = 1.0
    night: bool = False
    rain: float = 0.0
    snow: float = 0.0
    glare: float = 0.0
    glare_at: tuple[float, float] = (0.3, 0.2)
    grain: int = 3

    @property
    def plate_light(self) -> float:
        """Plates throw a camera's own light back: at night they are the brightest thing."""
        return min(1.0, self.light * 2.1) if self.night else self.light

    @property
    def open_s(self) -> float:
        """How long the shutter is."""
        return 0.012 if self.night else 0.006


def sky_at(hour: float, rain: float, snow: float, faces_sun: bool, cloud: float) -> Sky:
    """`hour` 0 to 24; `cloud` 0 to 1 takes light away."""
    night = not SUNRISE_H < hour < SUNSET_H
    high = 0.0 if night else sin(pi * (hour - SUNRISE_H) / (SUNSET_H - SUNRISE_H))
    light = NIGHT_LIGHT if night else 0.5 + 0.5 * high**0.5
    light = round(light * (1 - 0.25 * cloud - 0.15 * rain) * LIGHT_STEPS) / LIGHT_STEPS
    low = any(from_h < hour < to_h for from_h, to_h in GLARE_H)
    glare = (0.8 - 0.5 * cloud) * (low and faces_sun and not rain and not night)
    grain = 8 if night else 2 + round(3 * (1 - high))
    return Sky(light, night, rain, snow, glare, grain=grain)


def lit(image: Image, sky: Sky) -> Image:
    """The empty scene in this light."""
    return cv2.convertScaleAbs(image, alpha=sky.light, beta=8 if sky.night else 0)  # type: ignore[return-value]


def seen_through(image: Image, sky: Sky, rng: Random) -> Image:
    """What weather, lens and sensor make of the finished scene. Writes into `image`, too."""
    if sky.rain or sky.snow:
        image = _fallen(image, sky, rng)
    if sky.glare:
        image = _glared(image, sky)
    if sky.night:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        image = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)  # type: ignore[assignment]
    return _grained(image, sky, rng)


def jpeg(image: Image) -> bytes:
    done, data = cv2.imencode(".jpg", image, QUALITY)
    assert done
    return data.tobytes()


def decoded(data: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def _fallen(image: Image, sky: Sky, rng: Random) -> Image:
    high, wide = image.shape[:2]
    veil, lean = image.copy(), rng.uniform(-0.3, 0.3)
    for _ in range(round(STREAKS * sky.rain)):
        x, y, long = rng.randrange(wide), rng.randrange(high), rng.randrange(6, 26)
        cv2.line(veil, (x, y), (round(x + lean * long), y + long), (205, 205, 205), 1)
    for _ in range(round(FLAKES * sky.snow)):
        cv2.circle(veil, (rng.randrange(wide), rng.randrange(high)), rng.randrange(1, 3),
                   (240, 240, 240), -1)  # fmt: skip
    fog = 0.2 * max(sky.rain, sky.snow)
    mixed = cv2.addWeighted(image, 0.6 - fog, veil, 0.4, 140 * fog)
    soft = 0.75 * sky.rain
    return cv2.GaussianBlur(mixed, (0, 0), soft) if soft > 0.25 else mixed  # type: ignore[return-value]


def _glared(image: Image, sky: Sky) -> Image:
    glow = _glow((image.shape[1], image.shape[0]), sky.glare_at)
    return cv2.addWeighted(image, 1.0 - 0.25 * sky.glare, glow, 0.85 * sky.glare, 0)  # type: ignore[return-value]


@cache
def _glow(size: tuple[int, int], at: tuple[float, float]) -> Image:
    wide, high = size
    y, x = np.ogrid[0:high, 0:wide]
    far = (x - at[0] * wide) ** 2 + (y - at[1] * high) ** 2
    spot = np.exp(-far / (2 * (0.22 * wide) ** 2)) + 0.2
    glow: Image = np.clip(spot[:, :, None] * np.array([190, 225, 240]), 0, 255).astype(np.uint8)
    return glow


def _grained(image: Image, sky: Sky, rng: Random) -> Image:
    pool = _pool(sky.grain)
    high, wide = image.shape[:2]
    y = rng.randrange(pool.shape[0] - high + 1)
    x = rng.randrange(pool.shape[1] - wide + 1)
    return cv2.add(image, pool[y : y + high, x : x + wide], dtype=cv2.CV_8U)  # type: ignore[return-value]


@cache
def _pool(grain: int) -> NDArray[np.int16]:
    wide, high = (side + POOL_SPARE_PX for side in POOL_PX)
    made = np.random.default_rng(grain)
    return (made.standard_normal((high, wide, 3), np.float32) * grain).astype(np.int16)

"""A flat picture laid into a scene by perspective."""

from __future__ import annotations

from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Quad = NDArray[np.float32]
"""(4, 2): x, y of the corners in pixels, from top left clockwise as the plate is read."""


def quad_at(
    centre: tuple[float, float], width: float, aspect: float, lean: tuple[float, float, float]
) -> Quad:
    """A plate `width` pixels wide; `lean`: turned in the picture, about its upright and about its
    level axis, in radians.

    The camera is as far away as three plates are wide: more would leave no perspective to learn.
    """
    roll, yaw, pitch = lean
    half = np.array([[-0.5, -0.5 / aspect], [0.5, -0.5 / aspect]], np.float32)
    corners = np.vstack([half, -half])
    depth = np.sin(yaw) * corners[:, 0] + np.sin(pitch) * corners[:, 1]
    scale = 3.0 / (3.0 + depth)
    flat = corners * np.array([np.cos(yaw), np.cos(pitch)], np.float32) * scale[:, None]
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]], np.float32)
    made: Quad = (flat @ turn * width + np.array(centre, np.float32)).astype(np.float32)
    return made


def lean_of(rng: Random, most: float = 1.0) -> tuple[float, float, float]:
    """As cars stand before cameras: mostly nearly straight, sometimes far from it."""
    wide = most if rng.random() < 0.4 else 0.3 * most
    return rng.gauss(0, 0.09) * wide, rng.gauss(0, 0.45) * wide, rng.gauss(0, 0.25) * wide


def lay(into: Image, flat: Image, quad: Quad, alpha: float = 1.0) -> None:
    """Writes `flat` into the picture, no finer than it appears there."""
    low = np.floor(quad.min(axis=0)).astype(int) - 1
    high = np.ceil(quad.max(axis=0)).astype(int) + 2
    low, high = np.maximum(low, 0), np.minimum(high, np.array(into.shape[1::-1]))
    if (high - low < 2).any():
        return
    wide = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    tall = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    size = max(4, min(flat.shape[1], round(wide))), max(4, min(flat.shape[0], round(tall)))
    small = cv2.resize(flat, size, interpolation=cv2.INTER_AREA)
    corners = np.array(
        [[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32
    ) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(corners, quad - low.astype(np.float32) - 0.5)
    room = int(high[0] - low[0]), int(high[1] - low[1])
    warped = cv2.warpPerspective(small, matrix, room, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros((room[1], room[0]), np.uint8)
    points = np.round((quad - low) * 16).astype(np.int32)
    cv2.fillConvexPoly(mask, points, 255, cv2.LINE_AA, shift=4)
    share = mask[:, :, None].astype(np.float32) * (alpha / 255)
    part = into[low[1] : high[1], low[0] : high[0]]
    part[:] = (part * (1 - share) + warped * share).astype(np.uint8)


def cut(image: Image, quad: Quad, size: tuple[int, int]) -> Image:
    """The plate straight from the front, `size` = (width, height)."""
    wide, tall = size
    corners = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32) - np.float32(0.5), corners)
    flags = cv2.INTER_LINEAR
    return cv2.warpPerspective(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[return-value]

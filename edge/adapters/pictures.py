"""A picture for the plates' pipeline, from a file, from bytes, or as a camera gave it.

Whatever comes in: a picture, or why not. Memory is bounded by the header, read before decoding.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import numpy as np

from edge.adapters.camera_devices import MOST_PICTURE_BYTES
from edge.adapters.picture_headers import Header, header_of
from edge.adapters.picture_refusals import Refused
from edge.adapters.plate_models import opencv
from edge.plate_ports import Image

LEAST_SIDE_PX = 16
# What is kept of a picture: 38 MB. Larger ones are decoded at a half, a quarter or an eighth.
KEPT_PIXELS = 4096 * 3072
PARTS = (1, 2, 4, 8)
# All but plain JPEGs are unpacked whole before they are made smaller.
MOST_WHOLE_PIXELS = 24_000_000
MOST_PIXELS = KEPT_PIXELS * PARTS[-1] ** 2 // 2
# A thousandth of the pixels may be lamps at night, or shadows at noon.
BLACK_LEVEL, WHITE_LEVEL, FLAT_LEVELS = 20, 235, 3
SHARE_PERCENT = 0.1
SAMPLES_A_SIDE = 256


def read_picture(path: Path) -> Image | Refused:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return Refused("picture_unreadable")
        if found.st_size > MOST_PICTURE_BYTES:
            return Refused("picture_heavy")
        with path.open("rb") as file:
            return picture_of(file.read(MOST_PICTURE_BYTES))
    except FileNotFoundError:
        return Refused("picture_missing")
    except (OSError, ValueError):
        # ValueError: a path with a null byte.
        return Refused("picture_unreadable")


def picture_of(data: bytes) -> Image | Refused:
    """Upright as its EXIF says; of an animation the first picture; 8 bits, without alpha."""
    header = header_of(data)
    if header is None:
        return Refused("picture_none")
    if min(header.width_px, header.height_px) < LEAST_SIDE_PX:
        return Refused("picture_tiny")
    if header.pixels > (MOST_PIXELS if header.by_rows else MOST_WHOLE_PIXELS):
        return Refused("picture_huge")
    image = _decoded(data, header)
    if image is None:
        return Refused("picture_torn")
    return fault_of(image) or image


def fault_of(image: Any) -> Refused | None:
    """Of any frame: whether it can show a plate at all. About 1 ms."""
    if not _is_frame(image):
        return Refused("picture_torn")
    if min(image.shape[:2]) < LEAST_SIDE_PX:
        return Refused("picture_tiny")
    rows, columns = (max(1, side // SAMPLES_A_SIDE) for side in image.shape[:2])
    levels = image[::rows, ::columns].max(axis=2)
    low, high = np.percentile(levels, (SHARE_PERCENT, 100 - SHARE_PERCENT))
    if high < BLACK_LEVEL:
        return Refused("picture_black")
    if low > WHITE_LEVEL:
        return Refused("picture_blown_out")
    return Refused("picture_flat") if high - low < FLAT_LEVELS else None


def _is_frame(image: Any) -> bool:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        return False
    return image.ndim == 3 and image.shape[2] == 3 and image.size > 0


def _decoded(data: bytes, header: Header) -> Any:
    cv2 = opencv()
    part = next((part for part in PARTS if header.pixels // part**2 <= KEPT_PIXELS), PARTS[-1])
    flags = {
        1: cv2.IMREAD_COLOR,
        2: cv2.IMREAD_REDUCED_COLOR_2,
        4: cv2.IMREAD_REDUCED_COLOR_4,
        8: cv2.IMREAD_REDUCED_COLOR_8,
    }
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags[part])
    except cv2.error:
        return None

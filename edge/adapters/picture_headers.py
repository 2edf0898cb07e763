"""The size of a picture from its first bytes, before anything is decoded.

A file of some kilobytes may unpack to gigabytes; what its header says is what a decoder allocates.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from struct import unpack_from

# Markers of a JPEG that stand alone; those that begin a frame (without DHT, JPG and DAC).
BARE = {0x01, *range(0xD0, 0xD8)}
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
MOST_SEGMENTS = 1_000
MOST_TIFF_TAGS = 200
TIFF_WIDTH, TIFF_HEIGHT = 256, 257
TIFF_SHORT = 3


@dataclass(frozen=True, slots=True)
class Header:
    """`by_rows`: decoded row by row, so that a part of its size costs a part of the memory."""

    kind: str
    width_px: int
    height_px: int
    by_rows: bool = False

    @property
    def pixels(self) -> int:
        return self.width_px * self.height_px


def header_of(data: bytes) -> Header | None:
    """None for what is no picture, or whose header is not whole."""
    reads = next((reads for begins, reads in KINDS if data.startswith(begins)), None)
    try:
        return reads(data) if reads else None
    except (struct.error, IndexError):
        return None


def _jpeg(data: bytes) -> Header | None:
    place = 2
    for _ in range(MOST_SEGMENTS):
        while data[place] == 0xFF and data[place + 1] == 0xFF:  # fill bytes
            place += 1
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker in FRAMES:
            height_px, width_px = unpack_from(">HH", data, place + 5)
            return Header("jpeg", width_px, height_px, marker not in PROGRESSIVE)
        if marker in (START_OF_SCAN, END_OF_IMAGE):
            return None
        place += 2 if marker in BARE else 2 + unpack_from(">H", data, place + 2)[0]
    return None


def _png(data: bytes) -> Header | None:
    if data[12:16] != b"IHDR":
        return None
    width_px, height_px = unpack_from(">II", data, 16)
    return Header("png", width_px, height_px)


def _gif(data: bytes) -> Header:
    width_px, height_px = unpack_from("<HH", data, 6)
    return Header("gif", width_px, height_px)


def _bmp(data: bytes) -> Header:
    """The height is negative where the first row is the top one."""
    if unpack_from("<I", data, 14)[0] == 12:
        width_px, height_px = unpack_from("<HH", data, 18)
    else:
        width_px, height_px = unpack_from("<ii", data, 18)
    return Header("bmp", abs(width_px), abs(height_px))


def _webp(data: bytes) -> Header | None:
    form = data[12:16]
    if data[8:12] != b"WEBP":
        return None
    if form == b"VP8X":
        width_px, height_px = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif form == b"VP8L":
        bits = unpack_from("<I", data, 21)[0]
        width_px, height_px = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif form == b"VP8 ":
        width_px, height_px = (side & 0x3FFF for side in unpack_from("<HH", data, 26))
    else:
        return None
    return Header("webp", width_px, height_px)


def _tiff(data: bytes) -> Header | None:
    """Its first directory alone: that is the one that is decoded."""
    order = "<" if data.startswith(b"II") else ">"
    place = unpack_from(f"{order}I", data, 4)[0]
    count = min(unpack_from(f"{order}H", data, place)[0], MOST_TIFF_TAGS)
    sides: dict[int, int] = {}
    for at in range(place + 2, place + 2 + 12 * count, 12):
        tag, kind = unpack_from(f"{order}HH", data, at)
        if tag in (TIFF_WIDTH, TIFF_HEIGHT):
            form = f"{order}H" if kind == TIFF_SHORT else f"{order}I"
            # Of a tag that comes twice a decoder may take either.
            sides[tag] = max(sides.get(tag, 0), unpack_from(form, data, at + 8)[0])
    if len(sides) < 2:
        return None
    return Header("tiff", sides[TIFF_WIDTH], sides[TIFF_HEIGHT])


KINDS: tuple[tuple[bytes, Callable[[bytes], Header | None]], ...] = (
    (b"\xff\xd8\xff", _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
)

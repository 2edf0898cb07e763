"""The simulated lot that the detector is tested with: `make(level, seed, spaces, hours)`.

levels (how much of everything) -> chance, visiting, driving (what happens) -> world (what
happened) -> echoes, fields (what sensors make of it) -> channels, lot (the readings) and truth.
"""

from __future__ import annotations

from dataclasses import replace

from firmware_sim.lot.chance import draw_world
from firmware_sim.lot.levels import LEVELS, Level
from firmware_sim.lot.lot import Lot

__all__ = ["LEVELS", "Level", "Lot", "make"]


def make(
    level: str | Level,
    seed: int,
    spaces: int = 3,
    hours: float = 24.0,
    stays_per_day: float | None = None,
    plate_share: float | None = None,
) -> Lot:
    """`stays_per_day` of one space and `plate_share` (of stays whose plate a camera reads) stand
    for the level's. ValueError of an unknown level."""
    if isinstance(level, str):
        if level not in LEVELS:
            raise ValueError(f"unknown level {level!r}: write one of {', '.join(LEVELS)}")
        level = LEVELS[level]
    if stays_per_day is not None:
        level = replace(level, stays=stays_per_day)
    if plate_share is not None:
        level = replace(level, plate_share=plate_share)
    names = tuple(f"S{number}" for number in range(1, spaces + 1))
    return Lot(draw_world(level, seed, names, hours * 3600.0), seed)

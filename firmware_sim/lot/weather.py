"""The air of the lot."""

from __future__ import annotations

import numpy as np

from firmware_sim.lot.physics import DAY_S, Array
from firmware_sim.lot.world import World

WARMEST_PART = 0.375  # of the day, after the trace's start


class Air:
    def __init__(self, world: World) -> None:
        self._mean_c, self._swing_c = world.air_c, world.air_swing_c

    def celsius(self, at_s: Array) -> Array:
        turn = 2 * np.pi * (at_s / DAY_S - WARMEST_PART + 0.25)
        return np.asarray(self._mean_c + self._swing_c * np.sin(turn))

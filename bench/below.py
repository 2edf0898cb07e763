"""How much faster than life the unmodified drivers run on simulated pins and registers."""

from __future__ import annotations

import time
from itertools import pairwise

from bench.rows import Row, result
from edge.core.chips import ChipKind
from firmware_sim.below import below

SECONDS, WANTED = 1800.0, 1000.0
PAIRS: tuple[tuple[ChipKind, str], ...] = (
    ("qmc5883l", "hc-sr04"),
    ("hmc5883l", "jsn-sr04t"),
    ("qmc5883p", "a02yyuw"),
)


def rows() -> list[Row]:
    """The slowest pair of 2 Hz pings and a 10 Hz magnetometer; processor time."""
    slowest = min(_times_life(chip, ultrasonic) for chip, ultrasonic in PAIRS)
    wanted = ("what is wanted", WANTED)
    return [result("sensing.below_times_life", slowest, "x", wanted, digits=0)]


def _times_life(chip: ChipKind, ultrasonic: str) -> float:
    one = below(lambda _: 1.1, lambda _: (30.0, 5.0, 40.0), lambda _: 18.0, chip, ultrasonic)
    begun_s = time.process_time()
    times_ns = [reading.mono_ns for reading in one.readings(SECONDS)]
    assert len(times_ns) > 11 * SECONDS and all(a <= b for a, b in pairwise(times_ns))
    return SECONDS / (time.process_time() - begun_s)

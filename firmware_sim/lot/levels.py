"""How much of everything happens on a simulated lot, level by level.

`easy`: hardly anything goes wrong. `normal`: a well-mounted lot on an ordinary city day. `hard`:
everything, often. `held-out`: normal with metal plates, which no other level has; nobody tunes on
them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Level:
    """Rates are per space and day, those of the lane, the weather and the gateway per day;
    shares are of all stays, passes or sensors; `*_most` bounds what is drawn."""

    stays: float
    pause_share: float
    creep_share: float
    repark_share: float
    swap_share: float
    pause_out_share: float
    brief_share: float
    weak_share: float
    slant_share: float
    loading_share: float
    turns: float
    pause_most_s: float
    repark_most_s: float
    passes: float
    pass_stop_share: float
    truck_share: float
    motorbike_share: float
    corner_motorbikes: float
    walkers: float
    standers: float
    stand_most_s: float
    trolleys: float
    trolley_most_s: float
    trams: float
    tram_most_ut: float
    drift_most_ut: float
    rains: float
    rain_most: float
    snows: float
    dropouts: float
    dropout_most_s: float
    stuck: float
    noisy: float
    stalls: float
    late_lines: float
    noise_most_ut: float
    jitter_most_m: float
    lost_most: float
    ghost_most: float
    wide_share: float
    raw_hold_share: float
    plate_share: float
    plate_wrong_share: float
    metal_plates: float


TABLE = {
    # the cars               easy  normal    hard
    "stays": (12, 12, 16),
    "pause_share": (0, 0.10, 0.25),
    "creep_share": (0, 0.08, 0.20),
    "repark_share": (0, 0.05, 0.15),
    "swap_share": (0, 0.02, 0.10),
    "pause_out_share": (0, 0.06, 0.20),
    "brief_share": (0, 0.03, 0.10),
    "weak_share": (0, 0.04, 0.13),
    "slant_share": (0, 0.04, 0.12),
    "loading_share": (0, 0.10, 0.25),
    "turns": (0, 0.1, 1.5),
    "pause_most_s": (0, 12, 25),
    "repark_most_s": (0, 4, 10),
    # the lane               easy  normal    hard
    "passes": (60, 400, 1200),
    "pass_stop_share": (0, 0.02, 0.06),
    "truck_share": (0, 0.03, 0.08),
    "motorbike_share": (0, 0.12, 0.15),
    "corner_motorbikes": (0, 0.2, 1.5),
    # people and things      easy  normal    hard
    "walkers": (2, 20, 60),
    "standers": (0, 2, 10),
    "stand_most_s": (0, 45, 90),
    "trolleys": (0, 0.1, 1.0),
    "trolley_most_s": (0, 900, 3600),
    # the field and the air  easy  normal    hard
    "trams": (0, 40, 150),
    "tram_most_ut": (0, 1.5, 4.0),
    "drift_most_ut": (1.0, 3.0, 6.0),
    "rains": (0, 0.7, 2.0),
    "rain_most": (0, 0.4, 1.0),
    "snows": (0, 0, 0.2),
    # sensors and gateway    easy  normal    hard
    "dropouts": (0, 0.3, 2.0),
    "dropout_most_s": (0, 120, 1200),
    "stuck": (0, 0.02, 0.4),
    "noisy": (0, 0.1, 1.0),
    "stalls": (0, 0.3, 3.0),
    "late_lines": (0, 0.3, 3.0),
    "noise_most_ut": (0.25, 0.35, 0.50),
    "jitter_most_m": (0.006, 0.010, 0.015),
    "lost_most": (0.01, 0.03, 0.05),
    "ghost_most": (0.0005, 0.002, 0.005),
    "wide_share": (0, 0.10, 0.30),
    "raw_hold_share": (0, 0.3, 0.4),
    "plate_share": (0.9, 0.7, 0.5),
    "plate_wrong_share": (0, 0.05, 0.15),
    # kept out of all tuning easy  normal    hard
    "metal_plates": (0, 0, 0),
}
METAL_PLATES = 2.0

EASY, NORMAL, HARD = (Level(**{name: row[i] for name, row in TABLE.items()}) for i in range(3))
LEVELS = {
    "easy": EASY,
    "normal": NORMAL,
    "hard": HARD,
    "held-out": replace(NORMAL, metal_plates=METAL_PLATES),
}

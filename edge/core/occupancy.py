"""The occupancy of one space: a table, and the hysteresis that feeds it.

Signals: `car` and `empty` are what the sensors agree on, `doubt` is silence or a lasting conflict.
A pair that is not in the table changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Occupancy: TypeAlias = Literal["free", "occupied", "unknown"]
ChangeKind: TypeAlias = Literal["arrival", "departure", "unknown", "known"]
Signal: TypeAlias = Literal["car", "empty", "doubt"]
# `unknown` remembers what was known last: a car found after a blind hour over a free space
# did arrive, a car found where one stood is the same stay.
Standing: TypeAlias = Literal[
    "free", "occupied", "unknown", "unknown_was_free", "unknown_was_occupied"
]

TABLE: dict[tuple[Standing, Signal], tuple[Standing, ChangeKind]] = {
    ("free", "car"): ("occupied", "arrival"),
    ("free", "doubt"): ("unknown_was_free", "unknown"),
    ("occupied", "empty"): ("free", "departure"),
    ("occupied", "doubt"): ("unknown_was_occupied", "unknown"),
    ("unknown", "car"): ("occupied", "known"),
    ("unknown", "empty"): ("free", "known"),
    ("unknown_was_free", "car"): ("occupied", "arrival"),
    ("unknown_was_free", "empty"): ("free", "known"),
    ("unknown_was_occupied", "car"): ("occupied", "known"),
    ("unknown_was_occupied", "empty"): ("free", "departure"),
}


def occupancy_of(standing: Standing) -> Occupancy:
    return standing if standing in ("free", "occupied") else "unknown"


@dataclass(frozen=True, slots=True)
class Levels:
    """Of the empty space, as `berth-edge calibrate` found them; None is learned by itself."""

    empty_m: float | None = None
    empty_ut: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """Asymmetric on purpose: a car must settle to arrive, and must be clearly gone to leave.

    Two sensors that agree need less time than one alone (docs/decisions/0009).
    """

    # Nearer than this is something; with a known floor or wall, nearer than that by `clear_m`.
    near_m: float = 2.0
    nearest_limit_m: float = 0.5
    farthest_limit_m: float = 3.0
    clear_m: float = 0.35
    level_tolerance_m: float = 0.08
    share_of_two: float = 0.5
    share_at_clutter: float = 0.75
    share_alone: float = 0.8
    # The least tolerance of a still field, and the changes that mean a car.
    still_ut: float = 0.8
    weak_ut: float = 0.9
    on_ut: float = 1.7
    # Enough even where the echo sways, or did not begin with the field's move.
    sure_ut: float = 5.0
    coincide_s: float = 8.0
    # Cars on both sides together can reach 3 uT; the field alone cannot tell.
    alone_on_ut: float = 4.0
    # So far off with nothing near is a car that the echo does not see, or iron: unknown.
    strange_ut: float = 8.0
    # A car at rest gives echoes as steady as this in the mean; a person sways.
    rigid_m: float = 0.02
    displaced_m: float = 0.3
    leaving_s: float = 4.0
    arrive_s: float = 6.0
    arrive_latest_s: float = 7.5
    arrive_odd_s: float = 20.0
    busy_passes: float = 6.0
    patience_gain_s: float = 1.5
    patience_loss_s: float = 0.5
    weak_arrive_s: float = 14.0
    weak_within_s: float = 25.0
    leave_s: float = 2.0
    leave_sure_s: float = 1.0
    leave_young_s: float = 11.0
    # A person or a bicycle can stand still for half a minute; the echo alone cannot tell.
    echo_alone_arrive_s: float = 45.0
    echo_alone_leave_s: float = 8.0
    field_s: float = 2.0
    field_alone_s: float = 6.0
    cold_s: float = 6.0
    silent_s: float = 20.0
    disagree_s: float = 180.0
    rebaseline_s: float = 14_400.0
    drift_s: float = 600.0
    follow_s: float = 60.0
    chance: float = 1e-3
    evidence_s: float = 20.0
    settle_s: float = 2.0

    def near_limit_m(self, empty_m: float | None) -> float:
        if empty_m is None:
            return self.near_m
        return min(max(empty_m - self.clear_m, self.nearest_limit_m), self.farthest_limit_m)

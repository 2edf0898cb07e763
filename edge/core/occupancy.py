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
class DetectorSettings:
    """Asymmetric on purpose: a car must settle to arrive, and must be clearly gone to leave.

    Two sensors that agree need less time than one alone.
    """

    near_m: float = 2.0
    far_m: float = 2.4
    level_tolerance_m: float = 0.08
    share: float = 0.8
    # A slanted bonnet loses every other echo; with the field beside it half of them will do.
    share_of_two: float = 0.5
    on_ut: float = 3.0
    # Cars on both sides together can reach 3 uT; the field alone cannot tell.
    alone_on_ut: float = 4.0
    off_ut: float = 1.5
    still_ut: float = 1.2
    level_tolerance_ut: float = 1.5
    arrive_s: float = 4.0
    leave_s: float = 3.0
    # A person or a bicycle can stand still for half a minute; the echo alone cannot tell.
    echo_alone_arrive_s: float = 45.0
    echo_alone_leave_s: float = 8.0
    field_s: float = 3.0
    field_alone_s: float = 6.0
    silent_s: float = 20.0
    disagree_s: float = 120.0
    rebaseline_s: float = 1800.0
    evidence_s: float = 20.0
    settle_s: float = 1.0

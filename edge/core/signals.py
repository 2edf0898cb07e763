"""What a space shows to people: one table from what is known to lamps, buzzer, lock and barrier.

Whatever is not known for sure leaves the way open: a car is never locked in, and a driver never
waits before a lock because a cable is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from edge.core.occupancy import Occupancy

Light: TypeAlias = Literal["off", "on", "slow", "fast"]
"""`slow` and `fast` blink, so that no state is told by colour alone."""
Shown: TypeAlias = Literal["free", "expected", "occupied", "unexpected", "unlinked", "unknown"]


@dataclass(frozen=True, slots=True)
class Look:
    """`buzzes`: a short signal, once. Without power everything is off and open."""

    green: Light = "off"
    red: Light = "off"
    buzzes: bool = False
    lock_closed: bool = False
    barrier_closed: bool = False


DARK = Look()
"""When the gateway does not run, or does not know yet."""

LOOKS: dict[Shown, Look] = {
    "free": Look(green="on", lock_closed=True, barrier_closed=True),
    "expected": Look(green="slow"),
    "occupied": Look(red="on"),
    "unexpected": Look(red="fast", buzzes=True),
    "unlinked": Look(green="on", red="slow"),
    "unknown": Look(red="slow"),
}

# (occupancy, somebody holds a grant for now, the cloud is heard). A grant that is stored counts
# without the cloud; that there is none does not, as a new one may not have come through.
_TABLE: dict[tuple[Occupancy, bool, bool], Shown] = {
    ("free", False, True): "free",
    ("free", False, False): "unlinked",
    ("free", True, True): "expected",
    ("free", True, False): "expected",
    ("occupied", False, True): "unexpected",
    ("occupied", False, False): "occupied",
    ("occupied", True, True): "occupied",
    ("occupied", True, False): "occupied",
    ("unknown", False, True): "unknown",
    ("unknown", False, False): "unknown",
    ("unknown", True, True): "unknown",
    ("unknown", True, False): "unknown",
}


def shown(occupancy: Occupancy, granted: bool, linked: bool) -> Shown:
    return _TABLE[occupancy, granted, linked]

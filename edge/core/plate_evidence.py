"""Which stays' frames are kept for a dispute, and for how long. Others are dropped once read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from contracts.wire.messages import Match

MOST_FRAMES = 2
When: TypeAlias = Literal["always", "if_expected", "never"]
# Whoever was taken for his booking has nothing to dispute about who came. A doubtful plate goes to
# a person; and a driver who was expected may say that he did come.
KEEP: Mapping[Match, When] = {
    "accepted": "never",
    "ambiguous": "always",
    "other": "if_expected",
    "none": "if_expected",
}


@dataclass(frozen=True, slots=True)
class EvidenceLimits:
    days: int = 7
    stays: int = 20


@dataclass(frozen=True, slots=True)
class Held:
    """One sealed file. `name` begins with its time, so that names sort by age."""

    name: str
    at: datetime


def disputable(match: Match, expected: bool) -> bool:
    """`expected`: somebody had a grant for the space then."""
    when = KEEP[match]
    return when == "always" or (when == "if_expected" and expected)


def to_erase(held: Sequence[Held], now: datetime, limits: EvidenceLimits) -> list[str]:
    """What is too old, and the oldest of too many. One dated in the future is of a wrong clock, and
    counts as old once it has been there among too many."""
    oldest = now - timedelta(days=limits.days)
    newest_first = sorted(held, key=lambda one: (one.at, one.name), reverse=True)
    return [
        one.name
        for place, one in enumerate(newest_first)
        if one.at < oldest or place >= limits.stays
    ]

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
    """One sealed file. `undated`: its time is of a clock that nobody had set."""

    name: str
    at: datetime
    undated: bool = False


def disputable(match: Match, expected: bool) -> bool:
    """`expected`: somebody had a grant for the space then."""
    when = KEEP[match]
    return when == "always" or (when == "if_expected" and expected)


def too_many(held: Sequence[Held], now: datetime, most: int) -> list[str]:
    """The oldest of too many. One dated in the future is of a wrong clock, and goes before all
    others: it would hold its place for years."""
    newest_first = sorted(held, key=lambda one: (one.at <= now, one.at, one.name), reverse=True)
    return [one.name for one in newest_first[max(most, 0) :]]


def too_old(held: Sequence[Held], now: datetime, limits: EvidenceLimits) -> list[str]:
    """`now` of a set clock only; what is to be dated anew has no age yet."""
    oldest = now - timedelta(days=limits.days)
    return [one.name for one in held if one.at < oldest and not misdated(one, now)]


def misdated(one: Held, now: datetime) -> bool:
    """`now` of a set clock: its days are counted from now on."""
    return one.undated or one.at > now

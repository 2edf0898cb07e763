"""How far an account can be relied upon: 100 less what went wrong, which fades with time.

Every part of it is told with its reason. A doubtful plate is nobody's fault and is no part of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["driver", "owner"]
FULL = 100.0
DAY_MS = 86_400_000
# Below this the operator is told; nothing happens by itself.
LOW = 50.0
# What has faded to less than this is told no more.
LEAST = 0.05


@dataclass(frozen=True, slots=True)
class Kind:
    """`points` on the day it happened; half of them after `half_life_days`."""

    role: Role
    points: float
    half_life_days: int
    sentence_en: str
    sentence_zh: str


KINDS: Mapping[str, Kind] = {
    "no_show": Kind("driver", 10, 90, "Did not come and did not cancel.", "未到场且未取消。"),
    "overstay": Kind("driver", 8, 90, "Stayed past the grace.", "超过宽限时间仍未驶离。"),
    "overstay_met_next": Kind(
        "driver", 15, 120, "Stayed while the next driver came.", "超时占用并影响下一位车主。"
    ),
    "false_dispute": Kind(
        "driver",
        8,
        180,
        "A person decided against a dispute of theirs.",
        "所提争议经人工裁定不成立。",
    ),
    "took_back": Kind("owner", 12, 120, "Took a booked space back.", "收回了已被预订的车位。"),
    "dispute_lost": Kind(
        "owner",
        15,
        180,
        "A person decided a dispute for the driver.",
        "争议经人工裁定支持车主一方。",
    ),
}


@dataclass(frozen=True, slots=True)
class Happened:
    """`appealed`: an appeal against it was upheld; it stays on record and weighs nothing."""

    number: int
    code: str
    at_ms: int
    appealed: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    number: int
    code: str
    points: float
    sentence_en: str
    sentence_zh: str


@dataclass(frozen=True, slots=True)
class Score:
    value: float
    reasons: tuple[Reason, ...]

    @property
    def low(self) -> bool:
        return self.value < LOW


def score(happened: Iterable[Happened], now_ms: int) -> Score:
    """The heaviest reason first. What is not yet, or of no known kind, weighs nothing."""
    reasons = [_reason(one, now_ms) for one in happened if one.code in KINDS and not one.appealed]
    felt = sorted((one for one in reasons if one.points >= LEAST), key=_order)
    value = max(0.0, FULL - sum(one.points for one in felt))
    return Score(round(value, 1), tuple(felt))


def points(code: str, age_ms: int) -> float:
    kind = KINDS[code]
    if age_ms < 0:
        return 0.0
    return float(kind.points * 0.5 ** (age_ms / (kind.half_life_days * DAY_MS)))


def _reason(one: Happened, now_ms: int) -> Reason:
    kind = KINDS[one.code]
    weight = round(points(one.code, now_ms - one.at_ms), 2)
    return Reason(one.number, one.code, weight, kind.sentence_en, kind.sentence_zh)


def _order(reason: Reason) -> tuple[float, int]:
    return -reason.points, reason.number

"""The parts of a score: each 0..1, with a sentence that says why, and a weight that is data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cloud.core.search_wish import WALK_LIMIT_M, Candidate, Wish, covering, entrance_m, walk_m
from contracts.ledger.pricing import Line, Tariff, Terms

WEIGHTS: Mapping[str, float] = {
    "walk": 0.3,
    "entrance": 0.1,
    "price": 0.3,
    "fit": 0.1,
    "certainty": 0.1,
    "owner": 0.1,
}
NAMES: Mapping[str, tuple[str, str]] = {
    "walk": ("Way", "距离"),
    "entrance": ("Way from the entrance", "距入口"),
    "price": ("Price", "价格"),
    "fit": ("Fit of the window", "时段契合度"),
    "certainty": ("Sensor", "传感器"),
    "owner": ("Owner", "车位主"),
}
# What is believed of somebody of whom nothing is known, and how many cases that is worth.
PRIOR, PRIOR_CASES = 0.9, 10
# An alarm of the last weeks counts as if so many days had gone wrong.
ALARM_DAYS = 2


@dataclass(frozen=True, slots=True)
class Sensing:
    """Of a space in the last weeks. `days` it was watched, `alarms` that were raised about it."""

    days: int
    alarms: int


@dataclass(frozen=True, slots=True)
class Record:
    """Bookings of a space in the last months: those its owner kept, and those taken back."""

    kept: int
    broken: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of spaces beside their offers. Whatever is missing is neutral."""

    sensing: Mapping[str, Sensing] = field(default_factory=dict)
    owners: Mapping[str, Record] = field(default_factory=dict)


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Why:
    """One part of one score; `value` is rounded as it is told."""

    part: str
    value: float
    weight: float
    sentence_en: str
    sentence_zh: str


@dataclass(frozen=True, slots=True)
class Field:
    """Of all that are compared: how many, and the dearest price of them."""

    many: int
    dearest_minor: int


@dataclass(frozen=True, slots=True)
class Case:
    wish: Wish
    candidate: Candidate
    price_minor: int
    field: Field
    known: Known


Told = tuple[float, str, str]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`parts` are 0..1 each; `score` is their weighted sum; `why` says each part in a sentence.

    `tariff` and `terms`: what would be agreed, as the driver sees it before confirming.
    """

    space: str
    offer: str
    score: float
    parts: dict[str, float]
    walk_m: int
    lines: tuple[Line, ...]
    quoted_minor: int
    tariff: Tariff
    terms: Terms
    why: tuple[Why, ...] = ()

    @property
    def currency(self) -> str:
        return self.tariff.currency


def explained(case: Case) -> tuple[Why, ...]:
    return tuple(_why(part, case) for part in WEIGHTS)


def score(why: tuple[Why, ...]) -> float:
    return round(sum(one.weight * one.value for one in why), 4)


def likely(good: float, bad: float) -> float:
    """Share of good cases, from what is believed at first and what was seen since."""
    return (good + PRIOR * PRIOR_CASES) / (good + bad + PRIOR_CASES)


def _why(part: str, case: Case) -> Why:
    value, en, zh = PARTS[part](case)
    return Why(part, round(min(max(value, 0.0), 1.0), 4), WEIGHTS[part], en, zh)


def _walk(case: Case) -> Told:
    metres = walk_m(case.wish, *case.candidate.place)
    return (
        1 - metres / WALK_LIMIT_M,
        f"About {round(metres)} m on foot.",
        f"步行约 {round(metres)} 米。",
    )


def _entrance(case: Case) -> Told:
    metres = entrance_m(case.wish, *case.candidate.place)
    value = 1 - metres / WALK_LIMIT_M
    if case.wish.entrance is None:
        return value, "No entrance was named: counted as the way.", "未指定入口，按步行距离计。"
    return (
        value,
        f"About {round(metres)} m from the entrance you named.",
        f"距您指定的入口约 {round(metres)} 米。",
    )


def _price(case: Case) -> Told:
    dearest, many = case.field.dearest_minor, case.field.many
    if not dearest:
        return 1.0, "Costs nothing for the time asked for.", "该时段免费。"
    percent = round(100 * case.price_minor / dearest)
    return (
        1 - case.price_minor / dearest,
        f"{percent} % of the dearest of the {many} compared, for the time asked for.",
        f"该时段价格为所比较的 {many} 个车位中最高价的 {percent}%。",
    )


def _fit(case: Case) -> Told:
    """1 if the request fills the offered window: short requests leave long windows whole."""
    asked = case.wish.window
    window = covering(case.candidate.windows, asked)
    whole = window.ends_at - window.starts_at if window else None
    share = (asked.ends_at - asked.starts_at) / whole if whole else 0.0
    return (
        share,
        f"Takes {round(100 * share)} % of the offered window.",
        f"占开放时段的 {round(100 * share)}%。",
    )


def _certainty(case: Case) -> Told:
    """What the sensors say now, times how far they could be relied upon."""
    free = case.candidate.occupancy == "free"
    now_en, now_zh = ("free now", "目前空闲") if free else ("occupied now", "目前占用")
    seen = case.known.sensing.get(case.candidate.space)
    share = 1.0 if free else 0.5
    if seen is None:
        return (
            share * PRIOR,
            f"Its sensors say: {now_en}. No history of them yet: counted as usual.",
            f"传感器显示{now_zh}。尚无历史记录，按一般情况计。",
        )
    since_en, since_zh = _watched(seen.days)
    return (
        share * likely(seen.days, ALARM_DAYS * seen.alarms),
        f"Its sensors say: {now_en}. Alarms {since_en}: {seen.alarms}.",
        f"传感器显示{now_zh}。{since_zh}告警 {seen.alarms} 次。",
    )


def _watched(days: int) -> tuple[str, str]:
    """In both languages: no number of days where it was watched for none in full."""
    if days == 0:
        return "since it was first offered, less than a day ago", "首次开放（不足一天）以来"
    return ("on the last day" if days == 1 else f"in the last {days} days"), f"近 {days} 天"


def _owner(case: Case) -> Told:
    record = case.known.owners.get(case.candidate.space)
    if record is None or record.kept + record.broken == 0:
        return (
            PRIOR,
            "No bookings here yet: the owner is counted as usual.",
            "该车位尚无预订记录，按一般情况计。",
        )
    return (
        likely(record.kept, record.broken),
        f"Bookings here that the owner kept: {record.kept}; took back: {record.broken}.",
        f"车位主在此履约 {record.kept} 次，收回 {record.broken} 次。",
    )


PARTS: Mapping[str, Callable[[Case], Told]] = {
    "walk": _walk,
    "entrance": _entrance,
    "price": _price,
    "fit": _fit,
    "certainty": _certainty,
    "owner": _owner,
}

"""Prices and what was agreed beside them.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import Literal, NotRequired, TypedDict

__all__ = [
    "Line",
    "Rate",
    "Stretch",
    "Tariff",
    "Terms",
    "Tier",
]


class Line(TypedDict):
    code: Literal[
        "parking", "free", "day_cap", "cap", "minimum", "overstay", "booking_fee", "tax", "rounding"
    ]
    billed_s: int
    per_hour_minor: int
    amount_minor: int
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]
    included_minor: NotRequired[int]


class Rate(TypedDict):
    after_s: int
    per_hour_minor: int


class Terms(TypedDict):
    early_start_s: NotRequired[int]
    no_show_timeout_s: NotRequired[int]
    grace_s: NotRequired[int]
    no_show_fee_minor: NotRequired[int]
    late_stop_s: NotRequired[int]
    cancel_until_s: NotRequired[int]
    cancel_fee_minor: NotRequired[int]
    change_until_s: NotRequired[int]
    min_s: NotRequired[int]
    max_s: NotRequired[int]


class Tier(TypedDict):
    from_s: int
    per_hour_minor: int


class Stretch(TypedDict):
    starts_at: str
    ends_at: str
    rates: list[Rate]
    day: NotRequired[int]


class Tariff(TypedDict):
    id: str
    version: int
    currency: str
    per_hour_minor: int
    step_s: NotRequired[int]
    free_s: NotRequired[int]
    cap_minor: NotRequired[int | None]
    overstay_percent: NotRequired[int]
    timetable: NotRequired[list[Stretch]]
    day_cap_minor: NotRequired[int | None]
    minimum_minor: NotRequired[int]
    booking_fee_minor: NotRequired[int]
    overstay_tiers: NotRequired[list[Tier]]
    round_to_minor: NotRequired[int]
    rounding: NotRequired[Literal["down", "nearest", "up"]]
    tax_bps: NotRequired[int]
    tax: NotRequired[Literal["included", "added"]]

"""What the API is asked with.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import Literal, NotRequired, TypedDict

from cloud.client.shapes_price import Tier

__all__ = [
    "AskedVehicle",
    "Compensation",
    "Element",
    "Exceptional",
    "Hours",
    "NewContact",
    "NewDispute",
    "Notice",
    "OfferedLimits",
    "Price",
    "Repeated",
    "Schedule",
    "WayIn",
    "Weekly",
    "Window",
]


class AskedVehicle(TypedDict):
    height_cm: NotRequired[int | None]
    width_cm: NotRequired[int | None]
    length_cm: NotRequired[int | None]
    weight_kg: NotRequired[int | None]
    plug: NotRequired[
        Literal[
            "", "schuko", "type1", "type2", "ccs1", "ccs2", "chademo", "nacs", "gbt_ac", "gbt_dc"
        ]
    ]


class Element(TypedDict):
    per_hour_minor: int
    days: NotRequired[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]]
    day_type: NotRequired[Literal["any", "workday", "holiday"]]
    from_min: NotRequired[int]
    to_min: NotRequired[int]
    after_s: NotRequired[int]


class Hours(TypedDict):
    from_min: int
    to_min: int


class NewContact(TypedDict):
    channel: Literal["log", "email", "webhook", "apprise"]
    address: NotRequired[str]
    language: NotRequired[Literal["en", "zh"]]
    secret: NotRequired[str]
    password: NotRequired[str]


class NewDispute(TypedDict):
    stay: int
    about: Literal[
        "space_taken",
        "not_my_car",
        "left_earlier",
        "came_later",
        "wrong_price",
        "broken_evidence",
        "overstay_unconfirmed",
        "damage",
        "other",
    ]
    text: NotRequired[str]


class Notice(TypedDict):
    from_s: int
    percent: int


class OfferedLimits(TypedDict):
    max_height_cm: NotRequired[int | None]
    max_width_cm: NotRequired[int | None]
    max_length_cm: NotRequired[int | None]
    max_weight_kg: NotRequired[int | None]
    plug: NotRequired[
        Literal[
            "", "schuko", "type1", "type2", "ccs1", "ccs2", "chademo", "nacs", "gbt_ac", "gbt_dc"
        ]
    ]
    charging_only: NotRequired[bool]


class Repeated(TypedDict):
    from_min: int
    to_min: int
    rrule: str
    since: str
    holidays: NotRequired[Literal["as_usual", "closed", "only"]]


class WayIn(TypedDict):
    lat: float
    lon: float


class Weekly(TypedDict):
    from_min: int
    to_min: int
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    holidays: NotRequired[Literal["as_usual", "closed", "only"]]


class Window(TypedDict):
    starts_at: str
    ends_at: str


class Compensation(TypedDict):
    version: NotRequired[int]
    notices: list[Notice]
    standing_percent: NotRequired[int]
    minimum_minor: NotRequired[int]


class Exceptional(TypedDict):
    first: str
    last: str
    hours: NotRequired[list[Hours]]


class Price(TypedDict):
    currency: NotRequired[str]
    per_hour_minor: int
    elements: NotRequired[list[Element]]
    holidays: NotRequired[list[str]]
    workdays: NotRequired[list[str]]
    step_s: NotRequired[int]
    free_s: NotRequired[int]
    cap_minor: NotRequired[int | None]
    day_cap_minor: NotRequired[int | None]
    minimum_minor: NotRequired[int]
    booking_fee_minor: NotRequired[int]
    overstay_percent: NotRequired[int]
    overstay_tiers: NotRequired[list[Tier]]
    round_to_minor: NotRequired[int]
    rounding: NotRequired[Literal["down", "nearest", "up"]]
    tax_bps: NotRequired[int]
    tax: NotRequired[Literal["included", "added"]]


class Schedule(TypedDict):
    weekly: NotRequired[list[Weekly]]
    rules: NotRequired[list[Repeated]]
    exceptions: NotRequired[list[Exceptional]]
    one_off: NotRequired[list[Window]]
    valid_from: NotRequired[str | None]
    valid_until: NotRequired[str | None]

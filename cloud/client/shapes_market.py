"""Search, spaces, lots and papers.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import Any, NotRequired, TypedDict

from cloud.client.shapes_agreed import CompensationShape, PlaceShown, ToldShape
from cloud.client.shapes_price import Line, Tariff, Terms
from cloud.client.shapes_said import ReasonShape

__all__ = [
    "CalendarShape",
    "ClosurePlanShape",
    "ClosureShape",
    "ContactShape",
    "Counted",
    "DocumentShape",
    "EarlierShape",
    "ExcludedShape",
    "MovedShape",
    "NoticeShape",
    "PlatesShape",
    "ProposalShape",
    "ProposalsShape",
    "Recommendations",
    "Recommended",
    "ReviewShape",
    "StandbyShape",
    "TakingBackMade",
    "TakingBackPlan",
    "WhyShape",
    "ZoneShape",
]


class CalendarShape(TypedDict):
    lot: str
    country: str
    subdivision: str
    extra: list[str]
    workdays: list[str]


class ClosureShape(TypedDict):
    id: str
    space: str
    starts_at: str
    ends_at: str
    why: str
    lifted: bool


class ContactShape(TypedDict):
    channel: str
    address: str
    language: str


class Counted(TypedDict):
    count: int
    reason: ReasonShape


class DocumentShape(TypedDict):
    id: str
    space: str
    kind: str
    state: str
    reason: str
    sha256: str
    bytes: int
    media: str
    valid_until: str | None
    erased: bool
    submitted_at: str


class EarlierShape(TypedDict):
    number: int
    kind: str
    state: str
    reason: str
    decided_by: str


class ExcludedShape(TypedDict):
    space: str
    reason: ReasonShape


class MovedShape(TypedDict):
    booking: NotRequired[str | None]
    starts_at: str
    ends_at: str
    quoted_minor: int
    compensation_minor: int
    extra_minor: int
    currency: str
    standing: bool
    outcome: str


class NoticeShape(TypedDict):
    id: int
    code: str
    subject: str
    body: str
    state: str
    at: str


class PlatesShape(TypedDict):
    space: str
    plates: list[str]


class ProposalShape(TypedDict):
    space: str | None
    walk_m: int
    reason: ReasonShape | None


class StandbyShape(TypedDict):
    space: str
    on: bool


class TakingBackMade(TypedDict):
    id: str
    space: str
    standby: str | None
    compensation_minor: int


class WhyShape(TypedDict):
    part: str
    value: float
    weight: float
    sentence_en: str
    sentence_zh: str


class ZoneShape(TypedDict):
    lot: str
    tz: str


class ClosurePlanShape(TypedDict):
    token: str
    cost_minor: int
    bookings: list[MovedShape]


class ProposalsShape(TypedDict):
    proposals: list[ProposalShape]
    walk_m: int


class Recommended(TypedDict):
    space: str
    offer: str
    score: float
    parts: dict[str, Any]
    why: list[WhyShape]
    place: PlaceShown
    walk_m: int
    lines: list[Line]
    quoted_minor: int
    currency: str
    tariff: Tariff
    terms: Terms
    compensation: CompensationShape
    cancel_free_until: str
    told: ToldShape
    rules: ToldShape


class ReviewShape(TypedDict):
    number: int
    kind: str
    about: str
    space: str
    owner: int
    owner_name: str
    state: str
    reason: str
    decided_by: str
    opened_at: str
    facts: dict[str, Any]
    title: dict[str, Any] | None
    documents: list[DocumentShape]
    earlier: list[EarlierShape]
    claim: NotRequired[Any]
    registration: NotRequired[str | None]
    doubts: NotRequired[list[ReasonShape]]


class TakingBackPlan(TypedDict):
    token: str
    standing: str
    free_at: str | None
    causer: str
    standby: str | None
    compensation_minor: int
    cost_minor: int
    bookings: list[MovedShape]


class Recommendations(TypedDict):
    hints: list[ReasonShape]
    recommendations: list[Recommended]
    excluded: list[ExcludedShape]
    counts: list[Counted]
    compared: int

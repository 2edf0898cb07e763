"""What the API answers with about search, spaces, lots and papers."""

from typing import Any

from pydantic import BaseModel

from cloud.entrypoints.http.api_shapes import (
    CompensationShape,
    Moment,
    PlaceShown,
    ReasonShape,
    ToldShape,
)
from contracts.ledger.pricing import Line, Tariff, Terms


class WhyShape(BaseModel):
    part: str
    value: float
    weight: float
    sentence_en: str
    sentence_zh: str


class Recommended(BaseModel):
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
    cancel_free_until: Moment
    told: ToldShape
    rules: ToldShape


class ExcludedShape(BaseModel):
    space: str
    reason: ReasonShape


class Counted(BaseModel):
    count: int
    reason: ReasonShape


class Recommendations(BaseModel):
    hints: list[ReasonShape]
    recommendations: list[Recommended]
    excluded: list[ExcludedShape]
    counts: list[Counted]
    compared: int


class ProposalShape(BaseModel):
    space: str | None
    walk_m: int
    reason: ReasonShape | None


class ProposalsShape(BaseModel):
    proposals: list[ProposalShape]
    walk_m: int


class PlatesShape(BaseModel):
    space: str
    plates: list[str]


class MovedShape(BaseModel):
    """A booking in the way, and what becomes of it. `booking`: for the operator only."""

    booking: str | None = None
    starts_at: Moment
    ends_at: Moment
    quoted_minor: int
    compensation_minor: int
    extra_minor: int
    currency: str
    standing: bool
    outcome: str


class TakingBackPlan(BaseModel):
    token: str
    standing: str
    free_at: Moment | None
    causer: str
    standby: str | None
    compensation_minor: int
    cost_minor: int
    bookings: list[MovedShape]


class TakingBackMade(BaseModel):
    id: str
    space: str
    standby: str | None
    compensation_minor: int


class ClosurePlanShape(BaseModel):
    token: str
    cost_minor: int
    bookings: list[MovedShape]


class ClosureShape(BaseModel):
    id: str
    space: str
    starts_at: Moment
    ends_at: Moment
    why: str
    lifted: bool


class CalendarShape(BaseModel):
    lot: str
    country: str
    subdivision: str
    extra: list[str]
    workdays: list[str]


class ZoneShape(BaseModel):
    lot: str
    tz: str


class StandbyShape(BaseModel):
    space: str
    on: bool


class DocumentShape(BaseModel):
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
    submitted_at: Moment


class NoticeShape(BaseModel):
    id: int
    code: str
    subject: str
    body: str
    state: str
    at: Moment


class ContactShape(BaseModel):
    channel: str
    address: str
    language: str


class EarlierShape(BaseModel):
    number: int
    kind: str
    state: str
    reason: str
    decided_by: str


class ReviewShape(BaseModel):
    number: int
    kind: str
    about: str
    space: str
    owner: int
    owner_name: str
    state: str
    reason: str
    decided_by: str
    opened_at: Moment
    facts: dict[str, Any]
    title: dict[str, Any] | None
    documents: list[DocumentShape]
    earlier: list[EarlierShape]
    claim: Any = None
    registration: str | None = None
    doubts: list[ReasonShape] = []

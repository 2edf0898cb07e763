"""What the API answers with, for its description: the values themselves come from views.py."""

from typing import Any, Literal

from pydantic import BaseModel

from cloud.core.booking import State
from contracts.ledger.pricing import Line, Tariff, Terms

Moment = str
Chain = Literal["waiting", "queued", "signed", "sent", "mined", "final", "failed", "refused"]


class ReasonShape(BaseModel):
    code: str
    sentence_en: str
    sentence_zh: str
    remedy_en: str
    remedy_zh: str


class Problem(BaseModel):
    """RFC 9457, with our code, its sentence and remedy, and every reason in two languages."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    sentence: str
    remedy: str
    reasons: list[ReasonShape]


class AccountMade(BaseModel):
    number: int
    role: str
    key: str | None


class AccountShape(BaseModel):
    number: int
    name: str
    role: str


class Available(BaseModel):
    available_minor: int


class Balance(BaseModel):
    available_minor: int
    held_minor: int


class GatewayMade(BaseModel):
    id: str
    signer: str


class Call(BaseModel):
    id: str
    status: str
    transaction: str | None
    block: int | None
    reason: str


class Calls(BaseModel):
    calls: list[Call]


class StayOfLot(BaseModel):
    stay: int
    space: str
    state: str
    booking: str | None
    arrived_at: Moment | None
    departed_at: Moment | None


class CreditMade(BaseModel):
    credit: int
    stay: int
    amount_minor: int


class FiledShape(BaseModel):
    """A settlement that is none of a stay."""

    number: int
    stay: int
    amount_minor: int
    paid_minor: int | None
    reason: str
    at: Moment
    batch: int | None
    chain: str
    block: int | None
    transaction: str | None


class CreditShape(FiledShape):
    booking: str
    credit_of: int


class ChargeShape(FiledShape):
    booking: str | None
    code: str
    payer: int
    payee: int
    currency: str
    adds_to: int | None


class RegistrationShape(BaseModel):
    id: str
    space: str
    status: str
    reasons: list[ReasonShape]
    doubts: list[ReasonShape]
    decision: str


class OfferMade(BaseModel):
    id: str
    space: str


class OfferShape(BaseModel):
    id: str
    space: str
    status: str
    version: int
    schedule: Any
    tariff: Any
    terms: Any
    limits: Any
    name_shown: bool


class BookingMade(BaseModel):
    id: str
    state: State


class BookingRow(BaseModel):
    id: str
    space: str
    state: State
    starts_at: Moment
    ends_at: Moment
    quoted_minor: int


class Step(BaseModel):
    step: str
    done: bool
    at: Moment | None
    moved_from: str | None


class StayOfBooking(BaseModel):
    number: int
    state: str
    arrived_at: Moment | None
    departed_at: Moment | None


class SettlementShape(BaseModel):
    stay: int
    lines: list[Line]
    certain_s: int
    amount_minor: int
    paid: bool
    batch: int | None
    chain: str
    block: int | None
    receipt: bool


class ToldShape(BaseModel):
    """A sentence for each line or rule, in both languages."""

    en: list[str]
    zh: list[str]


class NoticeOwed(BaseModel):
    from_s: int
    percent: int


class CompensationShape(BaseModel):
    version: int
    notices: list[NoticeOwed]
    standing_percent: int
    minimum_minor: int


class PlaceShown(BaseModel):
    lat: float
    lon: float
    exact: bool
    radius_m: int
    lot: str | None
    lot_name: str | None


class PlaceBooked(PlaceShown):
    geo: str | None


class BookingShape(BaseModel):
    id: str
    lot: str
    space: str
    plate: str
    state: State
    starts_at: Moment
    ends_at: Moment
    currency: str
    quoted_minor: int
    place: PlaceBooked | None
    tariff: Tariff
    terms: Terms
    compensation: CompensationShape
    told: ToldShape
    grant: str
    steps: list[Step]
    stay: StayOfBooking | None
    settlement: SettlementShape | None
    credits: list[CreditShape]
    charges: list[ChargeShape]


class TitleProofShape(BaseModel):
    """A title's leaf with its path to the root that is on the chain."""

    space: str
    digest: str
    siblings: list[str]
    root: str
    version: int


class Quote(BaseModel):
    lines: list[Line]
    quoted_minor: int


class InTheWayShape(BaseModel):
    starts_at: Moment
    ends_at: Moment
    quoted_minor: int
    compensation_minor: int
    currency: str
    standing: bool


class Cost(BaseModel):
    token: str
    bookings: int
    standing: int
    compensation_minor: int
    in_the_way: list[InTheWayShape]


class Decided(BaseModel):
    number: int
    state: str


class Helped(BaseModel):
    dispute: str
    booking: str
    space: str | None
    seen: str

"""What the API answers with.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import Any, Literal, TypedDict

from cloud.client.shapes_agreed import CompensationShape, ToldShape
from cloud.client.shapes_paid import ChargeShape, CreditShape
from cloud.client.shapes_price import Line, Tariff, Terms
from cloud.client.shapes_said import ReasonShape

__all__ = [
    "AccountMade",
    "AccountShape",
    "AlarmShape",
    "Available",
    "Balance",
    "BookingMade",
    "BookingRow",
    "BookingShape",
    "Call",
    "Calls",
    "Cost",
    "Decided",
    "GatewayMade",
    "GatewayShape",
    "Helped",
    "InTheWayShape",
    "KindShape",
    "LotRow",
    "LotShape",
    "OfferMade",
    "OfferShape",
    "OutOfOrder",
    "PlaceBooked",
    "Problem",
    "Quote",
    "RegistrationShape",
    "SettlementShape",
    "SpaceShape",
    "StayOfBooking",
    "StayOfLot",
    "Step",
]


class AccountMade(TypedDict):
    number: int
    role: str
    key: str | None


class AccountShape(TypedDict):
    number: int
    name: str
    role: str


class AlarmShape(TypedDict):
    id: str
    code: str
    space: str | None
    sentence: str
    at: str | None
    title_en: str
    title_zh: str
    remedy_en: str
    remedy_zh: str


class Available(TypedDict):
    available_minor: int


class Balance(TypedDict):
    available_minor: int
    held_minor: int


class BookingMade(TypedDict):
    id: str
    state: Literal["confirmed", "granted", "active", "completed", "settled", "cancelled", "no_show"]


class BookingRow(TypedDict):
    id: str
    space: str
    state: Literal["confirmed", "granted", "active", "completed", "settled", "cancelled", "no_show"]
    starts_at: str
    ends_at: str
    quoted_minor: int


class Call(TypedDict):
    id: str
    status: str
    transaction: str | None
    block: int | None
    reason: str


class Decided(TypedDict):
    number: int
    state: str


class GatewayMade(TypedDict):
    id: str
    signer: str


class GatewayShape(TypedDict):
    id: str
    online: bool
    seen_at: str | None
    epoch: int
    seq: int


class Helped(TypedDict):
    dispute: str
    booking: str
    space: str | None
    seen: str


class InTheWayShape(TypedDict):
    starts_at: str
    ends_at: str
    quoted_minor: int
    compensation_minor: int
    currency: str
    standing: bool


class KindShape(TypedDict):
    kind: str
    in_force: bool
    sentence_en: str
    sentence_zh: str
    remedy_en: str
    remedy_zh: str


class LotRow(TypedDict):
    id: str
    name: str
    tz: str


class OfferMade(TypedDict):
    id: str
    space: str


class OfferShape(TypedDict):
    id: str
    space: str
    status: str
    version: int
    schedule: Any
    tariff: Any
    terms: Any
    limits: Any
    name_shown: bool


class OutOfOrder(TypedDict):
    space: str
    since: str


class PlaceBooked(TypedDict):
    lat: float
    lon: float
    exact: bool
    radius_m: int
    lot: str | None
    lot_name: str | None
    geo: str | None


class Problem(TypedDict):
    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    sentence: str
    remedy: str
    reasons: list[ReasonShape]


class Quote(TypedDict):
    lines: list[Line]
    quoted_minor: int


class RegistrationShape(TypedDict):
    id: str
    space: str
    status: str
    reasons: list[ReasonShape]
    doubts: list[ReasonShape]
    decision: str


class SettlementShape(TypedDict):
    stay: int
    lines: list[Line]
    certain_s: int
    amount_minor: int
    paid: bool
    batch: int | None
    chain: str
    block: int | None
    receipt: bool


class SpaceShape(TypedDict):
    id: str
    number: int
    x_m: float
    y_m: float
    state: Literal["free", "occupied", "unknown", "unwatched", "held", "closed", "owner"]
    since: str | None
    shared: bool


class StayOfBooking(TypedDict):
    number: int
    state: str
    arrived_at: str | None
    departed_at: str | None


class StayOfLot(TypedDict):
    stay: int
    space: str
    state: str
    booking: str | None
    arrived_at: str | None
    departed_at: str | None


class Step(TypedDict):
    step: str
    done: bool
    at: str | None
    moved_from: str | None


class BookingShape(TypedDict):
    id: str
    lot: str
    space: str
    plate: str
    state: Literal["confirmed", "granted", "active", "completed", "settled", "cancelled", "no_show"]
    starts_at: str
    ends_at: str
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


class Calls(TypedDict):
    calls: list[Call]


class Cost(TypedDict):
    token: str
    bookings: int
    standing: int
    compensation_minor: int
    in_the_way: list[InTheWayShape]


class LotShape(TypedDict):
    id: str
    name: str
    tz: str
    now: str
    spaces: list[SpaceShape]
    gateways: list[GatewayShape]
    out_of_order: list[OutOfOrder]

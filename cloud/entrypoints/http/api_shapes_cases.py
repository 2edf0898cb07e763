"""What the API answers with about disputes, trust, titles and the audit log."""

from typing import Any

from pydantic import BaseModel

from cloud.entrypoints.http.api_shapes import Moment
from contracts.ledger.pricing import Line


class DisputeShape(BaseModel):
    id: str
    stay: int | None
    role: str
    about: str
    text: str
    state: str
    verdict: str | None
    reason: str
    amount_minor: int
    credit: int | None
    charge: int | None
    opened_at: Moment
    decided_at: Moment | None


class EvidenceShape(BaseModel):
    """A bundle that can be checked without us, as `berth-evidence` version 1."""

    format: str
    version: int
    domain: dict[str, Any] | None
    stay: dict[str, Any]
    gateway: dict[str, Any]
    events: list[dict[str, Any]]
    plates: list[dict[str, Any]]
    expected: list[dict[str, Any]]
    erased_at: Moment | None
    booking: dict[str, Any] | None
    tariff: dict[str, Any] | None
    history: Any
    fees: list[dict[str, Any]]
    overstay_asked_at: Moment | None
    settlement: dict[str, Any] | None
    lines: list[dict[str, Any]] | None
    credits: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    receipt: dict[str, Any] | None


class ReplayShape(BaseModel):
    assumption: str
    at: Moment | None
    booking: str | None
    sentence_en: str
    sentence_zh: str
    billed: list[list[Moment]]
    lines: list[Line]
    total_minor: int
    settled_minor: int
    difference_minor: int


class AssignedShape(BaseModel):
    stay: int
    space: str
    booking: str | None


class AlarmSeenShape(BaseModel):
    alarm: str
    acknowledged_at: Moment


class TrustShape(BaseModel):
    account: int
    score: float
    of: float
    reasons: list[dict[str, Any]]


class AppealShape(BaseModel):
    event: int
    account: int
    text: str
    state: str
    reason: str


class TitleVersionShape(BaseModel):
    version: int
    kind: str
    count: int
    root: str
    added: int
    removed: int
    transferred: int
    changed: int
    reason: str
    imported_at: Moment
    publication: str | None


class FieldChangeShape(BaseModel):
    name: str
    before: str
    after: str


class DifferenceShape(BaseModel):
    space: str
    kind: str
    fields: list[FieldChangeShape]


class TitlesMade(BaseModel):
    version: int
    count: int
    root: str


class AuditShape(BaseModel):
    seq: int
    at: Moment
    who: str
    what: str
    about: str
    detail: dict[str, Any]
    hash: str

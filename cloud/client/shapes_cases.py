"""Disputes, trust, titles and the log.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import Any, TypedDict

from cloud.client.shapes_price import Line

__all__ = [
    "AlarmSeenShape",
    "AppealShape",
    "AssignedShape",
    "AuditShape",
    "DifferenceShape",
    "DisputeShape",
    "EvidenceShape",
    "FieldChangeShape",
    "ReplayShape",
    "TitleVersionShape",
    "TitlesMade",
    "TrustShape",
]


class AlarmSeenShape(TypedDict):
    alarm: str
    acknowledged_at: str


class AppealShape(TypedDict):
    event: int
    account: int
    text: str
    state: str
    reason: str


class AssignedShape(TypedDict):
    stay: int
    space: str
    booking: str | None


class AuditShape(TypedDict):
    seq: int
    at: str
    who: str
    what: str
    about: str
    detail: dict[str, Any]
    hash: str


class DisputeShape(TypedDict):
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
    opened_at: str
    decided_at: str | None


class EvidenceShape(TypedDict):
    format: str
    version: int
    domain: dict[str, Any] | None
    stay: dict[str, Any]
    gateway: dict[str, Any]
    events: list[dict[str, Any]]
    plates: list[dict[str, Any]]
    expected: list[dict[str, Any]]
    erased_at: str | None
    booking: dict[str, Any] | None
    tariff: dict[str, Any] | None
    history: Any
    fees: list[dict[str, Any]]
    overstay_asked_at: str | None
    settlement: dict[str, Any] | None
    lines: list[dict[str, Any]] | None
    credits: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    receipt: dict[str, Any] | None


class FieldChangeShape(TypedDict):
    name: str
    before: str
    after: str


class ReplayShape(TypedDict):
    assumption: str
    at: str | None
    booking: str | None
    sentence_en: str
    sentence_zh: str
    billed: list[list[str]]
    lines: list[Line]
    total_minor: int
    settled_minor: int
    difference_minor: int


class TitleVersionShape(TypedDict):
    version: int
    kind: str
    count: int
    root: str
    added: int
    removed: int
    transferred: int
    changed: int
    reason: str
    imported_at: str
    publication: str | None


class TitlesMade(TypedDict):
    version: int
    count: int
    root: str


class TrustShape(TypedDict):
    account: int
    score: float
    of: float
    reasons: list[dict[str, Any]]


class DifferenceShape(TypedDict):
    space: str
    kind: str
    fields: list[FieldChangeShape]

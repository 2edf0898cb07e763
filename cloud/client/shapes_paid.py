"""Credits and charges.

Written from the description by `python -m tests.http.rewrite`, not by hand.
"""

from typing import TypedDict

__all__ = [
    "ChargeShape",
    "CreditMade",
    "CreditShape",
]


class ChargeShape(TypedDict):
    number: int
    stay: int
    amount_minor: int
    paid_minor: int | None
    reason: str
    at: str
    batch: int | None
    chain: str
    block: int | None
    transaction: str | None
    booking: str | None
    code: str
    payer: int
    payee: int
    currency: str
    adds_to: int | None


class CreditMade(TypedDict):
    credit: int
    stay: int
    amount_minor: int


class CreditShape(TypedDict):
    number: int
    stay: int
    amount_minor: int
    paid_minor: int | None
    reason: str
    at: str
    batch: int | None
    chain: str
    block: int | None
    transaction: str | None
    booking: str
    credit_of: int

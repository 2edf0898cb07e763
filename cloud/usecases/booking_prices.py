"""Whether what the driver agreed to is still the price, and the driver has it: else, how much."""

from cloud.core.compensation import said
from cloud.core.reasons import Refusal, refuse_told


def unpaid(
    price_minor: int, agreed_minor: int | None, available_minor: int, currency: str
) -> Refusal | None:
    """`agreed_minor`: None where nobody was asked. `available_minor`: with what is held for it."""
    if agreed_minor not in (None, price_minor):
        return refuse_told("price_changed", price=said(price_minor, currency))
    missing_minor = price_minor - available_minor
    if missing_minor > 0:
        return refuse_told("balance", missing=said(missing_minor, currency))
    return None

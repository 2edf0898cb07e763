"""An offer's price as data, and as it is frozen for the window of one booking."""

from contracts.ledger.pricing import Tariff, Terms, Window


def frozen(text: str, terms: Terms, window: Window, tz: str) -> Tariff:
    """`text`: the offer's column; `tz`: the lot's, in which days and hours of a price are meant."""
    return Tariff.model_validate_json(text)

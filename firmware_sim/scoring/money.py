"""What a stay costs under the plain tariff, by the product's own arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from contracts.ledger.pricing import Tariff, Terms, Window, price, total
from contracts.wire.types import EPOCH

PLAIN = Tariff(id="plain", version=1, currency="CNY", per_hour_minor=600)
"""6.00 an hour in whole minutes; nothing free, no cap."""
# Walk-ins have no booked end: nothing is overstay.
_WINDOW = Window(starts_at=EPOCH, ends_at=datetime(2199, 12, 31, tzinfo=UTC))

Span = tuple[int, int]
"""From and until, in mono_ns."""


def price_minor(spans: Iterable[Span]) -> int:
    billed = [(_at(begin_ns), _at(end_ns)) for begin_ns, end_ns in spans if end_ns > begin_ns]
    return total(price(PLAIN, Terms(), _WINDOW, billed))


def _at(mono_ns: int) -> datetime:
    return EPOCH + timedelta(microseconds=mono_ns // 1000)

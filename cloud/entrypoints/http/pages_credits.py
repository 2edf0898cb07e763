"""Credits of a booking for people: how much went back, why, and where that is filed."""

from typing import Any

from cloud.entrypoints.http.pages_driver import filed
from cloud.entrypoints.http.pages_speech import Speech

View = dict[str, Any]


def shown(credits: list[View], currency: str, s: Speech) -> list[View]:
    return [_shown(credit, currency, s) for credit in credits]


def _shown(credit: View, currency: str, s: Speech) -> View:
    paid_minor = credit["paid_minor"]
    short = paid_minor is not None and paid_minor < credit["amount_minor"]
    return {
        "number": credit["number"],
        "booking": credit["booking"],
        "stay": credit["stay"],
        "amount": s.money(credit["amount_minor"], currency),
        "at": s.moment(credit["at"]),
        "reason": credit["reason"],
        "short": s.t("credit.short", paid=s.money(paid_minor, currency)) if short else None,
        "filed": filed(credit, s),
        "transaction": credit["transaction"],
    }

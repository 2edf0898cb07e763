"""Credits and charges of a booking for people: how much, why, and where that is filed."""

from typing import Any

from cloud.entrypoints.http.pages_driver import filed
from cloud.entrypoints.http.pages_speech import Speech

View = dict[str, Any]


def shown(credits: list[View], currency: str, s: Speech) -> list[View]:
    return [
        _shown(one, currency, s) | {"short": _credit_short(one, currency, s)} for one in credits
    ]


def charged(charges: list[View], s: Speech) -> list[View]:
    return [
        _shown(one, one["currency"], s) | {"code": one["code"], "short": _charge_short(one, s)}
        for one in charges
    ]


def _shown(one: View, currency: str, s: Speech) -> View:
    return {
        "number": one["number"],
        "booking": one["booking"],
        "stay": one["stay"],
        "amount": s.money(one["amount_minor"], currency),
        "at": s.moment(one["at"]),
        "reason": one["reason"],
        "filed": filed(one, s),
        "transaction": one["transaction"],
    }


def _credit_short(one: View, currency: str, s: Speech) -> str | None:
    return s.t("credit.short", paid=s.money(one["paid_minor"], currency)) if _short(one) else None


def _charge_short(one: View, s: Speech) -> str | None:
    paid = s.money(one["paid_minor"] or 0, one["currency"])
    return s.t("charge.short", paid=paid) if _short(one) else None


def _short(one: View) -> bool:
    return one["paid_minor"] is not None and bool(one["paid_minor"] < one["amount_minor"])

"""What the driver's page says beyond the plain view: rules in words, where the booking stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cloud.core.compensation import Compensation
from cloud.entrypoints.http import pages_bill
from cloud.entrypoints.http.pages_speech import Speech
from cloud.usecases.views import ENDED
from contracts.ledger.pricing import Tariff, Terms, Window, price, total
from contracts.wire.types import format_instant, parse_instant

View = dict[str, Any]
# While these hold, a car past the end is told what it will cost.
STANDING = "active"


@dataclass(frozen=True, slots=True)
class Rules:
    """All that a booking binds its driver to, agreed or about to be."""

    tariff: Tariff
    terms: Terms
    window: Window
    due: Compensation


def rules(view: View, s: Speech) -> list[str]:
    """Of a booking, as its file has them."""
    agreed = Rules(
        Tariff.model_validate(view["tariff"]),
        Terms.model_validate(view["terms"]),
        window_of(view),
        Compensation.model_validate(view["compensation"], strict=False),
    )
    return rules_told(agreed, s)


def window_of(view: View) -> Window:
    return Window(
        starts_at=parse_instant(view["starts_at"]), ends_at=parse_instant(view["ends_at"])
    )


def free_until(terms: Terms, window: Window) -> datetime:
    """Cancelling costs nothing before it; where it never costs, until the booking is let go."""
    if terms.cancel_fee_minor and terms.cancel_until_s:
        return window.starts_at - timedelta(seconds=terms.cancel_until_s)
    return window.starts_at + timedelta(seconds=terms.no_show_timeout_s)


def rules_told(agreed: Rules, s: Speech) -> list[str]:
    """Tariff, terms and compensation, a sentence each, and none for what does not apply."""
    tariff, terms = agreed.tariff, agreed.terms
    return [
        *pages_bill.rules(tariff, s),
        s.t("rules.grace", grace=s.duration(terms.forgiven_s)),
        *pages_bill.late_rules(tariff, s),
        s.t("rules.early", early=s.duration(terms.early_start_s)),
        s.t("rules.noshow", wait=s.duration(terms.no_show_timeout_s)),
        *pages_bill.fee_rules(terms, tariff.currency, s),
        _cancelling(agreed, s),
        *_owed(agreed.due, tariff.currency, s),
    ]


def _cancelling(agreed: Rules, s: Speech) -> str:
    if agreed.terms.cancel_fee_minor and agreed.terms.cancel_until_s:
        until = format_instant(free_until(agreed.terms, agreed.window))
        return s.t("rules.cancel.until", at=s.moment(until))
    return s.t("rules.cancel.free")


def _owed(due: Compensation, currency: str, s: Speech) -> list[str]:
    """What the driver gets whose booking the owner or the operator takes away."""
    least = s.money(due.minimum_minor, currency)
    told = []
    for notice, longer in zip(due.notices, (*due.notices[1:], None)):
        if notice.percent:
            key = "rules.owed.less" if longer else "rules.owed"
            before = s.duration(longer.from_s if longer else notice.from_s)
            told.append(s.t(key, before=before, percent=notice.percent, least=least))
    if due.standing_percent:
        told.append(s.t("rules.owed.standing", percent=due.standing_percent, least=least))
    return told


def steps(view: View) -> list[View]:
    """Done, next and later; of a cancelled or released booking only what happened."""
    waiting = True
    made = []
    for step in view["steps"]:
        done = step["done"] or step["at"] is not None
        mark = "done" if done else "next" if waiting else "later"
        waiting = waiting and done
        ended = step["step"] in ENDED
        named = {"name": step["step"], "moved_from": step["moved_from"]}
        made.append({**named, "mark": mark, "ended": ended, "at": step["at"]})
    return made


def live(view: View, now: str) -> View | None:
    """A car that stands there now: for how long, and about what it has cost so far."""
    stay = view["stay"]
    if stay is None or stay["departed_at"] is not None:
        return None
    begins, ends = parse_instant(stay["arrived_at"]), parse_instant(now)
    if ends < begins:
        return {"since": stay["arrived_at"], "seconds": 0, "minor": 0}
    tariff, terms = Tariff.model_validate(view["tariff"]), Terms.model_validate(view["terms"])
    window = window_of(view)
    minutes = (ends - begins) // timedelta(minutes=1)
    so_far = begins + timedelta(minutes=minutes)
    minor = total(price(tariff, terms, window, [(begins, so_far)]))
    return {"since": stay["arrived_at"], "seconds": minutes * 60, "minor": minor}


def warning(view: View, now: str, s: Speech) -> str | None:
    """What the driver should know before it costs something."""
    if view["grant"] == "refused" and view["state"] == "confirmed":
        return s.t("grant.refused")
    if view["state"] == STANDING and now > view["ends_at"]:
        grace = timedelta(seconds=Terms.model_validate(view["terms"]).forgiven_s)
        until = format_instant(parse_instant(view["ends_at"]) + grace)
        end, free_until = s.moment(view["ends_at"], now), s.moment(until, now)
        tiers = view["tariff"]["overstay_tiers"]
        if tiers:
            hourly = s.money(tiers[0]["per_hour_minor"], view["currency"])
            return s.t("booking.late.tiers", end=end, grace=free_until, price=hourly)
        percent = view["tariff"]["overstay_percent"]
        return s.t("booking.late", end=end, grace=free_until, percent=percent)
    return None


def net(view: View, s: Speech) -> View | None:
    """What the bill came to, less what was paid back or is on its way; None where nothing was."""
    if not view["settlement"] or not view["credits"]:
        return None
    paid = (
        one["amount_minor"] if one["paid_minor"] is None else one["paid_minor"]
        for one in view["credits"]
    )
    back_minor = sum(paid)
    left_minor = view["settlement"]["amount_minor"] - back_minor
    currency = view["currency"]
    return {"back": s.money(-back_minor, currency), "left": s.money(left_minor, currency)}


def filed(settlement: View, s: Speech) -> str:
    """How far the bill is on its way to the chain."""
    if settlement["batch"] is None:
        return s.t("chain.waiting")
    values = {"batch": settlement["batch"], "block": settlement["block"]}
    return s.t(f"chain.{settlement['chain']}", **values)

"""What the driver's page says beyond the plain view: rules in words, where the booking stands."""

from datetime import timedelta
from typing import Any

from cloud.entrypoints.http import pages_bill
from cloud.entrypoints.http.pages_speech import Speech
from cloud.usecases.views import ENDED
from contracts.ledger.pricing import Tariff, Terms, Window, price, total
from contracts.wire.types import format_instant, parse_instant

View = dict[str, Any]
# While these hold, a car past the end is told what it will cost.
STANDING = "active"


def rules(view: View, s: Speech) -> list[str]:
    """The frozen tariff and terms, a sentence each, and none for what does not apply."""
    tariff, terms = Tariff.model_validate(view["tariff"]), Terms.model_validate(view["terms"])
    return [
        *pages_bill.rules(tariff, s),
        s.t("rules.grace", grace=s.duration(terms.forgiven_s)),
        *pages_bill.late_rules(tariff, s),
        s.t("rules.early", early=s.duration(terms.early_start_s)),
        s.t("rules.noshow", wait=s.duration(terms.no_show_timeout_s)),
        *pages_bill.fee_rules(terms, tariff.currency, s),
    ]


def steps(view: View) -> list[View]:
    """Done, next and later; of a cancelled or released booking only what happened."""
    waiting = True
    made = []
    for step in view["steps"]:
        done = step["done"] or step["at"] is not None
        mark = "done" if done else "next" if waiting else "later"
        waiting = waiting and done
        ended = step["step"] in ENDED
        made.append({"name": step["step"], "mark": mark, "ended": ended, "at": step["at"]})
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
    window = Window(
        starts_at=parse_instant(view["starts_at"]), ends_at=parse_instant(view["ends_at"])
    )
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


def filed(settlement: View, s: Speech) -> str:
    """How far the bill is on its way to the chain."""
    if settlement["batch"] is None:
        return s.t("chain.waiting")
    values = {"batch": settlement["batch"], "block": settlement["block"]}
    return s.t(f"chain.{settlement['chain']}", **values)

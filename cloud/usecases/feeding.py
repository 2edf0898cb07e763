"""The public feed in the words of APDS (ISO/TS 5206-1): places, their occupancy, their rates.

What is not known is told as such: unknown and unobserved spaces are counted beside the others and
never among the available. Money is text with its decimals, never a binary fraction.
"""

import json
from datetime import datetime
from typing import Any

from babel.numbers import get_currency_precision
from sqlmodel import Session, col, func, select

from cloud.core.places import blurred
from cloud.tables import Lot, Offer, Space
from cloud.usecases import views
from contracts.wire.types import format_instant, to_ms

View = dict[str, Any]
VERSION = 1
# The states of a lot's view, in this feed's words.
COUNTED = {
    "free": "available",
    "held": "held",
    "occupied": "occupied",
    "owner": "occupied",
    "unknown": "unknown",
    "closed": "unobserved",
    "unwatched": "unobserved",
}
COUNTS = ("available", "held", "occupied", "unknown", "unobserved")


def place(session: Session, lot: Lot) -> View:
    """Where it is to about 150 m: a space's own place is told to whoever booked it."""
    asked = select(func.count(), func.avg(Space.lat), func.avg(Space.lon))
    count, lat, lon = session.exec(asked.where(col(Space.lot) == lot.id)).one()
    where = None
    if count:
        shown_lat, shown_lon = blurred(lat, lon)
        where = {"type": "Point", "coordinates": [round(shown_lon, 6), round(shown_lat, 6)]}
    return {
        "id": lot.id,
        "version": VERSION,
        "className": "Place",
        "placeName": [{"language": "und", "string": lot.name}],
        "timeZone": lot.tz,
        "supplyQuantity": count,
        "location": where,
    }


def occupancy(session: Session, lot: Lot, now: datetime) -> View:
    """`occupancyPercentage`: of the spaces whose state is known; null where none is."""
    counts = dict.fromkeys(COUNTS, 0)
    spaces = views.lot(session, lot.id, to_ms(now))["spaces"]
    for space in spaces:
        counts[COUNTED.get(space["state"], "unknown")] += 1
    taken = counts["occupied"] + counts["held"]
    known = taken + counts["available"]
    return {
        "place": _reference(lot.id, "Place"),
        "calculatedAt": format_instant(now),
        "supplyQuantity": len(spaces),
        **counts,
        "occupancyPercentage": round(100 * taken / known, 1) if known else None,
    }


def rate(offer: Offer, lot: Lot, now: datetime) -> View:
    """One offer's price: the base rate, then what holds at other times or after so long."""
    plan = json.loads(offer.tariff)
    cap_minor = plan.get("cap_minor")
    currency = plan["currency"]
    return {
        "id": offer.id,
        "version": plan["version"],
        "className": "RateTable",
        "rateTableName": [{"language": "en", "string": f"Space {offer.space}"}],
        "places": [_reference(lot.id, "Place")],
        "validAt": format_instant(now),
        "rateLineCollections": [
            {
                "collectionSequence": 0,
                "applicableCurrency": currency,
                "maximumValue": None if cap_minor is None else _money(cap_minor, currency),
                "rateLines": _lines(plan, currency),
            }
        ],
    }


def _lines(plan: View, currency: str) -> list[View]:
    """The first minutes that are free, the hour's price, then its exceptions."""
    free_s = plan.get("free_s", 0)
    usual = "at all other times" if plan.get("elements") else "each hour"
    told = [("flatRate", 0, 0, free_s, "free")] if free_s else []
    told.append(("incrementingRate", plan["per_hour_minor"], free_s, None, usual))
    for element in plan.get("elements", ()):
        after_s, minor = element.get("after_s", 0), element["per_hour_minor"]
        told.append(("incrementingRate", minor, after_s, None, _when(element)))
    return [
        {
            "sequence": sequence,
            "rateLineType": kind,
            "value": _money(minor, currency),
            "incrementPeriod": "PT1H" if kind == "incrementingRate" else None,
            "durationStart": f"PT{from_s}S",
            "durationEnd": None if to_s is None else f"PT{to_s}S",
            "description": [{"language": "en", "string": said}],
        }
        for sequence, (kind, minor, from_s, to_s, said) in enumerate(told)
    ]


def _when(element: View) -> str:
    days = ", ".join(element.get("days") or ["every day"])
    kind = element.get("day_type", "any")
    begins, ends = element.get("from_min", 0), element.get("to_min", 1440)
    hours = "–".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (begins, ends))
    return f"{days}, {hours}" + ("" if kind == "any" else f", {kind}s only")


def _reference(key: str, kind: str) -> View:
    return {"id": key, "version": VERSION, "className": kind}


def _money(minor: int, currency: str) -> str:
    digits = get_currency_precision(currency)
    whole, part = divmod(minor, 10**digits)
    return f"{whole}.{part:0{digits}}" if digits else str(whole)

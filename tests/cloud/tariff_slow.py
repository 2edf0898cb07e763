"""What a plan asks for a stay, second by second, off the wall clock. Slow, and written apart."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from cloud.core.tariffs import Element, Plan
from contracts.ledger.pricing import Interval, Terms, Window

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def total(plan: Plan, terms: Terms, window: Window, tz: str, billed: Sequence[Interval]) -> int:
    zone = ZoneInfo(tz)
    inside = _starts(billed, None, window.ends_at)
    late = _starts(billed, window.ends_at + timedelta(seconds=terms.grace_s), None)
    due = _parking(plan, zone, inside) + _late(plan, zone, late, len(inside))
    due += plan.booking_fee_minor
    if plan.tax == "added":
        due += due * plan.tax_bps // 10_000
    below, unit = due // plan.round_to_minor, plan.round_to_minor
    if plan.rounding == "up" and due % unit:
        below += 1
    if plan.rounding == "nearest" and 2 * (due % unit) > unit:
        below += 1
    return below * unit


def _parking(plan: Plan, zone: ZoneInfo, inside: list[datetime]) -> int:
    free = min(plan.free_s, len(inside))
    charged = (len(inside) - free) // plan.step_s * plan.step_s
    of_day: dict[date, Fraction] = {}
    for k in range(free, free + charged):
        wall = inside[k].astimezone(zone)
        rate = Fraction(rate_at(plan, wall, k), 3600)
        of_day[wall.date()] = of_day.get(wall.date(), Fraction()) + rate
    capped = of_day.values()
    if plan.day_cap_minor is not None:
        capped = [min(worth, Fraction(plan.day_cap_minor)) for worth in capped]
    due = int(sum(capped, Fraction()))
    if plan.cap_minor is not None:
        due = min(due, plan.cap_minor)
    return max(due, plan.minimum_minor) if charged else due


def _late(plan: Plan, zone: ZoneInfo, late: list[datetime], before: int) -> int:
    worth = Fraction()
    for k in range(len(late) // plan.step_s * plan.step_s):
        if plan.overstay_tiers:
            rate = [t.per_hour_minor for t in plan.overstay_tiers if t.from_s <= k][-1]
        else:
            asked = rate_at(plan, late[k].astimezone(zone), before + k)
            rate = asked * plan.overstay_percent // 100
        worth += Fraction(rate, 3600)
    return int(worth)


def _starts(
    billed: Sequence[Interval], since: datetime | None, until: datetime | None
) -> list[datetime]:
    """When each whole second of the time put end to end begins."""
    found: list[datetime] = []
    before_ms = 0
    for begin, end in billed:
        first = max(begin, since) if since else begin
        last = min(end, until) if until else end
        length_ms = max(0, (last - first) // timedelta(milliseconds=1))
        into_ms = -before_ms % 1000
        while into_ms < length_ms:
            found.append(first + timedelta(milliseconds=into_ms))
            into_ms += 1000
        before_ms += length_ms
    return found[: before_ms // 1000]


def rate_at(plan: Plan, wall: datetime, k: int) -> int:
    for element in plan.elements:
        if k >= element.after_s and _holds(element, plan, wall):
            return element.per_hour_minor
    return plan.per_hour_minor


def _holds(element: Element, plan: Plan, wall: datetime) -> bool:
    minute, today = wall.hour * 60 + wall.minute, wall.date()
    if element.from_min < element.to_min:
        return element.from_min <= minute < element.to_min and _day(element, plan, today)
    night = minute >= element.from_min and _day(element, plan, today)
    return night or (minute < element.to_min and _day(element, plan, today - timedelta(days=1)))


def _day(element: Element, plan: Plan, day: date) -> bool:
    if element.days and NAMES[day.weekday()] not in element.days:
        return False
    holiday = day in plan.holidays
    working = not holiday and (day.weekday() < 5 or day in plan.workdays)
    return {"any": True, "holiday": holiday, "workday": working}[element.day_type]

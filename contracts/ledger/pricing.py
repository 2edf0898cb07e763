"""The frozen tariff's arithmetic: quote, bill and verification are this one function.

Money is integers of minor units. Every division rounds down, in the driver's favour, and the lines
of one kind are rounded together: however a time is cut, their sum is the same.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from contracts.ledger.stretches import Interval, Share, shares
from contracts.ledger.tariffs import (
    HOUR_S,
    Code,
    Line,
    Rate,
    Stretch,
    Tariff,
    Terms,
    Tier,
    Window,
)

__all__ = ["Interval", "Line", "Rate", "Stretch", "Tariff", "Terms", "Tier", "Window"]

MONEY_END = 2**32
BPS = 10_000


def price(tariff: Tariff, terms: Terms, window: Window, billed: list[Interval]) -> list[Line]:
    """Bill the occupied intervals: inside the window at the price, past the grace at the surcharge.

    The grace (or the late stop, the longer) is forgiven; overstay counts from its end.
    ValueError if a line, or what the lines of a timetable sum to before any cap, is 2**32 or more.
    """
    grace_ends_at = window.ends_at + timedelta(seconds=terms.forgiven_s)
    inside = _clipped(billed, None, window.ends_at)
    late = _clipped(billed, grace_ends_at, None)
    inside_s = _seconds(inside)
    lines = _parking(tariff, inside, inside_s)
    lines += _overstay(tariff, late, inside_s)
    return _closed(tariff, lines)


def total(lines: list[Line] | tuple[Line, ...]) -> int:
    return sum(line.amount_minor for line in lines)


def quote(tariff: Tariff, terms: Terms, window: Window) -> list[Line]:
    """The price of using exactly the window asked for."""
    return price(tariff, terms, window, [(window.starts_at, window.ends_at)])


def _parking(tariff: Tariff, inside: list[Interval], inside_s: int) -> list[Line]:
    free_s = min(inside_s, tariff.free_s)
    charged_s = _stepped(tariff, inside_s - free_s)
    if tariff.timetable:
        charged = range(free_s, free_s + charged_s)
        lines = _by_timetable(tariff, inside, charged)
    else:
        lines = _at_one_rate(tariff, inside_s, free_s, charged_s)
    over = total(lines) - tariff.cap_minor if tariff.cap_minor is not None else 0
    if over > 0:
        lines.append(_adjust("cap", -over))
    short = tariff.minimum_minor - total(lines)
    # Where nothing is proved, or all of it is free, there is nothing to raise.
    return [*lines, _adjust("minimum", short)] if charged_s and short > 0 else lines


def _at_one_rate(tariff: Tariff, inside_s: int, free_s: int, charged_s: int) -> list[Line]:
    parking = _line("parking", _stepped(tariff, inside_s), tariff.per_hour_minor)
    if not free_s:
        return [parking]
    relief = charged_s * tariff.per_hour_minor // HOUR_S - parking.amount_minor
    return [parking, _adjust("free", relief, free_s)]


def _by_timetable(tariff: Tariff, inside: list[Interval], charged: range) -> list[Line]:
    """The free seconds are the first ones. Each day's cap is taken off after all the parking."""
    found = shares(tariff.timetable, tariff.per_hour_minor, inside, charged)
    lines, worth = _rounded_together("parking", found)
    lines += _day_caps(tariff, found, worth)
    return [_adjust("free", 0, charged.start), *lines] if charged.start else lines


def _day_caps(tariff: Tariff, found: list[Share], worth: int) -> Iterator[Line]:
    """`worth` of the parking, in minor units times seconds of an hour."""
    if tariff.day_cap_minor is None:
        return
    of_day: dict[int, int] = {}
    for share in found:
        if share.stretch:
            day, more = share.stretch.day, share.seconds * share.per_hour_minor
            of_day[day] = of_day.get(day, 0) + more
    for day in sorted(of_day):
        over = of_day[day] - tariff.day_cap_minor * HOUR_S
        if over > 0:
            relief = (worth - over) // HOUR_S - worth // HOUR_S
            worth -= over
            whole = [stretch for stretch in tariff.timetable if stretch.day == day]
            yield Line(
                code="day_cap",
                billed_s=0,
                per_hour_minor=0,
                amount_minor=relief,
                starts_at=whole[0].starts_at,
                ends_at=whole[-1].ends_at,
            )


def _overstay(tariff: Tariff, late: list[Interval], inside_s: int) -> list[Line]:
    late_s = _seconds(late)
    charged_s = _stepped(tariff, late_s)
    if late_s <= 0:
        return []
    if tariff.overstay_tiers:
        tiers = tariff.overstay_tiers
        ends = [*(tier.from_s for tier in tiers[1:]), charged_s]
        found = [
            Share(None, tier.per_hour_minor, min(end, charged_s) - tier.from_s)
            for tier, end in zip(tiers, ends, strict=True)
            if tier.from_s < charged_s
        ]
        return _rounded_together("overstay", found)[0]
    if not tariff.timetable:
        return [_line("overstay", charged_s, _surcharged(tariff, tariff.per_hour_minor))]
    plain, charged = tariff.per_hour_minor, range(charged_s)
    found = [
        Share(share.stretch, _surcharged(tariff, share.per_hour_minor), share.seconds)
        for share in shares(tariff.timetable, plain, late, charged, inside_s)
    ]
    return _rounded_together("overstay", found)[0]


def _closed(tariff: Tariff, lines: list[Line]) -> list[Line]:
    """With what stands below the bill: the booking's fee, the tax, the rounding."""
    if tariff.booking_fee_minor:
        lines.append(_adjust("booking_fee", tariff.booking_fee_minor))
    if tariff.tax == "added" and tariff.tax_bps:
        lines.append(_adjust("tax", total(lines) * tariff.tax_bps // BPS))
    due = total(lines)
    if due != _rounded(tariff, due):
        lines.append(_adjust("rounding", _rounded(tariff, due) - due))
    if tariff.tax == "included" and tariff.tax_bps:
        within = total(lines) * tariff.tax_bps // (BPS + tariff.tax_bps)
        lines.append(_adjust("tax", 0).model_copy(update={"included_minor": within}))
    return lines


def _rounded(tariff: Tariff, due_minor: int) -> int:
    """Half a step is rounded down, too, where the nearest one is asked for."""
    unit = tariff.round_to_minor
    raised = {"down": 0, "nearest": (unit - 1) // 2, "up": unit - 1}[tariff.rounding]
    return (due_minor + raised) // unit * unit


def _surcharged(tariff: Tariff, rate_minor: int) -> int:
    return rate_minor * tariff.overstay_percent // 100


def _rounded_together(
    code: Literal["parking", "overstay"], found: list[Share]
) -> tuple[list[Line], int]:
    """A line each; and what they are worth, in minor units times seconds of an hour."""
    lines, worth = [], 0
    for share in found:
        before, worth = worth, worth + share.seconds * share.per_hour_minor
        lines.append(
            Line(
                code=code,
                billed_s=share.seconds,
                per_hour_minor=share.per_hour_minor,
                amount_minor=worth // HOUR_S - before // HOUR_S,
                starts_at=share.stretch.starts_at if share.stretch else None,
                ends_at=share.stretch.ends_at if share.stretch else None,
            )
        )
    if worth // HOUR_S >= MONEY_END:
        raise ValueError("no bill holds so much")
    return lines, worth


def _line(code: Literal["parking", "overstay"], billed_s: int, rate: int) -> Line:
    amount_minor = billed_s * rate // HOUR_S
    return Line(code=code, billed_s=billed_s, per_hour_minor=rate, amount_minor=amount_minor)


def _adjust(code: Code, amount_minor: int, seconds: int = 0) -> Line:
    return Line(code=code, billed_s=seconds, per_hour_minor=0, amount_minor=amount_minor)


def _stepped(tariff: Tariff, seconds: int) -> int:
    return seconds // tariff.step_s * tariff.step_s


def _clipped(
    billed: list[Interval], since: datetime | None, until: datetime | None
) -> list[Interval]:
    """What of them lies between the two."""
    found = (
        (max(begin, since) if since else begin, min(end, until) if until else end)
        for begin, end in billed
    )
    return [(begin, end) for begin, end in found if begin < end]


def _seconds(intervals: list[Interval]) -> int:
    whole = sum((end - begin for begin, end in intervals), timedelta())
    return int(whole.total_seconds())

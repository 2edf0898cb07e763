"""The frozen tariff and its arithmetic: quote, bill and verification are this one function.

Money is integers of minor units. Every division rounds down, in the driver's favour.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from contracts.wire.types import Count, Frozen, Instant, Minor, Name

Interval = tuple[datetime, datetime]
HOUR_S = 3600


class Tariff(Frozen):
    """One version of an owner's price. `cap_minor` bounds the parking line of one stay."""

    id: Name
    version: Annotated[int, Field(ge=1)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    per_hour_minor: Minor
    step_s: Annotated[int, Field(ge=1, le=HOUR_S)] = 60
    free_s: Count = 0
    cap_minor: Minor | None = None
    overstay_percent: Annotated[int, Field(ge=100, le=500)] = 150


class Terms(Frozen):
    """What was agreed at confirmation (names after OCPI bookings)."""

    early_start_s: Count = 1800
    no_show_timeout_s: Count = 3600
    grace_s: Annotated[int, Field(ge=600, le=86_400)] = 600


class Line(Frozen):
    """One line of a bill: `billed_s` seconds in whole steps at `per_hour_minor`."""

    code: Literal["parking", "free", "cap", "overstay"]
    billed_s: Count
    per_hour_minor: Minor
    amount_minor: Annotated[int, Field(gt=-(2**32), lt=2**32)]


class Window(Frozen):
    """Half-open, UTC."""

    starts_at: Instant
    ends_at: Instant


def price(tariff: Tariff, terms: Terms, window: Window, billed: list[Interval]) -> list[Line]:
    """Bill the occupied intervals: inside the window at the price, past the grace at the surcharge.

    The grace is forgiven altogether; overstay counts from its end.
    """
    grace_ends_at = window.ends_at + timedelta(seconds=terms.grace_s)
    inside_s = _seconds(billed, None, window.ends_at)
    late_s = _seconds(billed, grace_ends_at, None)
    return _parking(tariff, inside_s) + _overstay(tariff, late_s)


def total(lines: list[Line] | tuple[Line, ...]) -> int:
    return sum(line.amount_minor for line in lines)


def quote(tariff: Tariff, terms: Terms, window: Window) -> list[Line]:
    """The price of using exactly the window asked for."""
    return price(tariff, terms, window, [(window.starts_at, window.ends_at)])


def _parking(tariff: Tariff, inside_s: int) -> list[Line]:
    free_s = min(inside_s, tariff.free_s)
    lines = [_line("parking", tariff, inside_s, tariff.per_hour_minor)]
    if free_s:
        rest = _line("parking", tariff, inside_s - free_s, tariff.per_hour_minor)
        relief = rest.amount_minor - lines[0].amount_minor
        lines.append(_adjust("free", free_s, relief))
    over_cap = total(lines) - tariff.cap_minor if tariff.cap_minor is not None else 0
    return [*lines, _adjust("cap", 0, -over_cap)] if over_cap > 0 else lines


def _overstay(tariff: Tariff, late_s: int) -> list[Line]:
    if late_s <= 0:
        return []
    rate = tariff.per_hour_minor * tariff.overstay_percent // 100
    return [_line("overstay", tariff, late_s, rate)]


def _line(code: Literal["parking", "overstay"], tariff: Tariff, seconds: int, rate: int) -> Line:
    billed_s = seconds // tariff.step_s * tariff.step_s
    return Line(
        code=code,
        billed_s=billed_s,
        per_hour_minor=rate,
        amount_minor=billed_s * rate // HOUR_S,
    )


def _adjust(code: Literal["free", "cap"], seconds: int, amount_minor: int) -> Line:
    return Line(code=code, billed_s=seconds, per_hour_minor=0, amount_minor=amount_minor)


def _seconds(billed: list[Interval], since: datetime | None, until: datetime | None) -> int:
    whole = timedelta()
    for begin, end in billed:
        first = max(begin, since) if since else begin
        last = min(end, until) if until else end
        whole += max(last - first, timedelta())
    return int(whole.total_seconds())

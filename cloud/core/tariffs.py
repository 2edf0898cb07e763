"""An owner's price as data, and as it is frozen for the window of one booking.

Days and hours of a price are those on the lot's clock. Which elements hold is asked of the wall
clock at each instant: an hour that a clock change repeats has its price twice, one that it leaves
out has none.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from cloud.core.tariffs_days import Piece, pieces
from contracts.ledger.pricing import (
    MONEY_END,
    Rate,
    Stretch,
    Tariff,
    Terms,
    Tier,
    Window,
    quote,
    total,
)
from contracts.ledger.tariffs import HOUR_S, MAX_RATES, MAX_STRETCHES, Listed
from contracts.wire.types import Frozen, Name

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS = DAYS[:5]
MINUTES = 24 * 60
MAX_ELEMENTS = MAX_RATES - 1  # each may begin after a time of its own, and the base rate before
MAX_DATES = 400  # a year of them and more
# What overstays longer has the base rate.
OVERSTAY_COVERED = timedelta(days=1)
# Each day of it is looked at, and a settlement holds the seconds of 194 days.
MAX_WINDOW = timedelta(days=190)
MAX_READ = 4096
MAX_FROZEN = 1024
# Of longer windows a timetable is large, and hardly ever asked for twice.
KEPT_WINDOW = timedelta(days=3)
PerHour = Annotated[int, Field(ge=0, le=1_000_000)]
Amount = Annotated[int, Field(ge=0, le=10_000_000)]


def _date(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a date like 2026-05-01") from None


Date = Annotated[date, BeforeValidator(_date)]


class TooLong(ValueError):
    """A window needs more stretches, rates or money than a timetable, receipt or bill holds."""


class Element(Frozen):
    """A rate, and when it holds. `to_min` before `from_min` or equal: into the next day.

    A night belongs to the day on which it begins. A workday is one from Monday to Friday that is no
    holiday, or a date of `Plan.workdays`; a holiday is a date of the holidays. From `after_s`
    billed seconds of the stay on.
    """

    per_hour_minor: PerHour
    days: Annotated[tuple[Day, ...], Listed, Field(max_length=7)] = ()
    day_type: Literal["any", "workday", "holiday"] = "any"
    from_min: Annotated[int, Field(ge=0, lt=MINUTES)] = 0
    to_min: Annotated[int, Field(ge=0, le=MINUTES)] = MINUTES
    after_s: Annotated[int, Field(ge=0, le=10_000_000)] = 0

    @property
    def over_midnight(self) -> bool:
        return self.to_min <= self.from_min


class Price(Frozen):
    """What an owner asks. The first element that holds gives the rate.

    Where none does, `per_hour_minor` is the rate.
    """

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    per_hour_minor: PerHour
    elements: Annotated[tuple[Element, ...], Listed, Field(max_length=MAX_ELEMENTS)] = ()
    holidays: Annotated[tuple[Date, ...], Listed, Field(max_length=MAX_DATES)] = ()
    workdays: Annotated[tuple[Date, ...], Listed, Field(max_length=MAX_DATES)] = ()
    step_s: Annotated[int, Field(ge=1, le=HOUR_S)] = 60
    free_s: Annotated[int, Field(ge=0, le=86_400)] = 0
    cap_minor: Amount | None = None
    day_cap_minor: Amount | None = None
    minimum_minor: Amount = 0
    booking_fee_minor: Amount = 0
    overstay_percent: Annotated[int, Field(ge=100, le=500)] = 150
    overstay_tiers: Annotated[tuple[Tier, ...], Listed, Field(max_length=MAX_RATES)] = ()
    round_to_minor: Annotated[int, Field(ge=1, le=10_000)] = 1
    rounding: Literal["down", "nearest", "up"] = "down"
    tax_bps: Annotated[int, Field(ge=0, le=10_000)] = 0
    tax: Literal["included", "added"] = "included"

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        """Raises ValueError, whose sentence names the field."""
        for name in ("cap_minor", "day_cap_minor"):
            cap_minor = getattr(self, name)
            if cap_minor is not None and self.minimum_minor > cap_minor:
                raise ValueError(f"minimum_minor is above {name}: nobody could pay either")
        both = sorted(set(self.holidays) & set(self.workdays))
        if both:
            raise ValueError(f"{both[0]} stands in holidays and in workdays")
        begins = [tier.from_s for tier in self.overstay_tiers]
        if begins and (begins[0] != 0 or begins != sorted(set(begins))):
            raise ValueError("overstay_tiers: from_s begins at 0 and ascends")
        if any(tier.per_hour_minor > 1_000_000 for tier in self.overstay_tiers):
            raise ValueError("overstay_tiers: per_hour_minor is at most 1000000")
        return self

    def plan(self, plan_id: str, version: int) -> "Plan":
        told = {name: getattr(self, name) for name in Price.model_fields}
        return Plan(id=plan_id, version=version, **told)


class Plan(Price):
    """One version of an owner's price: what an offer's column holds."""

    id: Name
    version: Annotated[int, Field(ge=1, lt=2**53)]

    def timeless(self) -> bool:
        """Nothing of it asks for the time of day."""
        return not self.elements and self.day_cap_minor is None


def frozen(
    text: str, terms: Terms, window: Window, tz: str, holidays: frozenset[date] = frozenset()
) -> Tariff:
    """`text`: the offer's column, a plan or a tariff that is frozen already; `tz`: the lot's.

    `holidays` stand beside the plan's own. ValueError if the text is neither or the zone has no
    rules, TooLong if the window is.
    """
    length = window.ends_at - window.starts_at
    if length > MAX_WINDOW:
        raise TooLong(f"a window of more than {MAX_WINDOW.days} days")
    plan = _read(text)
    if isinstance(plan, Plan):
        freeze = _frozen if length <= KEPT_WINDOW else _frozen.__wrapped__
        return freeze(plan, terms, window, tz, holidays)
    return plan if _surely_billable(plan, window) else _billable(plan, terms, window)


def _surely_billable(tariff: Tariff, window: Window) -> bool:
    """By far less than it takes to quote: nothing is dearer than the rate all along, and tax."""
    seconds = (window.ends_at - window.starts_at) // timedelta(seconds=1)
    most_minor = seconds * tariff.per_hour_minor // HOUR_S + tariff.minimum_minor
    most_minor += tariff.booking_fee_minor + tariff.round_to_minor
    return not tariff.timetable and 2 * most_minor < MONEY_END


def _billable(tariff: Tariff, terms: Terms, window: Window) -> Tariff:
    try:
        due_minor = total(quote(tariff, terms, window))
    except ValueError:
        due_minor = MONEY_END
    if due_minor >= MONEY_END:
        raise TooLong("a window whose price no bill holds")
    return tariff


@lru_cache(maxsize=MAX_READ)
def _read(text: str) -> Plan | Tariff:
    """A plan says `elements`, if only that it has none."""
    if '"elements"' in text:
        plan = Plan.model_validate_json(text)
        return _tariff(plan, ()) if plan.timeless() else plan
    return Tariff.model_validate_json(text)


@lru_cache(maxsize=MAX_FROZEN)
def _frozen(plan: Plan, terms: Terms, window: Window, tz: str, holidays: frozenset[date]) -> Tariff:
    since = window.starts_at - timedelta(seconds=min(terms.early_start_s, 86_400))
    until = window.ends_at + timedelta(seconds=terms.forgiven_s) + OVERSTAY_COVERED
    edges = {0, *(minute for one in plan.elements for minute in (one.from_min, one.to_min))}
    edges.discard(MINUTES)
    made: list[Stretch] = []
    first: date | None = None
    for piece in pieces(since, until, tz, sorted(edges)):
        first = first or piece.day
        day = (piece.day - first).days if plan.day_cap_minor is not None else 0
        _follow(made, piece, _rates(plan, piece, holidays), day)
    if sum(len(stretch.rates) for stretch in made) > MAX_STRETCHES:
        raise TooLong(f"a price of more than {MAX_STRETCHES} rates")
    return _billable(_tariff(plan, tuple(made)), terms, window)


def _follow(made: list[Stretch], piece: Piece, rates: tuple[Rate, ...], day: int) -> None:
    """Longer by this piece, where nothing else changes."""
    begins: datetime = piece.starts_at
    if made and (made[-1].rates, made[-1].day) == (rates, day):
        begins = made.pop().starts_at
    if len(made) == MAX_STRETCHES:
        raise TooLong(f"a price of more than {MAX_STRETCHES} stretches")
    made.append(Stretch(starts_at=begins, ends_at=piece.ends_at, rates=rates, day=day))


def _rates(plan: Plan, piece: Piece, holidays: frozenset[date]) -> tuple[Rate, ...]:
    """By how much was billed already; in each part of it the first element that holds."""
    held = [
        (element.after_s, element.per_hour_minor)
        for element in plan.elements
        if _holds(element, plan, piece, holidays)
    ]
    held.append((0, plan.per_hour_minor))
    rates: list[Rate] = []
    for bound in sorted({after_s for after_s, _ in held}):
        minor = next(minor for after_s, minor in held if after_s <= bound)
        if not rates or rates[-1].per_hour_minor != minor:
            rates.append(Rate(after_s=bound, per_hour_minor=minor))
    return tuple(rates)


def _holds(element: Element, plan: Plan, piece: Piece, holidays: frozenset[date]) -> bool:
    minute, day = piece.minute, piece.day
    if not element.over_midnight:
        here = element.from_min <= minute < element.to_min
        return here and _of_day(element, plan, day, holidays)
    if minute >= element.from_min and _of_day(element, plan, day, holidays):
        return True
    eve = day - timedelta(days=1)
    return minute < element.to_min and _of_day(element, plan, eve, holidays)


def _of_day(element: Element, plan: Plan, day: date, holidays: frozenset[date]) -> bool:
    if element.days and DAYS[day.weekday()] not in element.days:
        return False
    if element.day_type == "any":
        return True
    holiday = day in plan.holidays or (day in holidays and day not in plan.workdays)
    if element.day_type == "holiday":
        return holiday
    return not holiday and (DAYS[day.weekday()] in WORKDAYS or day in plan.workdays)


def _tariff(plan: Plan, timetable: tuple[Stretch, ...]) -> Tariff:
    kept = {name: getattr(plan, name) for name in Plan.model_fields if name in Tariff.model_fields}
    return Tariff(timetable=timetable, **kept)

"""An owner's hours as data: weekly, by rule, once, and except. Times of day are the lot's own.

Hours belong to the local date on which they begin: a night's hours are cut by an exception or a
holiday of the evening's date, not of the morning's.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Literal, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    TypeAdapter,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from cloud.core.windows_rules import MAX_RULE_CHARS, rule_dates
from contracts.ledger.pricing import Window
from contracts.wire.types import YEARS, Frozen

DAY_MINUTES = 1440
MAX_RULES = 50
MAX_EXCEPTIONS = 366
MAX_ONE_OFF = 366
MAX_TEXTS = 8192  # schedules of a district, kept as read
T = TypeVar("T")


def _date(value: object) -> date:
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == len("2026-05-01") else None
    if type(value) is not date or value.year not in YEARS:
        raise ValueError(f"a date is written like 2026-05-01, of {YEARS[0]} to {YEARS[-1]}")
    return value


def _fixed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


LocalDate = Annotated[
    date,
    BeforeValidator(_date),
    PlainSerializer(date.isoformat),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OnHolidays = Literal["as_usual", "closed", "only"]
Rows = Annotated[tuple[T, ...], BeforeValidator(_fixed)]


class Hours(Frozen):
    """Minutes of the day; `to_min` at or before `from_min` is the next day's."""

    from_min: Annotated[int, Field(ge=0, lt=DAY_MINUTES)]
    to_min: Annotated[int, Field(ge=0, le=DAY_MINUTES)]


class Weekly(Hours):
    days: Annotated[Rows[Day], Field(min_length=1, max_length=7)]
    holidays: OnHolidays = "as_usual"

    @field_validator("days")
    @classmethod
    def in_order(cls, days: tuple[Day, ...]) -> tuple[Day, ...]:
        return tuple(sorted(set(days), key=DAYS.index))


class Repeated(Hours):
    """On the days of an RFC 5545 rule, counted from `since`."""

    rrule: Annotated[str, Field(max_length=MAX_RULE_CHARS)]
    since: LocalDate
    holidays: OnHolidays = "as_usual"

    @model_validator(mode="after")
    def happens(self) -> "Repeated":
        if not rule_dates(self.rrule, self.since):
            raise ValueError("this rule never happens")
        return self


class Exceptional(Frozen):
    """Dates (both included) with these hours in place of all rules'; without hours: closed."""

    first: LocalDate
    last: LocalDate
    hours: Annotated[Rows[Hours], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def runs_forward(self) -> "Exceptional":
        if self.last < self.first:
            raise ValueError("an exception's last date is not before its first")
        return self


class Schedule(Frozen):
    """`one_off` windows are in UTC and stand whatever the rules and exceptions say."""

    weekly: Annotated[Rows[Weekly], Field(max_length=MAX_RULES)] = ()
    rules: Annotated[Rows[Repeated], Field(max_length=MAX_RULES)] = ()
    exceptions: Annotated[Rows[Exceptional], Field(max_length=MAX_EXCEPTIONS)] = ()
    one_off: Annotated[Rows[Window], Field(max_length=MAX_ONE_OFF)] = ()
    valid_from: LocalDate | None = None
    valid_until: LocalDate | None = None

    @field_validator("one_off")
    @classmethod
    def run_forward(cls, one_off: tuple[Window, ...]) -> tuple[Window, ...]:
        if any(window.ends_at <= window.starts_at for window in one_off):
            raise ValueError("a window ends after it starts")
        return one_off

    @field_validator("exceptions")
    @classmethod
    def one_a_date(cls, exceptions: tuple[Exceptional, ...]) -> tuple[Exceptional, ...]:
        ordered = tuple(sorted(exceptions, key=lambda it: it.first))
        if any(after.first <= before.last for before, after in zip(ordered, ordered[1:])):
            raise ValueError("two exceptions have a date in common")
        return ordered

    def hours_on(self, day: date, holidays: frozenset[date]) -> Sequence[Hours]:
        """What begins on this local date."""
        if not (self.valid_from or date.min) <= day <= (self.valid_until or date.max):
            return ()
        for exception in self.exceptions:
            if exception.first <= day <= exception.last:
                return exception.hours
        name, is_holiday = DAYS[day.weekday()], day in holidays
        on: list[Weekly | Repeated] = [rule for rule in self.weekly if name in rule.days]
        on += [rule for rule in self.rules if day in rule_dates(rule.rrule, rule.since)]
        return [rule for rule in on if _held(rule.holidays, is_holiday)]


def _held(policy: OnHolidays, is_holiday: bool) -> bool:
    return policy == "as_usual" or is_holiday == (policy == "only")


_WINDOWS = TypeAdapter(tuple[Window, ...])


@lru_cache(maxsize=MAX_TEXTS)
def schedule_of(text: str) -> Schedule:
    """An offer's column; a bare list of windows, as it was written first, is read, too."""
    if text.startswith("["):
        return Schedule.model_construct(one_off=_WINDOWS.validate_json(text))
    return Schedule.model_validate_json(text)


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]

"""What a driver is due whose booking is taken away: data, frozen with the offer."""

from functools import lru_cache
from typing import Annotated

from babel.numbers import get_currency_precision
from pydantic import Field, field_validator

from contracts.wire.types import Count, Frozen, Minor

MAX_TIERS = 10
MAX_RULES = 1024  # of a city's offers, kept as read


class Notice(Frozen):
    """Told at least `from_s` before the start: `percent` of the quoted price."""

    from_s: Count
    percent: Annotated[int, Field(ge=0, le=500)]


class Compensation(Frozen):
    """The shortest notice that fits counts. `minimum_minor` is due wherever a percentage is."""

    version: Annotated[int, Field(ge=1)] = 1
    notices: Annotated[tuple[Notice, ...], Field(min_length=1, max_length=MAX_TIERS)]
    standing_percent: Annotated[int, Field(ge=0, le=500)] = 100
    minimum_minor: Minor = 0

    @field_validator("notices")
    @classmethod
    def fall_with_time(cls, notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
        ordered = tuple(sorted(notices, key=lambda it: it.from_s))
        if ordered[0].from_s != 0:
            raise ValueError("the first notice begins at 0 s: something must be agreed for it")
        for near, far in zip(ordered, ordered[1:]):
            if near.from_s == far.from_s or near.percent < far.percent:
                raise ValueError("a longer notice costs no more than a shorter one")
        return ordered

    def due_minor(self, quoted_minor: int, notice_s: int, standing: bool = False) -> int:
        """`standing`: the car is there already and is asked to go. Rounded up: for the driver."""
        percent = self.standing_percent if standing else self._percent(notice_s)
        if percent == 0:
            return 0
        return max(-(-quoted_minor * percent // 100), self.minimum_minor)

    def _percent(self, notice_s: int) -> int:
        fitting = [it.percent for it in self.notices if it.from_s <= max(notice_s, 0)]
        return fitting[-1]


HOUR_S = 3600
STANDARD = Compensation(
    notices=(
        Notice(from_s=0, percent=50),
        Notice(from_s=2 * HOUR_S, percent=25),
        Notice(from_s=24 * HOUR_S, percent=10),
        Notice(from_s=7 * 24 * HOUR_S, percent=0),
    ),
    minimum_minor=500,
)


@lru_cache(maxsize=MAX_RULES)
def compensation_of(text: str) -> Compensation:
    """An offer's column; an offer without rules of its own has the standard ones."""
    return Compensation.model_validate_json(text) if text else STANDARD


def said(amount_minor: int, currency: str) -> str:
    """For a sentence in any language: `12.50 CNY`."""
    digits = get_currency_precision(currency)
    whole, rest = divmod(amount_minor, 10**digits)
    return f"{whole}.{rest:0{digits}} {currency}" if digits else f"{whole} {currency}"

"""What a price is made of: the frozen tariff, the terms, the booked window, a bill's lines."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.wire.types import Count, Frozen, Instant, Minor, Name

HOUR_S = 3600
MAX_STRETCHES = 1024
MAX_RATES = 16

PerHour = Minor
# Read from JSON by the pages, too, where it has become a list.
Listed = Field(strict=False)
Code = Literal[
    "parking",
    "free",
    "day_cap",
    "cap",
    "minimum",
    "overstay",
    "booking_fee",
    "tax",
    "rounding",
]


class Rate(Frozen):
    """From so many seconds billed so far on, the free ones among them."""

    after_s: Count
    per_hour_minor: PerHour


class Tier(Frozen):
    """Of overstay: from so many seconds billed after the end of the grace on."""

    from_s: Count
    per_hour_minor: PerHour


class Stretch(Frozen):
    """Half-open, UTC. `day` counts the lot's local days: what a cap a day adds up."""

    starts_at: Instant
    ends_at: Instant
    rates: Annotated[tuple[Rate, ...], Listed, Field(min_length=1, max_length=MAX_RATES)]
    day: Annotated[int, Field(ge=0, lt=2**16)] = 0

    @model_validator(mode="after")
    def _ordered(self) -> "Stretch":
        if self.starts_at >= self.ends_at:
            raise ValueError("a stretch ends after it starts")
        _ascending([rate.after_s for rate in self.rates], "rates")
        return self


class Tariff(Frozen):
    """One version of an owner's price, as it is frozen for one booking.

    With a `timetable` each billed second has the rate of the stretch it begins in, and
    `per_hour_minor` outside of all; without one `per_hour_minor` is the rate of all. `cap_minor`
    bounds the parking of one stay, `day_cap_minor` that of each day of the timetable.
    """

    id: Name
    version: Annotated[int, Field(ge=1)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    per_hour_minor: PerHour
    step_s: Annotated[int, Field(ge=1, le=HOUR_S)] = 60
    free_s: Count = 0
    cap_minor: Minor | None = None
    overstay_percent: Annotated[int, Field(ge=100, le=500)] = 150
    timetable: Annotated[tuple[Stretch, ...], Listed, Field(max_length=MAX_STRETCHES)] = ()
    day_cap_minor: Minor | None = None
    minimum_minor: Minor = 0
    booking_fee_minor: Minor = 0
    overstay_tiers: Annotated[tuple[Tier, ...], Listed, Field(max_length=MAX_RATES)] = ()
    round_to_minor: Annotated[int, Field(ge=1, le=10_000)] = 1
    rounding: Literal["down", "nearest", "up"] = "down"
    tax_bps: Annotated[int, Field(ge=0, le=10_000)] = 0
    tax: Literal["included", "added"] = "included"

    @model_validator(mode="after")
    def _ordered(self) -> "Tariff":
        for before, after in zip(self.timetable, self.timetable[1:], strict=False):
            if before.ends_at > after.starts_at or before.day > after.day:
                raise ValueError("the stretches of a timetable follow one another")
        if self.overstay_tiers:
            _ascending([tier.from_s for tier in self.overstay_tiers], "overstay tiers")
        return self


class Terms(Frozen):
    """What was agreed at confirmation (names after OCPI bookings). 0: no such fee or bound.

    Nothing between the booked end and `forgiven_s` later is charged.
    """

    early_start_s: Count = 1800
    no_show_timeout_s: Count = 3600
    grace_s: Annotated[int, Field(ge=600, le=86_400)] = 600
    no_show_fee_minor: Minor = 0
    late_stop_s: Annotated[int, Field(ge=0, le=86_400)] = 0
    cancel_until_s: Count = 0
    cancel_fee_minor: Minor = 0
    change_until_s: Count = 0
    min_s: Count = 0
    max_s: Count = 0

    @property
    def forgiven_s(self) -> int:
        """Where somebody may leave later than the grace is long, overstay begins only then."""
        return max(self.grace_s, self.late_stop_s)


class Line(Frozen):
    """One line of a bill: `billed_s` seconds in whole steps at `per_hour_minor`.

    Of which stretch (or day) it is, where the tariff has a timetable; `included_minor` is the tax
    within the total, where the tariff includes it: it adds nothing.
    """

    code: Code
    billed_s: Count
    per_hour_minor: PerHour
    amount_minor: Annotated[int, Field(gt=-(2**32), lt=2**32)]
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    included_minor: Minor = 0


class Window(Frozen):
    """Half-open, UTC."""

    starts_at: Instant
    ends_at: Instant


def _ascending(bounds: list[int], what: str) -> None:
    if bounds[0] != 0 or any(a >= b for a, b in zip(bounds, bounds[1:], strict=False)):
        raise ValueError(f"the {what} begin at 0 and ascend")

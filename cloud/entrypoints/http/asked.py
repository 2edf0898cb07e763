"""What programs may send to the API: every field checked, none guessed, none ignored."""

import json
import unicodedata
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from cloud.core import tariffs
from cloud.core.assigning import MAX_REQUESTS
from cloud.core.compensation import Compensation
from cloud.core.limits import Limits, Plug, Vehicle
from cloud.core.matching import Wish
from cloud.core.windows_model import Schedule
from cloud.usecases import offers
from contracts.ledger.pricing import Terms, Window
from contracts.wire.types import YEARS, Address, Instant, Name

ANY_TIME = (
    r"^(19[7-9]\d|2[01]\d\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$"
)


class Asked(BaseModel):
    """A request from outside: no field guessed, none ignored, no text that cannot be stored."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def storable(cls, value: object) -> object:
        if isinstance(value, str) and not all(map(_storable, value)):
            raise ValueError("it holds characters that nobody can see")
        return value


def _storable(char: str) -> bool:
    """Control characters and halves of pairs cannot be stored, shown or sent everywhere."""
    return char.isprintable() or unicodedata.category(char) not in ("Cc", "Cs", "Cn")


class NewAccount(Asked):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: Literal["owner", "driver", "operator", "installer", "admin", "auditor"]
    address: Address | None = None

    @field_validator("address")
    @classmethod
    def somebodys(cls, address: str | None) -> str | None:
        if address is not None and int(address, 16) == 0:
            raise ValueError("nobody holds the zero address")
        return address


class TopUp(Asked):
    amount_minor: Annotated[int, Field(gt=0, le=10_000_000, strict=True)]


class NewCredit(BaseModel):
    """What may be paid back of which stay is for the use case to say, with its reasons."""

    model_config = ConfigDict(extra="forbid")
    amount_minor: Annotated[int, Field(ge=-(2**63), lt=2**63, strict=True)]
    reason: Annotated[str, Field(max_length=4000)]


class NewGateway(Asked):
    id: Name
    signer: Address
    lot: Name
    spaces: Annotated[list[Name], Field(min_length=1, max_length=500)]
    replace_key: bool = False


class NewRegistration(Asked):
    space: Name
    holder: Annotated[str, Field(min_length=1, max_length=120)]
    management_consent: bool = False
    co_owner_consent: bool = False


class Price(tariffs.Price):
    """A rate, and others by day, hour and length of the stay (cloud/core/tariffs.py)."""

    currency: Annotated[str, Field(pattern="^CNY$")] = "CNY"


def any_instant(value: object) -> object:
    """People's programs write times in many ways: any with a zone is read, to the millisecond."""
    if not isinstance(value, str):
        raise ValueError("a time is text like 2026-05-01T08:00:00+08:00")
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a time like 2026-05-01T08:00:00+08:00") from None
    if at.tzinfo is None:
        raise ValueError(f"{value!r} names no zone: add Z or an offset like +08:00")
    # The calendar's own ends cannot be turned into UTC.
    if not YEARS[0] - 1 <= at.year <= YEARS[-1] + 1:
        raise ValueError(f"the year must be {YEARS[0]} to {YEARS[-1]}")
    return at


AnyInstant = Annotated[
    Instant,
    BeforeValidator(any_instant),
    WithJsonSchema({"type": "string", "pattern": ANY_TIME}),
]


class OpenWindow(Asked):
    starts_at: AnyInstant
    ends_at: AnyInstant

    def window(self) -> Window:
        return Window(starts_at=self.starts_at, ends_at=self.ends_at)


def _compensation(value: object) -> object:
    """Read as JSON is: a list is a fixed row there."""
    return Compensation.model_validate_json(json.dumps(value)) if value is not None else None


class OfferedLimits(Asked):
    max_height_cm: Annotated[int, Field(ge=100, le=500)] | None = None
    max_width_cm: Annotated[int, Field(ge=100, le=500)] | None = None
    max_length_cm: Annotated[int, Field(ge=100, le=2000)] | None = None
    max_weight_kg: Annotated[int, Field(ge=100, le=60_000)] | None = None
    plug: Plug = ""
    charging_only: bool = False


class NewOffer(Asked):
    """Hours as single windows, or as a schedule of them."""

    space: Name
    windows: Annotated[tuple[OpenWindow, ...], Field(max_length=100)] = ()
    schedule: Schedule | None = None
    price: Price
    terms: Terms = Terms()
    max_height_cm: Annotated[int, Field(ge=100, le=500)] | None = None
    limits: OfferedLimits = OfferedLimits()
    name_shown: bool = False
    compensation: Annotated[Compensation | None, BeforeValidator(_compensation)] = None
    token: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def windows_run_forward(self) -> "NewOffer":
        if any(window.ends_at <= window.starts_at for window in self.windows):
            raise ValueError("a window ends after it starts")
        if bool(self.windows) == (self.schedule is not None):
            raise ValueError("give windows or a schedule, one of the two")
        return self

    def hours(self) -> Schedule:
        windows = tuple(window.window() for window in self.windows)
        return self.schedule or Schedule(one_off=windows)

    def more(self) -> offers.More:
        told = self.limits.model_dump()
        told["max_height_cm"] = told["max_height_cm"] or self.max_height_cm
        return offers.More(Limits(**told), self.name_shown, self.compensation)


class AskedVehicle(Asked):
    """What is not told is the driver's own look-out."""

    height_cm: Annotated[int, Field(ge=50, le=500)] | None = None
    width_cm: Annotated[int, Field(ge=50, le=500)] | None = None
    length_cm: Annotated[int, Field(ge=50, le=2000)] | None = None
    weight_kg: Annotated[int, Field(ge=50, le=60_000)] | None = None
    plug: Plug = ""


class WayIn(Asked):
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class Request(OpenWindow):
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    height_cm: Annotated[int, Field(ge=50, le=500)] | None = None
    vehicle: AskedVehicle = AskedVehicle()
    entrance: WayIn | None = None

    def wish(self) -> Wish:
        entrance = (self.entrance.lat, self.entrance.lon) if self.entrance else None
        vehicle = Vehicle(**self.vehicle.model_dump())
        return Wish(self.lat, self.lon, self.window(), self.height_cm, vehicle, entrance)


class Requests(Asked):
    wishes: Annotated[list[Request], Field(min_length=1, max_length=MAX_REQUESTS)]


class NewBooking(OpenWindow):
    space: Name
    plate: Annotated[str, Field(min_length=2, max_length=24)]
    quoted_minor: Annotated[int, Field(ge=0, lt=2**32)]


class NewWindow(OpenWindow):
    """Another window for a booking, at the quote that was shown for it."""

    quoted_minor: Annotated[int, Field(ge=0, lt=2**32)]


class Extension(Asked):
    ends_at: AnyInstant
    quoted_minor: Annotated[int, Field(ge=0, lt=2**32)]


class NewPlate(Asked):
    plate: Annotated[str, Field(min_length=2, max_length=24)]


class AgreedWithdrawal(Asked):
    token: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class ReviewDecision(Asked):
    accepted: bool
    reason: Annotated[str, Field(min_length=1, max_length=400)]


class Taken(Asked):
    """Somebody is in the booked space."""

    wants: Literal["space", "refund"] = "space"

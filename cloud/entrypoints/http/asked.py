"""What programs may send to the API: every field checked, none guessed, none ignored."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from contracts.ledger.pricing import Terms, Window
from contracts.wire.types import Address, Instant, Name


class Asked(BaseModel):
    """A request from outside: no field guessed, none ignored."""

    model_config = ConfigDict(extra="forbid")


class NewAccount(Asked):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: Literal["owner", "driver", "operator"]
    address: Address | None = None

    @field_validator("address")
    @classmethod
    def somebodys(cls, address: str | None) -> str | None:
        if address is not None and int(address, 16) == 0:
            raise ValueError("nobody holds the zero address")
        return address


class TopUp(Asked):
    amount_minor: Annotated[int, Field(gt=0, le=10_000_000, strict=True)]


class NewCredit(Asked):
    """What may be paid back of which stay is for the use case to say, with its reasons."""

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


class Price(Asked):
    currency: Annotated[str, Field(pattern="^CNY$")] = "CNY"
    per_hour_minor: Annotated[int, Field(ge=0, le=1_000_000)]
    step_s: Annotated[int, Field(ge=1, le=3600)] = 60
    free_s: Annotated[int, Field(ge=0, le=86_400)] = 0
    cap_minor: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    overstay_percent: Annotated[int, Field(ge=100, le=500)] = 150


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
    return at


AnyInstant = Annotated[Instant, BeforeValidator(any_instant)]


class OpenWindow(Asked):
    starts_at: AnyInstant
    ends_at: AnyInstant

    def window(self) -> Window:
        return Window(starts_at=self.starts_at, ends_at=self.ends_at)


class NewOffer(Asked):
    space: Name
    windows: Annotated[list[OpenWindow], Field(min_length=1, max_length=100)]
    price: Price
    terms: Terms = Terms()
    max_height_cm: Annotated[int, Field(ge=100, le=500)] | None = None

    @field_validator("windows")
    @classmethod
    def windows_run_forward(cls, windows: list[OpenWindow]) -> list[OpenWindow]:
        if any(window.ends_at <= window.starts_at for window in windows):
            raise ValueError("a window ends after it starts")
        return windows


class Request(OpenWindow):
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    height_cm: Annotated[int, Field(ge=50, le=500)] | None = None


class NewBooking(OpenWindow):
    space: Name
    plate: Annotated[str, Field(min_length=2, max_length=24)]
    quoted_minor: Annotated[int, Field(ge=0)]

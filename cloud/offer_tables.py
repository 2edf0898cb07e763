"""Tables of offers, of owners' plates, of closed and standby spaces, and of lots' calendars."""

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class Offer(SQLModel, table=True):
    """One version of what an owner offers; bookings keep the version they were confirmed under.

    `windows`: a Schedule (cloud/core/windows_model.py). `compensation`: the rules for a booking of
    this offer that the owner or the operator takes away. `status`: open, or closed by its
    successor or by the owner.
    """

    id: str = Field(primary_key=True)
    space: str = Field(index=True)
    owner: int
    windows: str
    tariff: str
    terms: str
    max_height_cm: int | None = None
    max_width_cm: int | None = None
    max_length_cm: int | None = None
    max_weight_kg: int | None = None
    plug: str = ""
    charging_only: bool = False
    name_shown: bool = False
    compensation: str = ""
    version: int = 1
    published_ms: int = Field(default=0, sa_column=_big(nullable=False))
    closed_ms: int | None = Field(default=None, sa_column=_big(nullable=True))
    status: str = "open"
    # Two open offers of one space would be two prices for one booking.
    __table_args__ = (
        Index(
            "offer_one_open",
            "space",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
    )


class OwnerPlate(SQLModel, table=True):
    """A plate of the owner's own car, which may stand there without a booking.

    With times: a guest for that long, such as an owner at a standby space.
    """

    space: str = Field(primary_key=True)
    plate: str = Field(primary_key=True)
    account: int
    starts_ms: int = Field(default=0, sa_column=_big(nullable=False))
    ends_ms: int | None = Field(default=None, sa_column=_big(nullable=True))
    added_ms: int = Field(sa_column=_big(nullable=False))


class SpaceClosure(SQLModel, table=True):
    """A time in which nobody can book the space, whatever is offered. `reason`: a code."""

    id: str = Field(primary_key=True)
    space: str
    starts_ms: int = Field(sa_column=_big(nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False))
    reason: str
    by_account: int
    made_ms: int = Field(sa_column=_big(nullable=False))
    lifted_ms: int | None = Field(default=None, sa_column=_big(nullable=True))
    __table_args__ = (Index("closure_space_window", "space", "starts_ms", "ends_ms"),)


class StandbySpace(SQLModel, table=True):
    """A space the operator keeps for those whose own was taken: never offered to the public."""

    space: str = Field(primary_key=True)
    lot: str = Field(index=True)
    by_account: int
    made_ms: int = Field(sa_column=_big(nullable=False))


class LotCalendar(SQLModel, table=True):
    """Which holidays count at a lot. `extra`, `workdays`: dates as JSON, added and taken away."""

    lot: str = Field(primary_key=True)
    country: str
    subdivision: str = ""
    extra: str = "[]"
    workdays: str = "[]"


class TakeBack(SQLModel, table=True):
    """That an owner took a space back, as it was shown and agreed. `plan` is its JSON."""

    id: str = Field(primary_key=True)
    space: str = Field(index=True)
    owner: int
    starts_ms: int = Field(sa_column=_big(nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False))
    token: str
    plan: str
    compensation_minor: int = Field(sa_column=_big(nullable=False))
    standby: str | None = None
    made_ms: int = Field(sa_column=_big(nullable=False))

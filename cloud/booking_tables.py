"""Tables of bookings and what is changed in them."""

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


# In these words, or an index of them is not looked into.
WAITING = text("state IN ('confirmed', 'granted')")


class Booking(SQLModel, table=True):
    """`asked`: what was confirmed under its key. `version`: of what the gateway is told of it.

    `early_ms`: when the car may come at the earliest, if the space is free; `due_ms`: when it is a
    no-show if nobody came. `history`: every state it came into, and what else was agreed, in order.
    """

    id: str = Field(primary_key=True)
    request_key: str = Field(unique=True)
    space: str
    offer: str
    driver: int = Field(index=True)
    plate: str
    state: str
    starts_ms: int = Field(sa_column=_big(nullable=False))
    ends_ms: int = Field(sa_column=_big(nullable=False))
    grant: str = Field(unique=True)
    record: str
    tariff: str
    held_minor: int = Field(sa_column=_big(nullable=False))
    fee_bps: int = 0
    history: str = "[]"
    asked: str = "[]"
    version: int = 1
    early_ms: int = Field(default=0, sa_column=_big(nullable=False))
    due_ms: int = Field(default=0, sa_column=_big(nullable=False))
    __table_args__ = (
        Index("booking_space_window", "space", "starts_ms", "ends_ms"),
        Index("booking_due", "due_ms", sqlite_where=WAITING, postgresql_where=WAITING),
    )


class Superseded(SQLModel, table=True):
    """What was agreed before a change; kept, as a gateway may have let somebody in by it."""

    grant: str = Field(primary_key=True)
    booking: str = Field(index=True)
    space: str
    record: str
    tariff: str
    held_minor: int = Field(sa_column=_big(nullable=False))
    until_ms: int = Field(sa_column=_big(nullable=False))


class BookingKey(SQLModel, table=True):
    """A change's idempotency key, with what was wished under it."""

    key: str = Field(primary_key=True)
    booking: str = Field(index=True)
    wish: str
    at_ms: int = Field(sa_column=_big(nullable=False))


class FeeDue(SQLModel, table=True):
    """What somebody owes without a stay, once per booking and code; a charge moves it (charges.py).

    `code`: no_show, cancellation, compensation, reassignment. Payer and payee are accounts; the
    platform is -1.
    """

    booking: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    amount_minor: int = Field(sa_column=_big(nullable=False))
    currency: str
    payer: int = Field(index=True)
    payee: int = Field(index=True)
    reason: str = ""
    at_ms: int = Field(sa_column=_big(nullable=False))

"""Tables of stays, disputes, trust and appeals."""

from sqlalchemy import BigInteger, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class Stay(SQLModel, table=True):
    """`kind`: booked, or why it has no booking: unbooked, owner, walk_in, returned, elsewhere,

    early, doubtful. `first_seq`: the event from which on it is billed; `opened_seq`: the one that
    opened it, None where that is the same. `arrived_ms`: when the car came.
    """

    number: int | None = Field(default=None, primary_key=True)
    space: str = Field(index=True)
    gateway: str
    epoch: int
    first_seq: int
    last_seq: int | None = None
    booking: str | None = Field(default=None, index=True)
    state: str = "open"
    arrived_ms: int
    departed_ms: int | None = None
    kind: str = "unbooked"
    opened_seq: int | None = None

    @property
    def began_seq(self) -> int:
        """What was told of the car before anyone knew whose it was is evidence too."""
        return self.first_seq if self.opened_seq is None else self.opened_seq


class Overstay(SQLModel, table=True):
    """A car that stands past its grace: the gateway was asked whether it really does."""

    stay: int = Field(primary_key=True)
    booking: str = Field(index=True)
    asked_ms: int = Field(sa_column=_big(nullable=False))
    command: str


class Dispute(SQLModel, table=True):
    """Somebody says that a stay, or a booked space, was not as recorded; a person decides.

    `about`: a code of cloud/core/disputing.py. `stay`: None where no stay of theirs is on record.
    """

    id: str = Field(primary_key=True)
    booking: str | None = Field(default=None, index=True)
    stay: int | None = Field(default=None, index=True)
    opened_by: int = Field(index=True)
    role: str
    about: str
    text: str = ""
    state: str = Field(default="open", index=True)
    opened_ms: int = Field(sa_column=_big(nullable=False))
    verdict: str | None = None
    reason: str = ""
    decided_by: str = ""
    decided_ms: int | None = Field(default=None, sa_column=_big(nullable=True))
    amount_minor: int = Field(default=0, sa_column=_big(nullable=False))
    credit: int | None = None
    charge: int | None = None


class TrustEvent(SQLModel, table=True):
    """Something that an account is answerable for; never changed, an appeal stands beside it."""

    __table_args__ = (UniqueConstraint("account", "code", "about"),)
    number: int | None = Field(default=None, primary_key=True)
    account: int = Field(index=True)
    code: str
    about: str
    at_ms: int = Field(sa_column=_big(nullable=False))


class Appeal(SQLModel, table=True):
    """Against one event, once."""

    event: int = Field(primary_key=True)
    account: int = Field(index=True)
    text: str
    state: str = Field(default="open", index=True)
    reason: str = ""
    decided_by: str = ""
    opened_ms: int = Field(sa_column=_big(nullable=False))
    decided_ms: int | None = Field(default=None, sa_column=_big(nullable=True))

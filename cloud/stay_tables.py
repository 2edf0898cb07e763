"""Tables of stays, disputes, trust and appeals."""

from sqlmodel import Field, SQLModel


class Stay(SQLModel, table=True):
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

"""Tables of offers, their weekly windows and exceptions."""

from sqlmodel import Field, SQLModel


class Offer(SQLModel, table=True):
    id: str = Field(primary_key=True)
    space: str = Field(index=True)
    owner: int
    windows: str
    tariff: str
    terms: str
    max_height_cm: int | None = None
    status: str = "open"

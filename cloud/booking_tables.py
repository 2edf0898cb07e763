"""Tables of bookings and what is changed in them."""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class Booking(SQLModel, table=True):
    id: str = Field(primary_key=True)
    request_key: str = Field(unique=True)
    space: str
    offer: str
    driver: int = Field(index=True)
    plate: str
    state: str
    starts_ms: int
    ends_ms: int
    grant: str = Field(unique=True)
    record: str
    tariff: str
    held_minor: int
    fee_bps: int = 0
    history: str = "[]"
    __table_args__ = (Index("booking_space_window", "space", "starts_ms", "ends_ms"),)

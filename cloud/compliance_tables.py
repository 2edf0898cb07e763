"""Tables of registrations, documents, reviews and rules."""

from sqlmodel import Field, SQLModel


class Registration(SQLModel, table=True):
    id: str = Field(primary_key=True)
    space: str = Field(index=True)
    owner: int = Field(index=True)
    status: str
    reasons: str
    decision: str
    decided_ms: int

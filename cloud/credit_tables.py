"""The table of credits decided by operators: who paid back what of which stay, and why."""

from sqlmodel import Field, SQLModel

# The word's stay field has 48 bits: credits are counted apart from stays, in the upper part.
CREDIT_NUMBERS = 1 << 40


class CreditRow(SQLModel, table=True):
    """Append-only. Its counter-record is the settlement of the number CREDIT_NUMBERS + `number`.

    `by`: "account:NUMBER" through the API, "cli:USER" at the machine. `request_key` once and for
    all stands for this credit: a repeated request finds it.
    """

    __tablename__ = "credit"
    __table_args__ = {"sqlite_autoincrement": True}
    number: int | None = Field(default=None, primary_key=True)
    stay: int = Field(index=True)
    amount_minor: int
    reason: str
    by: str
    at_ms: int
    request_key: str = Field(unique=True)

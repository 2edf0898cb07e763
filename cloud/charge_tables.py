"""The table of charges: what was due without a stay and is moved by a settlement of its own."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

# The word's stay field has 48 bits: charges are counted apart, above stays and credits.
CHARGE_NUMBERS = 1 << 41


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class ChargeRow(SQLModel, table=True):
    """Append-only. Its record is the settlement of the number CHARGE_NUMBERS + `number`.

    `by`: "terms" where the agreed terms say it, else who decided it. `adds_to`: the stay that a
    correction is of. `request_key` once and for all stands for this charge.
    """

    __tablename__ = "charge"
    __table_args__ = {"sqlite_autoincrement": True}
    number: int | None = Field(default=None, primary_key=True)
    booking: str = Field(index=True)
    code: str
    amount_minor: int = Field(sa_column=_big(nullable=False))
    currency: str
    payer: int = Field(index=True)
    payee: int = Field(index=True)
    reason: str = ""
    by: str
    at_ms: int = Field(sa_column=_big(nullable=False))
    adds_to: int | None = Field(default=None, sa_column=_big(nullable=True, index=True))
    request_key: str = Field(unique=True)

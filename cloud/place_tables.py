"""Tables of who watched which space from when to when, and by which key a gateway signed."""

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class Assignment(SQLModel, table=True):
    """A gateway watches a space in [from_ms, until_ms); an event counts by its own time.

    The very first of a space begins at 0: nobody else was there whose word it could be.
    """

    __table_args__ = (Index("assignment_space", "space", "gateway"),)
    number: int | None = Field(default=None, primary_key=True)
    space: str
    gateway: str
    from_ms: int = Field(sa_column=_big(nullable=False))
    until_ms: int | None = Field(default=None, sa_column=_big(nullable=True))


class GatewayKey(SQLModel, table=True):
    """A signing key that a gateway has, or had until `until_ms`.

    `until_epoch`, `until_seq`: how far its events were committed when another key took its place.
    A revoked one never counts again.
    """

    __table_args__ = (Index("gatewaykey_signer", "signer"),)
    number: int | None = Field(default=None, primary_key=True)
    gateway: str = Field(index=True)
    signer: str
    from_ms: int = Field(sa_column=_big(nullable=False))
    until_ms: int | None = Field(default=None, sa_column=_big(nullable=True))
    until_epoch: int = Field(default=0, sa_column=_big(nullable=False))
    until_seq: int = Field(default=0, sa_column=_big(nullable=False))
    revoked: bool = False
    why: str = ""

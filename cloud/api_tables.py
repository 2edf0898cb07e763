"""What the HTTP API keeps: answers it gave under an idempotency key, to give them again."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


class Answered(SQLModel, table=True):
    """`key`: account, operation and the caller's key; `asked`: digest of what was asked under it.

    `body` is JSON without any secret. Rows older than the promise are dropped as new ones come.
    """

    key: str = Field(primary_key=True)
    asked: str
    status: int
    body: str
    at_ms: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))

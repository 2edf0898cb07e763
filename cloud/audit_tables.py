"""Tables of the audit log and of notices.

An audit entry never changes; a person's data stand beside it and may be erased.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, text
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class AuditEntry(SQLModel, table=True):
    """`seq` counts from 1 without a gap; `hash` is over all the other columns."""

    seq: int = Field(sa_column=_big(primary_key=True, autoincrement=False))
    at_ms: int = Field(sa_column=_big(nullable=False))
    who: str
    what: str = Field(index=True)
    about: str = Field(index=True)
    detail: str
    personal: str = ""
    previous: str
    hash: str


class AuditPersonal(SQLModel, table=True):
    """What may be erased: the entry holds its salted digest alone."""

    seq: int = Field(sa_column=_big(primary_key=True, autoincrement=False))
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    text: str


class NoticeContact(SQLModel, table=True):
    """How an account wants to be told; without a row: in the log, in Chinese."""

    account: int = Field(primary_key=True)
    channel: str
    address: str
    language: str
    secret: str


class Notice(SQLModel, table=True):
    """The outbox: written in the transaction of what it tells, sent after it."""

    id: int | None = Field(default=None, primary_key=True)
    account: int = Field(index=True)
    code: str
    fields: str
    # Unique where it is not empty: what is told under one key is told once.
    key: str = ""
    state: str = "waiting"
    attempts: int = 0
    due_ms: int = Field(sa_column=_big(nullable=False))
    created_ms: int = Field(sa_column=_big(nullable=False))
    sent_ms: int = Field(default=0, sa_column=_big(nullable=False))
    error: str = ""
    __table_args__ = (
        Index(
            "notice_key",
            "key",
            unique=True,
            sqlite_where=text("key <> ''"),
            postgresql_where=text("key <> ''"),
        ),
        Index(
            "notice_due",
            "due_ms",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

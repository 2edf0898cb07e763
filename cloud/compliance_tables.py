"""Tables of registrations, documents, reviews and rules."""

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class Registration(SQLModel, table=True):
    """`status`: see REGISTRATION in cloud/core/compliance_states.py.

    `decision` goes on the chain and is the digest of `decided`, which stays here.
    """

    id: str = Field(primary_key=True)
    space: str = Field(index=True)
    owner: int = Field(index=True)
    status: str = Field(index=True)
    reasons: str
    decision: str
    decided_ms: int = Field(sa_column=_big(nullable=False))
    # What a person looks at, of the same shape as `reasons`.
    doubts: str = "[]"
    # What the owner said: holder and consents.
    claim: str = "{}"
    decided: str = ""
    rules_version: int = 0
    # The end of what is offered there, as it was told at publishing.
    offered_ms: int = Field(default=0, sa_column=_big(nullable=False))


class RuleVersion(SQLModel, table=True):
    """Rules as a person wrote them; in force from `valid_ms` on, until a newer version is."""

    __tablename__ = "ruleset"
    version: int = Field(primary_key=True)
    text: str
    digest: str
    valid_ms: int = Field(sa_column=_big(nullable=False))
    adopted_ms: int = Field(sa_column=_big(nullable=False))
    adopted_by: str


class Document(SQLModel, table=True):
    """An owner's paper. Its bytes lie under `sha256` in the store, and may be erased from it."""

    id: str = Field(primary_key=True)
    owner: int = Field(index=True)
    space: str = Field(index=True)
    kind: str
    sha256: str = Field(index=True)
    bytes: int
    media: str
    # The last day it counts, UTC; empty: until it is replaced.
    valid_until: str = ""
    state: str = "submitted"
    reason: str = ""
    decided_by: str = ""
    submitted_ms: int = Field(sa_column=_big(nullable=False))
    decided_ms: int = Field(default=0, sa_column=_big(nullable=False))
    erased_ms: int = Field(default=0, sa_column=_big(nullable=False))


class Review(SQLModel, table=True):
    """A question for the operator's desk. `grounds` is the digest of the facts it is about."""

    number: int | None = Field(default=None, primary_key=True)
    kind: str
    about: str = Field(index=True)
    space: str = Field(index=True)
    owner: int
    grounds: str
    facts: str
    state: str = "open"
    reason: str = ""
    decided_by: str = ""
    opened_ms: int = Field(sa_column=_big(nullable=False))
    decided_ms: int = Field(default=0, sa_column=_big(nullable=False))
    __table_args__ = (
        # One open question about one thing.
        Index(
            "review_open",
            "kind",
            "about",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

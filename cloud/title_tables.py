"""Tables of the title library's tree, and of the calls that carry marks to the chain."""

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel


class TitleNodes(SQLModel, table=True):
    """Nodes of one level of the tree, 32 bytes each; level 0 holds the leaves.

    Written in the transaction that writes the titles: the two never differ after a crash.
    """

    level: int = Field(primary_key=True)
    page: int = Field(primary_key=True)
    nodes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class MarkCall(SQLModel, table=True):
    """Which chain call carries the mark of a registration: the call's id."""

    registration: str = Field(primary_key=True)
    call: str = Field(index=True)

"""Tables of the title library: its tree, an import under way, its past, and marks' calls."""

from sqlalchemy import BigInteger, Column, LargeBinary
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


class TitleImport(SQLModel, table=True):
    """The one import under way. `run` is the process that stages now; another's rows are refused.

    `rows`: how many of the file are staged, the bad ones among them.
    """

    id: int = Field(default=1, primary_key=True)
    file_sha256: str
    staging: int
    run: str
    rows: int = 0


class StagedTitle(SQLModel, table=True):
    """A good row of the file, before all of them become the library. `row` counts from 1."""

    row: int = Field(primary_key=True)
    line: int
    space: str = Field(index=True)
    number: int
    lot: str
    record: str
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    lat: float
    lon: float


class StagedPlace(SQLModel, table=True):
    """A leaf that the import changes: by a staged row, or to none (0) where the title goes."""

    position: int = Field(primary_key=True)
    row: int


class TitleProblem(SQLModel, table=True):
    """A bad row of the file under way; a holder's name is masked in `value`."""

    id: int | None = Field(default=None, primary_key=True)
    line: int
    field: str
    reason: str
    value: str


class TitlePast(SQLModel, table=True):
    """A title as it stood from `version` on, and no longer in `until`."""

    space: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    until: int = Field(index=True)
    record: str


class TitleNote(SQLModel, table=True):
    """How a version came to be, and how many titles it changed; `reason` is a person's."""

    version: int = Field(primary_key=True)
    kind: str
    reason: str = ""
    added: int = 0
    removed: int = 0
    transferred: int = 0
    changed: int = 0
    moved: int = 0
    at_ms: int = Field(sa_column=Column(BigInteger, nullable=False))

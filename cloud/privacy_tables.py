"""Tables of persons' keys, and of who was erased."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


def _big(**extra: object) -> Column[int]:
    return Column(BigInteger, **extra)  # type: ignore[arg-type]


class PersonKey(SQLModel, table=True):
    """What a person's plates are sealed under, itself sealed by the installation's key.

    `person`: an account's number; 0 stands for strangers, of whom nothing but a plate is known.
    """

    person: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    wrapped: str


class Erased(SQLModel, table=True):
    """A person whose key and names are gone. No key is made for this number again."""

    person: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at_ms: int = Field(sa_column=_big(nullable=False))
    by: str

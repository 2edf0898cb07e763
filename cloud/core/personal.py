"""What the installation holds of people: every column of every table is declared here, once.

By it a person's data are exported and erased, and a test walks the database: a column that nobody
declared fails it. Conditions are SQL of both engines; their parameters are `:person`, the account's
number, `:who`, as the audit log names it, and `:prefix`, of its idempotency keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cloud.core.personal_rows import devices, library, market, people, stays

# What erasure does to a person's rows of a table, beside setting columns.
DELETE, KEEP = "delete", "keep"


@dataclass(frozen=True, slots=True)
class Held:
    """One table. `whose`: which of its rows are one person's; empty: of no account of ours.

    `personal`: its personal columns with what they say of her; `secret`: kept, never shown;
    `other`: all the rest. `erased`: DELETE, KEEP, or the columns that are set, to which SQL.
    `why`: why rows stay, where they do.
    """

    table: str
    about: str
    whose: str
    personal: Mapping[str, str]
    other: tuple[str, ...]
    secret: tuple[str, ...]
    erased: str | Mapping[str, str]
    why: str

    @property
    def columns(self) -> set[str]:
        return {*self.personal, *self.other, *self.secret}


@dataclass(frozen=True, slots=True)
class _Told:
    """As it is written in personal_rows/: see Held."""

    personal: Mapping[str, str] = field(default_factory=dict)
    other: str = ""
    whose: str = ""
    secret: str = ""
    erased: str | Mapping[str, str] = KEEP
    why: str = ""


def _held(table: str, about: str, told: Mapping[str, object]) -> Held:
    row = _Told(**told)  # type: ignore[arg-type]
    return Held(
        table=table,
        about=about,
        whose=row.whose,
        personal=row.personal,
        other=tuple(row.other.split()),
        secret=tuple(row.secret.split()),
        erased=row.erased,
        why=row.why,
    )


AREAS = (stays, market, people, library, devices)
# In the order in which they are erased: what finds other rows goes after them.
TABLES: tuple[Held, ...] = tuple(
    _held(table, about, told) for area in AREAS for table, about, told in area.ROWS
)

"""Which spaces changed: a log that the database itself writes, so that no writer can forget it.

Every change of what can be had, where, and when appends the space's id in the same transaction.
Both engines have one writer at a time, so ids run in the order of commits: whoever read up to an
id has missed nothing before it. The log keeps the last KEPT rows; a reader further behind reads
everything anew.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, BigInteger, Column, Integer, event
from sqlmodel import Field, SQLModel

KEPT = 200_000
HELD = "IN ('confirmed', 'granted', 'active')"


class SearchChange(SQLModel, table=True):
    """One space that may be other than it was."""

    __table_args__ = {"sqlite_autoincrement": True}
    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    )
    space: str


_OF_SPACE = "INSERT INTO searchchange (space) VALUES ({row}.space)"
_ITSELF = "INSERT INTO searchchange (space) VALUES ({row}.id)"
_OF_GATEWAY = "INSERT INTO searchchange (space) SELECT id FROM space WHERE gateway = {row}.id"
_OF_LOT = "INSERT INTO searchchange (space) SELECT id FROM space WHERE lot = {row}.id"
_IN_LOT = "INSERT INTO searchchange (space) SELECT id FROM space WHERE lot = {row}.lot"
_HOLDS = {row: f"{row}.state {HELD}" for row in ("OLD", "NEW")}
# (table, verb, columns of which one must differ, what to append)
_WATCHED: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("offer", "INSERT", (), _OF_SPACE),
    ("offer", "UPDATE", ("space", "owner", "windows", "max_height_cm", "status"), _OF_SPACE),
    ("offer", "DELETE", (), _OF_SPACE),
    ("registration", "INSERT", (), _OF_SPACE),
    ("registration", "UPDATE", ("space", "owner", "status"), _OF_SPACE),
    ("registration", "DELETE", (), _OF_SPACE),
    ("space", "UPDATE", ("lat", "lon", "gateway", "lot", "occupancy"), _ITSELF),
    ("space", "DELETE", (), _ITSELF),
    ("gateway", "UPDATE", ("online",), _OF_GATEWAY),
    ("lot", "UPDATE", ("tz",), _OF_LOT),
    ("lotcalendar", "INSERT", (), _IN_LOT),
    ("lotcalendar", "UPDATE", ("country", "subdivision", "extra", "workdays"), _IN_LOT),
    ("lotcalendar", "DELETE", (), _IN_LOT),
    ("spaceclosure", "INSERT", (), _OF_SPACE),
    ("spaceclosure", "UPDATE", ("space", "starts_ms", "ends_ms", "lifted_ms"), _OF_SPACE),
    ("spaceclosure", "DELETE", (), _OF_SPACE),
    ("standbyspace", "INSERT", (), _OF_SPACE),
    ("standbyspace", "DELETE", (), _OF_SPACE),
    ("title", "UPDATE", ("record",), _OF_SPACE),
    ("title", "DELETE", (), _OF_SPACE),
)
_FORGET = f"DELETE FROM searchchange WHERE id <= NEW.id - {KEPT}"


def rules(differs: str) -> Iterator[tuple[str, str, str, str]]:
    """(table, verb, condition, statement); `differs`: the engine's comparison that knows NULL."""
    for table, verb, columns, append in _WATCHED:
        row = "OLD" if verb == "DELETE" else "NEW"
        when = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in columns)
        yield table, verb, when, append.format(row=row)
    # A booking's way through its states matters only where it begins or ceases to hold.
    times = " OR ".join(f"OLD.{c} {differs} NEW.{c}" for c in ("space", "starts_ms", "ends_ms"))
    held = f"({_HOLDS['OLD']}) {differs} ({_HOLDS['NEW']})"
    both = f"{_OF_SPACE.format(row='NEW')}; {_OF_SPACE.format(row='OLD')}"
    yield "booking", "INSERT", _HOLDS["NEW"], _OF_SPACE.format(row="NEW")
    yield "booking", "UPDATE", f"{times} OR {held}", both
    yield "booking", "DELETE", _HOLDS["OLD"], _OF_SPACE.format(row="OLD")
    yield "searchchange", "INSERT", "", _FORGET


def sqlite_rules() -> Iterator[str]:
    """Made anew at every start."""
    for table, verb, when, statement in rules("IS NOT"):
        name = f"search_{table}_{verb.lower()}"
        yield f"DROP TRIGGER IF EXISTS {name}"
        condition = f"WHEN {when} " if when else ""
        yield f"CREATE TRIGGER {name} AFTER {verb} ON {table} {condition}BEGIN {statement}; END"


def postgresql_rules() -> Iterator[str]:
    yield "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
    for table, verb, when, statement in rules("IS DISTINCT FROM"):
        name = f"search_{table}_{verb.lower()}"
        yield f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
            SET search_path FROM CURRENT AS $$ BEGIN {statement}; RETURN NULL; END $$"""
        condition = f"WHEN ({when})" if when else ""
        yield f"""CREATE OR REPLACE TRIGGER {name} AFTER {verb} ON {table}
            FOR EACH ROW {condition} EXECUTE FUNCTION {name}()"""


def keep() -> None:
    """After the tables: every start writes these rules for its own engine."""
    for dialect, made in (("sqlite", sqlite_rules()), ("postgresql", postgresql_rules())):
        for rule in made:
            ddl = DDL(rule.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(SQLModel.metadata, "after_create", ddl)


keep()

"""Statements put together once: SQLAlchemy would do so each time, for more than SQLite needs to

run one. There they go to the driver itself, whose errors are told as SQLAlchemy's.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert, Update
from sqlmodel import Session

_Made = tuple[str, Sequence[str] | None]


class Many:
    """Rows of two columns or more, whole numbers and text only: nothing is converted on the way."""

    def __init__(self, statement: Insert | Update, names: Sequence[str] = ()) -> None:
        """`names`: the columns of an insert; an update names its values itself."""
        self._statement, self._names = statement, names
        self._made: dict[str, _Made] = {}

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
        """How many rows were written."""
        if not rows:
            return 0
        here = session.connection()
        made = self._made.get(here.dialect.name)
        if made is None:
            keys = list(self._names) or None
            made = _compiled(self._statement, here.dialect, keys)
            self._made[here.dialect.name] = made
        words, order = made
        # Some drivers take values by place, others by name.
        values: list[Any] = [*map(itemgetter(*order), rows)] if order else [*map(dict, rows)]
        return int(_run(here, words, values, many=len(values) > 1).rowcount)


class Asking:
    """A question in SQL with `:name` for each value; numbers and text come back as they are."""

    def __init__(self, words: str) -> None:
        self._statement = text(words)
        self._made: dict[str, _Made] = {}

    def first(self, session: Session, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """A boolean is 0 or 1 on SQLite."""
        here = session.connection()
        made = self._made.get(here.dialect.name)
        if made is None:
            made = _compiled(self._statement, here.dialect)
            self._made[here.dialect.name] = made
        words, order = made
        given = tuple(values[name] for name in order) if order else dict(values)
        answer = _run(here, words, [given])
        found: Sequence[Any] | None = answer.fetchone()
        answer.close()
        return found


def _compiled(statement: Any, dialect: Dialect, keys: list[str] | None = None) -> _Made:
    compiled: Any = statement.compile(dialect=dialect, column_keys=keys)
    return str(compiled), compiled.positiontup


def _run(here: Connection, words: str, values: list[Any], many: bool = False) -> Any:
    """A server may be gone, and SQLAlchemy knows what to do then; SQLite is in this process."""
    given = values if many else values[0]
    if here.dialect.name != "sqlite":
        return here.exec_driver_sql(words, given)
    raw: Any = here.connection.dbapi_connection
    driver: Any = here.dialect.loaded_dbapi
    try:
        return raw.executemany(words, given) if many else raw.execute(words, given)
    except driver.Error as error:
        # What it was given may be a plate's.
        raise DBAPIError.instance(
            words, given, error, driver.Error, hide_parameters=True
        ) from error

"""One statement for hundreds of rows, put together once: SQLAlchemy would do so for every row."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.sql.dml import Insert, Update
from sqlmodel import Session


class Many:
    """Rows of two columns or more, whole numbers and text only: nothing is converted on the way."""

    def __init__(self, statement: Insert | Update, names: Sequence[str] = ()) -> None:
        """`names`: the columns of an insert; an update names its values itself."""
        self._statement, self._names = statement, names
        self._made: dict[str, tuple[str, Sequence[str] | None]] = {}

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        here = session.connection()
        if here.dialect.name not in self._made:
            self._made[here.dialect.name] = self._text(here.dialect)
        text, order = self._made[here.dialect.name]
        # Some drivers take values by place, others by name.
        values: list[Any] = [*map(itemgetter(*order), rows)] if order else [*map(dict, rows)]
        here.exec_driver_sql(text, values)

    def _text(self, dialect: Dialect) -> tuple[str, Sequence[str] | None]:
        compiled: Any = self._statement.compile(
            dialect=dialect, column_keys=list(self._names) or None
        )
        return str(compiled), compiled.positiontup

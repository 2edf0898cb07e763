"""How a booking is found by its key and written, in statements that are put together once."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import manager_of_class
from sqlmodel import Session

from cloud.booking_tables import Booking
from cloud.usecases import fees
from cloud.usecases.many import Asking, Many

COLUMNS = tuple(Booking.model_fields)
INSERT = Many(insert(Booking), COLUMNS)
# There a transaction that was refused one row could do nothing more.
_ADD: Mapping[str, Many] = {
    "sqlite": INSERT,
    "postgresql": Many(postgresql.insert(Booking).on_conflict_do_nothing(), COLUMNS),
}
_BY_KEY = Asking("SELECT id FROM booking WHERE request_key = :key")


def by_key(session: Session, key: str) -> Booking | None:
    found = _BY_KEY.first(session, {"key": key})
    return None if found is None else session.get_one(Booking, found[0])


def fee_bps(setting: str | None) -> int:
    """As fees.in_force tells it."""
    return fees.Standing().carried_bps if setting is None else _bps(setting)


@lru_cache(maxsize=8)
def _bps(text: str) -> int:
    return fees.Standing(**json.loads(text)).carried_bps


def add(session: Session, columns: Mapping[str, Any]) -> Booking | None:
    """All of its columns. None where the database knows of a booking in its way (PostgreSQL;

    SQLite has one writer, who has looked before). It is an object of the session like any other.
    """
    session.flush()
    engine = session.get_bind().dialect.name
    if _ADD.get(engine, INSERT).run(session, [columns]) == 0:
        return None
    # As a row is read: what was just written needs neither defaults nor a check.
    booking: Booking = manager_of_class(Booking).new_instance()
    booking.__dict__.update(columns)
    make_transient_to_detached(booking)
    session.add(booking)
    return booking

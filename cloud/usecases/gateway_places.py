"""Which gateway watched which space when: an event is judged by that, not by who has it now."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from cloud.place_tables import Assignment
from cloud.tables import Space

Misplaced = Literal["foreign_space", "not_then"]
_OF_SPACE = select(Assignment.gateway, Assignment.from_ms, Assignment.until_ms).where(
    Assignment.space == bindparam("space")
)


def assign(session: Session, gateway: str, spaces: Sequence[Space], now_ms: int) -> list[Space]:
    """From now on it watches these. Those that another watched until now are given back: what it

    knew of them is over, and the new one has not said anything yet.
    """
    taken = [space for space in spaces if space.gateway not in (None, gateway)]
    for space in spaces:
        _begin(session, gateway, space, now_ms)
        if space in taken:
            space.occupancy, space.occupancy_ms = "unknown", now_ms
        space.gateway = gateway
        session.add(space)
    session.flush()
    return taken


def judged(session: Session, gateway: str, space: Space, at_ms: int) -> Misplaced | None:
    """None: it watched the space at that time. Of a database from before there were assignments

    the present one is all that is known.
    """
    rows = _rows(session, space.id) or [(space.gateway, 0, None)]
    own = [(from_ms, until_ms) for who, from_ms, until_ms in rows if who == gateway]
    if not own:
        return "foreign_space"
    then = any(from_ms <= at_ms and (until is None or at_ms < until) for from_ms, until in own)
    return None if then else "not_then"


def _begin(session: Session, gateway: str, space: Space, now_ms: int) -> None:
    known = bool(_rows(session, space.id))
    if not known and space.gateway is not None:
        session.add(Assignment(space=space.id, gateway=space.gateway, from_ms=0))
        session.flush()
        known = True
    for row in _open(session, space.id):
        if row.gateway == gateway:
            return
        row.until_ms = now_ms
        session.add(row)
    session.add(Assignment(space=space.id, gateway=gateway, from_ms=now_ms if known else 0))


def _open(session: Session, space: str) -> list[Assignment]:
    found = select(Assignment).where(Assignment.space == space, col(Assignment.until_ms).is_(None))
    return list(session.exec(found))


def _rows(session: Session, space: str) -> list[tuple[str | None, int, int | None]]:
    found: Any = session.connection().execute(_OF_SPACE, {"space": space})
    return [tuple(row) for row in found]

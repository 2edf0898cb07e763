"""A change's idempotency key: the same wish again has the same answer, another one is refused."""

import json
from datetime import datetime

from sqlmodel import Session

from cloud.booking_tables import Booking, BookingKey
from cloud.core.reasons import Refusal, refuse
from contracts.wire.types import to_ms


def before(session: Session, key: str, wish: list[object]) -> Booking | Refusal | None:
    """What was done under this key already; None: nothing was. A refused wish leaves no trace."""
    known = session.get(BookingKey, key)
    if known is None:
        return None
    if known.wish != json.dumps(wish):
        return refuse("key_reused")
    return session.get_one(Booking, known.booking)


def keep(session: Session, key: str, wish: list[object], booking: str, now: datetime) -> None:
    row = BookingKey(key=key, wish=json.dumps(wish), booking=booking, at_ms=to_ms(now))
    session.add(row)
    session.flush()

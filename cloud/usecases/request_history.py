"""What the last months say of spaces: alarms of their sensors, bookings kept and taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from cloud.core.search_score import Known, Record, Sensing
from cloud.offer_tables import TakeBack
from cloud.tables import Alarm, Booking, Offer
from contracts.wire.types import to_ms

WATCHED_DAYS, REMEMBERED = 30, timedelta(days=180)
DAY_MS = 86_400_000
KEPT = ("completed", "settled")


def known_of(session: Session, spaces: Sequence[str], now: datetime) -> Known:
    """Of these few; a space that was never offered before, or never booked, is left out."""
    since_ms, month_ms = to_ms(now - REMEMBERED), to_ms(now - timedelta(days=WATCHED_DAYS))
    alarms = _counts(session, Alarm.space, spaces, col(Alarm.at_ms) > month_ms)
    kept = _counts(
        session,
        Booking.space,
        spaces,
        col(Booking.state).in_(KEPT),
        col(Booking.ends_ms) > since_ms,
    )
    broken = _counts(session, TakeBack.space, spaces, col(TakeBack.made_ms) > since_ms)
    sensing = {
        space: Sensing(days, alarms.get(space, 0))
        for space, days in _days(session, spaces, now).items()
        if days or space in alarms
    }
    booked = {s: Record(kept.get(s, 0), broken.get(s, 0)) for s in {*kept, *broken}}
    return Known(sensing, booked)


def _days(session: Session, spaces: Sequence[str], now: datetime) -> dict[str, int]:
    """Whole days since the space was first offered, as far as they count."""
    first = select(col(Offer.space), func.min(col(Offer.published_ms))).where(
        col(Offer.space).in_(spaces), col(Offer.published_ms) > 0
    )
    rows = session.execute(first.group_by(col(Offer.space)))
    return {space: min(WATCHED_DAYS, (to_ms(now) - ms) // DAY_MS) for space, ms in rows}


def _counts(
    session: Session, space: object, spaces: Sequence[str], *when: object
) -> dict[str, int]:
    found = select(space, func.count()).where(col(space).in_(spaces), *when)  # type: ignore[call-overload]
    return {name: many for name, many in session.execute(found.group_by(space))}

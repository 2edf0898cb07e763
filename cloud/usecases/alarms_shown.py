"""Alarms, as operators read them; and the little of them that everybody may know of a lot."""

from typing import Any

from sqlmodel import Session, col, func, select

from cloud.errors import Unknown
from cloud.tables import Alarm, Lot, Space
from contracts.wire.types import format_instant, from_ms

View = dict[str, Any]
MAX_ALARMS = 50
# Codes of what gateways say of their sensors (telemetry.py): they name nobody.
SENSOR = "sensor_"


def of_lot(session: Session, lot_id: str) -> list[View]:
    """Newest first, less the acknowledged: those of its spaces, and of none. For operators alone:

    their sentences name bookings, and who has a booking's id can open it.
    """
    if session.get(Lot, lot_id) is None:
        raise Unknown(f"Lot {lot_id}.")
    here = col(Alarm.space).in_(select(Space.id).where(Space.lot == lot_id))
    found = select(Alarm).where(here | col(Alarm.space).is_(None))
    found = found.where(col(Alarm.acknowledged_ms).is_(None))
    rows = session.exec(found.order_by(col(Alarm.at_ms).desc(), col(Alarm.id)).limit(MAX_ALARMS))
    return [
        {
            "id": row.id,
            "code": row.code,
            "space": row.space,
            "sentence": row.sentence,
            "at": _time(row.at_ms),
        }
        for row in rows
    ]


def out_of_order(session: Session, lot_id: str) -> list[View]:
    """Spaces of which a sensor has failed, and since when; for anyone."""
    first = func.min(Alarm.at_ms)
    found = (
        select(Space.id, first)
        .join(Alarm, col(Alarm.space) == col(Space.id))
        .where(Space.lot == lot_id, col(Alarm.code).startswith(SENSOR, autoescape=True))
        .group_by(col(Space.id), col(Space.number))
        .order_by(col(Space.number))
    )
    return [{"space": space, "since": _time(at_ms)} for space, at_ms in session.exec(found)]


def _time(ms: int) -> str:
    return format_instant(from_ms(ms))

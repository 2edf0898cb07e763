"""How alarms end: with what raised them, or by an operator who has seen to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.core.booking import AHEAD, HOLDING
from cloud.errors import Unknown
from cloud.tables import Alarm, Booking, Command, Space, Stay
from cloud.usecases import audit, trust
from cloud.usecases.gateways import AGAIN_MS as AGAIN_MS
from cloud.usecases.gateways import clear_alarm
from contracts.wire.types import to_ms

# Of a car that stands there: once it has left nothing is to be done about it any more.
OF_STAYS = (
    "unbooked",
    "ambiguous_plate",
    "grant_without_booking",
    "parked_elsewhere",
    "came_early",
    "overstay_met_next",
)
OF_OTHERS = ("wrong_vehicle", "command_refused", "foreign_space", "low_trust")
# Read at a time: those that last never keep the others from being looked at.
MAX_LOOKED_AT = 1_000
MAX_NOTE = 400


@dataclass(frozen=True, slots=True)
class Seen:
    """Who acknowledges, in the words of the audit log, and what was found; never a name."""

    by: str
    note: str = ""


def over(session: Session, now: datetime) -> list[str]:
    """End the alarms whose cause is over; the others, of all codes, are shown again in time."""
    all_ended: list[str] = []
    for found in _pages(session):
        ended = [row.id for row in found if row.code in OF_OTHERS and _is_over(session, row, now)]
        ended += _left(session, [row.id for row in found if row.code in OF_STAYS])
        if ended:
            clear_alarm(session, *ended)
        all_ended += ended
    _show_again(session, now)
    return all_ended


def acknowledge(session: Session, alarm_id: str, seen: Seen, now: datetime) -> Alarm:
    """It is shown no more; if it is still there after AGAIN_MS, it is shown again."""
    row = session.get(Alarm, alarm_id)
    if row is None:
        raise Unknown(f"Alarm {alarm_id}.")
    if row.acknowledged_ms is not None:
        return row
    row.acknowledged_ms = to_ms(now)
    session.add(row)
    session.flush()
    told = {"code": row.code, "space": row.space, "note": " ".join(seen.note.split())[:MAX_NOTE]}
    audit.record(session, seen.by, "alarm.acknowledged", f"alarm:{alarm_id}", told, now)
    return row


def _pages(session: Session) -> Iterator[Sequence[Alarm]]:
    """All that may be over, by id: nothing is raised in this transaction, so this has an end."""
    rows = select(Alarm).where(col(Alarm.code).in_((*OF_STAYS, *OF_OTHERS)))
    rows, after = rows.order_by(col(Alarm.id)).limit(MAX_LOOKED_AT), ""
    while found := session.exec(rows.where(col(Alarm.id) > after)).all():
        after = found[-1].id
        yield found


def _show_again(session: Session, now: datetime) -> None:
    """Raised once or again and again: who has seen to it did not end it."""
    before_ms = to_ms(now) - AGAIN_MS
    seen = select(Alarm).where(col(Alarm.acknowledged_ms) <= before_ms)
    for row in session.exec(seen.order_by(col(Alarm.id)).limit(MAX_LOOKED_AT)):
        row.at_ms, row.acknowledged_ms = to_ms(now), None
        session.add(row)
    session.flush()


def _left(session: Session, names: Sequence[str]) -> Iterator[str]:
    """Alarms of these names (`what:stay`) whose car stands there no more."""
    stays = {name: int(name.rpartition(":")[2]) for name in names}
    here = select(Stay.number).where(Stay.state == "open", col(Stay.number).in_(stays.values()))
    open_ones = set(session.exec(here))
    return (name for name, stay in stays.items() if stay not in open_ones)


def _is_over(session: Session, alarm: Alarm, now: datetime) -> bool:
    about = alarm.id.partition(":")[2]
    if alarm.code == "wrong_vehicle":
        return _right(session, alarm, session.get(Booking, about))
    if alarm.code == "command_refused":
        return _needless(session, session.get(Command, about))
    if alarm.code == "foreign_space":
        space = session.get(Space, alarm.space)
        return space is None or about == f"{space.gateway}:{space.id}"
    return not trust.score(session, int(about), now).low


def _right(session: Session, alarm: Alarm, booking: Booking | None) -> bool:
    """Nobody waits for this space any more, or no other car stands there."""
    if booking is None or booking.state not in AHEAD or booking.space != alarm.space:
        return True
    there = select(Stay.number).where(Stay.space == alarm.space, Stay.state == "open")
    return session.exec(there).first() is None


def _needless(session: Session, refused: Command | None) -> bool:
    """What it was sent for is over, or the same was sent again and accepted."""
    if refused is None:
        return True
    booking = session.get(Booking, refused.subject)
    if booking is not None and booking.state not in HOLDING:
        return True
    later = select(Command.id).where(
        Command.gateway == refused.gateway,
        Command.kind == refused.kind,
        Command.subject == refused.subject,
        Command.status == "accepted",
        Command.created_ms >= refused.created_ms,
    )
    return session.exec(later).first() is not None

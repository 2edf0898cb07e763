"""A car stands past its grace: the gateway is asked whether it really does, the driver is told,

and who comes next is given another space. What is asked and not confirmed is not charged.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from cloud.core.booking import AHEAD
from cloud.core.reasons import Refusal
from cloud.stay_tables import Overstay
from cloud.tables import Booking, EventRow, Gateway, Space, Stay
from cloud.usecases import notices, stay_asks, stay_places, trust
from cloud.usecases.gateways import raise_alarm
from cloud.usecases.stay_arrivals import SOON_MS, ahead_at, one_car
from contracts.ledger.records import BookingRecord
from contracts.wire.messages import Event
from contracts.wire.types import format_instant, from_ms, to_ms

MAX_ASKED = 100
# Asked once a gateway can say it past its doubt of when (15 s by its settings, and the way).
SURE_MS = 20_000
# An answer takes a while: who leaves so soon after the question needs none.
ANSWER_MS = 2 * 60_000


def ask(session: Session, command: str, now: datetime) -> list[Overstay]:
    """Those newly past their grace, once each. `command`: a new id for this turn."""
    made = []
    for number, (stay, booking) in enumerate(_standing(session, now)):
        if past_ms(booking) + SURE_MS >= to_ms(now):
            continue
        made.append(_asked(session, stay, booking, f"{command}.{number}", now))
    for number, (stay, booking) in enumerate(_in_the_way(session, now)):
        _next(session, stay, booking, f"{command}.{number}", now)
    return made


def past_ms(booking: Booking) -> int:
    """When the grace after the booked end is over."""
    return past_of(booking.record)


def past_of(agreed: str) -> int:
    """By a record of what was agreed, in its text."""
    record = BookingRecord.model_validate_json(agreed)
    return to_ms(record.window.ends_at) + record.terms.forgiven_s * 1000


def confirmed(session: Session, stay: Stay, booking: Booking, rows: list[EventRow]) -> bool:
    """Whether the overstay may be charged: nobody asked, or a signed answer said that it stands.

    Of a stay that was told late nobody could ask: its own events tell all there is. Of a car that
    its gateway knew only past the grace nobody did, either, but nothing confirms it.
    """
    row, limit = session.get(Overstay, stay.number), from_ms(past_ms(booking))
    if (stay.departed_ms or 0) <= (row.asked_ms if row else past_ms(booking)) + ANSWER_MS:
        return True
    events = [Event.model_validate_json(one.body) for one in rows]
    if row is None:
        return events[0].reported_at <= limit
    return any(
        event.occupancy == "occupied" and event.at - timedelta(seconds=event.uncertainty_s) > limit
        for event in events
    )


def _standing(session: Session, now: datetime) -> list[tuple[Stay, Booking]]:
    found = _heard().where(Booking.ends_ms < to_ms(now), col(Overstay.stay).is_(None))
    return list(session.exec(found.order_by(col(Booking.ends_ms)).limit(MAX_ASKED)))


def _in_the_way(session: Session, now: datetime) -> list[tuple[Stay, Booking]]:
    """Asked before, and the next booking of the space begins in minutes."""
    following, now_ms = aliased(Booking), to_ms(now)
    soon = (
        select(following.space)
        .where(col(following.state).in_(AHEAD))
        .where(following.starts_ms <= now_ms + SOON_MS, following.ends_ms > now_ms)
    )
    found = _heard().where(col(Overstay.stay).is_not(None), col(Stay.space).in_(soon))
    return list(session.exec(found.order_by(col(Booking.ends_ms)).limit(MAX_ASKED)))


def _heard() -> Any:
    """Only where the gateway can be heard: of a silent one nobody knows what stands there."""
    return (
        select(Stay, Booking)
        .join(Booking, col(Booking.id) == col(Stay.booking))
        .join(Overstay, col(Overstay.stay) == col(Stay.number), isouter=True)
        .join(Space, col(Space.id) == col(Stay.space))
        .join(Gateway, col(Gateway.id) == col(Space.gateway))
        .where(Stay.state == "open", col(Gateway.online).is_(True))
    )


def _goes_on(session: Session, booking: Booking, following: Booking) -> bool:
    return following.driver == booking.driver and one_car(session, following, booking)


def _asked(session: Session, stay: Stay, booking: Booking, command: str, now: datetime) -> Overstay:
    stay_asks.snapshot(session, stay.space, f"{command}.ask", now)
    row = Overstay(
        stay=stay.number or 0, booking=booking.id, asked_ms=to_ms(now), command=f"{command}.ask"
    )
    session.add(row)
    session.flush()
    fields = {"space": stay.space, "ends_at": format_instant(from_ms(booking.ends_ms))}
    key = f"overstay:{stay.number}"
    notices.tell(session, booking.driver, "overstay_started", fields, now, key=key)
    return row


def _next(session: Session, stay: Stay, booking: Booking, command: str, now: datetime) -> None:
    """Whoever comes next in minutes is given another space, at the cost of who stays.

    Nobody is in the way of himself: who has booked on, with the same car, keeps the space.
    """
    following = ahead_at(session, stay.space, to_ms(now))
    if following is None or _goes_on(session, booking, following):
        return
    cause = stay_places.Cause(f"{command}.next", "car_before_stays", booking.driver)
    done = stay_places.reassign(session, following, cause, now)
    trust.note(session, booking.driver, "overstay_met_next", f"stay:{stay.number}", now)
    if isinstance(done, Refusal):
        sentence = f"Booking {following.id} of {stay.space} begins and a car still stands there."
        code = "overstay_met_next"
        raise_alarm(session, f"{code}:{stay.number}", code, stay.space, sentence, now)

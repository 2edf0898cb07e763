"""Somebody's space is taken by another car: the next best one at no extra cost, else the money."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from cloud.core.compensation import said
from cloud.core.money import PLATFORM
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Booking
from cloud.usecases import booking_fees, bookings, changing, notices, offer_compensation
from cloud.usecases.offer_conflicts import InTheWay
from cloud.usecases.offer_moves import outcomes
from contracts.ledger.pricing import Tariff

Why = Literal["other_car_there", "car_before_stays", "parked_elsewhere"]


@dataclass(frozen=True, slots=True)
class Cause:
    """`causer`: whose cost it is, -1 the platform. The same `command` again changes nothing."""

    command: str
    why: Why
    causer: int = PLATFORM


def next_best(session: Session, booking: Booking, now: datetime) -> str | None:
    """The nearest space of the lot that is free for this booking and as roomy; standby first."""
    item = InTheWay(
        booking=booking.id,
        driver=booking.driver,
        starts_ms=booking.starts_ms,
        ends_ms=booking.ends_ms,
        quoted_minor=booking.held_minor,
        compensation_minor=0,
        currency=_currency(booking),
        standing=False,
    )
    return outcomes(session, booking.space, [item], now)[0].space


def reassign(session: Session, booking: Booking, cause: Cause, now: datetime) -> Booking | Refusal:
    """Moved if there is where to, else cancelled with its compensation. The driver is told."""
    done = move(session, booking, cause, now)
    codes = [reason.code for reason in done.reasons] if isinstance(done, Refusal) else []
    return cancel(session, booking, cause, now) if "no_other_space" in codes else done


def move(session: Session, booking: Booking, cause: Cause, now: datetime) -> Booking | Refusal:
    space = next_best(session, booking, now)
    if space is None:
        return refuse("no_other_space")
    return to(session, booking, space, cause, now)


def to(
    session: Session, booking: Booking, space: str, cause: Cause, now: datetime
) -> Booking | Refusal:
    """There and nowhere else, under the terms and the price as they were."""
    by = changing.By(cause.command, booking.driver, cause.command, None, cause.causer)
    done = changing.move_space(session, booking.id, space, by, now)
    if isinstance(done, Booking):
        fields = {"booking": done.id, "space": done.space, "reason_code": cause.why}
        key = f"{cause.command}:moved"
        notices.tell(session, done.driver, "booking_moved", fields, now, key=key)
    return done


def cancel(session: Session, booking: Booking, cause: Cause, now: datetime) -> Booking | Refusal:
    """The whole hold goes back, and the compensation is due; the causer owes it to the platform."""
    due_minor = offer_compensation.due(session, booking, now)
    done = bookings.cancel_by(session, booking, "operator", cause.why, cause.command, now)
    if isinstance(done, Refusal):
        return done
    if cause.causer != PLATFORM:
        sides, due = (cause.causer, PLATFORM), (due_minor, cause.why)
        booking_fees.owe(session, booking, "reassignment", sides, due, now)
    told = {"booking": done.id, "space": done.space, "reason_code": cause.why}
    key = f"{cause.command}:cancelled"
    notices.tell(session, done.driver, "booking_cancelled", told, now, key=key)
    if due_minor:
        owed = {
            "booking": done.id,
            "amount": said(due_minor, _currency(booking)),
            "reason_code": cause.why,
        }
        notices.tell(session, done.driver, "compensation_due", owed, now, key=f"{key}:due")
    return done


def _currency(booking: Booking) -> str:
    return Tariff.model_validate_json(booking.tariff).currency

"""What a booking agrees on: kept when it is changed, and put back if nothing came of the change."""

from datetime import datetime

from sqlmodel import Session

from cloud.booking_tables import Booking, Superseded
from cloud.usecases import bookings
from contracts.ledger.records import BookingRecord
from contracts.wire.types import to_ms


def superseded(booking: Booking, now: datetime) -> Superseded:
    return Superseded(
        grant=booking.grant,
        booking=booking.id,
        space=booking.space,
        record=booking.record,
        tariff=booking.tariff,
        held_minor=booking.held_minor,
        until_ms=to_ms(now),
    )


def write(booking: Booking, record: BookingRecord) -> None:
    """The record, and the columns that are told of it."""
    window = record.window
    booking.space, booking.grant = record.space, record.grant
    booking.starts_ms, booking.ends_ms = to_ms(window.starts_at), to_ms(window.ends_at)
    booking.early_ms = booking.starts_ms - record.terms.early_start_s * 1000
    booking.due_ms = bookings.due_ms(record)
    booking.record = record.model_dump_json()


def restore(session: Session, booking: Booking, old: Superseded, now: datetime) -> None:
    """What was agreed before counts again: its stay is over, and its gateway knew no other.

    Nothing is held or given back: the stay is paid out of what is held.
    """
    session.merge(superseded(booking, now))
    write(booking, BookingRecord.model_validate_json(old.record))
    booking.tariff = old.tariff
    session.add(booking)
    session.flush()

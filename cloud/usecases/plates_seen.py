"""The plates that a gateway read of a stay's car, masked, and those that were expected there."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from cloud.tables import Booking, EventRow, Stay
from cloud.usecases import plate_vault
from cloud.usecases.stay_arrivals import SOON_MS
from contracts.wire.messages import Event
from contracts.wire.types import format_instant, from_ms

MAX_EXPECTED = 5
# What stays to be read of a plate: its region and letter, and the last two signs.
HEAD, TAIL = 2, 2
View = dict[str, Any]


def masked(plate: str) -> str:
    """As a booking's page shows it: enough to tell two cars apart, and no more."""
    return plate[:HEAD] + "*" * max(len(plate) - HEAD - TAIL, 1) + plate[-TAIL:]


def read(session: Session, rows: Sequence[EventRow]) -> list[View]:
    """Of each event that came with its plate: how it was read, and what the gateway made of it."""
    return [
        {
            "seq": row.seq,
            "at": format_instant(event.at),
            "plate": masked(text),
            "match": event.match,
        }
        for row in rows
        if row.plate
        for text in [plate_vault.of_event(session, row) or ""]
        for event in [Event.model_validate_json(row.body)]
    ]


def expected(session: Session, stay: Stay) -> list[View]:
    """Whoever had booked the space while the car stood there, or soon after it came."""
    until_ms = max(stay.departed_ms or stay.arrived_ms, stay.arrived_ms + SOON_MS)
    found = select(Booking).where(
        Booking.space == stay.space,
        Booking.state != "cancelled",
        col(Booking.starts_ms) <= until_ms,
        col(Booking.ends_ms) > stay.arrived_ms,
    )
    rows = session.exec(found.order_by(col(Booking.starts_ms)).limit(MAX_EXPECTED))
    return [
        {
            "booking": row.id,
            "plate": masked(plate_vault.of_booking(session, row)),
            "starts_at": format_instant(from_ms(row.starts_ms)),
            "state": row.state,
        }
        for row in rows
    ]

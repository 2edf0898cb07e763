"""The owner's own cars: their plates at a space, and whether one of them is a given plate.

They are not sent to gateways as grants. With a second grant at a space, the edge could not tell any
more whose car an unread plate is (edge/core/plates.py), and every arrival there would be doubtful;
a plate that was read comes with the signed event and is compared here.
"""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from cloud.core.reasons import Refusal, refuse
from cloud.offer_tables import OwnerPlate
from cloud.usecases.registrations import sharing
from contracts.wire.types import to_ms

MAX_PLATES = 10


def add(
    session: Session, space: str, owner: int, plate: str, now: datetime
) -> OwnerPlate | Refusal:
    """Effective at once. `plate` in its one spelling (bookings.plate_of)."""
    refused = not_theirs(session, space, owner)
    if refused is not None:
        return refused
    there = session.get(OwnerPlate, (space, plate))
    if there is None and len(plates_of(session, space)) >= MAX_PLATES:
        return refuse("too_many_plates")
    row = there or OwnerPlate(space=space, plate=plate, account=owner, added_ms=to_ms(now))
    row.starts_ms, row.ends_ms = 0, None
    session.add(row)
    session.flush()
    return row


def remove(session: Session, space: str, owner: int, plate: str) -> bool | Refusal:
    """Whether it was there."""
    refused = not_theirs(session, space, owner)
    if refused is not None:
        return refused
    row = session.get(OwnerPlate, (space, plate))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def invite(session: Session, row: OwnerPlate) -> None:
    """A guest for a time, beside the plates that stand there for good."""
    if session.get(OwnerPlate, (row.space, row.plate)) is None:
        session.add(row)
        session.flush()


def plates_of(session: Session, space: str, at_ms: int | None = None) -> tuple[str, ...]:
    """Those that count at that time; without a time those that count always."""
    always = col(OwnerPlate.ends_ms).is_(None)
    found = select(OwnerPlate.plate).where(OwnerPlate.space == space).order_by(OwnerPlate.plate)
    if at_ms is None:
        return tuple(session.exec(found.where(always)))
    lasting = or_(always, col(OwnerPlate.ends_ms) > at_ms)
    return tuple(session.exec(found.where(lasting, col(OwnerPlate.starts_ms) <= at_ms)))


def is_owners_plate(session: Session, space: str, plate: str, at_ms: int | None = None) -> bool:
    """Letter by letter; for a doubtful reading compare with plates_of."""
    return plate in plates_of(session, space, at_ms)


def not_theirs(session: Session, space: str, owner: int) -> Refusal | None:
    registration = sharing(session, space)
    if registration is None:
        return refuse("not_shared")
    return None if registration.owner == owner else refuse("not_owner")

"""The owner's own cars: their plates at a space, and whether one of them is a given plate.

They are not sent to gateways as grants. With a second grant at a space, the edge could not tell any
more whose car an unread plate is (edge/core/plates.py), and every arrival there would be doubtful;
a plate that was read comes with the signed event and is compared here.
"""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from cloud.core.reasons import Refusal, refuse
from cloud.offer_tables import OwnerPlate
from cloud.usecases import plate_vault
from cloud.usecases.registrations import sharing
from contracts.ledger.pricing import Window
from contracts.wire.types import to_ms

MAX_PLATES = 10


def add(
    session: Session, space: str, owner: int, plate: str, now: datetime
) -> OwnerPlate | Refusal:
    """Effective at once. `plate` in its one spelling (bookings.plate_of)."""
    refused = not_theirs(session, space, owner)
    if refused is not None:
        return refused
    there = _found(session, space, plate)
    if there is None and len(plates_of(session, space)) >= MAX_PLATES:
        return refuse("too_many_plates")
    row = there or made(session, space, owner, plate, now)
    row.starts_ms, row.ends_ms = 0, None
    session.add(row)
    session.flush()
    return row


def remove(session: Session, space: str, owner: int, plate: str) -> bool | Refusal:
    """Whether it was there."""
    refused = not_theirs(session, space, owner)
    if refused is not None:
        return refused
    row = _found(session, space, plate)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def made(session: Session, space: str, owner: int, plate: str, now: datetime) -> OwnerPlate:
    """Not yet there: who keeps it says for how long."""
    sealed = plate_vault.seal(session, owner, plate, plate_vault.in_space(space))
    return OwnerPlate(space=space, plate=sealed, account=owner, added_ms=to_ms(now))


def invite(
    session: Session, space: str, owner: int, plate: str, window: Window, now: datetime
) -> None:
    """A guest for a time, beside the plates that stand there for good."""
    if _found(session, space, plate) is None:
        row = made(session, space, owner, plate, now)
        row.starts_ms, row.ends_ms = to_ms(window.starts_at), to_ms(window.ends_at)
        session.add(row)
        session.flush()


def plates_of(session: Session, space: str, at_ms: int | None = None) -> tuple[str, ...]:
    """Those that count at that time; without a time those that count always."""
    always = col(OwnerPlate.ends_ms).is_(None)
    found = select(OwnerPlate.plate).where(OwnerPlate.space == space)
    if at_ms is None:
        found = found.where(always)
    else:
        lasting = or_(always, col(OwnerPlate.ends_ms) > at_ms)
        found = found.where(lasting, col(OwnerPlate.starts_ms) <= at_ms)
    place = plate_vault.in_space(space)
    return tuple(sorted(plate_vault.opened(session, row, place) for row in session.exec(found)))


def is_owners_plate(session: Session, space: str, plate: str, at_ms: int | None = None) -> bool:
    """Letter by letter; for a doubtful reading compare with plates_of."""
    return plate in plates_of(session, space, at_ms)


def _found(session: Session, space: str, plate: str) -> OwnerPlate | None:
    rows = session.exec(select(OwnerPlate).where(OwnerPlate.space == space))
    return next((row for row in rows if plate_vault.same(session, row.plate, plate)), None)


def not_theirs(session: Session, space: str, owner: int) -> Refusal | None:
    registration = sharing(session, space)
    if registration is None:
        return refuse("not_shared")
    return None if registration.owner == owner else refuse("not_owner")

"""Lists in pages: rows after a place in an order that never changes under the reader.

A page reads one row more than it shows, to know whether another page follows.
"""

from typing import Any

from sqlalchemy import or_, tuple_
from sqlmodel import Session, col, select

from cloud.charge_tables import CHARGE_NUMBERS, ChargeRow
from cloud.errors import Unknown
from cloud.tables import Booking, Entry, Gateway, Lot, Offer, Registration, Settlement, Space, Stay

After = tuple[Any, ...] | None
Rows = list[Any]


def lots(session: Session, after: After, limit: int) -> Rows:
    """Lots that have a gateway, by id; the others hold titles only."""
    found = select(Lot).where(col(Lot.id).in_(select(Gateway.lot).distinct()))
    if after is not None:
        found = found.where(Lot.id > after[0])
    return list(session.exec(found.order_by(Lot.id).limit(limit + 1)))


def bookings(session: Session, driver: int | None, after: After, limit: int) -> Rows:
    """Latest start first; `driver` None: everybody's, for the operator."""
    found = select(Booking)
    if driver is not None:
        found = found.where(Booking.driver == driver)
    order = (col(Booking.starts_ms), col(Booking.id))
    if after is not None:
        found = found.where(tuple_(*order) < after)
    return list(session.exec(found.order_by(*(c.desc() for c in order)).limit(limit + 1)))


def registrations(session: Session, owner: int | None, after: After, limit: int) -> Rows:
    """Newest first."""
    found = select(Registration)
    if owner is not None:
        found = found.where(Registration.owner == owner)
    order = (col(Registration.decided_ms), col(Registration.id))
    if after is not None:
        found = found.where(tuple_(*order) < after)
    return list(session.exec(found.order_by(*(c.desc() for c in order)).limit(limit + 1)))


def offers(session: Session, owner: int | None, after: After, limit: int) -> Rows:
    """By space and id; closed ones, too."""
    found = select(Offer)
    if owner is not None:
        found = found.where(Offer.owner == owner)
    order = (col(Offer.space), col(Offer.id))
    if after is not None:
        found = found.where(tuple_(*order) > after)
    return list(session.exec(found.order_by(*order).limit(limit + 1)))


def open_offers(session: Session, after: After, limit: int) -> Rows:
    """(offer, lot) of spaces that are shared now, by offer."""
    found = (
        select(Offer, Lot)
        .join(Registration, col(Registration.space) == col(Offer.space))
        .join(Space, col(Space.id) == col(Offer.space))
        .join(Lot, col(Lot.id) == col(Space.lot))
        .where(Offer.status == "open", Registration.status == "shared")
    )
    if after is not None:
        found = found.where(Offer.id > after[0])
    return list(session.exec(found.order_by(Offer.id).limit(limit + 1)))


def stays_of_lot(session: Session, lot: str, after: After, limit: int) -> Rows:
    """By number."""
    if session.get(Lot, lot) is None:
        raise Unknown(f"Lot {lot}.")
    found = select(Stay).join(Space, col(Space.id) == col(Stay.space)).where(Space.lot == lot)
    if after is not None:
        found = found.where(col(Stay.number) > after[0])
    return list(session.exec(found.order_by(col(Stay.number)).limit(limit + 1)))


def stays(session: Session, owner: int | None, after: int, limit: int) -> Rows:
    """(stay, booking or None) by number. An owner's: those that booked an offer of theirs."""
    found = select(Stay, Booking).join(Booking, col(Booking.id) == col(Stay.booking), isouter=True)
    if owner is not None:
        found = found.join(Offer, col(Offer.id) == col(Booking.offer)).where(Offer.owner == owner)
    found = found.where(col(Stay.number) > after).order_by(col(Stay.number))
    return list(session.exec(found.limit(limit)))


def settlements(session: Session, owner: int | None, after: int, limit: int) -> Rows:
    """(settlement, booking, charge or None, owner or None) by the stay's number; credits and

    charges have numbers of their own. An owner's: of offers of theirs, less charges of others.
    """
    found = (
        select(Settlement, Booking, ChargeRow, Offer.owner)
        .join(Booking, col(Booking.id) == col(Settlement.booking), isouter=True)
        .join(Offer, col(Offer.id) == col(Booking.offer), isouter=True)
        .join(
            ChargeRow, col(ChargeRow.number) + CHARGE_NUMBERS == col(Settlement.stay), isouter=True
        )
    )
    if owner is not None:
        theirs = or_(
            col(ChargeRow.number).is_(None),
            col(ChargeRow.payer) == owner,
            col(ChargeRow.payee) == owner,
        )
        found = found.where(Offer.owner == owner, theirs)
    found = found.where(col(Settlement.stay) > after).order_by(col(Settlement.stay))
    return list(session.exec(found.limit(limit)))


def postings(session: Session, account: int | None, after: int, limit: int) -> Rows:
    """Entries in the order they were made."""
    found = select(Entry).where(col(Entry.id) > after)
    if account is not None:
        found = found.where(Entry.account == account)
    return list(session.exec(found.order_by(col(Entry.id)).limit(limit)))

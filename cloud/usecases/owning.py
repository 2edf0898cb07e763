"""Whose an object is: the accounts that may do with it what its owner may; None: not there."""

from collections.abc import Callable

from sqlmodel import Session

from cloud.account_tables import AccessKey, Passkey
from cloud.compliance_tables import Document
from cloud.offer_tables import TakeBack
from cloud.stay_tables import Dispute, TrustEvent
from cloud.tables import Account, Booking, Offer, Registration
from cloud.usecases import access_keys, sessions
from cloud.usecases.bookings import record_of
from cloud.usecases.registrations import sharing

MAX_DIGITS = 10  # of a number in a path
Find = Callable[[Session, str], frozenset[int] | None]


def _booking(session: Session, key: str) -> frozenset[int] | None:
    row = session.get(Booking, key)
    return None if row is None else frozenset((row.driver,))


def _registration(session: Session, key: str) -> frozenset[int] | None:
    row = session.get(Registration, key)
    return None if row is None else frozenset((row.owner,))


def _offer(session: Session, key: str) -> frozenset[int] | None:
    row = session.get(Offer, key)
    return None if row is None else frozenset((row.owner,))


def _space(session: Session, key: str) -> frozenset[int] | None:
    """Of a space that is shared: whoever shares it."""
    row = sharing(session, key)
    return None if row is None else frozenset((row.owner,))


def _document(session: Session, key: str) -> frozenset[int] | None:
    row = session.get(Document, key)
    return None if row is None else frozenset((row.owner,))


def _taking_back(session: Session, key: str) -> frozenset[int] | None:
    row = session.get(TakeBack, key)
    return None if row is None else frozenset((row.owner,))


def _dispute(session: Session, key: str) -> frozenset[int] | None:
    """Both sides of the stay, and whoever opened it."""
    row = session.get(Dispute, key)
    if row is None:
        return None
    booking = session.get(Booking, row.booking) if row.booking else None
    if booking is None:
        return frozenset((row.opened_by,))
    return frozenset((row.opened_by, booking.driver, record_of(booking).owner_account))


def _event(session: Session, key: str) -> frozenset[int] | None:
    number = int(key) if key.isascii() and key.isdigit() and len(key) < MAX_DIGITS else 0
    row = session.get(TrustEvent, number)
    return None if row is None else frozenset((row.account,))


def _session(session: Session, key: str) -> frozenset[int] | None:
    number = sessions.account_of(session, key)
    return None if number is None else frozenset((number,))


def _passkey(session: Session, key: str) -> frozenset[int] | None:
    row = session.get(Passkey, key)
    return None if row is None else frozenset((row.account,))


def _key(session: Session, key: str) -> frozenset[int] | None:
    """The first one is named by its account's number."""
    first = access_keys.number_of(key)
    if first is not None:
        return None if session.get(Account, first) is None else frozenset((first,))
    row = session.get(AccessKey, key)
    return None if row is None else frozenset((row.account,))


# With the word that its "there is no such thing" begins with.
OWNERS: dict[str, tuple[str, Find]] = {
    "booking": ("Booking", _booking),
    "registration": ("Registration", _registration),
    "offer": ("Offer", _offer),
    "space": ("Space", _space),
    "document": ("Document", _document),
    "taking_back": ("Taking back", _taking_back),
    "dispute": ("Dispute", _dispute),
    "event": ("Trust event", _event),
    "session": ("Session", _session),
    "passkey": ("Passkey", _passkey),
    "key": ("Key", _key),
}

"""Another way of contact: the one before is told of it, and for a day no code goes out by mail.

Whoever has a session for a moment could else send the codes for a new password to himself.
"""

from datetime import datetime

from sqlmodel import Session

from cloud.account_tables import ContactChange
from cloud.audit_tables import NoticeContact
from cloud.core.reasons import Refusal
from cloud.usecases import notices
from contracts.wire.types import to_ms

HELD_MS = 24 * 3_600_000
# Notices go to accounts: the address before has the account's number below this one.
BEFORE = -(2**30)


def change(
    session: Session, number: int, way: notices.Way, by_operator: bool, now: datetime
) -> NoticeContact | Refusal:
    """Another language or secret alone is no change of address."""
    old = notices.contact(session, number)
    before = notices.Way(old.channel, old.address, old.language, old.secret)
    made = notices.set_contact(session, number, way, by_operator)
    if isinstance(made, Refusal) or _place(way) == _place(before):
        return made
    if not held(session, number, to_ms(now)):
        _remember(session, number, before)
    session.merge(ContactChange(account=number, changed_ms=to_ms(now)))
    session.flush()
    tell(session, number, "contact_changed", now)
    return made


def held(session: Session, number: int, now_ms: int) -> bool:
    """Whether the contact is too new for a code to go there."""
    row = session.get(ContactChange, number)
    return row is not None and now_ms < row.changed_ms + HELD_MS


def tell(session: Session, number: int, code: str, now: datetime, key: str = "") -> None:
    """The account, and its address from before the change.

    Of several changes within a day that is the first one's: the others may be a thief's.
    """
    notices.tell(session, number, code, {}, now, key)
    if session.get(NoticeContact, BEFORE - number) is not None:
        notices.tell(session, BEFORE - number, code, {}, now, key and f"{key}:before")


def reset_held(session: Session, number: int, now: datetime) -> None:
    """Somebody asked for a code that does not go out; told once for each change."""
    row = session.get_one(ContactChange, number)
    tell(session, number, "reset_held", now, f"reset_held:{number}:{row.changed_ms}")


def _remember(session: Session, number: int, way: notices.Way) -> None:
    """A log is nobody's address."""
    known = session.get(NoticeContact, BEFORE - number)
    if way.channel != "log":
        notices.set_contact(session, BEFORE - number, way, True)
    elif known is not None:
        session.delete(known)


def _place(way: notices.Way) -> tuple[str, str]:
    return way.channel, way.address

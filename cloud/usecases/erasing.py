"""The right to be forgotten: a person's key and names go, and what was filed stays valid.

Books, chain, audit chain and receipts name numbers, digests and commitments only; after this nobody
can tell whose they were, or open a commitment.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from cloud.compliance_tables import Document
from cloud.core.booking import HOLDING
from cloud.core.personal import DELETE, KEEP, TABLES, Held
from cloud.core.reasons import REASONS, Refusal
from cloud.privacy_tables import Erased
from cloud.stay_tables import Appeal, Dispute
from cloud.tables import Account, Booking, Offer, Registration, Stay
from cloud.usecases import accounts, audit, documents, owing, plate_vault
from cloud.usecases.rechecking import LIVE
from contracts.wire.types import to_ms

# Of each of them one must be left: nobody else could make another.
NEEDED = ("operator", "admin")
# States of a stay in which somebody may still say what it was.
UNDECIDED = ("open", "disputed")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """`rows`: how many, by table; `kept`: why others stay; `receipts`: numbers of stays with one.

    `sealed`: plates of hers in signed events that can no longer be opened.
    """

    account: int
    rows: Mapping[str, int]
    kept: Mapping[str, str]
    receipts: tuple[int, ...]
    sealed: int

    def plain(self) -> dict[str, Any]:
        return {
            "erased": True,
            "account": self.account,
            "rows": dict(self.rows),
            "kept": dict(self.kept),
            "receipts": {
                "stays": list(self.receipts),
                "say": "These receipts verify as before (berth-verify): they hold commitments. "
                "Whose number it was, and which plates the commitments are of, nobody can tell "
                "any more.",
                "plates_no_longer_opened": self.sealed,
            },
        }


def erase(session: Session, person: int, who: str, now: datetime) -> Forgotten | Refusal:
    """For good. `who`: in the words of the audit log. Raises Unknown."""
    account = accounts.get(session, person)
    reasons = tuple(REASONS[code] for code in _in_the_way(session, account))
    if reasons:
        return Refusal(reasons)
    receipts = _receipts(session, person)
    papers = select(Document).where(Document.owner == person, Document.erased_ms == 0)
    for paper in session.exec(papers).all():
        documents.erase(session, paper.id, who, now)
    session.flush()
    rows = {held.table: _forget(session, held, person) for held in TABLES if held.erased != KEEP}
    session.expire_all()
    session.add(Erased(person=person, at_ms=to_ms(now), by=who))
    plate_vault.vault(session).forget()
    counted = {table: count for table, count in rows.items() if count}
    audit.record(session, who, "person.erased", audit.account(person), {"rows": counted}, now)
    kept = {held.table: held.why for held in TABLES if held.whose and held.why}
    return Forgotten(person, counted, kept, receipts, rows["event"])


def erased_at_ms(session: Session, person: int) -> int | None:
    row = session.get(Erased, person)
    return None if row is None else row.at_ms


def named(person: int) -> dict[str, Any]:
    """The parameters of conditions in cloud/core/personal.py."""
    return {"person": person, "who": audit.account(person), "prefix": f"{person}:%"}


def _forget(session: Session, held: Held, person: int) -> int:
    if held.erased == DELETE:
        words = f"DELETE FROM {held.table} WHERE {held.whose}"
    else:
        assert not isinstance(held.erased, str)
        made = ", ".join(f"{name} = {value}" for name, value in held.erased.items())
        words = f"UPDATE {held.table} SET {made} WHERE {held.whose}"
        if held.table == "event":
            words += " AND plate IS NOT NULL"
    statement = text(words)
    given = {name: value for name, value in named(person).items() if f":{name}" in words}
    return int(session.connection().execute(statement, given).rowcount)


def _in_the_way(session: Session, account: Account) -> Iterator[str]:
    """Codes of REASONS: all of them, so that nobody has to ask again and again."""
    person = account.number or 0
    if erased_at_ms(session, person) is not None:
        yield "erased_already"
        return
    for code, asked in _CHECKS.items():
        if asked(session, person):
            yield code
    if account.role in NEEDED and _holders(session, account.role) == 1:
        yield "erasure_last"


def _booked(session: Session, person: int) -> bool:
    rows = select(Booking.id).join(Offer, col(Offer.id) == col(Booking.offer), isouter=True)
    theirs = (col(Booking.driver) == person) | (col(Offer.owner) == person)
    return _any(session, rows.where(col(Booking.state).in_(HOLDING), theirs))


def _parked(session: Session, person: int) -> bool:
    rows = select(Stay.number).join(Booking, col(Booking.id) == col(Stay.booking))
    return _any(session, rows.where(Booking.driver == person, col(Stay.state).in_(UNDECIDED)))


def _disputed(session: Session, person: int) -> bool:
    rows = select(Dispute.id).join(Booking, col(Booking.id) == col(Dispute.booking), isouter=True)
    theirs = (col(Dispute.opened_by) == person) | (col(Booking.driver) == person)
    appealed = select(Appeal.event).where(Appeal.account == person, Appeal.state == "open")
    return _any(session, rows.where(Dispute.state == "open", theirs)) or _any(session, appealed)


def _shares(session: Session, person: int) -> bool:
    rows = select(Registration.id).where(Registration.owner == person)
    return _any(session, rows.where(col(Registration.status).in_(LIVE)))


def _has_money(session: Session, person: int) -> bool:
    return accounts.total_of(session, person) > 0


_CHECKS: Mapping[str, Callable[[Session, int], bool]] = {
    "erasure_bookings": _booked,
    "erasure_stays": _parked,
    "erasure_disputes": _disputed,
    "erasure_unfiled": owing.unfiled,
    "erasure_debt": owing.owes,
    "erasure_money": _has_money,
    "erasure_spaces": _shares,
}


def _holders(session: Session, role: str) -> int:
    rows = select(func.count()).select_from(Account).where(Account.role == role)
    return session.exec(rows.where(Account.name != "")).one()


def _receipts(session: Session, person: int) -> tuple[int, ...]:
    words = "SELECT stay FROM receipt WHERE booking IN (SELECT id FROM booking WHERE driver = :p)"
    found = session.connection().execute(text(f"{words} ORDER BY stay"), {"p": person})
    return tuple(int(row[0]) for row in found)


def _any(session: Session, rows: Any) -> bool:
    return session.exec(rows.limit(1)).first() is not None

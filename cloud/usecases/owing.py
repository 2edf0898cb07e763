"""What an account still owes, and what of its bills the chain has not taken for good."""

from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from cloud.usecases import accounts
from cloud.usecases.collected import missing

# Settlements of a person's bookings, and of charges that she pays or gets.
_HERS = """(s.booking IN (SELECT id FROM booking WHERE driver = :person)
  OR s.stay IN (SELECT number + 2199023255552 FROM charge
    WHERE payer = :person OR payee = :person))"""
_UNFILED = text(f"""SELECT 1 FROM settlement s LEFT JOIN batch b ON b.seq = s.batch
  LEFT JOIN chaincall c ON c.id = b.call
  WHERE {_HERS} AND (c.status IS NULL OR c.status <> 'final') LIMIT 1""")
_SHORT = text("""SELECT s.stay, s.amount_minor, s.paid_minor FROM settlement s
  JOIN booking k ON k.id = s.booking
  WHERE k.driver = :person AND s.credit_of IS NULL AND s.paid_minor IS NOT NULL""")
_BACK = text("SELECT stay, SUM(amount_minor) FROM credit GROUP BY stay")


def unfiled(session: Session, person: int) -> bool:
    """A batch can vanish in a reorganisation until its block is final."""
    return _rows(session, _UNFILED, person) != []


def owes(session: Session, person: int) -> bool:
    """The chain's word counts; what was credited is no longer owed."""
    if accounts.total_of(session, person) < 0:
        return True
    bills = _rows(session, _SHORT, person)
    lacking = missing(session, [row[0] for row in bills])
    short = {row[0]: lacking.get(row[0], row[1] - row[2]) for row in bills}
    if not any(short.values()):
        return False
    back = dict(tuple(row) for row in session.connection().execute(_BACK))
    return any(minor > back.get(stay, 0) for stay, minor in short.items())


def _rows(session: Session, asked: Any, person: int) -> list[Any]:
    return list(session.connection().execute(asked, {"person": person}))

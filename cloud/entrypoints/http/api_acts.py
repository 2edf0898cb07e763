"""Acts in the audit log, in the transaction that they are done in."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlmodel import Session

from cloud.adapters.clock import Clock
from cloud.core.reasons import Refusal
from cloud.entrypoints.http.roles import OPERATOR
from cloud.tables import Account, Booking
from cloud.usecases import audit
from contracts.ledger.hashing import keccak

T = TypeVar("T")
Made = Booking | Refusal
Change = Callable[[Session], Made]


class Acts:
    def __init__(self, clock: Clock, account: Account) -> None:
        self.clock, self.account = clock, account

    def kept(self, session: Session, what: str, about: str, made: T, **detail: Any) -> T:
        """`made` as it is; recorded if an operator did it. `detail`: no names, never erased."""
        return self.done(session, what, about, made, **detail) if self._operators else made

    def done(self, session: Session, what: str, about: str, made: T, **detail: Any) -> T:
        """`made` as it is; recorded unless it is a refusal, whoever did it."""
        if not isinstance(made, Refusal):
            who = audit.account(self.account.number)
            audit.record(session, who, what, about, detail, self.clock.now())
        return made

    @property
    def _operators(self) -> bool:
        return self.account.role == OPERATOR

    def changed(self, session: Session, what: str, booking: str, change: Change) -> Made:
        """A booking's change; sent again under its key, it changes nothing and is no second act."""
        row = session.get(Booking, booking)
        before = (row.state, row.version) if row is not None else None
        made = change(session)
        if isinstance(made, Refusal) or (made.state, made.version) == before:
            return made
        return self.kept(session, what, booking, made)


def decision_of(prefix: str, account: Account, key: str) -> str:
    """An id that the same request, sent again under its key, has again."""
    mark = keccak(f"{prefix}:{account.number}:{key}".encode()).hex()[:20]
    return f"{prefix}-{mark}"

"""What the contract tells of itself: whether it was closed, and whether our books are behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from cloud.core.calls import FILED
from cloud.tables import Alarm, Batch, ChainAttempt, ChainCall
from cloud.usecases.gateways import clear_alarm, has_alarm, raise_alarm

CLOSED_STATUS = 2  # as in ParkingLedger.vy
CLOSED, BEHIND = "ledger:closed", "books:behind"
# Nothing of ours is refused for now any more: it is refused for good, and told once.
_PAUSED = ("blocked:batch:", "blocked:hold:")


@dataclass(frozen=True, slots=True)
class Seen:
    """The contract now. `seq` and `root` (0x...): of its newest batch; `successor`: if closed."""

    status: int
    seq: int
    root: str
    successor: str = ""


def closed(session: Session) -> bool:
    return has_alarm(session, CLOSED)


def behind(session: Session) -> bool:
    return has_alarm(session, BEHIND)


def news(session: Session, seen: Seen) -> bool:
    """It is not as it was told last."""
    told = (closed(session), behind(session))
    return told != (seen.status == CLOSED_STATUS, _older(session, seen))


def tell(session: Session, seen: Seen, now: datetime) -> None:
    if seen.status == CLOSED_STATUS:
        for alarm in session.exec(select(Alarm.id).where(_named(*_PAUSED))).all():
            clear_alarm(session, alarm)
        raise_alarm(session, CLOSED, "ledger_closed", None, _closed(seen), now)
    else:
        clear_alarm(session, CLOSED)
    if _older(session, seen):
        sentence = _behind(seen.seq, _newest(session))
        raise_alarm(session, BEHIND, "books_behind", None, sentence, now)
    else:
        clear_alarm(session, BEHIND)


def _older(session: Session, seen: Seen) -> bool:
    """Its newest batch was never signed by us, or is another than ours of that number."""
    ours = session.get(Batch, seen.seq)
    return seen.seq > _newest(session) or (ours is not None and ours.root != seen.root)


def _newest(session: Session) -> int:
    """Of our batches that may be on the chain: in a block, or signed once."""
    signed = select(ChainAttempt.hash).where(ChainAttempt.call == ChainCall.number)
    found = (
        select(Batch.seq)
        .join(ChainCall, col(ChainCall.id) == col(Batch.call))
        .where(or_(col(ChainCall.status).in_(FILED), signed.exists()))
    )
    return session.exec(found.order_by(col(Batch.seq).desc()).limit(1)).first() or 0


def _closed(seen: Seen) -> str:
    return (
        f"The ledger was closed for good; it names {seen.successor} as its successor. Nothing is "
        "settled, credited or paid in on it any more, and balances can be withdrawn at once. Move "
        "to a new deployment (docs/operate.md, Moving to another ledger)."
    )


def _behind(theirs: int, ours: int) -> str:
    return (
        f"Our books are older than the chain: its newest batch is {theirs} and not one of ours, "
        f"which end with {ours}. Nothing is sent. Stop the cloud and put the newest data back; if "
        "it is lost, move to a new ledger (docs/operate.md, Backups). If no older data was put "
        "back, another program settles with our key: end it."
    )


def _named(*prefixes: str) -> Any:
    return or_(*(col(Alarm.id).startswith(prefix, autoescape=True) for prefix in prefixes))

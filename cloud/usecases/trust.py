"""What an account is answerable for, how far it counts today, and appeals that people decide."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from cloud.core import trust
from cloud.core.disputing import APPEAL, after
from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.stay_tables import Appeal, TrustEvent
from cloud.tables import Booking, Offer
from cloud.usecases import audit, notices
from cloud.usecases.gateways import raise_alarm
from contracts.wire.types import format_instant, from_ms, to_ms

MAX_EVENTS = 1_000
MAX_GATHERED = 200
MAX_TEXT, MAX_REASON = 2_000, 400
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """`by`: the operator, in the words of the audit log."""

    upheld: bool
    by: str
    reason: str


def note(session: Session, account: int, code: str, about: str, now: datetime) -> TrustEvent:
    """Once per account, code and thing. Below the bound the operator is told; nothing else."""
    if code not in trust.KINDS:
        raise AssertionError(f"{code} is no kind of trust event")
    same = select(TrustEvent).where(
        TrustEvent.account == account, TrustEvent.code == code, TrustEvent.about == about
    )
    known = session.exec(same).first()
    if known is not None:
        return known
    row = TrustEvent(account=account, code=code, about=about, at_ms=to_ms(now))
    session.add(row)
    session.flush()
    if score(session, account, now).low:
        sentence = f"Account {account} has little trust left. Look at its reasons and decide."
        raise_alarm(session, f"low_trust:{account}", "low_trust", None, sentence, now)
    return row


def score(session: Session, account: int, now: datetime) -> trust.Score:
    found = (
        select(TrustEvent, Appeal)
        .join(Appeal, col(Appeal.event) == col(TrustEvent.number), isouter=True)
        .where(TrustEvent.account == account)
        .order_by(col(TrustEvent.at_ms).desc())
        .limit(MAX_EVENTS)
    )
    return trust.score((_happened(*row) for row in session.exec(found)), to_ms(now))


def view(session: Session, account: int, now: datetime) -> View:
    """For the account itself and the operator, with what may be appealed."""
    told = score(session, account, now)
    return {
        "account": account,
        "score": told.value,
        "of": trust.FULL,
        "reasons": [asdict(reason) | _appeal(session, reason.number) for reason in told.reasons],
    }


def appeal(
    session: Session, number: int, account: int, text: str, now: datetime
) -> Appeal | Refusal:
    """By the account that the event is of; once."""
    event = _event(session, number)
    text = " ".join(text.split())
    if event.account != account:
        return refuse("not_your_stay")
    if session.get(Appeal, number) is not None:
        return refuse("appeal_over")
    if not 0 < len(text) <= MAX_TEXT:
        return refuse("appeal_text")
    row = Appeal(event=number, account=account, text=text, opened_ms=to_ms(now))
    session.add(row)
    session.flush()
    return row


def waiting(session: Session, limit: int = 50) -> list[Appeal]:
    """For the operator; oldest first."""
    found = select(Appeal).where(Appeal.state == "open").order_by(col(Appeal.opened_ms))
    return list(session.exec(found.limit(limit)))


def decide(session: Session, number: int, decided: Decided, now: datetime) -> Appeal | Refusal:
    """Upheld: the event weighs nothing from now on, and stays on record."""
    row = session.get(Appeal, number)
    if row is None:
        raise Unknown(f"Appeal {number}.")
    move = "uphold" if decided.upheld else "reject"
    state = after(APPEAL, row.state, move, "operator")
    if state is None:
        return refuse("appeal_over")
    reason = " ".join(decided.reason.split())
    if not 0 < len(reason) <= MAX_REASON:
        return refuse("decision_reason")
    row.state, row.reason, row.decided_by = state, reason, decided.by
    row.decided_ms = to_ms(now)
    session.add(row)
    session.flush()
    audit.record(session, decided.by, f"appeal.{state}", f"trust:{number}", {}, now)
    told = {"score": str(score(session, row.account, now).value), "reason": reason}
    notices.tell(session, row.account, "trust_changed", told, now, key=f"appeal:{number}")
    return row


def gather(session: Session, now: datetime) -> int:
    """Note what bookings tell of people: who did not come, who took a booked space back."""
    return _gather(session, "no_show", now) + _gather(session, "took_back", now)


def _gather(session: Session, code: str, now: datetime) -> int:
    about = "booking:" + col(Booking.id)
    known = select(TrustEvent.number).where(TrustEvent.code == code, col(TrustEvent.about) == about)
    found = (
        select(Booking, Offer.owner)
        .join(Offer, col(Offer.id) == col(Booking.offer))
        .where(_told_by[code], ~known.exists())
        .order_by(Booking.id)
        .limit(MAX_GATHERED)
    )
    rows = list(session.exec(found))
    for booking, owner in rows:
        account = booking.driver if trust.KINDS[code].role == "driver" else owner
        note(session, account, code, f"booking:{booking.id}", now)
    return len(rows)


_told_by = {
    "no_show": col(Booking.state) == "no_show",
    "took_back": (col(Booking.state) == "cancelled")
    & col(Booking.history).like('%"cancel_by_owner"%'),
}


def _happened(event: TrustEvent, appealed: Appeal | None) -> trust.Happened:
    upheld = appealed is not None and appealed.state == "upheld"
    return trust.Happened(event.number or 0, event.code, event.at_ms, upheld)


def _appeal(session: Session, number: int) -> View:
    event, row = _event(session, number), session.get(Appeal, number)
    return {
        "about": event.about,
        "at": format_instant(from_ms(event.at_ms)),
        "appeal": row.state if row is not None else None,
    }


def _event(session: Session, number: int) -> TrustEvent:
    row = session.get(TrustEvent, number)
    if row is None:
        raise Unknown(f"Trust event {number}.")
    return row

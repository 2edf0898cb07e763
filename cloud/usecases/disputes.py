"""Somebody says that a stay was not as recorded. A person decides, with the evidence and replays.

No record is ever edited: what was paid too much goes back by a counter-record, what was settled
with too little is made up for by a charge; what was never billed is settled for the first time, if
its signed events prove it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, or_, select

from cloud.core.disputing import ABOUT, DISPUTE, Who, after
from cloud.core.reasons import REASONS, Refusal, refuse
from cloud.core.replays import Assumption
from cloud.errors import Unknown
from cloud.stay_tables import Dispute
from cloud.tables import Booking, Settlement, Stay
from cloud.usecases import audit, billing, bookings, charges, credits, notices, stay_changes, trust
from cloud.usecases.dispute_evidence import replay, settled_of, stay_of
from cloud.usecases.gateways import clear_alarm, raise_alarm
from contracts.wire.types import to_ms

MAX_TEXT, MAX_REASON = 2_000, 400
MAX_LISTED = 200
Verdict = Literal["rejected", "credit", "bill", "waived", "correction"]


@dataclass(frozen=True, slots=True)
class Opening:
    """`id`: of the dispute, made by the caller: opened twice it is one."""

    id: str
    stay: int
    by: int
    role: Who
    about: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`amount_minor`: what goes back (credit), or is due beside (correction). `by`: in the words

    of the audit log. bill: a stay that nothing was charged for is settled by its evidence. waived:
    it never is. correction: `assumption` says by which replay more is due than was settled.
    """

    verdict: Verdict
    by: str
    reason: str
    amount_minor: int = 0
    assumption: Assumption | None = None


def opened(session: Session, opening: Opening, now: datetime) -> Dispute | Refusal:
    before = session.get(Dispute, opening.id)
    if before is not None:
        same = (before.stay, before.opened_by, before.about)
        wanted = (opening.stay, opening.by, opening.about)
        return before if same == wanted else refuse("key_reused")
    stay = stay_of(session, opening.stay)
    text = " ".join(opening.text.split())
    if opening.about not in ABOUT or len(text) > MAX_TEXT:
        return refuse("dispute_about")
    if opening.role != "operator" and opening.by not in _parties(session, stay):
        return refuse("not_your_stay")
    there = select(Dispute).where(Dispute.stay == stay.number, Dispute.state == "open")
    if any(about_its_own(row, stay) for row in session.exec(there)):
        return refuse("dispute_there")
    row = Dispute(
        id=opening.id,
        booking=stay.booking,
        stay=stay.number,
        opened_by=opening.by,
        role=opening.role,
        about=opening.about,
        text=text,
        opened_ms=to_ms(now),
    )
    return kept(session, row, stay.space, now)


def kept(session: Session, row: Dispute, space: str, now: datetime) -> Dispute:
    """Written, and told to the operator and to both sides."""
    session.add(row)
    session.flush()
    sentence = f"Dispute {row.id} about {space} was opened ({row.about}). Decide it."
    raise_alarm(session, f"disputed:{row.id}", "dispute", space, sentence, now)
    fields = {"dispute": row.id, "stay": str(row.stay or "-"), "reason": row.about}
    notices.tell_operators(session, "dispute_opened", fields, now, key=f"dispute:{row.id}")
    for account in _sides(session, row):
        key = f"dispute:{row.id}:{account}"
        notices.tell(session, account, "dispute_opened", fields, now, key=key)
    return row


def withdraw(session: Session, dispute: str, by: int, now: datetime) -> Dispute | Refusal:
    """By whoever opened it."""
    row = get(session, dispute)
    state = after(DISPUTE, row.state, "withdraw", row.role) if row.opened_by == by else None
    if state is None:
        return refuse("dispute_over")
    row.state, row.decided_ms = state, to_ms(now)
    return _ended(session, row)


def decide(session: Session, dispute: str, decision: Decision, now: datetime) -> Dispute | Refusal:
    """By an operator; what follows of it in money is done in the same transaction."""
    row = get(session, dispute)
    state = after(DISPUTE, row.state, "decide", "operator")
    if state is None:
        return refuse("dispute_over")
    reason = " ".join(decision.reason.split())
    if decision.verdict not in _CARRIED_OUT or not 0 < len(reason) <= MAX_REASON:
        return refuse("decision_reason")
    refused = _CARRIED_OUT[decision.verdict](session, row, decision, now)
    if refused is not None:
        return refused
    row.state, row.verdict, row.reason = state, decision.verdict, reason
    row.decided_by, row.decided_ms = decision.by, to_ms(now)
    detail = {"verdict": decision.verdict, "amount_minor": row.amount_minor}
    audit.record(session, decision.by, "dispute.decided", f"dispute:{row.id}", detail, now)
    fields = {"dispute": row.id, "stay": str(row.stay or "-"), "decision": reason}
    for account in _sides(session, row):
        key = f"decided:{row.id}:{account}"
        notices.tell(session, account, "dispute_decided", fields, now, key=key)
    return _ended(session, row)


def get(session: Session, dispute: str) -> Dispute:
    row = session.get(Dispute, dispute)
    if row is None:
        raise Unknown(f"Dispute {dispute}.")
    return row


def listed(session: Session, account: int | None = None, state: str = "") -> list[Dispute]:
    """Newest first. `account`: those they opened or drove in; None: all, for the operator."""
    found = select(Dispute).order_by(col(Dispute.opened_ms).desc(), col(Dispute.id))
    if state:
        found = found.where(Dispute.state == state)
    if account is not None:
        found = found.join(Booking, col(Booking.id) == col(Dispute.booking), isouter=True)
        found = found.where(or_(Dispute.opened_by == account, Booking.driver == account))
    return list(session.exec(found.limit(MAX_LISTED)))


def about_its_own(row: Dispute, stay: Stay) -> bool:
    """Not of one whose booking's space was taken: there the stay is another driver's."""
    return row.booking in (None, stay.booking)


def open_at(session: Session, stay: int) -> bool:
    found = select(Dispute.id).where(Dispute.stay == stay, Dispute.state == "open")
    return session.exec(found).first() is not None


def _rejected(session: Session, row: Dispute, decision: Decision, now: datetime) -> Refusal | None:
    if row.role == "driver":
        trust.note(session, row.opened_by, "false_dispute", f"dispute:{row.id}", now)
    return None


def _credited(session: Session, row: Dispute, decision: Decision, now: datetime) -> Refusal | None:
    """The counter-record, under a key of the dispute: once."""
    if row.stay is not None and not about_its_own(row, stay_of(session, row.stay)):
        return refuse("not_your_stay")
    asked = credits.Asked(
        request_key=f"dispute:{row.id}",
        stay=row.stay or 0,
        amount_minor=decision.amount_minor,
        reason=decision.reason,
        by=decision.by,
    )
    made = credits.credit(session, asked, now)
    if isinstance(made, Refusal):
        return made
    row.credit, row.amount_minor = made, decision.amount_minor
    return None


def _corrected(session: Session, row: Dispute, decision: Decision, now: datetime) -> Refusal | None:
    """The difference of a replay, due beside what was settled; under a key of the dispute: once."""
    stay = stay_of(session, row.stay or 0)
    if not about_its_own(row, stay) or stay.booking is None:
        return refuse("not_your_stay")
    settled = credits.settled(session, stay.number or 0)
    if isinstance(settled, Refusal):
        return settled
    found = _difference(session, settled, decision)
    if isinstance(found, Refusal):
        return found
    booking = bookings.get(session, settled.booking)
    agreed = bookings.record_of(booking)
    due = charges.Due(
        request_key=f"dispute:{row.id}",
        code="correction",
        sides=(agreed.driver_account, agreed.owner_account),
        amount_minor=found,
        currency=credits.currency_of(settled),
        by=decision.by,
        reason=decision.reason,
        adds_to=stay.number,
    )
    made = charges.charge(session, booking, due, now)
    if made is None:
        return refuse("ledger_closed")
    row.charge, row.amount_minor = made, found
    return None


def _difference(session: Session, settled: Settlement, decision: Decision) -> int | Refusal:
    """What was said must be what the replay gives now: something may have been decided since.

    Beside what was billed and corrected: what a person gave back stays given, and what could not
    be paid is still owed by that bill.
    """
    assumed = decision.assumption
    if assumed is None or assumed.kind == "other_booking":
        return refuse("correction_assumption")
    found = replay(session, settled.stay, assumed)
    if isinstance(found, Refusal):
        return found
    billed_minor = settled.amount_minor + charges.corrected_minor(session, settled.stay)
    due_minor = found.total_minor - billed_minor
    if due_minor > 0 and due_minor == decision.amount_minor:
        return due_minor
    reason = REASONS["correction_amount"]
    told = {
        name: getattr(reason, name).format(difference_minor=due_minor)
        for name in ("sentence_en", "sentence_zh")
    }
    return Refusal((replace(reason, **told),))


def _billed(session: Session, row: Dispute, decision: Decision, now: datetime) -> Refusal | None:
    """What was left for a person is settled after all: by its evidence, and by nothing else."""
    if row.stay is None:
        return refuse("not_proven")
    stay = stay_of(session, row.stay)
    if not about_its_own(row, stay):
        return refuse("not_your_stay")
    if settled_of(session, stay) is not None:
        return refuse("settled_already")
    if stay.last_seq is None or stay.departed_ms is None:
        return refuse("not_over_yet")
    booking = session.get(Booking, stay.booking) if stay.booking else None
    if booking is None or not stay_changes.matched(session, stay):
        return refuse("not_proven")
    if not billing.settle(session, stay, booking):
        return refuse("not_proven")
    bookings.hold_again(session, booking, now)
    stay.state = "closed"
    session.add(stay)
    session.flush()
    settled = settled_of(session, stay)
    row.amount_minor = settled.amount_minor if settled else 0
    clear_alarm(session, f"dispute:{stay.number}")
    return None


def _waived(session: Session, row: Dispute, decision: Decision, now: datetime) -> Refusal | None:
    stay = stay_of(session, row.stay) if row.stay is not None else None
    if stay is None or not about_its_own(row, stay):
        return None
    if settled_of(session, stay) is not None:
        return refuse("settled_already")
    clear_alarm(session, f"dispute:{stay.number}")
    return None


_CARRIED_OUT = {
    "rejected": _rejected,
    "credit": _credited,
    "bill": _billed,
    "waived": _waived,
    "correction": _corrected,
}


def _ended(session: Session, row: Dispute) -> Dispute:
    session.add(row)
    session.flush()
    clear_alarm(session, f"disputed:{row.id}")
    return row


def _parties(session: Session, stay: Stay) -> set[int]:
    booking = session.get(Booking, stay.booking) if stay.booking else None
    if booking is None:
        return set()
    return {booking.driver, bookings.record_of(booking).owner_account}


def _sides(session: Session, row: Dispute) -> set[int]:
    booking = session.get(Booking, row.booking) if row.booking else None
    parties = {booking.driver, bookings.record_of(booking).owner_account} if booking else set()
    return parties | ({row.opened_by} if row.role != "operator" else set())

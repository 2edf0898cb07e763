"""The operator's desk: what the rules cannot decide, oldest first, and a person's decision."""

import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from cloud.compliance_tables import Document, Registration, Review
from cloud.core.compliance_states import DOCUMENT, REVIEW, moved
from cloud.core.reasons import REASONS, Reason, Refusal, refuse
from cloud.errors import Unknown
from cloud.tables import Account, Space, Title
from cloud.usecases import audit, checking, documents, notices, rechecking
from cloud.usecases.checking import STANDING, Verdict
from cloud.usecases.title_tree import record_of
from contracts.wire.types import format_instant, from_ms, to_ms

MAX_REASON = 400
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's; `by` as in the audit log, such as account:3. The owner reads the reason."""

    accepted: bool
    by: str
    reason: str


def waiting(session: Session, limit: int = 50, after: int = 0) -> list[View]:
    """Oldest first; `after`: the number of the last one seen."""
    rows = select(Review).where(Review.state == "open", col(Review.number) > after)
    found = session.exec(rows.order_by(col(Review.number)).limit(limit)).all()
    return [_view(session, row) for row in found]


def get(session: Session, number: int) -> View:
    return _view(session, _row(session, number))


def decide(session: Session, number: int, decision: Decision, now: datetime) -> Review | Refusal:
    """The same decision again changes nothing; a late one is refused."""
    row = _row(session, number)
    move = "accept" if decision.accepted else "reject"
    if (row.state, row.decided_by, row.reason) == (f"{move}ed", decision.by, decision.reason):
        return row
    if not _plain(decision.reason):
        return refuse("review_reason")
    if row.state != "open" or _moved_on(session, row, now):
        return refuse("review_over")
    row.state = moved(REVIEW, row.state, move)
    row.reason, row.decided_by, row.decided_ms = decision.reason, decision.by, to_ms(now)
    session.add(row)
    session.flush()
    detail = {"kind": row.kind, "about": row.about, "state": row.state, "grounds": row.grounds}
    audit.record(session, decision.by, "review.decided", f"review:{row.number}", detail, now)
    if row.kind == "document":
        _document(session, row, now)
    else:
        _registration(session, row, now)
    return row


def _document(session: Session, review: Review, now: datetime) -> None:
    row = session.get_one(Document, review.about)
    row.state = moved(DOCUMENT, row.state, review.state.removesuffix("ed"))
    row.reason, row.decided_by, row.decided_ms = review.reason, review.decided_by, to_ms(now)
    session.add(row)
    session.flush()
    fields = {"kind": row.kind, "space": row.space, "why": review.reason}
    notices.tell(
        session, row.owner, f"document_{row.state}", fields, now, f"review:{review.number}"
    )
    rechecking.concerned(session, row.owner, row.space, now)


def _registration(session: Session, review: Review, now: datetime) -> None:
    row = session.get_one(Registration, review.about)
    if review.state == "accepted":
        fields = {"space": row.space, "why": review.reason}
        key = f"review:{review.number}"
        notices.tell(session, row.owner, "registration_accepted", fields, now, key)
        rechecking.recheck(session, row, now)
        return
    verdict = checking.judged(session, row, session.get(Title, row.space), now)
    rules = [rule.reason for rule in verdict.desk]
    reasons = (*verdict.reasons, *rules, _refused(review.reason))
    if row.status in STANDING:
        rechecking.withdraw(session, row, reasons, review.decided_by, now)
    else:
        against = Verdict(reasons, (), verdict.decision, verdict.decided, verdict.rules_version)
        rechecking.refuse(session, row, against, now)


def _moved_on(session: Session, row: Review, now: datetime) -> bool:
    """The facts have changed since it was asked: the question is asked anew, or is none."""
    if row.kind == "document":
        return checking.over(session.get_one(Document, row.about), now)
    held = session.get_one(Registration, row.about)
    verdict = checking.judged(session, held, session.get(Title, held.space), now)
    if not verdict.reasons and verdict.grounds == row.grounds:
        return False
    rechecking.recheck(session, held, now)
    return True


def _refused(why: str) -> Reason:
    known = REASONS["reviewed_no"]
    told = f"{known.sentence_en} {why}", f"{known.sentence_zh}{why}"
    return Reason(known.code, *told, known.remedy_en, known.remedy_zh)


def _view(session: Session, row: Review) -> View:
    """What a person needs to decide: the title beside the claim, the papers, the doubts."""
    owner = session.get(Account, row.owner)
    told: View = {
        "number": row.number,
        "kind": row.kind,
        "about": row.about,
        "space": row.space,
        "owner": row.owner,
        "owner_name": owner.name if owner else "",
        "state": row.state,
        "reason": row.reason,
        "decided_by": row.decided_by,
        "opened_at": format_instant(from_ms(row.opened_ms)),
        "facts": json.loads(row.facts),
        "title": _title(session, row.space),
        "documents": [documents.view(one) for one in documents.mine(session, row.owner, row.space)],
        "earlier": _earlier(session, row),
    }
    held = session.get(Registration, row.about) if row.kind == "registration" else None
    if held is not None:
        told["claim"] = json.loads(held.claim)
        told["registration"] = held.status
        told["doubts"] = json.loads(held.doubts)
    return told


def _title(session: Session, space: str) -> View | None:
    title, place = session.get(Title, space), session.get(Space, space)
    if title is None:
        return None
    told = record_of(title).model_dump(mode="json", exclude={"salt"})
    return told | {"version": title.version, "gateway": place.gateway if place else None}


def _earlier(session: Session, row: Review) -> list[View]:
    """What was decided about the same before."""
    rows = select(Review).where(
        Review.space == row.space, Review.owner == row.owner, col(Review.number) < row.number
    )
    found = session.exec(rows.order_by(col(Review.number).desc()).limit(10)).all()
    names = ("number", "kind", "state", "reason", "decided_by")
    return [{name: getattr(one, name) for name in names} for one in found]


def _row(session: Session, number: int) -> Review:
    row = session.get(Review, number)
    if row is None:
        raise Unknown(f"Review {number}.")
    return row


def _plain(text: str) -> bool:
    shown = not any(unicodedata.category(char) in ("Cc", "Cs") for char in text)
    return shown and len(text.strip()) > 0 and len(text) <= MAX_REASON

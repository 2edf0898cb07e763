"""An owner's papers: sent, looked at by a person, running out; the bytes can always be erased.

Their digest stays, in the decision that goes on the chain: it tells nothing without the bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select

from cloud.compliance_tables import Document
from cloud.core.compliance_papers import Paper
from cloud.core.compliance_states import DOCUMENT, moved
from cloud.core.reasons import Refusal, refuse
from cloud.errors import Unknown
from cloud.tables import Title
from cloud.usecases import audit, checking, notices, rechecking, rules
from contracts.wire.types import format_instant, from_ms, to_ms

# Undecided ones of one account: nobody fills the desk or the disk.
MAX_WAITING = 20
CHUNK = 100


@dataclass(frozen=True, slots=True)
class Offered:
    """What an owner says of a paper. `valid_until`: its last day as YYYY-MM-DD, or None."""

    owner: int
    space: str
    kind: str
    valid_until: str | None = None


def submit(
    session: Session, document_id: str, offered: Offered, paper: Paper, now: datetime
) -> Document | Refusal:
    """The bytes lie in the store already: a row never stands for a file that is not there.

    The same bytes for the same use again are the same document.
    """
    why_not = refusal(session, offered, now)
    if why_not is not None:
        return why_not
    there = _same(session, offered, paper)
    if there is not None:
        return there
    row = Document(
        id=document_id,
        owner=offered.owner,
        space=offered.space,
        kind=offered.kind,
        sha256=paper.sha256,
        bytes=paper.bytes,
        media=paper.media,
        valid_until=offered.valid_until or "",
        submitted_ms=to_ms(now),
    )
    session.add(row)
    session.flush()
    subject, whose = ("document", row.id), (row.space, row.owner)
    checking.opened(session, subject, whose, row.sha256, {"kind": row.kind}, now)
    detail = {"kind": row.kind, "sha256": row.sha256}
    audit.record(session, audit.account(row.owner), "document.submitted", row.id, detail, now)
    rechecking.concerned(session, row.owner, row.space, now)
    return row


def get(session: Session, document_id: str) -> Document:
    row = session.get(Document, document_id)
    if row is None:
        raise Unknown(f"Document {document_id}.")
    return row


def mine(
    session: Session, owner: int | None, space: str | None = None, limit: int = 100
) -> list[Document]:
    """Newest first; `owner` None: everybody's, for the operator."""
    rows = select(Document)
    if owner is not None:
        rows = rows.where(Document.owner == owner)
    if space is not None:
        rows = rows.where(Document.space == space)
    return list(session.exec(rows.order_by(col(Document.submitted_ms).desc()).limit(limit)))


def erase(session: Session, document_id: str, who: str, now: datetime) -> Document | Refusal:
    """What was decided by it stands; one that nobody has looked at is gone."""
    row = get(session, document_id)
    if row.erased_ms:
        return refuse("document_erased")
    row.erased_ms = to_ms(now)
    if row.state == "submitted":
        row.state = moved(DOCUMENT, row.state, "erase")
        checking.overtake(session, "document", row.id, now)
    session.add(row)
    session.flush()
    audit.record(session, who, "document.erased", row.id, {"sha256": row.sha256}, now)
    rechecking.concerned(session, row.owner, row.space, now)
    return row


def expire(session: Session, now: datetime, limit: int = CHUNK) -> int:
    """Those whose last day is over; how many there were now."""
    over = select(Document).where(
        col(Document.state).in_(("submitted", "accepted")),
        Document.valid_until != "",
        Document.valid_until < now.date().isoformat(),
    )
    rows = session.exec(over.order_by(col(Document.id)).limit(limit)).all()
    for row in rows:
        row.state = moved(DOCUMENT, row.state, "expire")
        session.add(row)
        session.flush()
        checking.overtake(session, "document", row.id, now)
        fields = {"kind": row.kind, "space": row.space, "until": row.valid_until}
        notices.tell(session, row.owner, "document_expired", fields, now, f"expired:{row.id}")
        detail = {"valid_until": row.valid_until}
        audit.record(session, audit.SYSTEM, "document.expired", row.id, detail, now)
        rechecking.concerned(session, row.owner, row.space, now)
    return len(rows)


def unwanted(session: Session, held: Iterable[str]) -> list[str]:
    """Of the files in the store those that no row needs: erased, or never followed by a row."""
    names = list(held)
    needed = select(Document.sha256).where(col(Document.sha256).in_(names), Document.erased_ms == 0)
    return sorted(set(names) - set(session.exec(needed).all()))


def view(row: Document) -> dict[str, Any]:
    return {
        "id": row.id,
        "space": row.space,
        "kind": row.kind,
        "state": row.state,
        "reason": row.reason,
        "sha256": row.sha256,
        "bytes": row.bytes,
        "media": row.media,
        "valid_until": row.valid_until or None,
        "erased": bool(row.erased_ms),
        "submitted_at": format_instant(from_ms(row.submitted_ms)),
    }


def refusal(session: Session, offered: Offered, now: datetime) -> Refusal | None:
    """To be asked before the bytes are stored, too: what is refused must not fill the disk."""
    if session.get(Title, offered.space) is None:
        return refuse("unknown_space")
    if offered.kind not in rules.kinds(session):
        return refuse("document_kind")
    if offered.valid_until is not None and not _counts(offered.valid_until, now):
        return refuse("document_expired")
    waiting = (
        select(func.count())
        .select_from(Document)
        .where(Document.owner == offered.owner, Document.state == "submitted")
    )
    return refuse("document_limit") if session.exec(waiting).one() >= MAX_WAITING else None


def _counts(valid_until: str, now: datetime) -> bool:
    try:
        day = date.fromisoformat(valid_until)
    except ValueError:
        return False
    # Only one spelling compares as text.
    return day.isoformat() == valid_until and day >= now.date()


def _same(session: Session, offered: Offered, paper: Paper) -> Document | None:
    rows = select(Document).where(
        Document.owner == offered.owner,
        Document.space == offered.space,
        Document.kind == offered.kind,
        Document.sha256 == paper.sha256,
        Document.erased_ms == 0,
        or_(Document.state == "submitted", Document.state == "accepted"),
        Document.valid_until == (offered.valid_until or ""),
    )
    return session.exec(rows).first()

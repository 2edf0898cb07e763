"""A registration under the rules in force: what speaks against it, and what a person must decide.

Used wherever something has changed: the title, the rules, a document, the offer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.compliance_tables import Document, Registration, Review
from cloud.core import compliance
from cloud.core.compliance import Claim, Decision, Judged, Shown, judge
from cloud.core.compliance_rules import Rule
from cloud.core.compliance_states import REVIEW, moved
from cloud.core.reasons import REASONS, Reason
from cloud.tables import Space, Title
from cloud.usecases import notices, rules
from cloud.usecases.title_tree import record_of
from contracts.ledger.hashing import keccak
from contracts.wire.types import ZERO_DIGEST, format_instant, from_ms, to_ms

STANDING = ("compliant", "shared")
# Doubt about who holds the title: the mark ends at once, and a person may give it back.
ENDS_AT_ONCE = ("holder",)
MAX_DOCUMENTS = 100


@dataclass(frozen=True, slots=True)
class Said:
    """What the owner said when registering; kept as the registration's `claim`."""

    holder: str
    management_consent: bool
    co_owner_consent: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons`: it may not be shared. `doubts`: a person decides. Neither: it may.

    `decision` is the digest of `decided`. `desk`: the rules that the desk is asked about now.
    """

    reasons: tuple[Reason, ...]
    doubts: tuple[Reason, ...]
    decision: str
    decided: str
    rules_version: int
    desk: tuple[Rule, ...] = ()
    grounds: str = ""


def judged(session: Session, row: Registration, title: Title | None, now: datetime) -> Verdict:
    """Changes nothing. Doubts that a person has decided for these very facts are none."""
    found = rules.in_force(session, now)
    if title is None:
        gone = "title_revoked" if row.status else "unknown_space"
        return Verdict((REASONS[gone],), (), ZERO_DIGEST, "", found.version)
    record, claim = record_of(title), claim_of(session, row, now)
    seen = judge(record, claim, now.date(), found.rules)
    desk = seen.for_the_desk()
    grounds = compliance.grounds(record, claim, desk)
    waived = desk if desk and _accepted(session, row, grounds) else ()
    told = Decision(
        title=record.digest(),
        rules=found,
        reasons=tuple(reason.code for reason in seen.reasons()),
        doubts=tuple(rule.reason.code for rule in waived),
        documents=tuple(
            sorted(shown.sha256 for shown in claim.papers.values() if shown.state == "accepted")
        ),
        decided_at=format_instant(now),
    ).text()
    left = Judged(seen.broken, tuple(rule for rule in seen.doubtful if rule not in waived))
    return Verdict(
        reasons=left.reasons(),
        doubts=left.doubts(),
        decision="0x" + keccak(told.encode()).hex(),
        decided=told,
        rules_version=found.version,
        desk=left.for_the_desk(),
        grounds=grounds,
    )


def again(session: Session, row: Registration, title: Title | None, now: datetime) -> Verdict:
    """Of a standing registration. With `reasons` its mark must end: the caller does that.

    Doubts open a question at the desk, and the mark stands until it is decided.
    """
    verdict = judged(session, row, title, now)
    if not verdict.reasons and any(rule.fact in ENDS_AT_ONCE for rule in verdict.desk):
        _successor(session, row, verdict, now)
        reasons = tuple(rule.reason for rule in verdict.desk)
        overtake(session, "registration", row.id, now)
        return Verdict(reasons, (), verdict.decision, verdict.decided, verdict.rules_version)
    row.rules_version = verdict.rules_version
    if not verdict.reasons:
        row.doubts = dumped(verdict.doubts)
        ask(session, row, verdict, now)
    session.add(row)
    return verdict


def decide(row: Registration, verdict: Verdict) -> None:
    """Only where the chain is told: the row holds what stands there."""
    row.decision, row.decided = verdict.decision, verdict.decided
    row.rules_version = verdict.rules_version


def offered(session: Session, space: str, ends_ms: int, now: datetime) -> None:
    """An offer was published: a right that ends before it does is a question for the desk."""
    held = select(Registration).where(
        Registration.space == space, col(Registration.status).in_(STANDING)
    )
    row = session.exec(held).first()
    if row is not None and row.offered_ms != ends_ms:
        row.offered_ms = ends_ms
        again(session, row, session.get(Title, space), now)


def ask(session: Session, row: Registration, verdict: Verdict, now: datetime) -> None:
    """One open question at the desk, about the facts as they are; none where nothing is doubtful.

    Facts that have changed ask anew.
    """
    there = open_review(session, "registration", row.id)
    if there is not None and (not verdict.desk or there.grounds != verdict.grounds):
        overtake(session, "registration", row.id, now)
        there = None
    if verdict.desk and there is None:
        codes = {"doubts": [rule.reason.code for rule in verdict.desk]}
        opened(
            session, ("registration", row.id), (row.space, row.owner), verdict.grounds, codes, now
        )


def opened(
    session: Session,
    subject: tuple[str, str],
    whose: tuple[str, int],
    grounds: str,
    facts: Mapping[str, object],
    now: datetime,
) -> Review:
    """`subject`: (kind, id); `whose`: (space, owner). The operators are told."""
    review = Review(
        kind=subject[0],
        about=subject[1],
        space=whose[0],
        owner=whose[1],
        grounds=grounds,
        facts=json.dumps(dict(facts), ensure_ascii=False),
        opened_ms=to_ms(now),
    )
    session.add(review)
    session.flush()
    told = {"number": str(review.number), "kind": review.kind, "space": review.space}
    notices.tell_operators(session, "desk_new", told, now, f"desk:{review.number}")
    return review


def open_review(session: Session, kind: str, about: str) -> Review | None:
    rows = select(Review).where(Review.kind == kind, Review.about == about, Review.state == "open")
    return session.exec(rows).first()


def overtake(session: Session, kind: str, about: str, now: datetime) -> None:
    review = open_review(session, kind, about)
    if review is not None:
        review.state, review.decided_ms = moved(REVIEW, review.state, "overtake"), to_ms(now)
        session.add(review)
        session.flush()


def claim_of(session: Session, row: Registration, now: datetime) -> Claim:
    said = Said(**json.loads(row.claim))
    space = session.get(Space, row.space)
    others = select(Registration.id).where(
        Registration.space == row.space,
        Registration.id != row.id,
        col(Registration.status).in_(STANDING),
    )
    return Claim(
        **asdict(said),
        equipped=space is not None and space.gateway is not None,
        papers=papers(session, row.owner, row.space, now),
        shared_already=session.exec(others).first() is not None,
        offered_until=from_ms(row.offered_ms).date() if row.offered_ms else None,
    )


def papers(session: Session, owner: int, space: str, now: datetime) -> dict[str, Shown]:
    """The newest of each kind; an accepted one counts until it ends or a newer one is accepted."""
    rows = select(Document).where(
        Document.owner == owner, Document.space == space, Document.state != "erased"
    )
    newest = rows.order_by(col(Document.submitted_ms).desc(), col(Document.id).desc())
    found: dict[str, Shown] = {}
    for row in session.exec(newest.limit(MAX_DOCUMENTS)):
        state = "expired" if over(row, now) else row.state
        known = found.get(row.kind)
        if known is None or (state == "accepted" and known.state != "accepted"):
            found[row.kind] = Shown(state, row.sha256)
    return found


def over(row: Document, now: datetime) -> bool:
    """The last day counts as a whole (UTC)."""
    return bool(row.valid_until) and row.valid_until < now.date().isoformat()


def dumped(reasons: Sequence[Reason]) -> str:
    return json.dumps([reason.plain() for reason in reasons], ensure_ascii=False)


def _accepted(session: Session, row: Registration, grounds: str) -> bool:
    rows = select(Review.number).where(
        Review.kind == "registration",
        Review.about == row.id,
        Review.grounds == grounds,
        Review.state == "accepted",
    )
    return session.exec(rows).first() is not None


def _successor(session: Session, row: Registration, verdict: Verdict, now: datetime) -> None:
    """The same wish under a number of its own, waiting at the desk."""
    first = row.id.partition("~")[0]
    after = select(Registration.id).where(col(Registration.id).startswith(f"{first}~"))
    successor = Registration(
        id=f"{first}~{len(session.exec(after).all()) + 2}",
        space=row.space,
        owner=row.owner,
        status="doubtful",
        reasons="[]",
        decision=verdict.decision,
        decided_ms=to_ms(now),
        doubts=dumped(verdict.doubts),
        claim=row.claim,
        decided=verdict.decided,
        rules_version=verdict.rules_version,
        offered_ms=row.offered_ms,
    )
    session.add(successor)
    session.flush()
    ask(session, successor, verdict, now)

"""Step 2: an owner asks to share a space; it is marked on the chain, or refused with reasons."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.core.compliance import RULES, Claim, check, decision_digest
from cloud.core.reasons import REASONS, Reason
from cloud.errors import Unknown
from cloud.tables import Registration, Space, Title
from cloud.usecases import marks
from cloud.usecases.marks import STANDING
from cloud.usecases.title_tree import record_of
from contracts.wire.types import ZERO_DIGEST, format_instant, to_ms


@dataclass(frozen=True, slots=True)
class Asked:
    """An owner's wish to share, with what was confirmed and shown."""

    space: str
    holder: str
    management_consent: bool
    co_owner_consent: bool


def register(
    session: Session, registration_id: str, owner: int, asked: Asked, now: datetime
) -> Registration:
    """Always on record: compliant and queued for the chain, or refused with every reason."""
    title = session.get(Title, asked.space)
    reasons = _reasons(session, title, asked, now)
    decision = ZERO_DIGEST
    if title is not None:
        decision = decision_digest(record_of(title), reasons, format_instant(now))
    row = Registration(
        id=registration_id,
        space=asked.space,
        owner=owner,
        status="refused" if reasons else "compliant",
        reasons=json.dumps([reason.plain() for reason in reasons], ensure_ascii=False),
        decision=decision,
        decided_ms=to_ms(now),
    )
    session.add(row)
    session.flush()
    if not reasons:
        marks.file_waiting(session)
    return row


def marked(session: Session, registration_id: str) -> None:
    """The chain has mined this mark, and those that went with it."""
    marks.marked(session, f"share:{registration_id}")


def get(session: Session, registration_id: str) -> Registration:
    row = session.get(Registration, registration_id)
    if row is None:
        raise Unknown(f"Registration {registration_id}.")
    return row


def sharing(session: Session, space: str) -> Registration | None:
    found = select(Registration).where(Registration.space == space, Registration.status == "shared")
    return session.exec(found).first()


def _reasons(session: Session, title: Title | None, asked: Asked, now: datetime) -> list[Reason]:
    if title is None:
        return [REASONS["unknown_space"]]
    standing = select(Registration).where(
        Registration.space == asked.space, col(Registration.status).in_(STANDING)
    )
    if session.exec(standing).first() is not None:
        return [REASONS["already_shared"]]
    space = session.get(Space, asked.space)
    claim = Claim(
        holder=asked.holder,
        management_consent=asked.management_consent,
        co_owner_consent=asked.co_owner_consent,
        equipped=space is not None and space.gateway is not None,
    )
    return check(record_of(title), claim, now.date(), RULES)

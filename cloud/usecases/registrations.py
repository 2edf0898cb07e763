"""Step 2: an owner asks to share a space; it is marked on the chain, refused with reasons, or

waits for a person.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, select

from cloud.compliance_tables import Registration
from cloud.core.compliance_states import REGISTRATION, moved
from cloud.core.reasons import REASONS, Refusal, refuse
from cloud.errors import Unknown
from cloud.tables import Title
from cloud.usecases import audit, checking, marks, notices, rechecking
from cloud.usecases.checking import Said, Verdict, dumped
from cloud.usecases.marks import STANDING
from contracts.wire.types import ZERO_DIGEST, to_ms


@dataclass(frozen=True, slots=True)
class Asked:
    """An owner's wish to share, with what was confirmed and shown."""

    space: str
    holder: str
    management_consent: bool
    co_owner_consent: bool

    def said(self) -> Said:
        return Said(self.holder, self.management_consent, self.co_owner_consent)


def register(
    session: Session, registration_id: str, owner: int, asked: Asked, now: datetime
) -> Registration:
    """Always on record: compliant and queued for the chain, doubtful, or refused with reasons."""
    row = Registration(
        id=registration_id,
        space=asked.space,
        owner=owner,
        status="",
        reasons="[]",
        decision=ZERO_DIGEST,
        decided_ms=to_ms(now),
        claim=json.dumps(asdict(asked.said()), ensure_ascii=False),
    )
    verdict = _verdict(session, row, now)
    move = "refuse" if verdict.reasons else "doubt" if verdict.doubts else "comply"
    row.status = moved(REGISTRATION, row.status, move)
    row.reasons, row.doubts = dumped(verdict.reasons), dumped(verdict.doubts)
    if verdict.reasons:
        row.doubts = "[]"
    checking.decide(row, verdict)
    session.add(row)
    session.flush()
    if row.status == "compliant":
        marks.file_waiting(session)
    elif row.status == "doubtful":
        checking.ask(session, row, verdict, now)
        words = {
            "reason_en": " ".join(doubt.sentence_en for doubt in verdict.doubts),
            "reason_zh": "".join(doubt.sentence_zh for doubt in verdict.doubts),
        }
        fields = {"space": row.space, **words}
        notices.tell(session, owner, "registration_doubtful", fields, now, f"doubt:{row.id}")
    detail = {
        "space": row.space,
        "status": row.status,
        "reasons": [reason.code for reason in verdict.reasons],
        "doubts": [doubt.code for doubt in verdict.doubts],
        "decision": row.decision,
    }
    audit.record(session, audit.account(owner), "registration.asked", row.id, detail, now)
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


def withdraw(
    session: Session, registration_id: str, who: str, now: datetime
) -> Registration | Refusal:
    """The owner shares it no longer: the mark and the offers end; bookings stand."""
    row = get(session, registration_id)
    if row.status == "doubtful":
        row.status = moved(REGISTRATION, row.status, "withdraw")
        rechecking.ended(session, row, [REASONS["owner_ended"]], now, who)
    elif row.status in STANDING:
        rechecking.withdraw(session, row, [REASONS["owner_ended"]], who, now)
    else:
        return refuse("not_standing")
    return row


def _verdict(session: Session, row: Registration, now: datetime) -> Verdict:
    title = session.get(Title, row.space)
    waiting = select(Registration.id).where(
        Registration.space == row.space,
        Registration.owner == row.owner,
        Registration.status == "doubtful",
    )
    if session.exec(waiting).first() is not None:
        return Verdict((REASONS["in_review"],), (), ZERO_DIGEST, "", 0)
    verdict = checking.judged(session, row, title, now)
    if any(reason.code == "already_shared" for reason in verdict.reasons):
        # Whatever else may be wrong is no business of whoever asks for a space of another's.
        only = tuple(one for one in verdict.reasons if one.code == "already_shared")
        return Verdict(only, (), verdict.decision, verdict.decided, verdict.rules_version)
    return verdict

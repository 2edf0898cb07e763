"""Registrations again, whenever something they rest on has changed; marks end with reasons.

A sweep walks over all of them after a new day, new rules or a new version of the titles, a bounded
number at a time; a person's decision and a document reach those they concern at once.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from cloud.compliance_tables import Registration
from cloud.core.compliance_states import REGISTRATION, moved
from cloud.core.reasons import REASONS, Reason
from cloud.tables import Setting, Title, TitleVersion
from cloud.usecases import audit, checking, marks, notices, rules
from cloud.usecases.checking import STANDING, Verdict, decide, dumped
from contracts.wire.types import to_ms

# In one transaction: others write between two of them.
CHUNK = 50
WALK = "compliance_walk"
LIVE = (*STANDING, "doubtful")


def step(session: Session, now: datetime, limit: int = CHUNK) -> bool:
    """Check the next ones; whether there are more. Where it stands is kept in a setting."""
    newest = session.exec(select(func.max(TitleVersion.version))).one() or 0
    version = rules.in_force(session, now).version
    # What all of them were checked against once the walk is over.
    target = f"{now.date().isoformat()}/{version}/{newest}"
    walk = session.get(Setting, WALK) or Setting(key=WALK, value="")
    reached, _, after = walk.value.partition(" ")
    if reached == target and after == "done":
        return False
    after = after if reached == target else ""
    live = select(Registration).where(col(Registration.status).in_(LIVE), Registration.id > after)
    rows = session.exec(live.order_by(col(Registration.id)).limit(limit)).all()
    for row in rows:
        recheck(session, row, now)
    more = len(rows) == limit
    walk.value = f"{target} {rows[-1].id if more else 'done'}"
    session.add(walk)
    return more


def tell_ended(session: Session, now: datetime) -> None:
    """Marks that ended with their title (usecases/marks.py): their owners are told why."""
    untold = select(Registration).where(
        Registration.status == "withdrawn", Registration.reasons == "[]"
    )
    for row in session.exec(untold.order_by(col(Registration.id)).limit(CHUNK)).all():
        verdict = checking.judged(session, row, session.get(Title, row.space), now)
        # Who has it now is no reason why it ended.
        against = [one for one in verdict.reasons if one.code != "already_shared"]
        doubted = [rule.reason for rule in verdict.desk]
        ended(session, row, against or doubted or [REASONS["title_changed"]], now)


def concerned(session: Session, owner: int, space: str, now: datetime) -> None:
    """A document of this owner was decided, has expired or is gone."""
    rows = select(Registration).where(
        Registration.space == space,
        Registration.owner == owner,
        col(Registration.status).in_(LIVE),
    )
    for row in session.exec(rows).all():
        recheck(session, row, now)


def recheck(session: Session, row: Registration, now: datetime) -> None:
    title = session.get(Title, row.space)
    if row.status == "doubtful":
        reconsider(session, row, checking.judged(session, row, title, now), now)
        return
    verdict = checking.again(session, row, title, now)
    if verdict.reasons:
        withdraw(session, row, verdict.reasons, audit.SYSTEM, now)


def reconsider(session: Session, row: Registration, verdict: Verdict, now: datetime) -> None:
    """What waited for a person may be clear by now, either way."""
    if verdict.reasons:
        refuse(session, row, verdict, now)
    elif verdict.doubts:
        row.doubts = dumped(verdict.doubts)
        checking.ask(session, row, verdict, now)
        session.add(row)
    else:
        comply(session, row, verdict, now)


def comply(session: Session, row: Registration, verdict: Verdict, now: datetime) -> None:
    row.status = moved(REGISTRATION, row.status, "comply")
    row.doubts, row.decided_ms = "[]", to_ms(now)
    decide(row, verdict)
    checking.overtake(session, "registration", row.id, now)
    session.add(row)
    session.flush()
    marks.file_waiting(session)
    _record(session, row, "registration.complied", [], audit.SYSTEM, now)


def refuse(session: Session, row: Registration, verdict: Verdict, now: datetime) -> None:
    row.status = moved(REGISTRATION, row.status, "refuse")
    row.reasons, row.doubts, row.decided_ms = dumped(verdict.reasons), "[]", to_ms(now)
    decide(row, verdict)
    checking.overtake(session, "registration", row.id, now)
    session.add(row)
    fields = {"space": row.space, **_words("why", verdict.reasons)}
    notices.tell(session, row.owner, "registration_refused", fields, now, f"refused:{row.id}")
    _record(session, row, "registration.refused", verdict.reasons, audit.SYSTEM, now)


def withdraw(
    session: Session, row: Registration, reasons: Sequence[Reason], who: str, now: datetime
) -> None:
    """The mark ends on the chain, the offers with it; the owner is told why."""
    moved(REGISTRATION, row.status, "withdraw")
    marks.end(session, row, [reason.code for reason in reasons])
    ended(session, row, reasons, now, who)


def ended(
    session: Session,
    row: Registration,
    reasons: Sequence[Reason],
    now: datetime,
    who: str = audit.SYSTEM,
) -> None:
    """What follows where a mark was ended already."""
    row.reasons, row.doubts = dumped(reasons), "[]"
    session.add(row)
    checking.overtake(session, "registration", row.id, now)
    fields = {"space": row.space, **_words("reason", reasons)}
    notices.tell(session, row.owner, "registration_withdrawn", fields, now, f"withdrawn:{row.id}")
    _record(session, row, "registration.withdrawn", reasons, who, now)


def _words(name: str, reasons: Sequence[Reason]) -> dict[str, str]:
    """Every sentence with its remedy, in both languages."""
    english = " ".join(f"{one.sentence_en} {one.remedy_en}" for one in reasons)
    chinese = "".join(f"{one.sentence_zh}{one.remedy_zh}" for one in reasons)
    return {f"{name}_en": english, f"{name}_zh": chinese}


def _record(
    session: Session,
    row: Registration,
    what: str,
    reasons: Sequence[Reason],
    who: str,
    now: datetime,
) -> None:
    detail = {
        "space": row.space,
        "reasons": [reason.code for reason in reasons],
        "rules_version": row.rules_version,
        "decision": row.decision,
    }
    audit.record(session, who, what, row.id, detail, now)

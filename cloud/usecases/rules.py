"""Which rules are in force: the shipped ones until an operator adopts a newer version."""

from datetime import datetime

from sqlmodel import Session, col, select

from cloud.compliance_tables import RuleVersion
from cloud.core.compliance_rules import RuleSet, parse, shipped
from cloud.core.reasons import Refusal, refuse
from cloud.tables import Account, Registration
from cloud.usecases import audit, notices
from contracts.wire.types import format_instant, to_ms

MAX_TOLD = 10_000


def in_force(session: Session, now: datetime) -> RuleSet:
    """The newest version whose day has come."""
    valid = select(RuleVersion).where(RuleVersion.valid_ms <= to_ms(now))
    row = session.exec(valid.order_by(col(RuleVersion.version).desc()).limit(1)).first()
    return parse(row.text, f"rules {row.version}") if row else shipped()[1]


def text_in_force(session: Session, now: datetime) -> str:
    row = session.get(RuleVersion, in_force(session, now).version)
    return row.text if row else shipped()[0]


def versions(session: Session) -> list[RuleVersion]:
    """As adopted, newest first; the shipped one is not among them."""
    return list(session.exec(select(RuleVersion).order_by(col(RuleVersion.version).desc())))


def kinds(session: Session) -> frozenset[str]:
    """Of documents that some version asks for: one may be sent before its version is in force."""
    adopted = [parse(row.text, f"rules {row.version}") for row in versions(session)]
    return frozenset().union(*(found.documents() for found in (shipped()[1], *adopted)))


def adopt(session: Session, text: str, name: str, who: str, now: datetime) -> RuleSet | Refusal:
    """In force from its day on, or at once; every standing registration is then checked again.

    The same text again changes nothing. Raises BadRules.
    """
    found = parse(text, name)
    there = session.get(RuleVersion, found.version)
    if there is not None and there.digest == found.digest:
        return found
    newest = max([row.version for row in versions(session)], default=shipped()[1].version)
    if found.version <= newest:
        return refuse("rules_version")
    session.add(
        RuleVersion(
            version=found.version,
            text=text,
            digest=found.digest,
            valid_ms=to_ms(found.valid_from),
            adopted_ms=to_ms(now),
            adopted_by=who,
        )
    )
    told = {"version": found.version, "digest": found.digest}
    audit.record(session, who, "rules.adopted", f"rules:{found.version}", told, now)
    _tell_owners(session, found, now)
    return found


def _tell_owners(session: Session, found: RuleSet, now: datetime) -> None:
    """Those whose spaces are shared; before the day, where that is still to come."""
    owners = (
        select(Registration.owner)
        .join(Account, col(Account.number) == col(Registration.owner))
        .where(col(Registration.status).in_(("compliant", "shared", "doubtful")))
        .distinct()
        .limit(MAX_TOLD)
    )
    fields = {
        "version": str(found.version),
        "valid_from": format_instant(max(found.valid_from, now)),
    }
    for owner in session.exec(owners).all():
        key = f"rules:{found.version}:{owner}"
        notices.tell(session, owner, "rules_changed", fields, now, key)

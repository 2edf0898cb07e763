"""Which kinds of papers the rules ask for, with what is missing without each."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from cloud.core.compliance_rules import RuleSet, parse, shipped
from cloud.core.reasons import Reason
from cloud.usecases import rules


@dataclass(frozen=True, slots=True)
class Kind:
    """`in_force`: the rules of today ask for it; else rules that were adopted and are to come."""

    kind: str
    in_force: bool
    reason: Reason


def listed(session: Session, now: datetime) -> list[Kind]:
    """All that may be sent (rules.kinds), by name; the words are those of the newest rules."""
    today = rules.in_force(session, now).documents()
    adopted = [parse(row.text, f"rules {row.version}") for row in rules.versions(session)]
    found: dict[str, Reason] = {}
    for version in (*adopted, shipped()[1]):
        for kind, reason in _asked(version):
            found.setdefault(kind, reason)
    return [Kind(kind, kind in today, found[kind]) for kind in sorted(found)]


def _asked(version: RuleSet) -> list[tuple[str, Reason]]:
    return [(rule.document, rule.reason) for rule in version.rules if rule.document]

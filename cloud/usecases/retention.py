"""What is due to go goes, in bounded steps; each step's proof stands in the audit log with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from cloud.core.retention import Rule, at_of, before
from cloud.usecases import audit
from contracts.wire.types import format_instant, to_ms

# Rows of one transaction: nobody waits long for a step.
STEP = 500


@dataclass(frozen=True, slots=True)
class Due:
    """A rule, and before when what it speaks of is due."""

    rule: Rule
    days: int
    before: datetime

    def given(self) -> dict[str, Any]:
        values = {"before_ms": to_ms(self.before), "before": format_instant(self.before)}
        return {name: values[name] for name in values if _asks(self.rule.where, name)}


def due(rule: Rule, days: int, now: datetime) -> Due:
    return Due(rule, days, before(now, days))


def count(session: Session, wanted: Due) -> int:
    """How many there are now; changes nothing."""
    words = f"SELECT COUNT(*) FROM {wanted.rule.table} WHERE {_where(session, wanted.rule)}"
    return int(session.connection().execute(text(words), wanted.given()).scalar_one())


def step(session: Session, wanted: Due, now: datetime, limit: int = STEP) -> int:
    """At most so many rows; how many it were. Nothing goes without its entry, nor the other way."""
    rule = wanted.rule
    rows = f"SELECT {rule.key} FROM {rule.table} WHERE {_where(session, rule)} LIMIT {limit}"
    whose = f"({rule.key}) IN ({rows})"
    verb = f"UPDATE {rule.table} SET {rule.made}" if rule.made else f"DELETE FROM {rule.table}"
    session.flush()
    done = session.connection().execute(text(f"{verb} WHERE {whose}"), wanted.given()).rowcount
    session.expire_all()
    if done:
        detail = {
            "rule": rule.name,
            "table": rule.table,
            "rows": int(done),
            "before": format_instant(wanted.before),
            "days": wanted.days,
        }
        audit.record(session, audit.SYSTEM, "retention.done", rule.name, detail, now)
    return int(done)


def _where(session: Session, rule: Rule) -> str:
    return rule.where.replace("{at}", at_of(session.get_bind().dialect.name))


def _asks(words: str, name: str) -> bool:
    """`:before` begins `:before_ms`, too."""
    return f":{name}" in (words if name == "before_ms" else words.replace(":before_ms", ""))

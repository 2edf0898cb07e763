"""The retention job: everything that is due, in steps that other writers come between."""

from collections.abc import Mapping

import structlog

from cloud.adapters.clock import Clock
from cloud.adapters.db import Database
from cloud.core.retention import RULES
from cloud.usecases import plate_sealing, retention

log = structlog.get_logger("retention")
# Of one rule in one run: the rest goes in the next.
MAX_STEPS = 200


def counted(db: Database, clock: Clock, days: Mapping[str, int]) -> dict[str, int]:
    """What would go now, by rule."""
    now = clock.now()
    wanted = [retention.due(rule, days[rule.name], now) for rule in RULES]
    return {it.rule.name: db.read(lambda s, i=it: retention.count(s, i)) for it in wanted}  # type: ignore[misc]


def run(db: Database, clock: Clock, days: Mapping[str, int]) -> dict[str, int]:
    """How many rows went, by rule. May be stopped anywhere and run again."""
    done = {}
    for rule in RULES:
        now = clock.now()
        wanted = retention.due(rule, days[rule.name], now)
        done[rule.name] = _all_of(db, wanted, clock)
    if any(done.values()):
        db.tidy()
        log.info("retention", **{name: rows for name, rows in done.items() if rows})
    return done


def seal_all(db: Database) -> None:
    """At a start: plates of before there were seals."""
    steps = 0
    while db.write(plate_sealing.seal_some):
        steps += 1
    if steps:
        db.tidy()
        log.info("plates_sealed", steps=steps)


def _all_of(db: Database, wanted: retention.Due, clock: Clock) -> int:
    rows = 0
    for _ in range(MAX_STEPS):
        now = clock.now()
        gone = db.write(lambda s, n=now: retention.step(s, wanted, n))  # type: ignore[misc]
        rows += gone
        if gone < retention.STEP:
            break
    return rows

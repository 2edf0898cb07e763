"""The same request again is answered as before: by the key that its sender gave it.

Kept in the transaction that did the work, so that one is never there without the other.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from cloud.api_tables import Answered
from cloud.core.reasons import Refusal, refuse
from contracts.ledger.hashing import keccak

KEPT_MS = 7 * 86_400_000
DROPPED_AT_ONCE = 100
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: View


def before(session: Session, key: str, asked: str) -> Answer | Refusal | None:
    """`asked`: the request's canonical text. Another one under the same key is refused."""
    row = session.get(Answered, key)
    if row is None:
        return None
    if row.asked != _digest(asked):
        return refuse("key_reused")
    return Answer(row.status, json.loads(row.body))


def keep(session: Session, key: str, asked: str, answer: Answer, now_ms: int) -> None:
    """For `KEPT_MS`; each new row drops a bounded number of those that are older."""
    old = select(Answered).where(Answered.at_ms < now_ms - KEPT_MS)
    for row in session.exec(old.order_by(col(Answered.at_ms)).limit(DROPPED_AT_ONCE)).all():
        session.delete(row)
    body = json.dumps(answer.body, ensure_ascii=False)
    asked_digest = _digest(asked)
    session.add(
        Answered(key=key, asked=asked_digest, status=answer.status, body=body, at_ms=now_ms)
    )
    session.flush()


def _digest(asked: str) -> str:
    return keccak(asked.encode()).hex()

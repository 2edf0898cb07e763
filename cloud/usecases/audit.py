"""The audit log: who did what, when, about what. Written in the transaction of the deed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from cloud.audit_tables import AuditEntry, AuditPersonal
from cloud.core import auditing
from cloud.core.auditing import Broken, Entry, Head, canonical_text
from cloud.errors import Unknown
from contracts.wire.types import format_instant, from_ms, to_ms

SYSTEM = "system"
# Read at once while walking: a log of years does not fit into memory.
CHUNK = 1000
COLUMNS = tuple(Entry.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Personal:
    """A person's data of an entry, and 32 random bytes: the chain holds the digest of both."""

    values: Mapping[str, Any]
    salt: bytes


def account(number: int | None) -> str:
    return f"account:{number}"


def cli(user: str) -> str:
    return f"cli:{user}"


def gateway(gateway_id: str) -> str:
    return f"gateway:{gateway_id}"


def record(
    session: Session,
    who: str,
    what: str,
    about: str,
    detail: Mapping[str, Any],
    now: datetime,
    personal: Personal | None = None,
) -> AuditEntry:
    """`detail` can never be erased: no names, plates or addresses; those go into `personal`."""
    before = head(session)
    text = canonical_text(dict(personal.values)) if personal else ""
    entry = Entry(
        seq=before.seq + 1,
        at_ms=to_ms(now),
        who=who,
        what=what,
        about=about,
        detail=canonical_text(dict(detail)),
        personal=auditing.personal_digest(personal.salt, text) if personal else "",
        previous=before.hash,
        hash="",
    )
    row = AuditEntry(**{**asdict(entry), "hash": auditing.hash_of(entry)})
    session.add(row)
    if personal:
        session.add(AuditPersonal(seq=row.seq, salt=personal.salt, text=text))
    session.flush()
    return row


def head(session: Session) -> Head:
    newest = select(AuditEntry.seq, AuditEntry.hash).order_by(col(AuditEntry.seq).desc()).limit(1)
    found = session.exec(newest).first()
    return Head(*found) if found else auditing.START


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(AuditEntry)).one()


def entries(session: Session, after: int = 0, limit: int = CHUNK) -> list[AuditEntry]:
    rows = select(AuditEntry).where(AuditEntry.seq > after).order_by(col(AuditEntry.seq))
    return list(session.exec(rows.limit(limit)))


def verify(session: Session, known: Head | None = None) -> Iterator[Head | Broken]:
    """See auditing.walk; a person's data that are still there must be those of their entry too."""
    for found in auditing.walk(_all(session), known):
        yield found
        if isinstance(found, Broken):
            return
    rows = select(
        AuditPersonal.seq, AuditPersonal.salt, AuditPersonal.text, AuditEntry.personal
    ).outerjoin(AuditEntry, col(AuditEntry.seq) == col(AuditPersonal.seq))
    for seq, salt, text, told in session.exec(rows.order_by(col(AuditPersonal.seq))):
        if told != auditing.personal_digest(salt, text):
            yield Broken(seq, "the person's data beside it were changed")
            return


def erase_personal(session: Session, seq: int, who: str, now: datetime) -> None:
    """The entry stays, and so does that this was done."""
    row = session.get(AuditPersonal, seq)
    if row is None:
        raise Unknown(f"Entry {seq} holds nothing that could be erased.")
    session.delete(row)
    record(session, who, "audit.erased", f"audit:{seq}", {}, now)


def exported(session: Session) -> Iterator[dict[str, Any]]:
    """Every column as it is hashed, so that a stranger can walk the chain without us."""
    for row in _all(session):
        there = session.get(AuditPersonal, row.seq) if row.personal else None
        told = json.loads(there.text) if there else None
        at = format_instant(from_ms(row.at_ms))
        yield {**asdict(row), "at": at, "personal_values": told}


def view(row: AuditEntry) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": format_instant(from_ms(row.at_ms)),
        "who": row.who,
        "what": row.what,
        "about": row.about,
        "detail": json.loads(row.detail),
        "hash": row.hash,
    }


def _all(session: Session) -> Iterator[Entry]:
    """In the order of their numbers, whatever these are: a forger may number as he likes."""
    columns = [getattr(AuditEntry, name) for name in COLUMNS]
    ordered = select(*columns).order_by(col(AuditEntry.seq))
    after: int | None = None
    while True:
        asked = ordered if after is None else ordered.where(AuditEntry.seq > after)
        rows = session.exec(asked.limit(CHUNK)).all()
        yield from (Entry(*row) for row in rows)
        if len(rows) < CHUNK:
            return
        after = rows[-1][0]

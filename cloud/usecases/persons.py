"""All that the installation holds of one person, with what each part of it says of her."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from cloud.core.personal import TABLES, Held
from cloud.tables import Command
from cloud.usecases import accounts, plate_vault
from cloud.usecases.erasing import erased_at_ms, named
from contracts.wire.types import format_instant, from_ms

Row = Mapping[str, Any]
# Of one table; a person who has more is told so.
MAX_ROWS = 50_000
ELSEWHERE = (
    "Gateways hold the plates of grants until these are over, and what a camera read for as long "
    "as docs/security.md says.",
    "The chain holds numbers, amounts and digests, in public and for good.",
    "Backups of the database hold what it held when they were made, sealed in the same way.",
)
NOT_SHOWN = "kept, and never shown: it would let somebody in"


def export(session: Session, person: int, now: datetime) -> dict[str, Any]:
    """As JSON. Raises Unknown."""
    accounts.get(session, person)
    gone_ms = erased_at_ms(session, person)
    found = (_table(session, held, person) for held in TABLES if held.whose)
    return {
        "format": "berth-person",
        "version": 1,
        "account": person,
        "at": format_instant(now),
        "erased_at": None if gone_ms is None else format_instant(from_ms(gone_ms)),
        "tables": [table for table in found if table["rows"]],
        "elsewhere": list(ELSEWHERE),
    }


def _table(session: Session, held: Held, person: int) -> dict[str, Any]:
    words = f"SELECT * FROM {held.table} WHERE {held.whose} LIMIT {MAX_ROWS + 1}"
    given = {name: value for name, value in named(person).items() if f":{name}" in words}
    rows = session.connection().execute(text(words), given).mappings().all()
    return {
        "table": held.table,
        "what": held.about,
        "columns": {**held.personal, **dict.fromkeys(held.secret, NOT_SHOWN)},
        "when_erased": held.erased if isinstance(held.erased, str) else sorted(held.erased),
        "why_kept": held.why,
        "more": len(rows) > MAX_ROWS,
        "rows": [_shown(session, held, dict(row)) for row in rows[:MAX_ROWS]],
    }


def _shown(session: Session, held: Held, row: Row) -> dict[str, Any]:
    plain = {name: _plain(value) for name, value in row.items() if name not in held.secret}
    for name, opened in _SEALED.get(held.table, {}).items():
        plain[name] = opened(session, row)
    return plain


def _plain(value: Any) -> Any:
    return f"0x{bytes(value).hex()}" if isinstance(value, bytes | memoryview) else value


def _booking(session: Session, row: Row) -> str:
    return plate_vault.opened(session, row["plate"], plate_vault.in_booking(row["id"]))


def _event(session: Session, row: Row) -> Any:
    if row["plate"] is None:
        return None
    about = plate_vault.in_event(row["gateway"], row["epoch"], row["seq"])
    text_ = plate_vault.opened(session, row["plate"], about)
    return json.loads(text_) if text_ else None


def _owners(session: Session, row: Row) -> str:
    return plate_vault.opened(session, row["plate"], plate_vault.in_space(row["space"]))


def _command(session: Session, row: Row) -> str:
    told = Command(**{name: row[name] for name in Command.model_fields})
    return plate_vault.opened_grant(session, told)


_SEALED: Mapping[str, Mapping[str, Callable[[Session, Row], Any]]] = {
    "booking": {"plate": _booking},
    "event": {"plate": _event},
    "ownerplate": {"plate": _owners},
    "command": {"payload": _command},
}

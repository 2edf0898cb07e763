"""One title changes between two files of the office: a new version of the library each time.

The office's next file is the whole library again: what is changed here must stand in it by then.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from cloud.core.reasons import Refusal, refuse
from cloud.core.title_names import COLUMNS
from cloud.core.title_rows import check
from cloud.tables import Space, Title, TitleVersion
from cloud.title_tables import TitleNote, TitlePast
from cloud.usecases import audit, title_swap, title_tree, titles
from cloud.usecases.title_tree import record_of
from cloud.usecases.titles import Imported, Made
from contracts.wire.types import to_ms

MAX_REASON = 200
# A version's kind -> what the audit log calls the deed.
DEEDS = {"transfer": "transferred", "revocation": "revoked", "change": "changed"}


@dataclass(frozen=True, slots=True)
class By:
    """Why (a person's words, never a name), when, and 32 random bytes for the new record.

    `who`: in the words of the audit log.
    """

    reason: str
    now: datetime
    salt: bytes
    who: str = audit.SYSTEM


def transfer(session: Session, space: str, holder: str, by: By) -> Imported | Refusal:
    """To another holder: the mark and the offers of the one before end."""
    return change(session, space, {"holder": holder}, by, "transfer")


def change(
    session: Session, space: str, fields: Mapping[str, str], by: By, kind: str = "change"
) -> Imported | Refusal:
    """`fields`: of holder, right, valid_until, encumbrance and use, written as in a file."""
    title, where = session.get(Title, space), session.get(Space, space)
    if title is None or where is None:
        return refuse("unknown_space")
    old = {name: str(value or "") for name, value in record_of(title).model_dump().items()}
    texts = old | {"lat": str(where.lat), "lon": str(where.lon)} | dict(fields)
    staged, problems = check([(1, [texts[name] for name in COLUMNS])], by.salt, 1)
    if problems:
        return refuse("bad_title")
    new = staged[0]
    if title_swap.same_but_salt(title.record, new.record):
        return refuse("same_title")
    moved = title_swap.holder_of(title.record) != title_swap.holder_of(new.record)
    note = TitleNote(
        version=0, kind=kind, transferred=int(moved), changed=int(not moved), at_ms=to_ms(by.now)
    )
    return _write(session, title, (new.record, new.leaf), (note, by))


def revoke(session: Session, space: str, by: By) -> Imported | Refusal:
    """The title leaves the library; the space stays, and nothing on it may be shared."""
    title = session.get(Title, space)
    if title is None:
        return refuse("unknown_space")
    if _newest(session).count == 1:
        return refuse("last_title")
    note = TitleNote(version=0, kind="revocation", removed=1, at_ms=to_ms(by.now))
    return _write(session, title, None, (note, by))


def _write(
    session: Session, title: Title, new: tuple[str, bytes] | None, told: tuple[TitleNote, By]
) -> Imported:
    note, by = told
    note.reason = by.reason[:MAX_REASON]
    newest = _newest(session)
    title_tree.mend(session, newest.root)
    # Of a text with a salt in it: nobody finds a name by trying names.
    text = f"{title.record}\n{new[0] if new else ''}\n{by.salt.hex()}"
    before, since, place = title.record, title.version, title.position
    if new is None:
        session.delete(title)
        session.flush()
        root = title_tree.vacate(session, place)
    else:
        root = title_tree.put(session, place, new[1])
    made = Made(
        "0x" + root.hex(),
        newest.count - (new is None),
        hashlib.sha256(text.encode()).hexdigest(),
        to_ms(by.now),
    )
    note.version = titles.add_version(session, made)
    session.add(TitlePast(space=title.space, version=since, until=note.version, record=before))
    if new is not None:
        title.version, (title.record, title.leaf) = note.version, new
        session.add(title)
    session.flush()
    titles.publish(session, note.version, made, note, {title.space: before})
    _recorded(session, title.space, note, by)
    return titles.imported(session, note.version)


def _recorded(session: Session, space: str, note: TitleNote, by: By) -> None:
    told = {"version": note.version, "reason": note.reason}
    audit.record(session, by.who, f"title.{DEEDS.get(note.kind, note.kind)}", space, told, by.now)


def _newest(session: Session) -> TitleVersion:
    order = col(TitleVersion.version).desc()
    return session.exec(select(TitleVersion).order_by(order).limit(1)).one()

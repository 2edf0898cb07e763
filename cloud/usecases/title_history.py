"""The versions of the library, and what differs between two of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, exists, literal, null, union_all
from sqlalchemy.sql.selectable import Subquery
from sqlmodel import Session, col, func, select

from cloud.core.reasons import Refusal, refuse
from cloud.core.title_names import masked
from cloud.tables import Title, TitleVersion
from cloud.title_tables import TitleNote, TitlePast
from cloud.usecases.filing import status_of
from cloud.usecases.title_bulk import asked

MAX_VERSIONS = 1000
STEP = 1000
NEVER = 2**62
# A new salt is no difference: it comes with every other one.
FIELDS = ("number", "lot", "holder", "right", "valid_until", "encumbrance", "use")


@dataclass(frozen=True, slots=True)
class VersionLine:
    """`publication`: how far the root is on its way to the chain, in the words of its call."""

    version: int
    kind: str
    count: int
    root: str
    added: int
    removed: int
    transferred: int
    changed: int
    reason: str
    imported_ms: int
    publication: str | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`kind`: added, removed, transferred (to another holder), or changed."""

    space: str
    kind: str
    fields: tuple[FieldChange, ...] = ()


def versions(session: Session, limit: int = MAX_VERSIONS) -> list[VersionLine]:
    """The newest first."""
    found = (
        select(TitleVersion, TitleNote)
        .join(TitleNote, col(TitleNote.version) == col(TitleVersion.version))
        .order_by(col(TitleVersion.version).desc())
        .limit(limit)
    )
    return [_line(session, row, note) for row, note in session.exec(found)]


def known(session: Session, *named: int) -> Refusal | None:
    newest = session.exec(select(func.max(TitleVersion.version))).one() or 0
    return None if all(0 <= version <= newest for version in named) else refuse("unknown_version")


def differences(
    session: Session, a: int, b: int, show_holders: bool = False
) -> Iterator[Difference]:
    """What made version `b` of `a`, in the order of the spaces; 0 is the empty library.

    Ask `known` first. Held a step at a time: two versions may differ in every title.
    """
    earlier, later = min(a, b), max(a, b)
    for space, old, new in _pairs(session, earlier, later):
        before, after = (old, new) if a <= b else (new, old)
        found = _difference(space, before, after, show_holders)
        if found is not None:
            yield found


def _pairs(session: Session, earlier: int, later: int) -> Iterator[Any]:
    """(space, record at `earlier`, record at `later`) wherever one was written in between."""
    was, now = _library(earlier), _library(later)
    came = (
        asked(now.c.space, was.c.record, now.c.record)
        .outerjoin(was, was.c.space == now.c.space)
        .where(now.c.version > earlier)
    )
    went = asked(was.c.space, was.c.record, null()).where(
        was.c.until <= later, ~exists().where(now.c.space == was.c.space)
    )
    both = union_all(came, went).subquery()
    wanted = asked(*both.c).order_by(both.c[0])
    found = session.connection().execute(wanted, execution_options={"yield_per": STEP})
    yield from found


def _library(version: int) -> Subquery:
    """As it was: a title stood from its version on, until it was another's turn."""
    current = asked(
        Title.space, Title.version, literal(NEVER, BigInteger).label("until"), Title.record
    )
    past = asked(TitlePast.space, TitlePast.version, TitlePast.until, TitlePast.record)
    return union_all(
        current.where(col(Title.version) <= version),
        past.where(col(TitlePast.version) <= version, col(TitlePast.until) > version),
    ).subquery()


def _difference(
    space: str, before: str | None, after: str | None, show_holders: bool
) -> Difference | None:
    """None where only the salt is another."""
    if before is None or after is None:
        return Difference(space, "added" if before is None else "removed")
    old, new = json.loads(before), json.loads(after)
    fields = tuple(
        FieldChange(name, *(_shown(name, one[name], show_holders) for one in (old, new)))
        for name in FIELDS
        if old[name] != new[name]
    )
    if not fields:
        return None
    moved = old["holder"] != new["holder"]
    return Difference(space, "transferred" if moved else "changed", fields)


def _shown(name: str, value: Any, show_holders: bool) -> str:
    text = "" if value is None else str(value)
    return masked(text) if name == "holder" and not show_holders else text


def _line(session: Session, row: TitleVersion, note: TitleNote) -> VersionLine:
    return VersionLine(
        version=note.version,
        kind=note.kind,
        count=row.count,
        root=row.root,
        added=note.added,
        removed=note.removed,
        transferred=note.transferred,
        changed=note.changed,
        reason=note.reason,
        imported_ms=row.imported_ms,
        publication=status_of(session, f"titles:{note.version}"),
    )

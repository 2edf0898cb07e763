"""The staged rows become the library, and the library before them its past: one transaction.

What did not change keeps its record, its salt and its place in the tree, and with them its proof
and its mark. Done set by set in the database: a million records are never held at once.
"""

import itertools
import json
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, exists, insert, literal, update
from sqlmodel import Session, SQLModel, col, delete, func, select

from cloud.core.title_rows import SALT_TAIL
from cloud.tables import Lot, Registration, Space, Title, TitleVersion
from cloud.title_tables import StagedPlace, StagedTitle, TitlePast
from cloud.usecases import marks, title_tree
from cloud.usecases.title_bulk import Bulk, asked
from cloud.usecases.title_tree import VACANT
from contracts.ledger.merkle import NODE, Tree

STEP = 10_000  # rows held at a time
FEW = 20  # one title in so many changed: below that, path by path
GOES = 0  # no staged row has this number
_SAME = col(Space.id) == col(StagedTitle.space)
_MOVED = (
    (col(Space.lot) != col(StagedTitle.lot))
    | (col(Space.lat) != col(StagedTitle.lat))
    | (col(Space.lon) != col(StagedTitle.lon))
)
_PLACES = Bulk(StagedPlace, ("position", "row"))


@dataclass(slots=True)
class Counts:
    added: int = 0
    removed: int = 0
    transferred: int = 0
    changed: int = 0
    # Spaces that lie elsewhere now: looked for in the read, for it looks at all of them.
    moved: int = 0


@dataclass(slots=True)
class Plan:
    """What an import changes in the library of version `on`; made in a read, carried out later.

    `leaves`: the tree's lowest row as it will be. `positions` and `rows`: which leaves of it
    change, and by which staged row (GOES: the title does).
    """

    on: int
    stored: Tree | None
    leaves: bytearray
    counts: Counts = field(default_factory=Counts)
    positions: "array[int]" = field(default_factory=lambda: array("q"))
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    # Places that a title leaves: where in the two lists above, for another may take one over.
    left: dict[int, int] = field(default_factory=dict)
    # The whole tree anew, where many leaves change; else path by path when it is carried out.
    grown: Tree | None = None

    def put(self, position: int, row: int, leaf: bytes) -> None:
        self.leaves[position * NODE : (position + 1) * NODE] = leaf
        if position in self.left:
            self.rows[self.left[position]] = row
            return
        if row == GOES:
            self.left[position] = len(self.rows)
        self.positions.append(position)
        self.rows.append(row)

    def free(self) -> Iterator[int]:
        """Places without a title, the first ones first, and then those beyond the end."""
        leaves, count = bytes(self.leaves), len(self.leaves) // NODE
        gaps = (at for at in range(count) if leaves[at * NODE : (at + 1) * NODE] == VACANT)
        return itertools.chain(gaps, itertools.count(count))


def plan(session: Session) -> Plan:
    """Find what the staged rows change. Writes nothing."""
    newest = _newest(session)
    stored = title_tree.load(session)
    if stored is None or newest is None or "0x" + stored.root.hex() != newest.root:
        stored = title_tree.build(session)
    on = newest.version or 0 if newest else 0
    made = Plan(on, stored, bytearray(stored.levels[0]) if stored else bytearray())
    if stored is not None:
        _take(session, made)
        _change(session, made)
    _add(session, made)
    where = asked(func.count()).select_from(StagedTitle).join(Space, _SAME).where(_MOVED)
    made.counts.moved = int(session.execute(where).scalar_one())
    # The row ends with a title, as it would if it were built anew.
    while made.leaves[-NODE:] == VACANT:
        del made.leaves[-NODE:]
    shorter = stored is not None and len(made.leaves) < len(stored.levels[0])
    if stored is None or shorter or len(made.positions) > len(stored) // FEW:
        made.grown = Tree([bytes(made.leaves)])
    return made


def grow(session: Session, made: Plan) -> Tree:
    if made.grown is not None:
        title_tree.store(session, made.grown)
        return made.grown
    if made.stored is None:
        raise AssertionError("where no tree is, all of it is grown anew")
    at = {place: place * NODE for place in made.positions}
    changed = {place: bytes(made.leaves[start : start + NODE]) for place, start in at.items()}
    title_tree.change(session, made.stored, changed)
    return made.stored


def swap(session: Session, made: Plan, version: int) -> dict[str, str]:
    """The old records of the spaces with a mark whose title changed or went."""
    _keep_places(session, made)
    here = col(Title.position).in_(select(StagedPlace.position))
    standing = (
        select(Registration.space, Title.record)
        .join(Title, col(Title.space) == col(Registration.space))
        .where(col(Registration.status).in_(marks.STANDING), here)
    )
    before: dict[str, str] = dict(session.exec(standing).all())
    past = asked(Title.space, Title.version, literal(version), Title.record).where(here)
    _insert_from(session, TitlePast, ("space", "version", "until", "record"), past)
    session.execute(delete(Title).where(here), execution_options=_PLAIN)
    written = asked(
        StagedTitle.space,
        literal(version),
        StagedPlace.position,
        StagedTitle.record,
        StagedTitle.leaf,
    ).join(StagedPlace, col(StagedPlace.row) == col(StagedTitle.row))
    _insert_from(session, Title, ("space", "version", "position", "record", "leaf"), written)
    if made.counts.moved or made.counts.added:
        _put_spaces(session, made)
    session.expire_all()
    return before


_PLAIN = {"synchronize_session": False}


def _gone() -> Select[Any]:
    there = exists().where(col(StagedTitle.space) == col(Title.space))
    return asked(Title.position).where(~there)


def _take(session: Session, made: Plan) -> None:
    for rows in _steps(session, _gone()):
        for (position,) in rows:
            made.put(position, GOES, VACANT)
        made.counts.removed += len(rows)


def _change(session: Session, made: Plan) -> None:
    old, new = col(Title.record), col(StagedTitle.record)
    changed = (
        asked(Title.position, StagedTitle.row, StagedTitle.leaf, old, new)
        .join(StagedTitle, col(StagedTitle.space) == col(Title.space))
        .where(_unsalted(old) != _unsalted(new))
    )
    for rows in _steps(session, changed):
        for position, row, leaf, before, after in rows:
            made.put(position, row, leaf)
            if holder_of(before) == holder_of(after):
                made.counts.changed += 1
            else:
                made.counts.transferred += 1


def _add(session: Session, made: Plan) -> None:
    free = made.free()
    new = (
        asked(StagedTitle.row, StagedTitle.leaf)
        .outerjoin(Title, col(Title.space) == col(StagedTitle.space))
        .where(col(Title.space).is_(None))
        .order_by(col(StagedTitle.row))
    )
    for rows in _steps(session, new):
        for row, leaf in rows:
            made.put(next(free), row, leaf)
        made.counts.added += len(rows)


def _keep_places(session: Session, made: Plan) -> None:
    """Of an import that was planned and then killed there may be some."""
    session.execute(delete(StagedPlace))
    for start in range(0, len(made.positions), STEP):
        step = slice(start, start + STEP)
        _PLACES.insert(session, list(zip(made.positions[step], made.rows[step])))


def _put_spaces(session: Session, made: Plan) -> None:
    """A space of a title that went stays, without a title: its past bookings name it."""
    known = set(session.exec(select(Lot.id)))
    lots = session.exec(select(StagedTitle.lot).distinct())
    session.add_all(Lot(id=lot, name=lot) for lot in list(lots) if lot not in known)
    session.flush()
    where = {"lot": StagedTitle.lot, "lat": StagedTitle.lat, "lon": StagedTitle.lon}
    if made.counts.moved:
        wanted = update(Space).where(_SAME, _MOVED).values(where)
        session.execute(wanted, execution_options=_PLAIN)
    if not made.counts.added:
        return
    given = {"id": StagedTitle.space, "number": StagedTitle.number, **where}
    others = {
        name: literal(info.default, Space.__table__.c[name].type)  # type: ignore[attr-defined]
        for name, info in Space.model_fields.items()
        if name not in given
    }
    new = asked(*given.values(), *others.values()).where(~exists().where(_SAME))
    _insert_from(session, Space, (*given, *others), new)


def _insert_from(
    session: Session, table: type[SQLModel], names: Iterable[str], rows: Select[Any]
) -> None:
    session.execute(insert(table).from_select(list(names), rows), execution_options=_PLAIN)


def _steps(session: Session, wanted: Select[Any]) -> Iterator[list[Any]]:
    """As of the moment it is asked: what is inserted meanwhile does not come."""
    found = session.connection().execute(wanted, execution_options={"yield_per": STEP})
    for rows in found.partitions():
        yield list(rows)


def _unsalted(record: Any) -> Any:
    """The salt stands last in a record's text, and is another in every file."""
    return func.substr(record, 1, func.length(record) - SALT_TAIL)


def same_but_salt(a: str, b: str) -> bool:
    return a[:-SALT_TAIL] == b[:-SALT_TAIL]


def holder_of(record: str) -> str:
    return str(json.loads(record)["holder"])


def _newest(session: Session) -> TitleVersion | None:
    order = col(TitleVersion.version).desc()
    return session.exec(select(TitleVersion).order_by(order).limit(1)).first()


def planned_on(session: Session, made: Plan) -> bool:
    """Whether the library still is the one that was planned on."""
    newest = _newest(session)
    return made.on == (newest.version if newest else 0)

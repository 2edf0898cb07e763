"""An import's rows on their way: staged in bounded steps, so that a killed import goes on.

Nothing of it is the library before title_swap; another file drops what an earlier one has left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, delete, func, select

from cloud.core.reasons import Refusal, refuse
from cloud.core.title_rows import Problem, Staged
from cloud.tables import Space, TitleVersion
from cloud.title_tables import StagedPlace, StagedTitle, TitleImport, TitleProblem
from cloud.usecases.title_bulk import Bulk, asked

STAGING = 2  # of how rows are checked and staged: rows of another way are not gone on with
MAX_PROBLEMS = 1000
WHOLE_CITY = ": a number is one space's in the whole city, whatever its lot"
_ROWS = Bulk(StagedTitle, Staged._fields)
_PROBLEMS = Bulk(TitleProblem, Problem._fields)
_STAGE: tuple[type[SQLModel], ...] = (StagedTitle, StagedPlace, TitleProblem, TitleImport)


@dataclass(frozen=True, slots=True)
class Begun:
    """`rows` of the file are staged already; `dropped`: as many of another file were thrown away.

    `same`: the file is the newest version, and there is nothing to do.
    """

    rows: int = 0
    dropped: int = 0
    same: int | None = None


def begin(session: Session, file_sha256: str, run: str, again: bool = False) -> Begun | Refusal:
    """`again`: import a file that was the library before, and undo what came after it."""
    earlier = _version_of(session, file_sha256)
    newest = session.exec(select(func.max(TitleVersion.version))).one()
    here = session.get(TitleImport, 1)
    if earlier is not None and earlier == newest:
        if here is not None and here.file_sha256 == file_sha256:
            clear(session)  # it was killed between the two last steps
        return Begun(same=earlier)
    if earlier is not None and not again:
        return refuse("titles_would_undo")
    if here is not None and (here.file_sha256, here.staging) == (file_sha256, STAGING):
        here.run = run
        session.add(here)
        return Begun(rows=here.rows)
    dropped = here.rows if here is not None else 0
    clear(session)
    session.add(TitleImport(file_sha256=file_sha256, staging=STAGING, run=run))
    session.flush()
    return Begun(dropped=dropped)


def stage(
    session: Session, run: str, rows: int, found: tuple[Sequence[Staged], Sequence[Problem]]
) -> Refusal | None:
    """One step: these follow the first `rows` of the file."""
    here = session.get(TitleImport, 1)
    if here is None or here.run != run or here.rows != rows:
        return refuse("titles_taken_over")
    staged, problems = found
    _ROWS.insert(session, staged)
    _PROBLEMS.insert(session, problems)
    # A bad row may have several mistakes.
    here.rows = rows + len(staged) + len({problem.line for problem in problems})
    session.add(here)
    return None


def look_over(session: Session) -> list[Problem]:
    """What only the whole file shows: names twice, and numbers that are another space's."""
    return [*_twice(session, "space"), *_twice(session, "number"), *_moved(session)]


def problems(session: Session, limit: int) -> list[Problem]:
    """In the order of their lines."""
    order = (col(TitleProblem.line), col(TitleProblem.id))
    rows = session.exec(select(TitleProblem).order_by(*order).limit(limit))
    return [Problem(row.line, row.field, row.reason, row.value) for row in rows]


def count_problems(session: Session) -> int:
    return session.exec(select(func.count()).select_from(TitleProblem)).one()


def end(session: Session, run: str) -> None:
    """Leave nothing behind; what another import has staged meanwhile is its own."""
    here = session.get(TitleImport, 1)
    if here is not None and here.run == run:
        clear(session)


def clear(session: Session) -> None:
    for table in _STAGE:
        session.exec(delete(table))
    session.expire_all()


def _version_of(session: Session, file_sha256: str) -> int | None:
    found = select(func.max(TitleVersion.version)).where(TitleVersion.file_sha256 == file_sha256)
    return session.exec(found).one()


def _twice(session: Session, name: str) -> list[Problem]:
    """Every row but the first of a name, with the line of the first."""
    column = StagedTitle.__table__.c[name]  # type: ignore[attr-defined]
    first = (
        select(column, func.min(StagedTitle.row).label("row"))
        .group_by(column)
        .having(func.count() > 1)
        .subquery()
    )
    before = aliased(StagedTitle)
    later = (
        asked(StagedTitle.line, column, before.line)
        .join(first, first.c[name] == column)
        .join(before, col(before.row) == first.c.row)
        .where(StagedTitle.row > first.c.row)
        .order_by(col(StagedTitle.row))
        .limit(MAX_PROBLEMS)
    )
    why = WHOLE_CITY if name == "number" else ""
    return [
        Problem(line, name, f"stands on line {earlier} already{why}", str(value))
        for line, value, earlier in session.execute(later)
    ]


def _moved(session: Session) -> list[Problem]:
    """On the chain a space is its number: it keeps it, and none other gets it."""
    other = (
        select(StagedTitle.line, StagedTitle.number, Space.number)
        .join(Space, col(Space.id) == col(StagedTitle.space))
        .where(Space.number != StagedTitle.number)
        .limit(MAX_PROBLEMS)
    )
    of_another = (
        select(StagedTitle.line, StagedTitle.number, Space.id)
        .join(Space, col(Space.number) == col(StagedTitle.number))
        .where(Space.id != StagedTitle.space)
        .limit(MAX_PROBLEMS)
    )
    return [
        *(
            Problem(line, "number", f"the space has the number {before} for good", str(number))
            for line, number, before in session.exec(other)
        ),
        *(
            Problem(line, "number", f"is the number of space {space} for good", str(number))
            for line, number, space in session.exec(of_another)
        ),
    ]

"""Step 1: import the title library of a city, all or nothing, and publish its root."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlmodel import Session, col, func, select

from cloud.core.calls import FILED
from cloud.core.reasons import Refusal, refuse
from cloud.core.title_names import COLUMNS
from cloud.core.title_rows import Problem, Staged, check
from cloud.errors import BadTitles
from cloud.tables import ChainCall, Title, TitleVersion
from cloud.title_tables import StagedTitle, TitleImport, TitleNote
from cloud.usecases import audit, filing, marks, title_staging, title_swap, title_tree
from cloud.usecases.title_staging import MAX_PROBLEMS
from cloud.usecases.title_swap import Plan
from cloud.usecases.title_tree import record_of
from contracts.ledger.merkle import path
from contracts.ledger.receipt import TitleProof as ReceiptTitle
from contracts.wire.types import from_ms

Row = tuple[int, Mapping[str, str]]
EMPTY = Problem(1, "", "the file holds no title")
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """A version of the library, and how many titles it changed from the one before."""

    version: int
    count: int
    root: str
    added: int = 0
    removed: int = 0
    transferred: int = 0
    changed: int = 0
    # Spaces that lie elsewhere now, or in another lot: no part of a title, so no proof changes.
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """What a new version is made of: `sha256` (hex) of its file, or of the one title's text."""

    root: str
    count: int
    sha256: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class TitleProof:
    space: str
    digest: str
    siblings: tuple[str, ...]
    root: str
    version: int


def verdict(session: Session, limit: int = MAX_PROBLEMS) -> list[Problem]:
    """Of all rows staged: an empty list lets `finish` go on. Nothing is written."""
    found = title_staging.problems(session, limit)
    staged = session.exec(select(StagedTitle.row).limit(1)).first()
    if staged is None and not found:
        return [EMPTY]
    return sorted([*found, *title_staging.look_over(session)])[:limit]


def finish(
    session: Session, run: str, plan: Plan, now_ms: int, who: str = audit.SYSTEM
) -> Imported | Refusal:
    """The staged rows, found good, are the library from here on; clear the stage afterwards.

    `plan`: made in a read before, so that others wait for this write as short as can be. `who`: in
    the words of the audit log.
    """
    here = session.get(TitleImport, 1)
    if here is None or here.run != run:
        return refuse("titles_taken_over")
    count = session.exec(select(func.count()).select_from(StagedTitle)).one()
    if not title_swap.planned_on(session, plan):
        plan = title_swap.plan(session)
    tree, counts = title_swap.grow(session, plan), plan.counts
    made = Made("0x" + tree.root.hex(), count, here.file_sha256, now_ms)
    version = add_version(session, made)
    before = title_swap.swap(session, plan, version)
    note = TitleNote(
        version=version,
        kind="import",
        added=counts.added,
        removed=counts.removed,
        transferred=counts.transferred,
        changed=counts.changed,
        moved=counts.moved,
        at_ms=now_ms,
    )
    publish(session, version, made, note, before)
    done = imported(session, version)
    told = asdict(done) | {"sha256": made.sha256}
    about = f"titles:{version}"
    audit.record(session, who, "titles.imported", about, told, from_ms(now_ms))
    return done


def add_version(session: Session, made: Made) -> int:
    row = TitleVersion(
        file_sha256=made.sha256,
        root=made.root,
        count=made.count,
        status="stored",
        imported_ms=made.now_ms,
    )
    session.add(row)
    session.flush()
    return row.version or 0


def publish(
    session: Session, version: int, made: Made, note: TitleNote, before: Mapping[str, str]
) -> None:
    """What every new version is followed by. `before`: see marks.recheck."""
    session.add(note)
    args = [made.root, made.count, "0x" + made.sha256]
    filing.queue(session, f"titles:{version}", ("registry", "publish"), args, "registrar")
    marks.recheck(session, before, version, from_ms(made.now_ms))


def imported(session: Session, version: int) -> Imported:
    row, note = session.get_one(TitleVersion, version), session.get_one(TitleNote, version)
    changes = (note.added, note.removed, note.transferred, note.changed, note.moved)
    return Imported(version, row.count, row.root, *changes)


def prove(session: Session, space: str) -> TitleProof | Refusal:
    """The nodes from this title to the root of the newest version."""
    title = session.get(Title, space)
    if title is None:
        return refuse("unknown_space")
    tree = title_tree.current(session)
    siblings = tree.nodes(list(path(title.position, tree.count)))
    return TitleProof(
        space=space,
        digest=record_of(title).digest(),
        siblings=tuple("0x" + node.hex() for node in siblings),
        root="0x" + tree.root.hex(),
        version=session.exec(select(func.max(TitleVersion.version))).one() or 0,
    )


def proof_in(session: Session, space: str, block_number: int) -> ReceiptTitle | None:
    """What a receipt carries: of the version whose root the registry held in this block.

    None if the newest version was published later or not yet: older trees are not kept.
    """
    newest = session.exec(select(func.max(TitleVersion.version))).one()
    published = select(ChainCall.block_number).where(
        ChainCall.id == f"titles:{newest}", col(ChainCall.status).in_(FILED)
    )
    block = session.exec(published).first()
    if block is None or block > block_number:
        return None
    found = prove(session, space)
    if isinstance(found, Refusal):
        return None
    return ReceiptTitle(root=found.root, siblings=found.siblings, digest=found.digest)


def parse(rows: Iterable[Row], salt: Callable[[], bytes], progress: Progress) -> list[Staged]:
    """Every row read, or BadTitles with the line and reason of each bad one."""
    staged: list[Staged] = []
    problems: list[Problem] = []
    for count, (line, row) in enumerate(rows, 1):
        cells = [row.get(name) for name in COLUMNS]
        good, bad = check([(line, cells)], salt(), count)
        staged += good
        problems += bad
        if len(problems) >= MAX_PROBLEMS:
            break
        progress(count)
    refuse_bad(problems)
    return staged


def store(session: Session, staged: Sequence[Staged], file_sha256: str, now_ms: int) -> Imported:
    """A small library in one transaction; the same file again is the version it was."""
    begun = title_staging.begin(session, file_sha256, "at once", again=True)
    if isinstance(begun, Refusal):
        raise AssertionError(begun)
    if begun.same is not None:
        return imported(session, begun.same)
    title_staging.clear(session)
    title_staging.begin(session, file_sha256, "at once", again=True)
    title_staging.stage(session, "at once", 0, (staged, ()))
    refuse_bad(verdict(session))
    made = finish(session, "at once", title_swap.plan(session), now_ms)
    title_staging.clear(session)
    if isinstance(made, Refusal):
        raise AssertionError(made)
    return made


def refuse_bad(problems: Sequence[Problem]) -> None:
    if problems:
        raise BadTitles([str(problem) for problem in problems])

"""Step 1: import the title library of a city, all or nothing, and publish its root."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError
from sqlmodel import Session, col, delete, func, select

from cloud.core.calls import FILED
from cloud.core.compliance import ENCUMBRANCES, RIGHT_TYPES, USES
from cloud.core.reasons import Refusal, refuse
from cloud.errors import BadTitles
from cloud.tables import ChainCall, Lot, Space, Title, TitleVersion
from cloud.usecases import filing, marks, title_tree
from cloud.usecases.title_tree import VACANT, record_of
from contracts.ledger.merkle import Tree, path
from contracts.ledger.receipt import TitleProof as ReceiptTitle
from contracts.ledger.records import TitleRecord
from contracts.wire.types import from_ms

MAX_PROBLEMS = 1000
CHUNK = 500  # names in one statement
FEW = 20  # one title in so many changed: below that, path by path
FIELDS = ("space", "number", "lot", "holder", "right", "valid_until", "encumbrance", "use")

Row = tuple[int, Mapping[str, str]]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    version: int
    count: int
    root: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A title with where its space lies (degrees)."""

    title: TitleRecord
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class TitleProof:
    space: str
    digest: str
    siblings: tuple[str, ...]
    root: str
    version: int


@dataclass(frozen=True, slots=True)
class Held:
    """A title of the version before: its record as text, and its place in the tree."""

    record: str
    position: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What an import changes: leaves by place, titles with their places, old records by space."""

    leaves: dict[int, bytes]
    written: list[tuple[int, Placed]]
    before: dict[str, str]


def parse(rows: Iterable[Row], salt: Callable[[], bytes], progress: Progress) -> list[Placed]:
    """Every row read, or BadTitles with the line and reason of each bad one."""
    placed: list[Placed] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for count, (line, row) in enumerate(rows, 1):
        try:
            found = _placed(row, salt())
            for key in (f"space {found.title.space}", f"number {found.title.number}"):
                if key in seen:
                    raise ValueError(f"{key} stands on line {seen[key]} already")
                seen[key] = line
            placed.append(found)
        except ValueError as error:
            problems.append(f"line {line}: {_reason(error)}")
        if len(problems) >= MAX_PROBLEMS:
            break
        progress(count)
    if problems or not placed:
        raise BadTitles(problems or ["line 1: the file holds no title"])
    return placed


def store(session: Session, placed: list[Placed], file_sha256: str, now_ms: int) -> Imported:
    """Replace the library by this version; the same file again is the version it was."""
    same = session.exec(select(TitleVersion).where(TitleVersion.file_sha256 == file_sha256)).first()
    latest = session.exec(select(func.max(TitleVersion.version))).one()
    if same is not None and same.version == latest:
        return Imported(same.version or 0, same.count, same.root)
    before = _held(session)
    placed = [_keep_salt(item, before.get(item.title.space)) for item in placed]
    changes = _changes(placed, before)
    tree = _grow(session, changes, _known_root(session, latest))
    root = "0x" + tree.root.hex()
    row = TitleVersion(
        file_sha256=file_sha256, root=root, count=len(placed), status="stored", imported_ms=now_ms
    )
    session.add(row)
    session.flush()
    version = row.version or 0
    _replace_titles(session, changes, version)
    _place_spaces(session, placed)
    publish = [root, len(placed), "0x" + file_sha256]
    filing.queue(session, f"titles:{version}", ("registry", "publish"), publish, "registrar")
    marks.recheck(session, changes.before, version, from_ms(now_ms))
    return Imported(version, len(placed), root)


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


def _placed(row: Mapping[str, str], salt: bytes) -> Placed:
    missing = [name for name in (*FIELDS, "lat", "lon") if row.get(name) is None]
    if missing:
        raise ValueError(f"column {missing[0]} is missing")
    if None in row or "" in row:
        raise ValueError("there are more cells than columns; use commas only between cells")
    for name, allowed in (("right", RIGHT_TYPES), ("encumbrance", ENCUMBRANCES), ("use", USES)):
        if row[name].strip() not in allowed:
            raise ValueError(f"{name} {row[name]!r} is none of {', '.join(allowed)}")
    number = row["number"].strip()
    if not number.isdigit():
        raise ValueError(f"number {number!r} is not a whole number")
    title = TitleRecord(
        **{name: row[name].strip() for name in FIELDS if name not in ("number", "valid_until")},
        number=int(number),
        valid_until=_date(row["valid_until"].strip()),
        salt="0x" + salt.hex(),
    )
    return Placed(title, _degrees(row, "lat", 90), _degrees(row, "lon", 180))


def _date(text: str) -> str | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"valid_until {text!r} is not a date like 2031-12-31") from None


def _degrees(row: Mapping[str, str], name: str, limit: float) -> float:
    try:
        value = float(row[name])
    except ValueError:
        raise ValueError(f"{name} {row[name]!r} is not a number") from None
    if not -limit <= value <= limit:
        raise ValueError(f"{name} {value} is outside -{limit}..{limit} degrees")
    return value


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])} {first['input']!r}: {first['msg']}"
    return str(error)


def _held(session: Session) -> dict[str, Held]:
    rows = session.exec(select(Title.space, Title.record, Title.position))
    return {space: Held(record, position) for space, record, position in rows}


def _changes(placed: list[Placed], before: dict[str, Held]) -> Changes:
    """A title keeps its place in the tree; a new one takes the first that is free."""
    now = {item.title.space for item in placed}
    taken = {held.position for space, held in before.items() if space in now}
    free = (place for place in itertools.count() if place not in taken)
    leaves = {held.position: VACANT for space, held in before.items() if space not in now}
    written: list[tuple[int, Placed]] = []
    old = {space: held.record for space, held in before.items() if space not in now}
    for item in placed:
        held = before.get(item.title.space)
        if held is not None and held.record == item.title.model_dump_json():
            continue
        place = next(free) if held is None else held.position
        leaves[place] = item.title.leaf()
        written.append((place, item))
        if held is not None:
            old[item.title.space] = held.record
    return Changes(leaves, written, old)


def _known_root(session: Session, version: int | None) -> str | None:
    return session.get_one(TitleVersion, version).root if version else None


def _grow(session: Session, changes: Changes, known: str | None) -> Tree:
    """Path by path where few titles changed; in one go where many did, or nothing is stored."""
    stored = title_tree.load(session)
    if stored is None or "0x" + stored.root.hex() != known:
        stored = title_tree.build(session)
    elif len(changes.leaves) <= len(stored) // FEW:
        title_tree.change(session, stored, changes.leaves)
        return stored
    leaves = dict(enumerate(stored.leaves() if stored else ())) | changes.leaves
    tree = Tree(leaves.get(place, VACANT) for place in range(max(leaves) + 1))
    title_tree.store(session, tree)
    return tree


def _replace_titles(session: Session, changes: Changes, version: int) -> None:
    gone = sorted(changes.before)
    for start in range(0, len(gone), CHUNK):
        chunk = gone[start : start + CHUNK]
        session.exec(delete(Title).where(col(Title.space).in_(chunk)))
    session.bulk_save_objects(
        [
            Title(
                space=item.title.space,
                version=version,
                position=place,
                record=item.title.model_dump_json(),
                leaf=changes.leaves[place],
            )
            for place, item in changes.written
        ]
    )


def _place_spaces(session: Session, placed: list[Placed]) -> None:
    known = {space.id: space for space in session.exec(select(Space))}
    lots = set(session.exec(select(Lot.id)))
    for item in placed:
        title = item.title
        if title.lot not in lots:
            lots.add(title.lot)
            session.add(Lot(id=title.lot, name=title.lot))
        space = known.get(title.space)
        if space is None:
            space = Space(
                id=title.space, number=title.number, lot=title.lot, lat=item.lat, lon=item.lon
            )
        space.lot, space.lat, space.lon = title.lot, item.lat, item.lon
        session.add(space)
    session.flush()


def _keep_salt(item: Placed, before: Held | None) -> Placed:
    """An unchanged title keeps its digest from version to version, and with it its mark."""
    if before is None:
        return item
    old = TitleRecord.model_validate_json(before.record)
    same = item.title.model_copy(update={"salt": old.salt}) == old
    return Placed(old, item.lat, item.lon) if same else item

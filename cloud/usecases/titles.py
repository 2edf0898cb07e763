"""Step 1: import the title library of a city, all or nothing, and publish its root."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError
from sqlmodel import Session, col, delete, func, select

from cloud.core.compliance import ENCUMBRANCES, RIGHT_TYPES, USES
from cloud.core.reasons import Refusal, refuse
from cloud.errors import BadTitles
from cloud.tables import Lot, Offer, Registration, Space, Title, TitleVersion
from cloud.usecases import filing
from contracts.ledger.merkle import Tree
from contracts.ledger.records import TitleRecord, space_key

MAX_PROBLEMS = 1000
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
    before = {title.space: title.record for title in session.exec(select(Title))}
    placed = [_keep_salt(item, before.get(item.title.space)) for item in placed]
    tree = Tree([item.title.leaf() for item in placed])
    root = "0x" + tree.root.hex()
    row = TitleVersion(
        file_sha256=file_sha256, root=root, count=len(placed), status="stored", imported_ms=now_ms
    )
    session.add(row)
    session.flush()
    version = row.version or 0
    _replace_titles(session, placed, version)
    _place_spaces(session, placed)
    publish = [root, len(placed), "0x" + file_sha256]
    filing.queue(session, f"titles:{version}", ("registry", "publish"), publish, "registrar")
    now = {item.title.space: item.title.model_dump_json() for item in placed}
    changed = {space for space, record in before.items() if now.get(space) != record}
    _withdraw(session, changed, version)
    return Imported(version, len(placed), root)


def prove(session: Session, space: str) -> TitleProof | Refusal:
    """The nodes from this title to the current root."""
    title = session.get(Title, space)
    if title is None:
        return refuse("unknown_space")
    leaves = session.exec(select(Title.leaf).order_by(col(Title.position))).all()
    tree = Tree(list(leaves))
    return TitleProof(
        space=space,
        digest=record_of(title).digest(),
        siblings=tuple("0x" + node.hex() for node in tree.proof(title.position)),
        root="0x" + tree.root.hex(),
        version=title.version,
    )


def record_of(title: Title) -> TitleRecord:
    return TitleRecord.model_validate_json(title.record)


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


def _replace_titles(session: Session, placed: list[Placed], version: int) -> None:
    session.exec(delete(Title))
    session.bulk_save_objects(
        [
            Title(
                space=item.title.space,
                version=version,
                position=position,
                record=item.title.model_dump_json(),
                leaf=item.title.leaf(),
            )
            for position, item in enumerate(placed)
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


def _keep_salt(item: Placed, before: str | None) -> Placed:
    """An unchanged title keeps its digest from version to version, and with it its mark."""
    if before is None:
        return item
    old = TitleRecord.model_validate_json(before)
    same = item.title.model_copy(update={"salt": old.salt}) == old
    return Placed(old, item.lat, item.lon) if same else item


def _withdraw(session: Session, changed: set[str], version: int) -> None:
    """A mark stands on the title it was given for: another title, no mark and no offer."""
    standing = select(Registration).where(col(Registration.status).in_(("compliant", "shared")))
    for row in session.exec(standing):
        if row.space not in changed:
            continue
        row.status = "withdrawn"
        session.add(row)
        for offer in session.exec(select(Offer).where(Offer.space == row.space)):
            offer.status = "closed"
            session.add(offer)
        args = ["0x" + space_key(row.space).hex(), "0x" + version.to_bytes(32, "big").hex()]
        call = f"unshare:{row.id}:{version}"
        filing.queue(session, call, ("registry", "unshare"), args, "registrar")

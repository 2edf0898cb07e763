"""The title library's Merkle tree, kept in pages: a proof reads some, and builds nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from sqlmodel import Session, col, delete, select, tuple_

from cloud.tables import Title, TitleVersion
from cloud.title_tables import TitleNodes
from cloud.usecases.title_bulk import Bulk
from contracts.ledger.merkle import NODE, Tree, node_hash, path
from contracts.ledger.records import TitleRecord

PAGE_NODES = 128
# A leaf without a title: no title hashes to zero, and the places of the others stay.
VACANT = bytes(NODE)
_PAGES = Bulk(TitleNodes, ("level", "page", "nodes"))
Where = tuple[int, int]


def record_of(title: Title) -> TitleRecord:
    return TitleRecord.model_validate_json(title.record)


def load(session: Session) -> Tree | None:
    """All of it, 64 bytes a title; None where none is stored."""
    order = (col(TitleNodes.level), col(TitleNodes.page))
    rows = session.exec(select(TitleNodes).order_by(*order))
    levels = [
        bytearray().join(row.nodes for row in pages)
        for _level, pages in groupby(rows, key=lambda row: row.level)
    ]
    return Tree.of_levels(levels) if levels else None


def build(session: Session) -> Tree | None:
    """From the titles: where no tree is stored, or another one than was published."""
    leaves = dict(session.exec(select(Title.position, Title.leaf)).all())
    if not leaves:
        return None
    return Tree(leaves.get(place, VACANT) for place in range(max(leaves) + 1))


def store(session: Session, tree: Tree) -> None:
    session.exec(delete(TitleNodes))
    size = PAGE_NODES * NODE
    for level, row in enumerate(tree.levels):
        pages = enumerate(range(0, len(row), size))
        _PAGES.insert(session, [(level, page, bytes(row[at : at + size])) for page, at in pages])
    session.expire_all()


def mend(session: Session, root: str) -> None:
    """Where the stored tree is not the one of this root, it is built and stored anew."""
    stored = Stored(session)
    if not stored.count or "0x" + stored.root.hex() != root:
        tree = build(session)
        if tree is not None:
            store(session, tree)


def vacate(session: Session, place: int) -> bytes:
    """Of a title that is gone. A row of leaves ends with one: without its last, it is shorter."""
    if place + 1 < Stored(session).count:
        return put(session, place, VACANT)
    tree = build(session)
    if tree is None:
        raise ValueError("a library holds at least one title")
    store(session, tree)
    return tree.root


def put(session: Session, place: int, leaf: bytes) -> bytes:
    """Hash one path through the stored pages, of a leaf that is there; returns the root."""
    node, top = leaf, path_length(Stored(session).count)
    for level in range(top + 1):
        index = place >> level
        page = session.get_one(TitleNodes, (level, index // PAGE_NODES))
        nodes, at = bytearray(page.nodes), index % PAGE_NODES * NODE
        nodes[at : at + NODE] = node
        page.nodes = bytes(nodes)
        session.add(page)
        # A page holds an even number of nodes: who is beside one stands on the same page.
        pair = [nodes[side : side + NODE] for side in (at & -2 * NODE, at | NODE)]
        root, node = node, node_hash(bytes(pair[0]), bytes(pair[1])) if pair[1] else bytes(pair[0])
    session.flush()
    return root


def change(session: Session, tree: Tree, leaves: Mapping[int, bytes]) -> None:
    """Set these leaves, and write the pages on their ways to the root."""
    for place in sorted(leaves):
        if place == len(tree):
            tree.append(leaves[place])
        else:
            tree.update(place, leaves[place])
    for where in sorted(_pages_over(tree, leaves)):
        session.merge(_page(tree, where))
    session.flush()


class Current(Protocol):
    """The tree of the newest version, as far as a proof needs it."""

    @property
    def root(self) -> bytes: ...
    @property
    def count(self) -> int:
        """Leaves, the vacant ones among them."""
        ...

    def nodes(self, wanted: Sequence[Where]) -> list[bytes]: ...
    def level(self, level: int) -> list[bytes]: ...


def current(session: Session) -> Current:
    """From the pages; or built anew where they are missing or not of the newest version."""
    newest = select(TitleVersion.root).order_by(col(TitleVersion.version).desc()).limit(1)
    stored, published = Stored(session), session.exec(newest).first()
    if stored.count and "0x" + stored.root.hex() == published:
        return stored
    tree = build(session)
    if tree is None:
        raise ValueError("there is no title to prove")
    return Built(tree)


def proof(session: Session, place: int) -> list[bytes]:
    tree = current(session)
    return tree.nodes(list(path(place, tree.count)))


@dataclass(frozen=True, slots=True)
class Stored:
    session: Session

    @property
    def root(self) -> bytes:
        return self.level(path_length(self.count))[0]

    @property
    def count(self) -> int:
        leaves = select(TitleNodes).where(TitleNodes.level == 0)
        order = col(TitleNodes.page).desc()
        last = self.session.exec(leaves.order_by(order).limit(1)).first()
        return 0 if last is None else last.page * PAGE_NODES + len(last.nodes) // NODE

    def nodes(self, wanted: Sequence[Where]) -> list[bytes]:
        pages = {(level, index // PAGE_NODES) for level, index in wanted}
        key = tuple_(col(TitleNodes.level), col(TitleNodes.page))
        found = self.session.exec(select(TitleNodes).where(key.in_(sorted(pages))))
        held = {(row.level, row.page): row.nodes for row in found}
        return [_cut(held[level, index // PAGE_NODES], index) for level, index in wanted]

    def level(self, level: int) -> list[bytes]:
        of_level = select(TitleNodes).where(TitleNodes.level == level)
        rows = self.session.exec(of_level.order_by(col(TitleNodes.page)))
        return _split(b"".join(row.nodes for row in rows))


@dataclass(frozen=True, slots=True)
class Built:
    tree: Tree

    @property
    def root(self) -> bytes:
        return self.tree.root

    @property
    def count(self) -> int:
        return len(self.tree)

    def nodes(self, wanted: Sequence[Where]) -> list[bytes]:
        return [self.tree.node(*where) for where in wanted]

    def level(self, level: int) -> list[bytes]:
        return _split(bytes(self.tree.levels[level]))


def path_length(leaves: int) -> int:
    """Levels above the leaves."""
    return (leaves - 1).bit_length()


def _split(row: bytes) -> list[bytes]:
    return [row[start : start + NODE] for start in range(0, len(row), NODE)]


def _cut(nodes: bytes, index: int) -> bytes:
    start = index % PAGE_NODES * NODE
    return nodes[start : start + NODE]


def _pages_over(tree: Tree, places: Iterable[int]) -> set[Where]:
    pages, here = set[Where](), set(places)
    for level in range(len(tree.levels)):
        pages |= {(level, index // PAGE_NODES) for index in here}
        here = {index // 2 for index in here}
    return pages


def _page(tree: Tree, where: Where) -> TitleNodes:
    level, page = where
    size = PAGE_NODES * NODE
    nodes = bytes(tree.levels[level][page * size : (page + 1) * size])
    return TitleNodes(level=level, page=page, nodes=nodes)

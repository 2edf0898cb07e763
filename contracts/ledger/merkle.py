"""Merkle trees as the contracts check them: sorted pairs, tagged leaves and nodes.

Tags keep a node from passing as a leaf (second preimage); an odd node rises unchanged.
"""

from collections.abc import Iterable, Iterator, Sequence

from contracts.ledger.hashing import keccak

NODE = 32  # bytes


def leaf_hash(payload: bytes) -> bytes:
    return keccak(b"\x00" + payload)


def node_hash(a: bytes, b: bytes) -> bytes:
    return keccak(b"\x01" + (a + b if a <= b else b + a))


class Tree:
    """Each level is one bytearray, 32 bytes a node: about 64 bytes a leaf in all.

    `levels[0]` holds the leaves and `levels[-1]` the root alone.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self.levels = [bytearray().join(leaves)]
        if not self.levels[0] or len(self.levels[0]) % NODE:
            raise ValueError("a tree needs a leaf, and each leaf is 32 bytes")
        while len(self.levels[-1]) > NODE:
            self.levels.append(_above(self.levels[-1]))

    @classmethod
    def of_levels(cls, levels: list[bytearray]) -> "Tree":
        """A tree that was built before; the caller answers for its nodes."""
        tree = cls.__new__(cls)
        tree.levels = levels
        return tree

    def __len__(self) -> int:
        return len(self.levels[0]) // NODE

    @property
    def root(self) -> bytes:
        return bytes(self.levels[-1])

    def proof(self, index: int) -> list[bytes]:
        return [self.node(*where) for where in path(index, len(self))]

    def node(self, level: int, index: int) -> bytes:
        return bytes(self.levels[level][index * NODE : (index + 1) * NODE])

    def leaves(self) -> list[bytes]:
        return [self.node(0, index) for index in range(len(self))]

    def update(self, index: int, leaf: bytes) -> None:
        """Hashes one path; IndexError where there is no such leaf."""
        if not 0 <= index < len(self):
            raise IndexError(f"the tree has {len(self)} leaves; there is none at {index}")
        self._set(index, leaf)

    def append(self, leaf: bytes) -> None:
        self._set(len(self), leaf)

    def _set(self, index: int, leaf: bytes) -> None:
        if len(leaf) != NODE:
            raise ValueError("each leaf is 32 bytes")
        node, level = leaf, 0
        while True:
            row = self.levels[level]
            row[index * NODE : (index + 1) * NODE] = node
            if len(row) == NODE:
                return
            node = _parent(row, index)
            index, level = index // 2, level + 1
            if level == len(self.levels):
                self.levels.append(bytearray())


def path(index: int, count: int) -> Iterator[tuple[int, int]]:
    """Where the siblings of a leaf lie, among `count` leaves: level and place in the level."""
    level = 0
    while count > 1:
        beside = index ^ 1
        if beside < count:
            yield level, beside
        index, count, level = index // 2, -(-count // 2), level + 1


def proves(leaf: bytes, siblings: Sequence[bytes], root: bytes) -> bool:
    current = leaf
    for sibling in siblings:
        current = node_hash(current, sibling)
    return current == root


def _parent(row: bytearray, index: int) -> bytes:
    start = (index & ~1) * NODE
    left, right = bytes(row[start : start + NODE]), bytes(row[start + NODE : start + 2 * NODE])
    return node_hash(left, right) if right else left


def _above(row: bytearray) -> bytearray:
    """Written out, for a million pairs: no call but the hash."""
    whole, above = bytes(row), bytearray()
    paired = len(whole) - len(whole) % (2 * NODE)
    for start in range(0, paired, 2 * NODE):
        left, right = whole[start : start + NODE], whole[start + NODE : start + 2 * NODE]
        above += keccak(b"\x01" + left + right if left <= right else b"\x01" + right + left)
    return above + whole[paired:]

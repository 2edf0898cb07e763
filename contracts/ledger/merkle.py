"""Merkle trees as the contracts check them: sorted pairs, tagged leaves and nodes.

Tags keep a node from passing as a leaf (second preimage); an odd node rises unchanged.
"""

from collections.abc import Sequence

from contracts.ledger.hashing import keccak


def leaf_hash(payload: bytes) -> bytes:
    return keccak(b"\x00" + payload)


def node_hash(a: bytes, b: bytes) -> bytes:
    return keccak(b"\x01" + (a + b if a <= b else b + a))


class Tree:
    """Levels of one tree over at least one leaf hash; levels[-1] is the root alone."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise ValueError("a tree needs a leaf")
        self.levels = [list(leaves)]
        while len(self.levels[-1]) > 1:
            self.levels.append(_above(self.levels[-1]))

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def proof(self, index: int) -> list[bytes]:
        siblings = []
        for level in self.levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                siblings.append(level[beside])
            index //= 2
        return siblings


def proves(leaf: bytes, siblings: Sequence[bytes], root: bytes) -> bool:
    current = leaf
    for sibling in siblings:
        current = node_hash(current, sibling)
    return current == root


def _above(level: list[bytes]) -> list[bytes]:
    pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[-1:] if len(level) % 2 else pairs

"""The tree that changes in place, against one that is built afresh."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree, path, proves

LEAF = st.integers(0, 255).map(lambda n: keccak(bytes([n])))


def leaves(count: int) -> list[bytes]:
    return [keccak(b"%d" % number) for number in range(count)]


@given(st.lists(LEAF, min_size=1, max_size=70), st.lists(st.tuples(st.integers(0, 80), LEAF)))
def test_a_tree_that_grew_and_changed_is_the_tree_of_its_leaves(
    first: list[bytes], changes: list[tuple[int, bytes]]
) -> None:
    tree, now = Tree(first), list(first)
    for index, leaf in changes:
        if index < len(now):
            now[index] = leaf
            tree.update(index, leaf)
        else:
            now.append(leaf)
            tree.append(leaf)
    assert tree.levels == Tree(now).levels
    assert len(tree) == len(now)


@given(st.integers(1, 200))
def test_every_leaf_proves_itself_and_no_other(count: int) -> None:
    tree = Tree(leaves(count))
    for index, leaf in enumerate(leaves(count)):
        assert proves(leaf, tree.proof(index), tree.root)
        assert not proves(keccak(leaf), tree.proof(index), tree.root)


def test_a_proof_of_a_million_leaves_has_at_most_twenty_nodes() -> None:
    assert max(len(list(path(index, 10**6))) for index in (0, 7, 524_288, 999_999)) == 20


def test_a_tree_holds_64_bytes_a_leaf() -> None:
    tree = Tree(leaves(4096))
    assert sum(len(level) for level in tree.levels) < 64 * 4096


@pytest.mark.parametrize("broken", [[], [b"short"], [b"x" * 31, b"y" * 34]])
def test_leaves_that_are_not_32_bytes_make_no_tree(broken: list[bytes]) -> None:
    with pytest.raises(ValueError, match="leaf"):
        Tree(broken)


def test_a_leaf_that_is_not_there_is_not_changed() -> None:
    tree = Tree(leaves(3))
    with pytest.raises(IndexError):
        tree.update(3, keccak(b"new"))
    with pytest.raises(ValueError, match="32 bytes"):
        tree.append(b"short")
    assert tree.levels == Tree(leaves(3)).levels

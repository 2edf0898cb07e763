# pragma version 0.4.3
"""
@title Merkle proofs over sorted pairs, as contracts/ledger/merkle.py builds them
@dev A leaf begins with 0x00 and a node with 0x01, so a node can never pass for a leaf.
"""

MAX_DEPTH: constant(uint256) = 24


@internal
@pure
def root_of(leaf: bytes32, proof: DynArray[bytes32, MAX_DEPTH]) -> bytes32:
    node: bytes32 = leaf
    for sibling: bytes32 in proof:
        if convert(node, uint256) < convert(sibling, uint256):
            node = keccak256(concat(0x01, node, sibling))
        else:
            node = keccak256(concat(0x01, sibling, node))
    return node

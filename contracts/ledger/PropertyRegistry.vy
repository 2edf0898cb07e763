# pragma version 0.4.3
# pragma experimental-codegen
"""
@title The title library's root, and which spaces their owners share
@license Apache-2.0
@dev Two words of storage for the library and one for each shared space; all else is in the log.
     Only the registrar acts: the chain cannot know whose a title is or when its term ends,
     but it lets no space be shared whose title is not in the published library.
     Vyper's newer code generator, for its cheaper loops: tests/ledger_checks/test_registry_code.py
     holds its code against that of the older one.
"""

import proof as merkle


struct Mark:
    space_key: bytes32
    title_digest: bytes32
    decision: bytes32
    # The place of this title's node in the cap, and where its siblings end.
    under: uint256
    proof_end: uint256


event Published:
    version: uint256
    root: bytes32
    count: uint256
    library_digest: bytes32


event Shared:
    space_key: indexed(bytes32)
    title_digest: bytes32
    decision: bytes32


event Unshared:
    space_key: indexed(bytes32)
    reason: bytes32


# The mark now stands on the new title; where the decision is zero it is withdrawn.
event Transferred:
    space_key: indexed(bytes32)
    title_digest: bytes32
    decision: bytes32


event Expired:
    space_key: indexed(bytes32)
    ended_s: uint256


event GatewaySet:
    gateway_key: indexed(bytes32)
    signer: indexed(address)
    active: bool


event RoleProposed:
    role: indexed(bytes32)
    holder: indexed(address)


event RoleChanged:
    role: indexed(bytes32)
    holder: indexed(address)


MAX_DEPTH: constant(uint256) = 24
MAX_MARKS: constant(uint256) = 64
MAX_CAP_LEVELS: constant(uint256) = 6
MAX_SIBLINGS: constant(uint256) = MAX_MARKS * MAX_DEPTH
ADMIN: constant(bytes32) = keccak256("admin")
REGISTRAR: constant(bytes32) = keccak256("registrar")

admin: public(address)
registrar: public(address)
# Who may accept a role; zero when it is offered to nobody.
proposed: public(HashMap[bytes32, address])

version: public(uint256)
root: public(bytes32)
# keccak256(root, registrar): what a single share is checked against.
sealed: bytes32
# The digest of the decision a space is shared under; zero when it is not shared.
shared: public(HashMap[bytes32, bytes32])
# Zero when the signer belongs to no active gateway.
gateway_of: public(HashMap[address, bytes32])
signer_of: public(HashMap[bytes32, address])


@deploy
def __init__(registrar: address):
    assert registrar != empty(address), "ADDRESS"
    self.admin = msg.sender
    self.registrar = registrar


@external
def publish(root: bytes32, count: uint256, library_digest: bytes32):
    assert msg.sender == self.registrar, "REGISTRAR"
    assert root != empty(bytes32), "ROOT"
    version: uint256 = self.version + 1
    self.version = version
    self.root = root
    self._seal(root)
    log Published(version=version, root=root, count=count, library_digest=library_digest)


@external
def share(
    space_key: bytes32, title_digest: bytes32, proof: DynArray[bytes32, MAX_DEPTH], decision: bytes32
):
    assert decision != empty(bytes32), "DECISION"
    node: bytes32 = keccak256(concat(0x00, space_key, title_digest))
    for sibling: bytes32 in proof:
        if convert(node, uint256) < convert(sibling, uint256):
            node = keccak256(concat(0x01, node, sibling))
        else:
            node = keccak256(concat(0x01, sibling, node))
    # One word of storage read for two answers; which of them is wrong matters only on the way out.
    if keccak256(concat(node, convert(msg.sender, bytes32))) != self.sealed:
        assert msg.sender == self.registrar, "REGISTRAR"
        raise "PROOF"
    self.shared[space_key] = decision
    log Shared(space_key=space_key, title_digest=title_digest, decision=decision)


@external
def share_many(
    cap: DynArray[bytes32, MAX_MARKS],
    marks: DynArray[Mark, MAX_MARKS],
    siblings: DynArray[bytes32, MAX_SIBLINGS],
):
    """
    @notice All or none; what the proofs have in common is sent and hashed once
    @param cap One whole level of the library's tree: each mark's proof ends at its node there
    @param siblings The marks' proofs up to the cap, one after the other
    """
    assert msg.sender == self.registrar, "REGISTRAR"
    assert self._root_over(cap) == self.root, "PROOF"
    begin: uint256 = 0
    for mark: Mark in marks:
        assert mark.decision != empty(bytes32), "DECISION"
        node: bytes32 = keccak256(concat(0x00, mark.space_key, mark.title_digest))
        for i: uint256 in range(begin, mark.proof_end, bound=MAX_DEPTH):
            sibling: bytes32 = siblings[i]
            if convert(node, uint256) < convert(sibling, uint256):
                node = keccak256(concat(0x01, node, sibling))
            else:
                node = keccak256(concat(0x01, sibling, node))
        assert node == cap[mark.under], "PROOF"
        begin = mark.proof_end
        self.shared[mark.space_key] = mark.decision
        log Shared(
            space_key=mark.space_key, title_digest=mark.title_digest, decision=mark.decision
        )


@external
def unshare(space_key: bytes32, reason: bytes32):
    self._end(space_key)
    log Unshared(space_key=space_key, reason=reason)


@external
def expire(space_key: bytes32, ended_s: uint256):
    """
    @param ended_s When the title's term ended, in seconds since 1970 UTC
    """
    assert ended_s <= block.timestamp, "TERM"
    self._end(space_key)
    log Expired(space_key=space_key, ended_s=ended_s)


@external
def transfer(
    space_key: bytes32, title_digest: bytes32, proof: DynArray[bytes32, MAX_DEPTH], decision: bytes32
):
    """
    @notice The space's title is another now: its mark moves there, or ends with a zero decision
    """
    self._end(space_key)
    assert self._proves(space_key, title_digest, proof), "PROOF"
    self.shared[space_key] = decision
    log Transferred(space_key=space_key, title_digest=title_digest, decision=decision)


@external
def set_gateway(gateway_key: bytes32, signer: address, active: bool):
    assert msg.sender == self.registrar, "REGISTRAR"
    assert signer != empty(address), "ADDRESS"
    holder: bytes32 = self.gateway_of[signer]
    assert holder == empty(bytes32) or holder == gateway_key, "SIGNER"
    # A gateway has one key at a time: a new one ends the old one.
    self.gateway_of[self.signer_of[gateway_key]] = empty(bytes32)
    self.gateway_of[signer] = gateway_key if active else empty(bytes32)
    self.signer_of[gateway_key] = signer if active else empty(address)
    log GatewaySet(gateway_key=gateway_key, signer=signer, active=active)


@external
def propose_role(role: bytes32, holder: address):
    """
    @notice A zero holder takes an open proposal back
    """
    assert msg.sender == self.admin, "ADMIN"
    assert role == ADMIN or role == REGISTRAR, "ROLE"
    self.proposed[role] = holder
    log RoleProposed(role=role, holder=holder)


@external
def accept_role(role: bytes32):
    assert msg.sender == self.proposed[role], "PROPOSED"
    self.proposed[role] = empty(address)
    if role == ADMIN:
        self.admin = msg.sender
        # What the one before has offered is not the new one's word.
        self.proposed[REGISTRAR] = empty(address)
    else:
        self.registrar = msg.sender
        self._seal(self.root)
    log RoleChanged(role=role, holder=msg.sender)


@external
@view
def is_shared(space_key: bytes32) -> bool:
    return self.shared[space_key] != empty(bytes32)


@external
@view
def verify(
    space_key: bytes32, title_digest: bytes32, proof: DynArray[bytes32, MAX_DEPTH]
) -> bool:
    return self._proves(space_key, title_digest, proof)


@internal
def _seal(root: bytes32):
    self.sealed = keccak256(concat(root, convert(self.registrar, bytes32)))


@internal
def _end(space_key: bytes32):
    assert msg.sender == self.registrar, "REGISTRAR"
    assert self.shared[space_key] != empty(bytes32), "NOT_SHARED"
    self.shared[space_key] = empty(bytes32)


@internal
@pure
def _root_over(cap: DynArray[bytes32, MAX_MARKS]) -> bytes32:
    """
    @dev Level by level in place; an odd node rises unchanged
    """
    nodes: DynArray[bytes32, MAX_MARKS] = cap
    size: uint256 = len(cap)
    for _level: uint256 in range(MAX_CAP_LEVELS):
        if size == 1:
            break
        for i: uint256 in range(size // 2, bound=MAX_MARKS):
            left: bytes32 = nodes[2 * i]
            right: bytes32 = nodes[2 * i + 1]
            if convert(left, uint256) < convert(right, uint256):
                nodes[i] = keccak256(concat(0x01, left, right))
            else:
                nodes[i] = keccak256(concat(0x01, right, left))
        if size % 2 == 1:
            nodes[size // 2] = nodes[size - 1]
        size = (size + 1) // 2
    return nodes[0]


@internal
@view
def _proves(
    space_key: bytes32, title_digest: bytes32, proof: DynArray[bytes32, MAX_DEPTH]
) -> bool:
    leaf: bytes32 = keccak256(concat(0x00, space_key, title_digest))
    return merkle.root_of(leaf, proof) == self.root

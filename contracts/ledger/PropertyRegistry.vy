# pragma version 0.4.3
"""
@title The title library's root, and which spaces their owners share
@license Apache-2.0
"""

import proof as merkle


event Published:
    version: uint256
    root: bytes32
    count: uint256
    library_digest: bytes32


event Shared:
    space_key: indexed(bytes32)
    version: uint256
    title_digest: bytes32
    decision: bytes32


event Unshared:
    space_key: indexed(bytes32)
    reason: bytes32


event GatewaySet:
    gateway_key: indexed(bytes32)
    signer: indexed(address)
    active: bool


event RegistrarChanged:
    registrar: indexed(address)


event AdminProposed:
    admin: indexed(address)


event AdminChanged:
    admin: indexed(address)


admin: public(address)
pending_admin: public(address)
registrar: public(address)

version: public(uint256)
root: public(bytes32)
count: public(uint256)
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
    self.count = count
    log Published(version=version, root=root, count=count, library_digest=library_digest)


@external
def share(
    space_key: bytes32, title_digest: bytes32, proof: DynArray[bytes32, 24], decision: bytes32
):
    assert msg.sender == self.registrar, "REGISTRAR"
    assert decision != empty(bytes32), "DECISION"
    assert self._proves(space_key, title_digest, proof), "PROOF"
    self.shared[space_key] = decision
    log Shared(
        space_key=space_key, version=self.version, title_digest=title_digest, decision=decision
    )


@external
def unshare(space_key: bytes32, reason: bytes32):
    assert msg.sender == self.registrar, "REGISTRAR"
    assert self.shared[space_key] != empty(bytes32), "NOT_SHARED"
    self.shared[space_key] = empty(bytes32)
    log Unshared(space_key=space_key, reason=reason)


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
def set_registrar(registrar: address):
    assert msg.sender == self.admin, "ADMIN"
    assert registrar != empty(address), "ADDRESS"
    self.registrar = registrar
    log RegistrarChanged(registrar=registrar)


@external
def propose_admin(admin: address):
    assert msg.sender == self.admin, "ADMIN"
    self.pending_admin = admin
    log AdminProposed(admin=admin)


@external
def accept_admin():
    assert msg.sender == self.pending_admin, "PENDING_ADMIN"
    self.admin = msg.sender
    self.pending_admin = empty(address)
    log AdminChanged(admin=msg.sender)


@external
@view
def is_shared(space_key: bytes32) -> bool:
    return self.shared[space_key] != empty(bytes32)


@external
@view
def verify(space_key: bytes32, title_digest: bytes32, proof: DynArray[bytes32, 24]) -> bool:
    return self._proves(space_key, title_digest, proof)


@internal
@view
def _proves(space_key: bytes32, title_digest: bytes32, proof: DynArray[bytes32, 24]) -> bool:
    leaf: bytes32 = keccak256(concat(b"\x00", space_key, title_digest))
    return self.version != 0 and merkle.root_of(leaf, proof) == self.root

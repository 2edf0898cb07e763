# pragma version 0.4.3
"""
@title The ledger's bytecode in halmos' hands, and ways into its storage
@license Apache-2.0
@dev Whoever imports this is the ledger's admin, settler, registrar, token and the accounts' owner.
     A check fails by Panic(1). proofs.py writes the ledger's creation code and the places of its
     variables.
"""

interface Vm:
    def store(target: address, at: bytes32, content: bytes32): nonpayable
    def load(target: address, at: bytes32) -> bytes32: view


VM: constant(address) = 0x7109709ECfa91a80626fF3989D68f67F5b1DD12D
CODE: constant(Bytes[24576]) = x"00"
LANES: constant(uint256) = 0
FEES: constant(uint256) = 0
FEE_BPS: constant(uint256) = 0
UNCLAIMED: constant(uint256) = 0
FILED: constant(uint256) = 0
STATUS: constant(uint256) = 0
EARNINGS_ROOT: constant(uint256) = 0
CLAIMED_OF: constant(uint256) = 0
HOLD_OF: constant(uint256) = 0
LANE: constant(uint256) = 2**32 - 1
OPEN: constant(uint256) = 2**31
MOST: constant(uint256) = 2**31 - 1
STAY: constant(uint256) = (2**48 - 1) << 144
ROOT: constant(bytes32) = 0x0000000000000000000000000000000000000000000000000000000000000001

ledger: address
sent: uint256
taken: uint256


@external
def setUp():
    self.ledger = raw_create(CODE, self, convert(1, uint256), self, self, self, empty(uint256), self)
    self._store(FEE_BPS, 250)


@external
def transfer(to: address, amount: uint256) -> bool:
    self.sent += amount
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.taken += amount
    return True


@internal
def _settles(seq: uint256, words: DynArray[uint256, 2]) -> bool:
    return raw_call(
        self.ledger,
        abi_encode(seq, ROOT, words, method_id=method_id("settle_batch(uint256,bytes32,uint256[])")),
        revert_on_failure=False,
    )


@internal
def _store(at: uint256, content: uint256):
    extcall Vm(VM).store(
        self.ledger, convert(at, bytes32), convert(content, bytes32), skip_contract_check=True
    )


@internal
def _load(at: uint256) -> uint256:
    return convert(
        staticcall Vm(VM).load(self.ledger, convert(at, bytes32), skip_contract_check=True), uint256
    )


@internal
@pure
def _mapped(place: uint256, key: uint256) -> uint256:
    return convert(keccak256(concat(convert(place, bytes32), convert(key, bytes32))), uint256)


@internal
def _holds(held: bool):
    if not held:
        raw_revert(abi_encode(convert(1, uint256), method_id=method_id("Panic(uint256)")))

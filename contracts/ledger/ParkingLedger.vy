# pragma version 0.4.3
"""
@title Balances of drivers and owners, and the batches that settle stays between them
@license Apache-2.0
@dev A settlement is one word, from the most significant bit: driver 32 | payee 32 | stay 48 |
     start_s 40 | duration_s 24 | amount_minor 32 | space 32 | tag 16.
"""

from ethereum.ercs import IERC20

import proof as merkle

MAX_WORDS: constant(uint256) = 200


struct Withdrawal:
    amount: uint256
    ready_at: uint256


event AccountOpened:
    account_id: indexed(uint32)
    owner: indexed(address)


event Deposited:
    account_id: indexed(uint32)
    amount: uint256
    reference: indexed(bytes32)


event WithdrawalRequested:
    account_id: indexed(uint32)
    amount: uint256
    ready_at: uint256


event Withdrawn:
    account_id: indexed(uint32)
    owner: indexed(address)
    amount: uint256


event Batch:
    seq: indexed(uint256)
    detail_root: bytes32
    head: bytes32
    words: DynArray[uint256, MAX_WORDS]


event Unpaid:
    stay: indexed(uint256)
    driver: uint32
    missing: uint256


event Paused:
    paused: bool


event RoleChanged:
    role: indexed(bytes32)
    holder: indexed(address)


event AdminProposed:
    admin: indexed(address)


TOKEN: public(immutable(IERC20))
UNIT: public(immutable(uint256))  # token units per minor money unit
WITHDRAW_DELAY_S: public(immutable(uint256))
REGISTRY: immutable(address)

admin: public(address)
pending_admin: public(address)
settler: public(address)
registrar: public(address)
paused: public(bool)

owner_of: public(HashMap[uint32, address])
balance_of: public(HashMap[uint32, uint256])
withdrawal_of: public(HashMap[uint32, Withdrawal])
# A deposit's reference is its sender's: nobody can use up another's by sending it first.
reference_used: public(HashMap[address, HashMap[bytes32, bool]])

seq: public(uint256)
head: public(bytes32)
batch_root: public(HashMap[uint256, bytes32])
# One bit for a stay number: a stay is filed once, paid or not.
filed: HashMap[uint256, uint256]


@deploy
def __init__(
    token: address,
    unit: uint256,
    settler: address,
    registrar: address,
    withdraw_delay_s: uint256,
    registry: address,
):
    assert token != empty(address), "ADDRESS"
    assert settler != empty(address), "ADDRESS"
    assert registrar != empty(address), "ADDRESS"
    assert registry != empty(address), "ADDRESS"
    assert unit != 0, "UNIT"
    TOKEN = IERC20(token)
    UNIT = unit
    WITHDRAW_DELAY_S = withdraw_delay_s
    REGISTRY = registry
    self.admin = msg.sender
    self.settler = settler
    self.registrar = registrar


@external
def open_account(account_id: uint32, owner: address):
    assert msg.sender == self.registrar, "REGISTRAR"
    assert account_id != 0, "ACCOUNT"
    assert owner != empty(address), "ADDRESS"
    present: address = self.owner_of[account_id]
    if present == owner:
        return
    assert present == empty(address), "OWNER"
    self.owner_of[account_id] = owner
    log AccountOpened(account_id=account_id, owner=owner)


@external
def deposit(account_id: uint32, amount_minor: uint256, reference: bytes32):
    if self.reference_used[msg.sender][reference]:
        return
    assert self.owner_of[account_id] != empty(address), "ACCOUNT"
    assert amount_minor != 0, "AMOUNT"
    self.reference_used[msg.sender][reference] = True
    self.balance_of[account_id] += amount_minor
    log Deposited(account_id=account_id, amount=amount_minor, reference=reference)
    assert extcall TOKEN.transferFrom(msg.sender, self, amount_minor * UNIT), "TOKEN"


@external
def request_withdraw(account_id: uint32, amount: uint256):
    assert msg.sender == self.owner_of[account_id], "OWNER"
    assert amount != 0, "AMOUNT"
    assert amount <= self.balance_of[account_id], "BALANCE"
    ready_at: uint256 = block.timestamp + WITHDRAW_DELAY_S
    self.withdrawal_of[account_id] = Withdrawal(amount=amount, ready_at=ready_at)
    log WithdrawalRequested(account_id=account_id, amount=amount, ready_at=ready_at)


@external
def withdraw(account_id: uint32):
    """
    @notice Anyone may send it; the money goes to the account's owner.
    @dev Stays settled during the delay come first, so less than asked may be left.
    """
    asked: Withdrawal = self.withdrawal_of[account_id]
    assert asked.amount != 0, "NO_REQUEST"
    assert block.timestamp >= asked.ready_at, "DELAY"
    owner: address = self.owner_of[account_id]
    amount: uint256 = min(asked.amount, self.balance_of[account_id])
    self.withdrawal_of[account_id] = empty(Withdrawal)
    self.balance_of[account_id] -= amount
    log Withdrawn(account_id=account_id, owner=owner, amount=amount)
    assert extcall TOKEN.transfer(owner, amount * UNIT), "TOKEN"


@external
def settle_batch(seq: uint256, detail_root: bytes32, words: DynArray[uint256, MAX_WORDS]):
    assert msg.sender == self.settler, "SETTLER"
    assert not self.paused, "PAUSED"
    assert seq == self.seq + 1, "SEQ"
    assert detail_root != empty(bytes32), "ROOT"
    for word: uint256 in words:
        self._settle(word)
    # Without the tuple the encoding is the length and then the words: skip the length.
    encoded: Bytes[32 + 32 * MAX_WORDS] = abi_encode(words, ensure_tuple=False)
    packed: bytes32 = keccak256(slice(encoded, 32, 32 * len(words)))
    head: bytes32 = keccak256(concat(self.head, detail_root, packed))
    self.seq = seq
    self.head = head
    self.batch_root[seq] = detail_root
    log Batch(seq=seq, detail_root=detail_root, head=head, words=words)


@internal
def _settle(word: uint256):
    stay: uint256 = (word >> 144) & (2**48 - 1)
    filed: uint256 = self.filed[stay >> 8]
    bit: uint256 = 1 << (stay & 255)
    assert filed & bit == 0, "REPLAY"
    self.filed[stay >> 8] = filed | bit
    self._pay(
        stay,
        convert(word >> 224, uint32),
        convert((word >> 192) & (2**32 - 1), uint32),
        (word >> 48) & (2**32 - 1),
    )


@internal
def _pay(stay: uint256, driver: uint32, payee: uint32, amount: uint256):
    """
    @dev Pays what the driver has and tells what is missing: one stay never blocks its batch.
    """
    if amount == 0:
        return
    paid: uint256 = 0
    if self.owner_of[payee] != empty(address):
        balance: uint256 = self.balance_of[driver]
        paid = min(balance, amount)
        if paid != 0:
            self.balance_of[driver] = balance - paid
            self.balance_of[payee] += paid
    if paid != amount:
        log Unpaid(stay=stay, driver=driver, missing=amount - paid)


@external
def pause():
    assert msg.sender == self.admin, "ADMIN"
    self.paused = True
    log Paused(paused=True)


@external
def unpause():
    assert msg.sender == self.admin, "ADMIN"
    self.paused = False
    log Paused(paused=False)


@external
def set_settler(holder: address):
    assert msg.sender == self.admin, "ADMIN"
    assert holder != empty(address), "ADDRESS"
    self.settler = holder
    log RoleChanged(role=keccak256("settler"), holder=holder)


@external
def set_registrar(holder: address):
    assert msg.sender == self.admin, "ADMIN"
    assert holder != empty(address), "ADDRESS"
    self.registrar = holder
    log RoleChanged(role=keccak256("registrar"), holder=holder)


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
    log RoleChanged(role=keccak256("admin"), holder=msg.sender)


@external
@view
def registry() -> address:
    """
    @notice The PropertyRegistry whose spaces and gateways this ledger's stays name.
    """
    return REGISTRY


@external
@view
def is_settled(stay: uint256) -> bool:
    return (self.filed[stay >> 8] >> (stay & 255)) & 1 == 1


@external
@view
def verify_record(seq: uint256, leaf: bytes32, proof: DynArray[bytes32, 24]) -> bool:
    root: bytes32 = self.batch_root[seq]
    return root != empty(bytes32) and merkle.root_of(leaf, proof) == root

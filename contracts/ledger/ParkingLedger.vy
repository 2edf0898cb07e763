# pragma version 0.4.3
"""
@title Balances of drivers and owners, and the batches that settle stays between them
@license Apache-2.0
@dev A settlement is one word, from the most significant bit: driver 32 | payee 32 | stay 48 |
     start_s 40 | duration_s 24 | amount_minor 32 | space 32 | tag 16.
     Tag: bit 15 a credit (its driver field gives back, its payee field receives), bit 14 the
     payee is paid by claim, bits 0 to 13 the platform's fee in basis points of the amount.
     Eight accounts share a storage word, 32 bits each: bit 31 open, bits 0 to 30 the balance.
"""

from ethereum.ercs import IERC20

import proof as merkle

MAX_WORDS: constant(uint256) = 500
MAX_FEE_BPS: constant(uint256) = 1_000
MAX_HOLD_S: constant(uint256) = 30 * 86_400
FEE_DELAY_S: constant(uint256) = 7 * 86_400
# A request that was kept for ever would be a way to withdraw between parking and settling.
REQUEST_LASTS_S: constant(uint256) = 7 * 86_400
LANE: constant(uint256) = 2**32 - 1
OPEN: constant(uint256) = 2**31
MOST: constant(uint256) = 2**31 - 1
CREDIT: constant(uint256) = 2**15
BY_CLAIM: constant(uint256) = 2**14
BPS: constant(uint256) = 2**14 - 1
TAG: constant(uint256) = 2**16 - 1
SETTLING: constant(uint256) = 0
PAUSED: constant(uint256) = 1
CLOSED: constant(uint256) = 2


struct Withdrawal:
    amount: uint256
    ready_at: uint256


struct Hold:
    amount: uint256
    until: uint256


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


event Held:
    account_id: indexed(uint32)
    amount: uint256
    until: uint256


event Batch:
    seq: indexed(uint256)
    detail_root: bytes32
    head: bytes32
    words: DynArray[uint256, MAX_WORDS]


event Unpaid:
    stay: indexed(uint256)
    driver: uint32
    missing: uint256


event Earnings:
    root: bytes32


event Claimed:
    account_id: indexed(uint32)
    amount: uint256


event FeeProposed:
    bps: uint256
    ready_at: uint256


event FeeChanged:
    bps: uint256


event FeesWithdrawn:
    payee: indexed(address)
    amount: uint256


event StatusChanged:
    status: uint256
    successor: address


event RoleProposed:
    role: indexed(bytes32)
    holder: indexed(address)


event RoleChanged:
    role: indexed(bytes32)
    holder: indexed(address)


TOKEN: public(immutable(IERC20))
UNIT: public(immutable(uint256))  # token units per minor money unit
WITHDRAW_DELAY_S: public(immutable(uint256))
REGISTRY: immutable(address)

holder_of: HashMap[bytes32, address]
proposed_of: public(HashMap[bytes32, address])
# SETTLING, PAUSED (no settling until it is lifted) or CLOSED (for good; whoever withdraws waits no
# longer). Money can be withdrawn in all three.
status: public(uint256)
successor: public(address)

owner_of: public(HashMap[uint32, address])
lanes: uint256[536_870_912]
withdrawal_of: public(HashMap[uint32, Withdrawal])
hold_of: public(HashMap[uint32, Hold])
# A deposit's reference is its sender's: nobody can use up another's by sending it first.
reference_used: public(HashMap[address, HashMap[bytes32, bool]])

seq: public(uint256)
head: public(bytes32)
batch_root: public(HashMap[uint256, bytes32])
# One bit for a stay number: a stay is filed once, paid or not.
filed: uint256[1_099_511_627_776]

fee_bps: public(uint256)
proposed_fee_bps: public(uint256)
fee_ready_at: public(uint256)
fees: public(uint256)
# What batches set aside for payees who claim, and the root of what each has earned so far.
unclaimed: public(uint256)
earnings_root: public(bytes32)
claimed_of: public(HashMap[uint32, uint256])


@deploy
def __init__(
    token: address,
    unit: uint256,
    settler: address,
    registrar: address,
    pauser: address,
    withdraw_delay_s: uint256,
    registry: address,
):
    assert token != empty(address), "ADDRESS"
    assert settler != empty(address), "ADDRESS"
    assert registrar != empty(address), "ADDRESS"
    assert pauser != empty(address), "ADDRESS"
    assert registry != empty(address), "ADDRESS"
    assert unit != 0, "UNIT"
    TOKEN = IERC20(token)
    UNIT = unit
    WITHDRAW_DELAY_S = withdraw_delay_s
    REGISTRY = registry
    self.holder_of[keccak256("admin")] = msg.sender
    self.holder_of[keccak256("settler")] = settler
    self.holder_of[keccak256("registrar")] = registrar
    self.holder_of[keccak256("pauser")] = pauser


# Accounts and their money


@external
def open_account(account_id: uint32, owner: address):
    self._only(keccak256("registrar"), "REGISTRAR")
    assert account_id != 0, "ACCOUNT"
    assert owner != empty(address), "ADDRESS"
    present: address = self.owner_of[account_id]
    if present == owner:
        return
    assert present == empty(address), "OWNER"
    self.owner_of[account_id] = owner
    self._write(account_id, OPEN)
    log AccountOpened(account_id=account_id, owner=owner)


@external
def deposit(account_id: uint32, amount_minor: uint256, reference: bytes32):
    if self.reference_used[msg.sender][reference]:
        return
    lane: uint256 = self._lane(account_id)
    assert lane & OPEN != 0, "ACCOUNT"
    assert amount_minor != 0, "AMOUNT"
    assert amount_minor <= MOST - (lane & MOST), "LIMIT"
    self.reference_used[msg.sender][reference] = True
    self._write(account_id, lane + amount_minor)
    log Deposited(account_id=account_id, amount=amount_minor, reference=reference)
    assert extcall TOKEN.transferFrom(msg.sender, self, amount_minor * UNIT), "TOKEN"


@external
def request_withdraw(account_id: uint32, amount: uint256):
    assert msg.sender == self.owner_of[account_id], "OWNER"
    assert amount != 0, "AMOUNT"
    assert amount <= self._lane(account_id) & MOST, "BALANCE"
    ready_at: uint256 = block.timestamp + WITHDRAW_DELAY_S
    self.withdrawal_of[account_id] = Withdrawal(amount=amount, ready_at=ready_at)
    log WithdrawalRequested(account_id=account_id, amount=amount, ready_at=ready_at)


@external
def withdraw(account_id: uint32):
    """
    @notice Anyone may send it; the money goes to the account's owner.
    @dev Stays settled during the delay come first, so less than asked may be left; what a booking
         holds stays, and may be withdrawn after it by the same request while that lasts.
    """
    asked: Withdrawal = self.withdrawal_of[account_id]
    assert asked.amount != 0, "NO_REQUEST"
    if self.status != CLOSED:
        assert block.timestamp >= asked.ready_at, "DELAY"
        assert block.timestamp < asked.ready_at + REQUEST_LASTS_S, "EXPIRED"
    lane: uint256 = self._lane(account_id)
    balance: uint256 = lane & MOST
    held: uint256 = self._held(account_id)
    amount: uint256 = min(asked.amount, balance - min(balance, held))
    assert amount != 0 or balance == 0, "HELD"
    owner: address = self.owner_of[account_id]
    left: uint256 = min(asked.amount, balance) - amount
    if left == 0:
        self.withdrawal_of[account_id] = empty(Withdrawal)
    else:
        self.withdrawal_of[account_id].amount = left
    self._write(account_id, lane - amount)
    log Withdrawn(account_id=account_id, owner=owner, amount=amount)
    assert extcall TOKEN.transfer(owner, amount * UNIT), "TOKEN"


@external
def hold(account_id: uint32, amount: uint256, until: uint256):
    """
    @notice Keeps a withdrawal from taking what a confirmed booking holds, for at most 30 days.
    @dev The newest hold takes the place of the one before, so the 30 days are each hold's: a settler
         who renews it keeps the money in. What ends that is a pause or the close, and the admin can
         always pause: against a stolen settler's key this helps, against a settler and an admin of
         one mind it does not. A hold never stops a settlement.
    """
    self._only(keccak256("settler"), "SETTLER")
    assert self.status == SETTLING, "PAUSED"
    assert until <= block.timestamp + MAX_HOLD_S, "UNTIL"
    self.hold_of[account_id] = Hold(amount=amount, until=until)
    log Held(account_id=account_id, amount=amount, until=until)


# Settling


@external
def settle_batch(seq: uint256, detail_root: bytes32, words: DynArray[uint256, MAX_WORDS]):
    self._only(keccak256("settler"), "SETTLER")
    assert self.status == SETTLING, "PAUSED"
    assert seq == self.seq + 1, "SEQ"
    assert detail_root != empty(bytes32), "ROOT"
    fee_bps: uint256 = self.fee_bps
    fees_before: uint256 = self.fees
    fees: uint256 = fees_before
    set_aside: uint256 = 0
    # The bits of 256 neighbouring stays are written once they are all known.
    page: uint256 = max_value(uint256)
    bits: uint256 = 0
    for word: uint256 in words:
        stay: uint256 = (word >> 144) & (2**48 - 1)
        if stay >> 8 != page:
            if page != max_value(uint256):
                self.filed[page] = bits
            page = stay >> 8
            bits = self.filed[page]
        bit: uint256 = 1 << (stay & 255)
        assert bits & bit == 0, "REPLAY"
        bits |= bit
        amount: uint256 = (word >> 48) & LANE
        if amount == 0:
            continue
        payer: uint256 = word >> 224
        payer_at: uint256 = (payer & 7) << 5
        payer_lanes: uint256 = self.lanes[payer >> 3]
        balance: uint256 = (payer_lanes >> payer_at) & MOST
        if word & TAG == BY_CLAIM and amount <= balance:
            # What most settlements are, told in few steps; the rules are those below.
            self.lanes[payer >> 3] = unsafe_sub(payer_lanes, amount << payer_at)
            set_aside = unsafe_add(set_aside, amount)
            continue
        fee: uint256 = 0
        bps: uint256 = word & BPS
        if bps != 0:
            assert bps <= fee_bps or (word & CREDIT != 0 and bps <= MAX_FEE_BPS), "FEE"
            fee = unsafe_div(unsafe_mul(amount, bps), 10_000)
        payee: uint256 = (word >> 192) & LANE
        payee_at: uint256 = (payee & 7) << 5
        # One stay never blocks its batch: it is paid in part, or not, and the rest is told.
        due: uint256 = amount
        back: uint256 = 0
        if word & CREDIT != 0:
            back = min(fee, fees)
            due = unsafe_sub(amount, fee)
            fee = 0
        paid: uint256 = min(balance, due)
        if paid < due and fee != 0:
            fee = unsafe_div(unsafe_mul(paid, bps), 10_000)
        if word & BY_CLAIM != 0:
            self.lanes[payer >> 3] = unsafe_sub(payer_lanes, paid << payer_at)
            set_aside = unsafe_add(set_aside, unsafe_add(unsafe_sub(paid, fee), back))
        else:
            gets: uint256 = unsafe_add(unsafe_sub(paid, fee), back)
            payee_lanes: uint256 = payer_lanes
            if payee >> 3 != payer >> 3:
                payee_lanes = self.lanes[payee >> 3]
            lane: uint256 = (payee_lanes >> payee_at) & LANE
            takes: uint256 = gets
            if payee == payer:
                takes = back
            if lane & OPEN == 0 or (lane & MOST) + takes > MOST:
                log Unpaid(stay=stay, driver=convert(payer, uint32), missing=amount)
                continue
            if payee >> 3 != payer >> 3:
                self.lanes[payer >> 3] = unsafe_sub(payer_lanes, paid << payer_at)
                self.lanes[payee >> 3] = unsafe_add(payee_lanes, gets << payee_at)
            else:
                self.lanes[payer >> 3] = unsafe_add(
                    unsafe_sub(payer_lanes, paid << payer_at), gets << payee_at
                )
        fees = unsafe_sub(unsafe_add(fees, fee), back)
        if unsafe_add(paid, back) < amount:
            log Unpaid(
                stay=stay,
                driver=convert(payer, uint32),
                missing=unsafe_sub(amount, unsafe_add(paid, back)),
            )
    if page != max_value(uint256):
        self.filed[page] = bits
    if fees != fees_before:
        self.fees = fees
    if set_aside != 0:
        self.unclaimed += set_aside
    # Without the tuple the encoding is the length and then the words: skip the length.
    encoded: Bytes[32 + 32 * MAX_WORDS] = abi_encode(words, ensure_tuple=False)
    packed: bytes32 = keccak256(slice(encoded, 32, 32 * len(words)))
    head: bytes32 = keccak256(concat(self.head, detail_root, packed))
    self.seq = seq
    self.head = head
    self.batch_root[seq] = detail_root
    log Batch(seq=seq, detail_root=detail_root, head=head, words=words)


@external
def publish_earnings(root: bytes32):
    """
    @notice The root of what every payee has earned by claim since the ledger began.
    @dev Anyone can make it again from the logged words, but the contract does not. A claim cannot
         take more than was set aside, so whoever is paid directly loses nothing by a false root; a
         settler who publishes one can take all that was set aside and not yet claimed.
         By claim is a mode of this contract alone: the cloud does not use it, and no receipt
         covers it.
    """
    self._only(keccak256("settler"), "SETTLER")
    # After the close, too: what the last batches set aside must still find its payees.
    assert self.status != PAUSED, "PAUSED"
    self.earnings_root = root
    log Earnings(root=root)


@external
def claim(account_id: uint32, earned: uint256, proof: DynArray[bytes32, 24]):
    """
    @notice Anyone may send it; the money goes to the account's balance.
    """
    leaf: bytes32 = keccak256(
        concat(b"\x00", convert(account_id, bytes32), convert(earned, bytes32))
    )
    assert merkle.root_of(leaf, proof) == self.earnings_root, "PROOF"
    lane: uint256 = self._lane(account_id)
    assert lane & OPEN != 0, "ACCOUNT"
    claimed: uint256 = self.claimed_of[account_id]
    assert earned > claimed, "CLAIMED"
    amount: uint256 = earned - claimed
    assert amount <= self.unclaimed, "UNCLAIMED"
    assert amount <= MOST - (lane & MOST), "LIMIT"
    self.claimed_of[account_id] = earned
    self.unclaimed -= amount
    self._write(account_id, lane + amount)
    log Claimed(account_id=account_id, amount=amount)


# The platform's fee


@external
def propose_fee(bps: uint256):
    """
    @notice The highest fee that later settlements may carry, after a delay in which whoever does
            not agree can withdraw. A lower one is accepted without delay.
    """
    self._only(keccak256("admin"), "ADMIN")
    assert bps <= MAX_FEE_BPS, "FEE"
    ready_at: uint256 = block.timestamp
    if bps > self.fee_bps:
        ready_at += FEE_DELAY_S
    self.proposed_fee_bps = bps
    self.fee_ready_at = ready_at
    log FeeProposed(bps=bps, ready_at=ready_at)


@external
def accept_fee():
    self._only(keccak256("admin"), "ADMIN")
    assert self.fee_ready_at != 0, "NO_REQUEST"
    assert block.timestamp >= self.fee_ready_at, "DELAY"
    assert block.timestamp < self.fee_ready_at + FEE_DELAY_S, "EXPIRED"
    self.fee_bps = self.proposed_fee_bps
    self.fee_ready_at = 0
    log FeeChanged(bps=self.fee_bps)


@external
def withdraw_fees(payee: address, amount: uint256):
    self._only(keccak256("admin"), "ADMIN")
    assert payee != empty(address), "ADDRESS"
    assert amount <= self.fees, "BALANCE"
    self.fees -= amount
    log FeesWithdrawn(payee=payee, amount=amount)
    assert extcall TOKEN.transfer(payee, amount * UNIT), "TOKEN"


# Who may do what, and when nothing may be settled


@external
def pause():
    assert (
        msg.sender == self.holder_of[keccak256("pauser")]
        or msg.sender == self.holder_of[keccak256("admin")]
    ), "PAUSER"
    assert self.status != CLOSED, "CLOSED"
    self._set_status(PAUSED)


@external
def unpause():
    self._only(keccak256("admin"), "ADMIN")
    assert self.status != CLOSED, "CLOSED"
    self._set_status(SETTLING)


@external
def close(successor: address):
    """
    @notice For good: nothing is settled here any more, and withdrawals wait no longer.
    """
    self._only(keccak256("admin"), "ADMIN")
    assert self.status != CLOSED, "CLOSED"
    self.successor = successor
    self._set_status(CLOSED)


@external
def propose_role(role: bytes32, holder: address):
    self._only(keccak256("admin"), "ADMIN")
    assert self.holder_of[role] != empty(address), "ROLE"
    self.proposed_of[role] = holder
    log RoleProposed(role=role, holder=holder)


@external
def accept_role(role: bytes32):
    assert msg.sender == self.proposed_of[role], "PROPOSED"
    self.holder_of[role] = msg.sender
    self.proposed_of[role] = empty(address)
    if role == keccak256("admin"):
        # What the one before has offered is not the new one's word.
        self.proposed_of[keccak256("settler")] = empty(address)
        self.proposed_of[keccak256("registrar")] = empty(address)
        self.proposed_of[keccak256("pauser")] = empty(address)
    log RoleChanged(role=role, holder=msg.sender)


# Questions


@external
@view
def balance_of(account_id: uint32) -> uint256:
    return self._lane(account_id) & MOST


@external
@view
def lanes_of(first_word: uint256, count: uint256) -> DynArray[uint256, 1024]:
    """
    @notice Eight accounts a word, as they are kept: what an auditor reads in one call.
    """
    found: DynArray[uint256, 1024] = []
    for at: uint256 in range(count, bound=1024):
        found.append(self.lanes[first_word + at])
    return found


@external
@view
def admin() -> address:
    return self.holder_of[keccak256("admin")]


@external
@view
def settler() -> address:
    return self.holder_of[keccak256("settler")]


@external
@view
def registrar() -> address:
    return self.holder_of[keccak256("registrar")]


@external
@view
def pauser() -> address:
    return self.holder_of[keccak256("pauser")]


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


# Inside


@internal
@view
def _only(role: bytes32, code: String[9]):
    assert msg.sender == self.holder_of[role], code


@internal
@view
def _lane(account_id: uint32) -> uint256:
    number: uint256 = convert(account_id, uint256)
    return (self.lanes[number >> 3] >> ((number & 7) << 5)) & LANE


@internal
def _write(account_id: uint32, lane: uint256):
    """
    @dev `lane` is below 2**32: who calls has seen to it that the balance stays below OPEN.
    """
    number: uint256 = convert(account_id, uint256)
    at: uint256 = (number & 7) << 5
    others: uint256 = self.lanes[number >> 3] & ~(LANE << at)
    self.lanes[number >> 3] = others | (lane << at)


@internal
@view
def _held(account_id: uint32) -> uint256:
    held: Hold = self.hold_of[account_id]
    return held.amount if block.timestamp < held.until and self.status == SETTLING else 0


@internal
def _set_status(status: uint256):
    self.status = status
    log StatusChanged(status=status, successor=self.successor)

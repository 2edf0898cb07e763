# pragma version 0.4.3
"""
@title What halmos proves of batches after one another, claims, deposits, withdrawals and fees
@license Apache-2.0
@dev Account 3 throughout; its neighbours' balances, its own and all amounts are any at all.
"""

import proving

initializes: proving
exports: (proving.setUp, proving.transfer, proving.transferFrom)


interface Ledger:
    def open_account(account_id: uint32, owner: address): nonpayable
    def deposit(account_id: uint32, amount: uint256, reference: bytes32): nonpayable
    def request_withdraw(account_id: uint32, amount: uint256): nonpayable
    def withdraw(account_id: uint32): nonpayable
    def withdraw_fees(payee: address, amount: uint256): nonpayable
    def settle_batch(seq: uint256, root: bytes32, words: DynArray[uint256, 2]): nonpayable
    def is_settled(stay: uint256) -> bool: view


ACCOUNT: constant(uint32) = 3
AT: constant(uint256) = 96


@external
def check_no_stay_is_settled_twice(first: uint256, second: uint256, page: uint256):
    """
    @dev In two batches, whatever was filed before.
    """
    proving._store(proving.FILED + (self._stay(first) >> 8), page)
    extcall Ledger(proving.ledger).settle_batch(1, proving.ROOT, [first])
    proving._holds(staticcall Ledger(proving.ledger).is_settled(self._stay(first)))
    proving._holds(not proving._settles(2, [self._again(first, second)]))


@external
def check_batch_files_its_own_stay_and_no_other(word: uint256, page: uint256):
    stay: uint256 = self._stay(word)
    place: uint256 = proving.FILED + (stay >> 8)
    proving._store(place, page)
    if proving._settles(1, [self._free(word)]):
        proving._holds(page & (1 << (stay & 255)) == 0)
        proving._holds(proving._load(place) == page | (1 << (stay & 255)))


@external
def check_no_stay_stands_twice_in_a_batch(first: uint256, second: uint256):
    proving._holds(not proving._settles(1, [first, self._again(first, second)]))


@external
def check_no_stay_of_a_batch_of_two_is_settled_again(first: uint256, second: uint256, again: uint256):
    """
    @dev Two stays of one page or of two; either is tried in the next batch.
    """
    if proving._settles(1, [self._free(first), self._free(second)]):
        proving._holds(not proving._settles(2, [self._again(first, again)]))
        proving._holds(not proving._settles(2, [self._again(second, again)]))


@external
def check_claim_moves_what_was_set_aside_once(
    lanes: uint256, earned: uint256, claimed: uint256, unclaimed: uint256
):
    self._published(lanes, earned, claimed, unclaimed)
    taken: bool = self._claims(earned)
    # Refused only for what the contract says: nothing new, too little set aside, no room.
    balance: uint256 = (lanes >> AT) & proving.MOST
    may: bool = (lanes >> AT) & proving.OPEN != 0 and earned > claimed
    if may:
        may = earned - claimed <= unclaimed and earned - claimed <= proving.MOST - balance
    proving._holds(taken == may)
    if taken:
        after: uint256 = proving._load(proving.LANES)
        gained: uint256 = earned - claimed
        proving._holds(((after >> AT) & proving.MOST) == balance + gained)
        proving._holds((lanes ^ after) & ~(proving.MOST << AT) == 0)
        proving._holds(proving._load(proving.UNCLAIMED) == unclaimed - gained)
        proving._holds(not self._claims(earned))


@external
def check_claim_of_anything_else_is_refused(
    lanes: uint256, earned: uint256, claimed: uint256, unclaimed: uint256, asked: uint256
):
    self._published(lanes, earned, claimed, unclaimed)
    if asked != earned:
        proving._holds(not self._claims(asked))


@external
def check_deposit_is_booked_once(lanes: uint256, amount: uint256, reference: bytes32):
    extcall Ledger(proving.ledger).open_account(ACCOUNT, self)
    proving._store(proving.LANES, lanes)
    extcall Ledger(proving.ledger).deposit(ACCOUNT, amount, reference)
    after: uint256 = proving._load(proving.LANES)
    proving._holds(proving.taken == amount)
    proving._holds(((after >> AT) & proving.MOST) == ((lanes >> AT) & proving.MOST) + amount)
    proving._holds((lanes ^ after) & ~(proving.MOST << AT) == 0)
    extcall Ledger(proving.ledger).deposit(ACCOUNT, amount, reference)
    proving._holds(proving.taken == amount and proving._load(proving.LANES) == after)


@external
def check_no_withdrawal_above_the_balance(lanes: uint256, asked: uint256, later: uint256):
    """
    @dev Between request and withdrawal the word of balances changes to any other.
    """
    self._requested(lanes, asked)
    proving._store(proving.LANES, later)
    extcall Ledger(proving.ledger).withdraw(ACCOUNT)
    after: uint256 = proving._load(proving.LANES)
    proving._holds(proving.sent == min(asked, (later >> AT) & proving.MOST))
    proving._holds(((after >> AT) & proving.MOST) + proving.sent == (later >> AT) & proving.MOST)
    proving._holds((later ^ after) & ~(proving.MOST << AT) == 0)
    proving._holds(not self._withdraws())


@external
def check_no_pause_and_no_close_stops_a_withdrawal(
    lanes: uint256, asked: uint256, held: uint256, until: uint256, closed: bool
):
    self._requested(lanes, asked)
    place: uint256 = proving._mapped(proving.HOLD_OF, convert(ACCOUNT, uint256))
    proving._store(place, held)
    proving._store(place + 1, until)
    proving._store(proving.STATUS, 2 if closed else 1)
    proving._holds(self._withdraws())
    proving._holds(proving.sent == asked)


@external
def check_fees_leave_once(fees: uint256, amount: uint256):
    proving._store(proving.FEES, fees)
    extcall Ledger(proving.ledger).withdraw_fees(self, amount)
    proving._holds(proving.sent == amount)
    proving._holds(amount <= fees and proving._load(proving.FEES) == fees - amount)


@internal
@pure
def _stay(word: uint256) -> uint256:
    return (word & proving.STAY) >> 144


@internal
@pure
def _again(word: uint256, other: uint256) -> uint256:
    return (other & ~proving.STAY) | (word & proving.STAY)


@internal
@pure
def _free(word: uint256) -> uint256:
    """
    @dev Of no amount: what a stay costs has no part in whether it was filed.
    """
    return word & ~(proving.LANE << 48)


@internal
def _published(lanes: uint256, earned: uint256, claimed: uint256, unclaimed: uint256):
    proving._store(proving.LANES, lanes)
    proving._store(proving._mapped(proving.CLAIMED_OF, convert(ACCOUNT, uint256)), claimed)
    proving._store(proving.UNCLAIMED, unclaimed)
    leaf: bytes32 = keccak256(concat(b"\x00", convert(ACCOUNT, bytes32), convert(earned, bytes32)))
    proving._store(proving.EARNINGS_ROOT, convert(leaf, uint256))


@internal
def _claims(earned: uint256) -> bool:
    proof: DynArray[bytes32, 24] = []
    return raw_call(
        proving.ledger,
        abi_encode(ACCOUNT, earned, proof, method_id=method_id("claim(uint32,uint256,bytes32[])")),
        revert_on_failure=False,
    )


@internal
def _requested(lanes: uint256, asked: uint256):
    extcall Ledger(proving.ledger).open_account(ACCOUNT, self)
    proving._store(proving.LANES, lanes)
    extcall Ledger(proving.ledger).request_withdraw(ACCOUNT, asked)


@internal
def _withdraws() -> bool:
    return raw_call(
        proving.ledger,
        abi_encode(ACCOUNT, method_id=method_id("withdraw(uint32)")),
        revert_on_failure=False,
    )

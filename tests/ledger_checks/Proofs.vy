# pragma version 0.4.3
"""
@title What halmos proves of ParkingLedger's bytecode, for every word and every balance
@license Apache-2.0
@dev This contract is the ledger's settler, registrar, token and the accounts' owner. A check fails
     by Panic(1). proofs.py writes the ledger's creation code and the places of its variables.
"""

interface Vm:
    def store(target: address, at: bytes32, content: bytes32): nonpayable
    def load(target: address, at: bytes32) -> bytes32: view


interface Ledger:
    def settle_batch(seq: uint256, root: bytes32, words: DynArray[uint256, 2]): nonpayable
    def open_account(account_id: uint32, owner: address): nonpayable
    def request_withdraw(account_id: uint32, amount: uint256): nonpayable
    def withdraw(account_id: uint32): nonpayable
    def is_settled(stay: uint256) -> bool: view
    def balance_of(account_id: uint32) -> uint256: view


VM: constant(address) = 0x7109709ECfa91a80626fF3989D68f67F5b1DD12D
CODE: constant(Bytes[24576]) = x"00"
LANES: constant(uint256) = 0
FEES: constant(uint256) = 0
FEE_BPS: constant(uint256) = 0
UNCLAIMED: constant(uint256) = 0
FILED: constant(uint256) = 0
STAY: constant(uint256) = (2**48 - 1) << 144
LANE: constant(uint256) = 2**32 - 1
MOST: constant(uint256) = 2**31 - 1
ROOT: constant(bytes32) = 0x0000000000000000000000000000000000000000000000000000000000000001

ledger: address
sent: uint256


@external
def setUp():
    self.ledger = raw_create(CODE, self, convert(1, uint256), self, self, self, empty(uint256), self)
    self._store(FEE_BPS, 250)


@external
def transfer(to: address, amount: uint256) -> bool:
    self.sent += amount
    return True


@external
def check_settlement_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, 0, first, second, 0)


@external
def check_settlement_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, 0, first, second, 0)


@external
def check_settlement_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, 0, first, second, 0)


@external
def check_settlement_with_a_fee_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, 250, first, second, 7)


@external
def check_settlement_with_a_fee_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, 250, first, second, 7)


@external
def check_settlement_with_a_fee_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, 250, first, second, 7)


@external
def check_credit_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, 2**15 + 250, first, second, 2**40)


@external
def check_credit_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, 2**15 + 250, first, second, 2**40)


@external
def check_credit_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, 2**15 + 250, first, second, 2**40)


@external
def check_payee_by_claim_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, 2**14, first, second, 0)


@external
def check_payee_by_claim_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, 2**14, first, second, 0)


@external
def check_payee_by_claim_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, 2**14, first, second, 0)


@external
def check_no_stay_is_settled_twice(first: uint256, second: uint256, page: uint256):
    stay: uint256 = (first & STAY) >> 144
    self._store(FILED + (stay >> 8), page)
    again: uint256 = (second & ~STAY) | (first & STAY)
    extcall Ledger(self.ledger).settle_batch(1, ROOT, [first])
    assert staticcall Ledger(self.ledger).is_settled(stay)
    self._holds(not self._tries(2, [again]))


@external
def check_no_stay_stands_twice_in_a_batch(first: uint256, second: uint256):
    again: uint256 = (second & ~STAY) | (first & STAY)
    self._holds(not self._tries(1, [first, again]))
    extcall Ledger(self.ledger).settle_batch(1, ROOT, [first])


@external
def check_no_withdrawal_above_the_balance(lanes: uint256, asked: uint256):
    account: uint32 = 3
    extcall Ledger(self.ledger).open_account(account, self)
    self._store(LANES, lanes)
    before: uint256 = staticcall Ledger(self.ledger).balance_of(account)
    extcall Ledger(self.ledger).request_withdraw(account, asked)
    extcall Ledger(self.ledger).withdraw(account)
    self._holds(self.sent <= before)
    after: uint256 = self._load(LANES)
    self._holds(((after >> 96) & MOST) + self.sent == before)
    self._holds((lanes ^ after) & ~(LANE << 96) == 0)
    self._holds(not raw_call(
        self.ledger,
        abi_encode(account, method_id=method_id("withdraw(uint32)")),
        revert_on_failure=False,
    ))


@internal
def _settled_sum(
    rest: uint256, payee: uint256, tag: uint256, first: uint256, second: uint256, fees: uint256
):
    """
    @dev From account 3; stay, times, amount and both words of balances are any at all.
    """
    word: uint256 = (3 << 224) | (payee << 192) | (rest & (2**192 - 2**16)) | tag
    self._store(LANES, first)
    self._store(LANES + 1, second)
    self._store(FEES, fees)
    extcall Ledger(self.ledger).settle_batch(1, ROOT, [word])
    first_after: uint256 = self._load(LANES)
    second_after: uint256 = self._load(LANES + 1)
    mine: uint256 = LANE << 96
    theirs: uint256 = LANE << ((payee & 7) * 32)
    before: uint256 = ((first >> 96) & MOST) + fees
    after: uint256 = ((first_after >> 96) & MOST) + self._load(FEES) + self._load(UNCLAIMED)
    # Nobody else's balance has changed, and what these two and the platform have is the same.
    if payee >> 3 != 0:
        self._holds((first ^ first_after) & ~mine == 0)
        self._holds((second ^ second_after) & ~theirs == 0)
        before += (second >> ((payee & 7) * 32)) & MOST
        after += (second_after >> ((payee & 7) * 32)) & MOST
    else:
        self._holds((first ^ first_after) & ~(mine | theirs) == 0)
        self._holds(second == second_after)
        if payee != 3:
            before += (first >> (payee * 32)) & MOST
            after += (first_after >> (payee * 32)) & MOST
    self._holds(before == after)


@internal
def _tries(seq: uint256, words: DynArray[uint256, 2]) -> bool:
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
def _holds(held: bool):
    if not held:
        raw_revert(abi_encode(convert(1, uint256), method_id=method_id("Panic(uint256)")))

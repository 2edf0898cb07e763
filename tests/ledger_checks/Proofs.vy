# pragma version 0.4.3
"""
@title What halmos proves of one settlement: no money is made or lost, and nobody else's moves
@license Apache-2.0
@dev From account 3 to a neighbour in its storage word (5), to an account of the next word (11) and
     to itself. Stay, times, space, amount and both words of balances are any at all.
"""

import proving

initializes: proving
exports: (proving.setUp, proving.transfer, proving.transferFrom)


interface Ledger:
    def settle_batch(seq: uint256, root: bytes32, words: DynArray[uint256, 2]): nonpayable


CREDIT: constant(uint256) = 2**15
BY_CLAIM: constant(uint256) = 2**14
# More fees than any credit can take, and less than most take.
RICH: constant(uint256) = 2**40
POOR: constant(uint256) = 7


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
    self._settled_sum(rest, 5, 250, first, second, POOR)


@external
def check_settlement_with_a_fee_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, 250, first, second, POOR)


@external
def check_settlement_with_a_fee_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, 250, first, second, POOR)


@external
def check_credit_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, CREDIT | 250, first, second, RICH)


@external
def check_credit_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, CREDIT | 250, first, second, RICH)


@external
def check_credit_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, CREDIT | 250, first, second, RICH)


@external
def check_credit_of_a_poor_platform_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, CREDIT | 250, first, second, POOR)


@external
def check_credit_of_a_poor_platform_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, CREDIT | 250, first, second, POOR)


@external
def check_credit_of_a_poor_platform_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, CREDIT | 250, first, second, POOR)


@external
def check_payee_by_claim_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, BY_CLAIM, first, second, 0)


@external
def check_payee_by_claim_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, BY_CLAIM, first, second, 0)


@external
def check_payee_by_claim_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, BY_CLAIM, first, second, 0)


@external
def check_payee_by_claim_with_a_fee_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, BY_CLAIM | 250, first, second, POOR)


@external
def check_payee_by_claim_with_a_fee_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, BY_CLAIM | 250, first, second, POOR)


@external
def check_payee_by_claim_with_a_fee_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, BY_CLAIM | 250, first, second, POOR)


@external
def check_credit_by_claim_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, CREDIT | BY_CLAIM | 250, first, second, RICH)


@external
def check_credit_by_claim_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, CREDIT | BY_CLAIM | 250, first, second, RICH)


@external
def check_credit_by_claim_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, CREDIT | BY_CLAIM | 250, first, second, RICH)


@external
def check_credit_by_claim_of_a_poor_platform_to_a_neighbour_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 5, CREDIT | BY_CLAIM | 250, first, second, POOR)


@external
def check_credit_by_claim_of_a_poor_platform_to_another_word_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 11, CREDIT | BY_CLAIM | 250, first, second, POOR)


@external
def check_credit_by_claim_of_a_poor_platform_to_oneself_keeps_the_sum(rest: uint256, first: uint256, second: uint256):
    self._settled_sum(rest, 3, CREDIT | BY_CLAIM | 250, first, second, POOR)


@internal
def _settled_sum(
    rest: uint256, payee: uint256, tag: uint256, first: uint256, second: uint256, fees: uint256
):
    word: uint256 = (3 << 224) | (payee << 192) | (rest & (2**192 - 2**16)) | tag
    proving._store(proving.LANES, first)
    proving._store(proving.LANES + 1, second)
    proving._store(proving.FEES, fees)
    extcall Ledger(proving.ledger).settle_batch(1, proving.ROOT, [word])
    first_after: uint256 = proving._load(proving.LANES)
    second_after: uint256 = proving._load(proving.LANES + 1)
    # Below zero is far above: without this the sum would run over, and the path end unseen.
    proving._holds(proving._load(proving.FEES) <= fees + proving.LANE)
    proving._holds(proving._load(proving.UNCLAIMED) <= fees + proving.LANE)
    mine: uint256 = proving.LANE << 96
    theirs: uint256 = proving.LANE << ((payee & 7) * 32)
    before: uint256 = ((first >> 96) & proving.MOST) + fees
    after: uint256 = (
        ((first_after >> 96) & proving.MOST)
        + proving._load(proving.FEES)
        + proving._load(proving.UNCLAIMED)
    )
    # Nobody else's balance has changed, and what these two and the platform have is the same.
    if payee >> 3 != 0:
        proving._holds((first ^ first_after) & ~mine == 0)
        proving._holds((second ^ second_after) & ~theirs == 0)
        before += (second >> ((payee & 7) * 32)) & proving.MOST
        after += (second_after >> ((payee & 7) * 32)) & proving.MOST
    else:
        proving._holds((first ^ first_after) & ~(mine | theirs) == 0)
        proving._holds(second == second_after)
        if payee != 3:
            before += (first >> (payee * 32)) & proving.MOST
            after += (first_after >> (payee * 32)) & proving.MOST
    proving._holds(before == after)

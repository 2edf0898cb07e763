"""For every proof a bug that breaks it: a proof that no bug can break proves nothing."""

from tests.tools.planted import Mutant
from tests.tools.planted_ledger import CONTRACTS, LEDGER

TO = ("a_neighbour", "another_word", "oneself")


def _sums(*kinds: str) -> tuple[str, ...]:
    return tuple(f"check_{kind}_to_{to}_keeps_the_sum" for kind in kinds for to in TO)


def _own(name: str, old: str, new: str) -> Mutant:
    return Mutant(name, LEDGER, old, new, "tests/ledger_checks/test_proofs.py")


OWN = (
    _own(
        "a payee gets a cent more",
        "gets: uint256 = unsafe_add(unsafe_sub(paid, fee), back)",
        "gets: uint256 = unsafe_add(unsafe_add(unsafe_sub(paid, fee), back), 1)",
    ),
    _own(
        "what is set aside is a cent more",
        "set_aside = unsafe_add(set_aside, amount)",
        "set_aside = unsafe_add(unsafe_add(set_aside, amount), 1)",
    ),
    _own(
        "a payee by claim gets the fee as well",
        "set_aside = unsafe_add(set_aside, unsafe_add(unsafe_sub(paid, fee), back))",
        "set_aside = unsafe_add(set_aside, unsafe_add(paid, back))",
    ),
    _own(
        "a payee by claim is not given back the fee",
        "set_aside = unsafe_add(set_aside, unsafe_add(unsafe_sub(paid, fee), back))",
        "set_aside = unsafe_add(set_aside, unsafe_sub(paid, fee))",
    ),
    _own(
        "a claim needs no proof",
        'assert merkle.root_of(leaf, proof) == self.earnings_root, "PROOF"',
        'assert len(proof) == 0, "PROOF"',
    ),
    _own(
        "a claim leaves what was set aside",
        "    self.unclaimed -= amount\n",
        "",
    ),
    _own(
        "a pause stops withdrawals",
        '    assert asked.amount != 0, "NO_REQUEST"\n',
        '    assert asked.amount != 0, "NO_REQUEST"\n    assert self.status != PAUSED, "PAUSED"\n',
    ),
    _own(
        "fees can be taken again",
        "    self.fees -= amount\n",
        "",
    ),
    _own(
        "the newest page of a batch is not written",
        "    if page != max_value(uint256):\n        self.filed[page] = bits\n    if fees",
        "    if page == 0:\n        self.filed[page] = bits\n    if fees",
    ),
    _own(
        "a request is kept after it was paid",
        "        self.withdrawal_of[account_id] = empty(Withdrawal)\n",
        "        pass\n",
    ),
)
PLANTED = {
    "a payee gets a cent more": _sums("settlement", "settlement_with_a_fee", "credit"),
    "the platform gives back what it does not have": _sums(
        "credit_of_a_poor_platform", "credit_by_claim_of_a_poor_platform"
    ),
    "what is set aside is a cent more": _sums("payee_by_claim"),
    "a payee by claim gets the fee as well": _sums("payee_by_claim_with_a_fee"),
    "a payee by claim is not given back the fee": _sums("credit_by_claim"),
    "a stay can be settled twice": (
        "check_no_stay_is_settled_twice",
        "check_no_stay_stands_twice_in_a_batch",
    ),
    "the last page of stays is not written": ("check_batch_files_its_own_stay_and_no_other",),
    "a page of stays is forgotten at its edge": (
        "check_no_stay_of_a_batch_of_two_is_settled_again",
    ),
    "the newest page of a batch is not written": (
        "check_no_stay_is_settled_twice",
        "check_no_stay_of_a_batch_of_two_is_settled_again",
    ),
    "what a payee has earned is claimed twice": ("check_claim_moves_what_was_set_aside_once",),
    "a claim leaves what was set aside": ("check_claim_moves_what_was_set_aside_once",),
    "a claim needs no proof": ("check_claim_of_anything_else_is_refused",),
    "a deposit is counted again when it is repeated": ("check_deposit_is_booked_once",),
    "a deposit runs over into the next account": ("check_deposit_is_booked_once",),
    "a request is kept after it was paid": ("check_no_withdrawal_above_the_balance",),
    "a balance is written over its neighbours'": ("check_no_withdrawal_above_the_balance",),
    "a pause stops withdrawals": ("check_no_pause_and_no_close_stops_a_withdrawal",),
    "a hold outlasts a pause": ("check_no_pause_and_no_close_stops_a_withdrawal",),
    "fees can be taken again": ("check_fees_leave_once",),
}


def bug(name: str) -> Mutant:
    return next(mutant for mutant in (*OWN, *CONTRACTS) if mutant.bug == name)

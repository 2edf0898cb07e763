"""Disputes over two filed records: a credit and what it corrects, and one stay settled twice."""

from typing import Any

import pytest

from contracts.ledger.credit import Credit, verify_credit
from contracts.ledger.disputes import ANSWERS
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import Tree
from contracts.ledger.receipt import Proof, Receipt
from tests.contracts import making
from tests.contracts.evidence_rig import Rig

PAID = making.receipt(fee_bps=250)
CREDIT = making.credit_of(PAID)
BEYOND = 2**48  # no stay has such a number: the ledger reverts when asked for it
DISPUTED = "0x" + keccak(b"Disputed(uint256,uint256,address)").hex()
RIG = Rig()


@pytest.fixture
def rig() -> Rig:
    """One chain for all, on which the genuine pair is filed and paid."""
    for paper in (PAID, CREDIT):
        RIG.put(paper)
        RIG.settle(paper.record.stay, settled=True)
    return RIG


def credit(batch: int = 2, **changes: Any) -> Credit:
    """Filed in a batch of its own, whatever it says."""
    record = CREDIT.record.model_copy(update=changes)
    place = CREDIT.chain.model_copy(update={"batch": batch})
    filed = {"record": record, "proof": making.proof_of(record), "chain": place}
    return CREDIT.model_copy(update=filed)


def receipt(batch: int = 3, **recorded: Any) -> Receipt:
    made = making.receipt(**recorded)
    return made.model_copy(update={"chain": made.chain.model_copy(update={"batch": batch})})


def on_record(rig: Rig) -> list[tuple[int, int]]:
    """(stay, code) of every finding that the last call left in the log."""
    topics = [log.topics for log in rig.logs()]
    assert all(found[0] == DISPUTED for found in topics)
    return [(int(found[1], 16), int(found[2], 16)) for found in topics]


def test_a_genuine_credit_agrees_with_what_it_corrects_and_that_goes_on_record(rig: Rig) -> None:
    assert all(link.ok for link in verify_credit(CREDIT))
    assert ANSWERS[rig.pair(CREDIT, PAID)] == ANSWERS[0]
    assert on_record(rig) == [(9, 0)]
    assert rig.alone(CREDIT) == 3
    assert on_record(rig) == []


def test_a_credit_may_pay_all_of_it_back_and_stand_in_the_same_batch(rig: Rig) -> None:
    record = CREDIT.record.model_copy(update={"amount_minor": PAID.record.amount_minor})
    tree = Tree([PAID.record.leaf(), record.leaf()])
    proofs = [tuple("0x" + node.hex() for node in tree.proof(at)) for at in (0, 1)]
    placed = [Proof(root="0x" + tree.root.hex(), siblings=siblings) for siblings in proofs]
    paid = PAID.model_copy(update={"proof": placed[0]})
    whole = {"record": record, "proof": placed[1], "chain": paid.chain}
    rig.put(paid)
    assert rig.pair(CREDIT.model_copy(update=whole), paid) == 0


OTHER = "0x" + "12" * 32
CHANGED = [
    {"driver_account": 8},
    {"owner_account": 8},
    {"driver_account": 3, "owner_account": 2},
    {"space": "S2"},
    {"space_number": 2},
    {"booking": OTHER},
    {"tariff": OTHER},
    {"gateway": "0x" + "12" * 20},
    {"arrival": OTHER},
    {"departure": OTHER},
    {"starts_at": making.at(1)},
    {"ends_at": making.at(9000)},
    {"billed_s": 1},
    {"currency": "EUR"},
    {"fee_bps": 10},
    {"amount_minor": PAID.record.amount_minor + 1},
    {"amount_minor": 0},
]


@pytest.mark.parametrize("changes", CHANGED, ids=str)
def test_a_credit_that_differs_from_what_it_corrects_is_found(rig: Rig, changes: Any) -> None:
    false = credit(**changes)
    rig.put(false)
    assert rig.pair(false, PAID) == 26
    assert on_record(rig) == [(9, 26)]
    assert not all(link.ok for link in verify_credit(false))


def test_a_credit_filed_before_what_it_corrects_is_found(rig: Rig) -> None:
    late = receipt(batch=3, fee_bps=250)
    rig.put(late)
    assert rig.pair(CREDIT, late) == 26


def test_a_credit_of_a_credit_is_found(rig: Rig) -> None:
    back = {"driver_account": 3, "owner_account": 2, "lines": OTHER}
    second = credit(batch=3, stay=10, credit_of=9, **back)
    rig.put(second)
    assert rig.pair(second, CREDIT) == 26


@pytest.mark.parametrize("stay", [999, BEYOND])
def test_a_credit_of_a_stay_that_was_never_settled_is_found(rig: Rig, stay: int) -> None:
    false = credit(credit_of=stay)
    rig.put(false)
    assert rig.alone(false) == 26
    assert on_record(rig) == [(9, 26)]


def test_a_settlement_is_no_credit_of_nothing(rig: Rig) -> None:
    assert rig.alone(PAID) == 10
    assert on_record(rig) == []


@pytest.mark.parametrize(
    "second",
    [
        {"stay": 2},
        {"stay": 2, "departure": OTHER, "driver_account": 8},
        {"stay": 2, "arrival": OTHER, "amount_minor": 1},
        {"amount_minor": 1},
        {"credit_of": 7},
    ],
    ids=str,
)
def test_two_different_records_of_one_stay_are_found_both_ways_round(rig: Rig, second: Any) -> None:
    again = receipt(**second)
    rig.put(again)
    assert rig.pair(PAID, again) == 27
    assert on_record(rig) == [(1, 27)]
    assert rig.pair(again, PAID) == 27


def test_two_stays_two_copies_and_a_strange_credit_prove_nothing(rig: Rig) -> None:
    later = [making.event(n, "arrival", "occupied", 9000 + n) for n in (20, 21)]
    another = receipt(events=making.chained(later), stay=2)
    rig.put(another)
    assert rig.pair(PAID, another) == 10
    assert rig.pair(PAID, PAID) == 10
    assert rig.pair(CREDIT, another) == 10
    assert rig.pair(another, PAID) == 10
    assert on_record(rig) == []


def test_a_credit_filed_under_number_zero_says_nothing_of_a_settlement(rig: Rig) -> None:
    """Else whoever files such a credit could have any settlement found false by it."""
    zero = credit(batch=3, stay=0)
    rig.put(zero)
    assert rig.pair(PAID, zero) == 10


def test_a_record_that_is_not_filed_proves_nothing(rig: Rig) -> None:
    again = receipt(stay=2)
    rig.put(again)
    for lost in (credit(amount_minor=1), credit(batch=7)):
        assert rig.pair(lost, PAID) == 2
        assert rig.alone(lost) == 2
    assert rig.pair(PAID, receipt(batch=7, stay=2)) == 2
    assert on_record(rig) == []

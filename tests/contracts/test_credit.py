"""A counter-record: it pays back a part of one settlement, to the one who paid, and no more."""

import pytest

from contracts.ledger.credit import Credit, counter_record, verify_credit
from contracts.ledger.records import SettlementRecord, word_hex
from tests.contracts import making

PAID = making.receipt(fee_bps=250)
BACK = counter_record(PAID.record, stay=9, amount_minor=300)


def credit(record: SettlementRecord = BACK, **changes: object) -> Credit:
    """Consistent in itself around whatever the counter-record says."""
    chain = PAID.chain.model_copy(update={"batch": 2, "word": word_hex(record.word()), **changes})
    return Credit(
        format="berth-credit",
        version=1,
        corrects=PAID,
        reason="The sensor was covered.",
        record=record,
        proof=making.proof_of(record),
        chain=chain,
    )


def broken(made: Credit) -> list[str]:
    return [link.name for link in verify_credit(made) if not link.ok]


def test_a_genuine_credit_holds_at_every_link_and_says_who_gets_what() -> None:
    assert broken(credit()) == []
    (link,) = [link for link in verify_credit(credit()) if link.name == "credit"]
    assert link.sentence == "Of stay 1, 3.00 CNY goes back to account 3."


def test_a_credits_word_is_marked_and_turns_the_parties_round() -> None:
    word = BACK.word()
    assert (word >> 224, word >> 192 & 0xFFFFFFFF, word & 0xFFFF) == (2, 3, 0x8000 | 250)


@pytest.mark.parametrize(
    "changes",
    [
        {"credit_of": 2},
        {"credit_of": None},
        {"stay": 1},
        {"amount_minor": 0},
        {"amount_minor": PAID.record.amount_minor + 1},
        {"driver_account": 3},
        {"owner_account": 9},
        {"space": "S2"},
        {"booking": "0x" + "12" * 32},
        {"currency": "EUR"},
        {"fee_bps": 0},
        {"billed_s": 1},
    ],
)
def test_a_credit_of_something_else_is_named(changes: dict[str, object]) -> None:
    assert broken(credit(BACK.model_copy(update=changes))) == ["credit"]


def test_a_credit_that_is_not_filed_or_stands_elsewhere_is_named() -> None:
    assert broken(credit(word="0x" + "00" * 32)) == ["credit"]
    assert broken(credit(chain_id=1)) == ["credit proof"]
    unfiled = credit().model_copy(update={"proof": PAID.proof})
    assert broken(unfiled) == ["credit proof"]


def test_a_credit_of_a_broken_receipt_is_broken_there() -> None:
    forged = credit().model_copy(
        update={"corrects": PAID.model_copy(update={"total_minor": PAID.total_minor + 1})}
    )
    assert "arithmetic" in broken(forged)


@pytest.mark.parametrize(("stay", "amount_minor"), [(1, 5), (9, 0), (9, 10**6)])
def test_no_counter_record_is_made_of_nothing_or_too_much(stay: int, amount_minor: int) -> None:
    with pytest.raises(ValueError, match="pays back a part"):
        counter_record(PAID.record, stay, amount_minor)
    with pytest.raises(ValueError, match="pays back a part"):
        counter_record(BACK, 10, 5)

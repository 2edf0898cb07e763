"""A counter-record: it pays back a part of one settlement, to the one who paid, and no more."""

from typing import Any

import pytest

from contracts.ledger.credit import MAX_REASON, Credit, counter_record, reason_digest, verify_credit
from contracts.ledger.files import read
from contracts.ledger.records import SettlementRecord, word_hex
from tests.contracts import making

PAID = making.receipt(fee_bps=250)
GENUINE = making.credit_of(PAID)
BACK = GENUINE.record


def credit(record: SettlementRecord = BACK, **chain: object) -> Credit:
    """Consistent in itself around whatever the counter-record says."""
    place = GENUINE.chain.model_copy(update={"word": word_hex(record.word()), **chain})
    filed = {"record": record, "proof": making.proof_of(record), "chain": place}
    return GENUINE.model_copy(update=filed)


def broken(made: Credit) -> list[str]:
    return [link.name for link in verify_credit(made) if not link.ok]


def test_a_genuine_credit_holds_at_every_link_and_says_who_gets_what() -> None:
    assert broken(GENUINE) == []
    (link,) = [link for link in verify_credit(GENUINE) if link.name == "credit"]
    assert link.sentence == (
        "Of the 8.80 CNY of stay 1, 3.00 CNY goes back to account 3. "
        "Other credits of this stay, if any, are not in this file."
    )


def test_a_credit_reads_back_as_it_was_written() -> None:
    assert read(GENUINE.model_dump_json()) == GENUINE


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
        {"lines": PAID.record.lines},
        {"lines": reason_digest("Another reason.")},
        {"currency": "EUR"},
        {"fee_bps": 0},
        {"billed_s": 1},
    ],
)
def test_a_credit_of_something_else_is_named(changes: dict[str, object]) -> None:
    assert broken(credit(BACK.model_copy(update=changes))) == ["credit"]


def test_a_reason_that_was_not_filed_is_named() -> None:
    assert broken(GENUINE.model_copy(update={"reason": "Goodwill."})) == ["credit"]


@pytest.mark.parametrize(
    ("place", "link"),
    [
        ({"word": "0x" + "00" * 32}, "credit"),
        ({"chain_id": 1}, "credit proof"),
        ({"registry": making.LEDGER}, "credit proof"),
        ({"batch": 1}, "credit proof"),
        ({"block_number": PAID.chain.block_number - 1}, "credit proof"),
    ],
)
def test_a_credit_that_is_filed_elsewhere_or_earlier_is_named(
    place: dict[str, Any], link: str
) -> None:
    assert broken(credit(**place)) == [link]


def test_a_credit_that_is_not_filed_is_named() -> None:
    unfiled = GENUINE.model_copy(update={"proof": PAID.proof})
    assert broken(unfiled) == ["credit proof"]


def test_a_credit_of_a_broken_receipt_is_broken_there() -> None:
    forged = PAID.model_copy(update={"total_minor": PAID.total_minor + 1})
    assert broken(GENUINE.model_copy(update={"corrects": forged})) == ["arithmetic", "record"]


@pytest.mark.parametrize(("stay", "amount_minor"), [(1, 5), (9, 0), (9, 10**6)])
def test_no_counter_record_is_made_of_nothing_or_too_much(stay: int, amount_minor: int) -> None:
    with pytest.raises(ValueError, match="pays back a part"):
        counter_record(PAID.record, stay, amount_minor, "x")
    with pytest.raises(ValueError, match="pays back a part"):
        counter_record(BACK, 10, 5, "x")


@pytest.mark.parametrize("reason", ["", "x" * (MAX_REASON + 1)])
def test_no_counter_record_has_a_reason_that_its_file_could_not_hold(reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        counter_record(PAID.record, 9, 5, reason)

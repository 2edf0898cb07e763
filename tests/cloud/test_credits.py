"""An operator pays back of a settled stay: once, never more than was paid, filed like any stay."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.core.reasons import Refusal
from cloud.credit_tables import CREDIT_NUMBERS, CreditRow
from cloud.tables import Alarm, Booking, Entry, Settlement, Stay
from cloud.usecases import accounts, credit_receipts, credits, settlements
from contracts.ledger.credit import Credit, verify_credit
from contracts.ledger.receipt import Receipt, read, verify
from tests.cloud.rig import Rig
from tests.cloud.test_stays import all_of, books_equal_chain, park

WHY = "The gateway's lens was covered: the last quarter of an hour is doubtful."
PAID = 290


def asked(**changes: object) -> credits.Asked:
    plain = credits.Asked("op:first", 1, 100, WHY, "account:1")
    return replace(plain, **changes)  # type: ignore[arg-type]


def decide(rig: Rig, **changes: object) -> int | Refusal:
    return rig.db.write(lambda s: credits.credit(s, asked(**changes), rig.clock.at))


def codes(found: int | Refusal) -> list[str]:
    assert isinstance(found, Refusal), found
    return [reason.code for reason in found.reasons]


def settled(rig: Rig) -> str:
    rig.open_market()
    booking_id = park(rig)
    rig.settle()
    rig.sweeps.drive()
    return booking_id


def file_of(rig: Rig, booking_id: str, number: int = 1) -> Credit:
    found, pending = rig.db.read(lambda s: credit_receipts.text_or_pending(s, booking_id, number))
    assert found is not None and not pending, found
    return Credit.model_validate_json(found)


def pending_of(rig: Rig, booking_id: str, number: int = 1) -> dict[str, object]:
    found, pending = rig.db.read(lambda s: credit_receipts.text_or_pending(s, booking_id, number))
    assert found is not None and pending
    return dict(json.loads(found))


def balances(rig: Rig) -> tuple[int, int]:
    driver, owner = (rig.db.read(lambda s, n=n: accounts.total_of(s, n)) for n in (2, 1))
    return driver, owner


def equal(rig: Rig) -> bool:
    """Books and chain, account by account, and by the reconciler."""
    rig.sweeps.drive()
    rig.sweeps.audit()
    codes = {alarm.code for alarm in all_of(rig, Alarm)}
    return books_equal_chain(rig) and codes.isdisjoint({"books_differ", "settling_stopped"})


# One credit, two, and too much


def test_a_whole_stay_paid_back_is_filed_and_its_file_verifies(rig: Rig) -> None:
    booking_id = settled(rig)
    assert decide(rig, amount_minor=PAID) == 1
    rig.settle()
    made = file_of(rig, booking_id)
    assert [link for link in verify_credit(made) if not link.ok] == []
    assert (made.record.stay, made.record.credit_of) == (CREDIT_NUMBERS + 1, 1)
    assert made.reason == WHY
    assert balances(rig) == (10_000, 0)
    assert rig.chain.read("ledger", "is_settled", CREDIT_NUMBERS + 1)
    assert equal(rig)


def test_a_part_twice_stands_as_two_credits_and_the_receipt_stays_as_it_was(rig: Rig) -> None:
    booking_id = settled(rig)
    before = rig.db.read(lambda s: settlements.receipt_of(s, booking_id))
    assert (decide(rig), decide(rig, request_key="op:second", amount_minor=190)) == (1, 2)
    rig.settle()
    for number, minor in ((1, 100), (2, 190)):
        made = file_of(rig, booking_id, number)
        assert [link for link in verify_credit(made) if not link.ok] == []
        assert made.record.amount_minor == minor
    assert balances(rig) == (10_000, 0)
    after = rig.db.read(lambda s: settlements.receipt_of(s, booking_id))
    receipt = read(after or "")
    assert after == before and isinstance(receipt, Receipt)
    assert all(link.ok for link in verify(receipt))
    assert equal(rig)


def test_a_credit_moves_no_booking_and_no_stay(rig: Rig) -> None:
    booking_id = settled(rig)
    before = [row.model_dump() for row in (*all_of(rig, Booking), *all_of(rig, Stay))]
    decide(rig)
    rig.settle()
    assert [row.model_dump() for row in (*all_of(rig, Booking), *all_of(rig, Stay))] == before
    assert rig.db.read(lambda s: settlements.pending_of(s, booking_id)) is None


def test_credits_together_never_pay_back_more_than_was_paid(rig: Rig) -> None:
    settled(rig)
    assert codes(decide(rig, amount_minor=PAID + 1)) == ["credit_too_much"]
    assert decide(rig, amount_minor=200) == 1
    found = decide(rig, request_key="op:second", amount_minor=91)
    assert codes(found) == ["credit_too_much"]
    assert isinstance(found, Refusal)
    assert "90 minor units" in found.reasons[0].sentence_en and "90" in found.reasons[0].sentence_zh
    rig.settle()
    assert codes(decide(rig, request_key="op:second", amount_minor=91)) == ["credit_too_much"]
    assert decide(rig, request_key="op:second", amount_minor=90) == 2
    rig.settle()
    assert balances(rig) == (10_000, 0) and equal(rig)


def test_of_a_stay_that_was_paid_in_part_only_that_part_goes_back(rig: Rig) -> None:
    rig.open_market()
    park(rig, depart_s=13_000 * 20)
    rig.settle()
    assert codes(decide(rig, amount_minor=10_001)) == ["credit_too_much"]
    assert decide(rig, amount_minor=10_000) == 1


def test_the_same_key_twice_is_one_credit_and_another_wish_under_it_is_refused(rig: Rig) -> None:
    settled(rig)
    assert (decide(rig), decide(rig)) == (1, 1)
    rig.settle()
    assert decide(rig, reason=f"  {WHY}\n") == 1
    assert codes(decide(rig, amount_minor=101)) == ["key_reused"]
    assert codes(decide(rig, reason="Another.")) == ["key_reused"]
    assert codes(decide(rig, stay=2)) == ["key_reused"]
    rig.settle()
    assert len(all_of(rig, CreditRow)) == 1 and balances(rig) == (9_810, 190)


# What is refused


REFUSED: tuple[tuple[dict[str, object], str], ...] = (
    ({"stay": 2}, "unknown_stay"),
    ({"stay": 0}, "unknown_stay"),
    ({"stay": -1}, "unknown_stay"),
    ({"stay": 2**70}, "unknown_stay"),
    ({"stay": CREDIT_NUMBERS + 1}, "unknown_stay"),
    ({"amount_minor": 0}, "credit_nothing"),
    ({"amount_minor": -5}, "credit_nothing"),
    ({"amount_minor": 2**70}, "credit_too_much"),
    ({"reason": ""}, "credit_reason"),
    ({"reason": " \n\t"}, "credit_reason"),
    ({"reason": "x" * 401}, "credit_reason"),
    ({"reason": "bell \x07"}, "credit_reason"),
    ({"reason": "half a pair \ud800"}, "credit_reason"),
)


def test_what_cannot_be_credited_is_refused_with_its_reason_and_nothing_is_done(rig: Rig) -> None:
    settled(rig)
    for changes, code in REFUSED:
        found = decide(rig, **changes)
        assert (changes, codes(found)) == (changes, [code])
        assert isinstance(found, Refusal) and all(found.reasons[0].plain().values())
    assert all_of(rig, CreditRow) == [] and len(all_of(rig, Settlement)) == 1


def test_a_stay_is_credited_only_once_it_stands_in_a_block(rig: Rig) -> None:
    rig.open_market()
    rig.chain.finality_depth = 3
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    assert codes(decide(rig)) == ["not_settled"]
    rig.report("departure", "free", 1900, match="accepted", grant=booking.grant)
    assert codes(decide(rig)) == ["not_settled"]
    rig.sweeps.batch()
    assert codes(decide(rig)) == ["not_settled"]
    rig.sweeps.drive()
    rig.chain.rollback(1)
    rig.chain.mining = False
    rig.sweeps.drive()
    assert codes(decide(rig)) == ["not_settled"]
    rig.chain.mining = True
    for _ in range(2):
        rig.sweeps.drive()
    assert decide(rig) == 1


def test_a_credit_itself_cannot_be_credited(rig: Rig) -> None:
    settled(rig)
    decide(rig)
    rig.settle()
    found = decide(rig, request_key="op:second", stay=CREDIT_NUMBERS + 1)
    assert codes(found) == ["credit_of_credit"]


# An owner short of money


def test_an_owner_short_of_money_pays_what_he_has_and_the_rest_can_be_credited_again(
    rig: Rig,
) -> None:
    booking_id = settled(rig)
    rig.chain.finality_depth = 0
    take = accounts.money.deposit(rig.owner, -250)
    rig.db.write(lambda s: accounts.post(s, "withdrawn", take, rig.now_ms))
    rig.chain._contracts.ledger.balances[rig.owner] -= 250
    assert decide(rig, amount_minor=PAID) == 1
    rig.settle()
    (told,) = [alarm for alarm in all_of(rig, Alarm) if alarm.code == "credit_unpaid"]
    assert "250 of 290 minor units" in told.sentence
    assert not {"unpaid", "books_differ"} & {alarm.code for alarm in all_of(rig, Alarm)}
    assert balances(rig) == (9_750, 0) and equal(rig)
    made = file_of(rig, booking_id)
    assert all(link.ok for link in verify_credit(made))
    rig.db.write(lambda s: accounts.top_up(s, rig.owner, 500, "owner", rig.now_ms))
    assert codes(decide(rig, request_key="op:rest", amount_minor=251)) == ["credit_too_much"]
    assert decide(rig, request_key="op:rest", amount_minor=250) == 2
    assert all_of(rig, Alarm) == []
    rig.settle()
    assert balances(rig) == (10_000, 250) and equal(rig)


# On record


CHANGES = (
    "UPDATE credit SET amount_minor = 1",
    "UPDATE credit SET reason = 'x'",
    "DELETE FROM credit",
    "UPDATE settlement SET credit_of = NULL WHERE stay > 1",
    "UPDATE settlement SET credit_of = 7 WHERE batch IS NULL",
)


def test_the_database_refuses_to_change_a_credit(rig: Rig) -> None:
    settled(rig)
    decide(rig)
    for change in CHANGES:
        with pytest.raises(DBAPIError, match="append-only"):
            rig.db.write(lambda s, c=change: s.connection().execute(text(c)))


def test_every_posting_of_a_credit_sums_to_zero_under_its_own_name(rig: Rig) -> None:
    settled(rig)
    decide(rig)
    rig.settle()
    name = f"credit:{CREDIT_NUMBERS + 1}"
    found = {e.account: e.amount_minor for e in all_of(rig, Entry) if e.transfer == name}
    assert found == {rig.owner: -100, rig.driver: 100}


def test_driver_owner_and_operator_see_a_credit_and_a_stranger_does_not(rig: Rig) -> None:
    settled(rig)
    decide(rig)
    for number in (rig.driver, rig.owner):
        (seen,) = rig.db.read(lambda s, n=number: credits.listed(s, n))
        assert (seen["credit_of"], seen["reason"], seen["chain"]) == (1, WHY, "waiting")
        assert "by" not in seen
    stranger = rig.account("stranger")
    assert rig.db.read(lambda s: credits.listed(s, stranger)) == []
    (trail,) = rig.db.read(lambda s: credits.listed(s))
    assert (trail["by"], trail["request_key"]) == ("account:1", "op:first")
    rig.settle()
    (filed,) = rig.db.read(lambda s: credits.listed(s))
    assert filed["paid_minor"] == 100 and filed["transaction"].startswith("0x")

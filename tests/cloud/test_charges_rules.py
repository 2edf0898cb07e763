"""What a charge may be, when a fee is due, and what a charge is not: on one database is enough."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.charge_tables import CHARGE_NUMBERS, ChargeRow
from cloud.core import money
from cloud.core.paying import pay, payment_of
from cloud.tables import Alarm, Booking
from cloud.usecases import (
    charge_receipts,
    charges,
    credits,
    holds,
    ledger_state,
    settlements,
)
from contracts.ledger.charge import verify_charge
from tests.cloud import booking_rig as market
from tests.cloud.rig import Rig
from tests.cloud.test_charges import FEE, START, TERMS, balances, file_of, no_show, owed
from tests.cloud.test_credits import codes, equal
from tests.cloud.test_stays import all_of
from tests.contracts import making


def test_before_its_block_a_charge_tells_what_will_be_filed(rig: Rig) -> None:
    booking = no_show(rig)
    text, waits = rig.db.read(lambda s: charge_receipts.text_or_pending(s, booking.id, 1))
    told = json.loads(text or "")
    assert waits and told["status"] == "pending"
    assert (told["code"], told["amount_minor"], told["batch"]) == ("no_show", FEE, None)
    rig.settle()
    made = file_of(rig, booking.id)
    assert told["leaf"] == "0x" + made.record.leaf().hex()


def test_another_bookings_charge_is_not_shown(rig: Rig) -> None:
    no_show(rig)
    found = rig.db.read(
        lambda s: [charge_receipts.text_or_pending(s, "b-9", number) for number in (1, 0, 2**60)]
    )
    assert found == [(None, False)] * 3


@pytest.mark.parametrize(("ahead_s", "paid"), [(7201, 0), (7200, 0), (7199.999, 400), (-60, 400)])
def test_cancelling_costs_after_the_agreed_time_and_not_at_it(
    rig: Rig, ahead_s: float, paid: int
) -> None:
    market.market(rig, ("S1",), 48, **TERMS)
    booking = market.booked(rig, market.hours(START, START + 1), 600)
    rig.clock.at += timedelta(hours=START, seconds=-ahead_s)
    assert isinstance(market.cancel(rig, booking), Booking)
    rig.settle()
    assert balances(rig) == (100_000 - paid, paid)
    if paid:
        assert all(link.ok for link in verify_charge(file_of(rig, booking.id)))
    assert equal(rig)


def test_a_charge_keeps_the_terms_that_it_was_due_under(rig: Rig) -> None:
    """Changed again before the batch: the file tells the former."""
    market.market(rig, ("S1", "S2"))
    booking = market.booked(rig, market.hours(START, START + 1), 600)
    owed(rig, booking, rig.driver)
    changed = market.extend(rig, market.now(rig, booking), START + 2, None)
    assert isinstance(changed, Booking), changed
    rig.settle()
    made = file_of(rig, booking.id)
    assert [link for link in verify_charge(made) if not link.ok] == []
    assert made.booking.grant != changed.grant


def test_a_charge_moves_neither_booking_nor_stay(rig: Rig) -> None:
    booking = no_show(rig)
    before = market.now(rig, booking).model_dump()
    rig.settle()
    assert market.now(rig, booking).model_dump() == before
    assert rig.db.read(lambda s: settlements.receipt_or_pending(s, booking.id)) == (None, True)


def test_a_charge_is_no_stay_that_could_be_credited(rig: Rig) -> None:
    no_show(rig)
    rig.settle()
    asked = credits.Asked("op:1", CHARGE_NUMBERS + 1, 1, "Why not.", "account:1")
    found = rig.db.write(lambda s: credits.credit(s, asked, rig.clock.at))
    assert codes(found) == ["charge_number"]


def test_who_asks_to_withdraw_leaves_what_is_charged(rig: Rig) -> None:
    no_show(rig)

    def needed() -> int:
        return rig.db.read(lambda s: holds.needed_minor(s, rig.driver, rig.clock.at))

    assert needed() == FEE
    rig.settle()
    rig.sweeps.drive()
    assert needed() == 0


def test_a_charge_that_is_in_no_block_yet_is_not_missed_in_the_books(rig: Rig) -> None:
    no_show(rig)
    rig.chain.mining = False
    rig.settle()
    assert balances(rig) == (100_000 - FEE, FEE)
    rig.sweeps.audit()
    assert {alarm.code for alarm in all_of(rig, Alarm)}.isdisjoint({"books_differ"})
    rig.chain.mining = True
    assert equal(rig)


def test_in_a_closed_ledger_a_fee_is_recorded_and_nothing_waits(rig: Rig) -> None:
    market.market(rig, ("S1",), 48, **TERMS)
    booking = market.booked(rig, market.hours(START, START + 1), 600)
    seen = ledger_state.Seen(ledger_state.CLOSED_STATUS, 0, "0x" + "00" * 32)
    rig.db.write(lambda s: ledger_state.tell(s, seen, rig.clock.at))
    rig.clock.at += timedelta(hours=START)
    market.cancel(rig, booking)
    assert market.due(rig) == [("cancellation", 400, rig.driver, rig.owner)]
    assert all_of(rig, ChargeRow) == []


ACCOUNTS = st.integers(1, 2**32 - 1)
MINOR = st.integers(0, 2**32 - 1)


@given(st.integers(-2, 5), st.integers(-2, 5), st.integers(-5, 2**33))
def test_only_something_between_two_accounts_of_the_ledger_is_moved(
    payer: int, payee: int, minor: int
) -> None:
    due = charges.Due("k", "no_show", (payer, payee), minor, "CNY")
    assert charges.movable(due) == (
        payer >= 1 and payee >= 1 and payer != payee and 1 <= minor <= 2**32 - 1
    )


@given(st.text(max_size=900))
def test_any_reason_becomes_one_that_can_be_filed(text: str) -> None:
    for code in ("no_show", "compensation"):
        said = charges.said(code, text)
        assert len(said) <= 400 and said == " ".join(said.split())
        said.encode("utf-8")
    assert charges.said("compensation", text)


@given(ACCOUNTS, ACCOUNTS, MINOR, st.integers(0, 2**31 - 1))
def test_a_charge_never_pays_more_than_there_is_and_books_it_whole(
    payer: int, payee: int, minor: int, has_minor: int
) -> None:
    changed = {"payer_account": payer, "payee_account": payee, "amount_minor": minor}
    payment = payment_of(making.charge().record.model_copy(update=changed).word())
    assert payment == (payer, payee, minor, 0, False, False)
    held = {payer: has_minor, payee: 0} if payer != payee else {payer: has_minor}
    done = pay(payment, held, 0)
    assert done.fee_minor == 0 and done.pays_minor == done.gets_minor
    assert done.missing_minor == minor - done.pays_minor
    assert all(balance >= 0 for balance in held.values()) and sum(held.values()) == has_minor
    postings = money.charge(payer, payee, done.pays_minor)
    assert sum(posting.amount_minor for posting in postings) == 0

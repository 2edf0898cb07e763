"""What is due without a stay is moved: filed like a stay, paid by the contract's rule, once."""

import json

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from cloud.booking_tables import FeeDue
from cloud.charge_tables import CHARGE_NUMBERS, ChargeRow
from cloud.core.money import PLATFORM
from cloud.tables import Alarm, Booking, Entry, ReceiptRow, Settlement
from cloud.usecases import (
    accounts,
    booking_fees,
    booking_no_shows,
    bookings,
    changing,
    charge_receipts,
    charges,
    credits,
    settlements,
)
from contracts.ledger.charge import Charge, verify_charge
from contracts.ledger.files import read
from tests.cloud import booking_rig as market
from tests.cloud.rig import Rig
from tests.cloud.test_credits import equal
from tests.cloud.test_stays import all_of, somebody_else_takes_the_block

FEE, START = 700, 10
TERMS: dict[str, int] = {"no_show_fee_minor": FEE, "cancel_fee_minor": 400, "cancel_until_s": 7200}


def no_show(rig: Rig, **terms: int) -> Booking:
    """A booked hour to which nobody came, and the time to wait for them is over."""
    market.market(rig, ("S1",), 48, **{**TERMS, **terms})
    booking = market.booked(rig, market.hours(START, START + 1), 600)
    market.pass_hours(rig, START + 1.02)
    released = rig.db.write(lambda s: booking_no_shows.expire(s, "cmd", rig.clock.at))
    assert [row.id for row in released] == [booking.id]
    return booking


def owed(rig: Rig, booking: Booking, payer: int) -> None:
    """For having caused a move."""
    due = charges.Due("k9", "reassignment", (payer, rig.owner), 600, "CNY")
    rig.db.write(lambda s: charges.charge(s, bookings.get(s, booking.id), due, rig.clock.at))


def balances(rig: Rig) -> tuple[int, int]:
    found = rig.db.read(lambda s: accounts.totals(s, (rig.driver, rig.owner)))
    return found[rig.driver], found[rig.owner]


def file_of(rig: Rig, booking: str, number: int = 1) -> Charge:
    text, waits = rig.db.read(lambda s: charge_receipts.text_or_pending(s, booking, number))
    assert text is not None and not waits, text
    found = read(text)
    assert isinstance(found, Charge), found
    return found


def test_who_does_not_come_pays_what_was_agreed_and_its_file_verifies(rig: Rig) -> None:
    booking = no_show(rig)
    assert balances(rig) == (100_000, 0)
    rig.settle()
    assert balances(rig) == (100_000 - FEE, FEE)
    made = file_of(rig, booking.id)
    assert [link for link in verify_charge(made) if not link.ok] == []
    assert (made.record.stay, made.record.code) == (CHARGE_NUMBERS + 1, "no_show")
    assert (made.record.payer_account, made.record.payee_account) == (rig.driver, rig.owner)
    assert rig.chain.read("ledger", "is_settled", CHARGE_NUMBERS + 1)
    assert market.now(rig, booking).state == "no_show"
    assert equal(rig)


def test_a_charge_is_listed_with_its_booking_and_for_both_sides(rig: Rig) -> None:
    booking = no_show(rig)
    (waiting,) = rig.db.read(lambda s: charges.of_booking(s, booking.id))
    assert (waiting["chain"], waiting["paid_minor"], waiting["code"]) == (
        "waiting",
        None,
        "no_show",
    )
    rig.settle()
    rig.sweeps.drive()
    (told,) = rig.db.read(lambda s: charges.of_booking(s, booking.id))
    assert (told["paid_minor"], told["payer"], told["payee"]) == (FEE, rig.driver, rig.owner)
    assert told["transaction"] and told["block"]
    assert rig.db.read(lambda s: charges.listed(s, rig.driver)) == [told]
    assert rig.db.read(lambda s: charges.listed(s, rig.owner)) == [told]
    assert rig.db.read(lambda s: charges.listed(s, 9)) == []
    assert rig.db.read(charges.listed) == [told | {"by": "terms"}]
    assert rig.db.read(lambda s: charges.listed(s, before=1)) == []


def test_what_an_owner_owes_for_taking_a_booking_away_goes_to_its_driver(rig: Rig) -> None:
    market.market(rig)
    rig.db.write(lambda s: accounts.top_up(s, rig.owner, 5_000, "own", rig.now_ms))
    booking = market.booked(rig, market.hours(1, 3), 1200)
    why = "The gate\nis being repaired."
    rig.db.write(
        lambda s: bookings.cancel_by(
            s, bookings.get(s, booking.id), "owner", why, "cmd-x", rig.clock.at
        )
    )
    rig.settle()
    assert balances(rig) == (100_600, 4_400)
    made = file_of(rig, booking.id)
    assert [link for link in verify_charge(made) if not link.ok] == []
    assert (made.record.code, made.reason) == ("compensation", "The gate is being repaired.")
    assert equal(rig)


def test_what_the_platform_owes_stays_recorded_and_moves_nothing(rig: Rig) -> None:
    """It has no account in the ledger: its fees there are a counter of the contract's own."""
    market.market(rig)
    booking = market.booked(rig, market.hours(1, 3), 1200)
    rig.db.write(
        lambda s: bookings.cancel_by(
            s, bookings.get(s, booking.id), "operator", "Works.", "cmd-x", rig.clock.at
        )
    )
    rig.settle()
    assert market.due(rig) == [("compensation", 600, PLATFORM, rig.driver)]
    assert (all_of(rig, ChargeRow), all_of(rig, Settlement)) == ([], [])
    assert balances(rig) == (100_000, 0)


def test_a_moved_bookings_difference_is_recorded_and_moves_nothing_yet(rig: Rig) -> None:
    """Nobody has parked there yet, and may never: whom it is due to is not known."""
    market.market(rig, ("S1", "S2"))
    causer = rig.account("causer")
    rig.db.write(lambda s: accounts.top_up(s, causer, 5_000, "c", rig.now_ms))
    booking = market.booked(rig, market.hours(START, START + 1), 600)
    who = changing.By("k9", rig.driver, rig.new_id("cmd"), None, causer)
    moved = rig.db.write(lambda s: changing.move_space(s, booking.id, "S2", who, rig.clock.at))
    assert isinstance(moved, Booking), moved
    rig.settle()
    assert [row[0] for row in market.due(rig)] == ["reassignment"]
    assert rig.db.read(lambda s: accounts.total_of(s, causer)) == 5_000
    assert all_of(rig, ChargeRow) == []


def test_who_caused_a_move_is_not_told_the_key_to_anothers_booking(rig: Rig) -> None:
    market.market(rig, ("S1", "S2"))
    booking = market.booked(rig, market.hours(START, START + 1), 600)
    causer, stranger = rig.account("causer"), rig.account("stranger")
    owed(rig, booking, causer)
    (told,) = rig.db.read(lambda s: charges.listed(s, causer))
    assert (told["booking"], told["payer"]) == (None, causer)
    assert rig.db.read(lambda s: charges.listed(s, stranger)) == []


def test_who_is_short_pays_what_he_has_and_holds_up_nobody(rig: Rig) -> None:
    booking = no_show(rig, no_show_fee_minor=250_000)
    rig.settle()
    assert balances(rig) == (0, 100_000)
    (told,) = rig.db.read(lambda s: charges.of_booking(s, booking.id))
    assert (told["amount_minor"], told["paid_minor"]) == (250_000, 100_000)
    (alarm,) = [alarm for alarm in all_of(rig, Alarm) if alarm.code == "charge_unpaid"]
    assert "150000 could not be collected" in alarm.sentence
    assert all(link.ok for link in verify_charge(file_of(rig, booking.id)))
    assert equal(rig)


def test_the_same_fee_is_charged_once_whoever_asks_again(rig: Rig) -> None:
    booking = no_show(rig)

    def again() -> None:
        def owe(session):  # type: ignore[no-untyped-def]
            row = bookings.get(session, booking.id)
            record = bookings.record_of(row)
            booking_fees.not_come(session, row, record, rig.clock.at)
            due = charges.Due(
                f"fee:{booking.id}:no_show", "no_show", (rig.driver, rig.owner), FEE, "CNY"
            )
            return charges.charge(session, row, due, rig.clock.at)

        assert rig.db.write(owe) == 1

    again()
    rig.settle()
    again()
    rig.settle()
    assert len(all_of(rig, ChargeRow)) == len(all_of(rig, FeeDue)) == 1
    assert balances(rig) == (100_000 - FEE, FEE)


def test_stays_credits_and_charges_of_one_batch_each_have_their_own_file(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    rig.report("departure", "free", 1900, match="accepted", grant=booking.grant)
    rig.settle()
    asked = credits.Asked("op:1", 1, 100, "Covered.", "account:1")
    assert rig.db.write(lambda s: credits.credit(s, asked, rig.clock.at)) == 1
    due = charges.Due(
        "test", "correction", (rig.driver, rig.owner), 55, "CNY", "account:1", "More.", 1
    )
    assert (
        rig.db.write(lambda s: charges.charge(s, bookings.get(s, booking.id), due, rig.clock.at))
        == 1
    )
    rig.settle()
    assert len(all_of(rig, ReceiptRow)) == 3
    assert all(link.ok for link in verify_charge(file_of(rig, booking.id)))
    receipt = rig.db.read(lambda s: settlements.receipt_of(s, booking.id))
    assert receipt is not None and json.loads(receipt)["format"] == "berth-receipt"
    assert rig.db.read(lambda s: charges.corrected_minor(s, 1)) == 55
    assert equal(rig)


def test_a_charge_in_a_block_that_vanished_gets_its_new_place(rig: Rig) -> None:
    booking = no_show(rig)
    rig.chain.finality_depth = 3
    rig.settle()
    before = file_of(rig, booking.id)
    rig.chain.rollback(1)
    somebody_else_takes_the_block(rig)
    for _ in range(3):
        rig.sweeps.drive()
    assert rig.chain.read("ledger", "is_settled", CHARGE_NUMBERS + 1)
    after = file_of(rig, booking.id)
    assert all(link.ok for link in verify_charge(after))
    assert after.record == before.record
    assert after.chain.block_number == before.chain.block_number + 1
    assert balances(rig) == (100_000 - FEE, FEE)
    rig.chain.finality_depth = 0
    assert equal(rig)


def test_a_charge_from_an_account_that_is_in_no_block_waits_and_holds_up_no_other(
    rig: Rig,
) -> None:
    """Its number may be a stranger's there."""
    market.market(rig, ("S1", "S2"), 48, **TERMS)
    booking = market.booked(rig, market.hours(START, START + 1), 600)
    rig.sweeps.drive()
    owed(rig, booking, rig.account("late"))
    assert rig.db.write(lambda s: settlements.batch(s, rig.clock.at)) is None
    rig.sweeps.drive()
    assert rig.db.write(lambda s: settlements.batch(s, rig.clock.at)) is not None


def test_what_was_charged_is_never_rewritten(rig: Rig) -> None:
    no_show(rig)

    def rewritten(session):  # type: ignore[no-untyped-def]
        row = session.exec(select(ChargeRow)).one()
        row.amount_minor = 1
        session.add(row)
        session.flush()

    with pytest.raises(DBAPIError, match="append-only"):
        rig.db.write(rewritten)


def test_a_charge_is_one_transfer_that_sums_to_zero(rig: Rig) -> None:
    no_show(rig)
    rig.settle()
    name = f"charge:{CHARGE_NUMBERS + 1}"
    rows = [row for row in all_of(rig, Entry) if row.transfer == name]
    assert {(row.account, row.amount_minor) for row in rows} == {
        (rig.driver, -FEE),
        (rig.owner, FEE),
    }

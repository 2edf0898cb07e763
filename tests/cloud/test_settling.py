"""Section B: money and batches, exactly once, whatever the chain and the process do."""

from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from cloud.adapters.fake_chain import FakeChain
from cloud.core import calls
from cloud.core.calls import STEPS, IllegalStep, stepped
from cloud.core.fees import MAX_FEE_WEI, Fees, outbid, outbids
from cloud.entrypoints.sending import MAX_REPLACEMENTS, REPLACE_AFTER_S, Sending
from cloud.entrypoints.sweeps import Sweeps
from cloud.ports.chain import SignedTransaction
from cloud.tables import (
    Alarm,
    Batch,
    Booking,
    ChainAttempt,
    ChainCall,
    Entry,
    ReceiptRow,
    Settlement,
    Stay,
)
from cloud.usecases import accounts, bookings, filing, settlements
from contracts.ledger.files import read
from contracts.ledger.pending import Pending, verify_pending
from contracts.ledger.receipt import verify
from tests.cloud.rig import Rig
from tests.cloud.test_stays import all_of, books_equal_chain, park, receipt_of

DAY_S = 86_400
CHANGES = (
    "UPDATE entry SET amount_minor = 0",
    "DELETE FROM entry",
    "UPDATE batch SET root = 'x'",
    "DELETE FROM batch",
    "UPDATE settlement SET amount_minor = 1",
    "UPDATE settlement SET record = '{}'",
    "UPDATE settlement SET paid_minor = 1",
    "UPDATE settlement SET batch = NULL",
    "DELETE FROM settlement",
    "UPDATE receipt SET text = '{}'",
    "DELETE FROM receipt",
    "UPDATE chainattempt SET nonce = 99",
    "DELETE FROM chainattempt",
    "INSERT INTO norow VALUES ('t')",
    "UPDATE settlement SET word = '0x0'",
    "UPDATE balance SET sum_minor = sum_minor + 500",
    "UPDATE balance SET sum_minor = sum_minor + 500, entry = entry + 1",
    "UPDATE balance SET entry = entry + 1",
    "DELETE FROM balance",
    "INSERT INTO balance VALUES (999, 'available', 'CNY', 500, 1)",
)


def alarms(rig: Rig) -> set[str]:
    return {alarm.code for alarm in all_of(rig, Alarm)}


def call_named(rig: Rig, name: str) -> ChainCall:
    return next(call for call in all_of(rig, ChainCall) if call.id == name)


def assert_pending(rig: Rig, booking_id: str) -> None:
    """And all of it that needs no block can be checked already."""
    found = read(pending(rig, booking_id) or "")
    assert isinstance(found, Pending) and found.booking == booking_id
    links = verify_pending(found)
    assert len(links) > 5 and all(link.ok for link in links)


def attempts(rig: Rig, name: str) -> list[SignedTransaction]:
    """Oldest first, as they went out."""
    call = call_named(rig, name)
    rows = [row for row in all_of(rig, ChainAttempt) if row.call == call.number]
    rows.sort(key=lambda row: (row.signed_ms, row.max_fee_wei))
    return [SignedTransaction(r.raw, r.hash, r.nonce, filing.offered(r)) for r in rows]


def pending(rig: Rig, booking_id: str) -> str | None:
    return rig.db.read(lambda s: settlements.pending_of(s, booking_id))


def state(rig: Rig, booking_id: str) -> tuple[str, str]:
    booking = rig.db.read(lambda s: s.get_one(Booking, booking_id))
    stay = rig.db.read(lambda s: s.exec(select(Stay).where(Stay.booking == booking_id)).one())
    return booking.state, stay.state


def stuck(rig: Rig) -> str:
    """A batch that was sent and that no block takes."""
    rig.open_market()
    rig.sweeps.drive()
    booking_id = park(rig)
    rig.chain.mining = False
    rig.settle()
    return booking_id


# Money


def test_a_booking_holds_its_price_a_stay_takes_it_and_a_cancellation_gives_it_back(
    rig: Rig,
) -> None:
    rig.open_market()
    booking = rig.booked()
    held = [rig.db.read(lambda s: accounts.balance(s, rig.driver, "held"))]
    rig.db.write(lambda s: bookings.cancel(s, booking.id, "cmd-x", rig.clock.at))
    held.append(rig.db.read(lambda s: accounts.balance(s, rig.driver, "held")))
    assert held == [600, 0]
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 10_000
    second = rig.book(key="k2")
    assert isinstance(second, Booking)
    rig.report("arrival", "occupied", 100, match="accepted", grant=second.grant)
    rig.report("departure", "free", 1900, match="accepted", grant=second.grant)
    rig.settle()
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver, "held")) == 0
    assert rig.db.read(lambda s: accounts.balance(s, rig.owner)) == 290
    assert sum(entry.amount_minor for entry in all_of(rig, Entry)) == 0


def test_the_database_refuses_to_change_what_is_on_record(rig: Rig) -> None:
    rig.open_market()
    park(rig)
    rig.settle()
    rig.sweeps.drive()
    for change in CHANGES:
        with pytest.raises(IntegrityError, match="append-only"):
            rig.db.write(lambda s, change=change: s.connection().execute(text(change)))  # type: ignore[misc]


def test_the_database_refuses_a_transfer_that_does_not_sum_to_zero_and_goes_on(rig: Rig) -> None:
    def lopsided(session: Session) -> None:
        for amount_minor in (-500, 499):
            entry = Entry(
                transfer="t",
                account=1,
                bucket="available",
                amount_minor=amount_minor,
                currency="CNY",
                at_ms=0,
            )
            session.add(entry)

    with pytest.raises(IntegrityError):
        rig.db.write(lopsided)
    assert [entry for entry in all_of(rig, Entry) if entry.transfer == "t"] == []
    rig.top_up(700, "after")
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 700


def test_stays_wait_for_company_until_the_oldest_is_old_enough(rig: Rig) -> None:
    rig.open_market()
    park(rig, depart_s=1900)
    patient = Sweeps(
        rig.db, rig.chain, rig.clock, rig.deployed, 20_000, 600_000, batch_age_ms=60_000
    )
    rig.clock.pass_s(1959)
    patient.batch()
    assert all_of(rig, Batch) == []
    rig.clock.pass_s(1)
    patient.batch()
    assert len(all_of(rig, Batch)) == 1


# From built to final


def test_every_step_of_a_call_is_in_the_table_and_a_final_one_has_none() -> None:
    reached = {"queued"} | set(STEPS.values())
    assert reached == {"queued", "signed", "sent", "mined", "final", "failed"}
    assert {start for start, _ in STEPS}.isdisjoint({"final", "failed"})
    with pytest.raises(IllegalStep):
        stepped("final", "vanish")


def test_a_final_call_cannot_be_taken_back(rig: Rig) -> None:
    rig.open_market()
    rig.sweeps.drive()
    rig.sweeps.drive()
    call = call_named(rig, "account:1")
    with pytest.raises(IllegalStep):
        rig.db.write(lambda s: filing.step(s, call, "vanish"))
    assert call_named(rig, "account:1").status == "final"


@pytest.mark.parametrize("before", [Fees(8, 8), Fees(10**9 + 1, 1), Fees(2 * 10**9, 10**9)])
def test_a_replacement_offers_an_eighth_more_of_both_fees(before: Fees) -> None:
    bid = outbid(before, Fees(0, 0))
    assert bid is not None
    assert 8 * bid.max_fee_wei >= 9 * before.max_fee_wei
    assert 8 * bid.tip_wei >= 9 * before.tip_wei
    assert outbids(bid, before)


def test_no_replacement_passes_the_cap() -> None:
    assert outbid(Fees(MAX_FEE_WEI, 1), Fees(0, 0)) is None
    assert outbid(Fees(1, 1), Fees(MAX_FEE_WEI + 1, 1)) is None


def test_a_call_that_no_block_takes_is_replaced_and_its_first_hash_kept(rig: Rig) -> None:
    stuck(rig)
    rig.clock.pass_s(REPLACE_AFTER_S - 1)
    rig.sweeps.drive()
    assert len(attempts(rig, "batch:1")) == 1
    rig.clock.pass_s(1)
    rig.sweeps.drive()
    first, second = attempts(rig, "batch:1")
    assert (first.nonce, first.hash) != (second.nonce, second.hash)
    assert first.nonce == second.nonce
    assert outbids(second.fees, first.fees)


@pytest.mark.parametrize("which", [0, 1])
def test_a_replaced_batch_counts_under_whichever_hash_was_mined_and_pays_once(
    rig: Rig, which: int
) -> None:
    booking_id = stuck(rig)
    rig.clock.pass_s(REPLACE_AFTER_S)
    for _ in range(2):
        rig.sweeps.drive()
    tried = attempts(rig, "batch:1")
    rig.chain.mine(tried[which])
    for _ in range(3):
        rig.sweeps.drive()
    assert call_named(rig, "batch:1").status == "final"
    assert receipt_of(rig, booking_id).chain.transaction == tried[which].hash
    assert len(attempts(rig, "batch:1")) == 2
    assert rig.chain.read("ledger", "seq") == 1
    assert books_equal_chain(rig)


def test_replacements_end_with_an_alarm_and_the_call_is_still_found(rig: Rig) -> None:
    stuck(rig)
    for _ in range(2 * MAX_REPLACEMENTS + 10):
        rig.clock.pass_s(REPLACE_AFTER_S)
        rig.sweeps.drive()
    tried = attempts(rig, "batch:1")
    assert len(tried) == MAX_REPLACEMENTS + 1
    assert "call_stuck" in alarms(rig)
    rig.chain.mine(tried[3])
    for _ in range(3):
        rig.sweeps.drive()
    assert call_named(rig, "batch:1").status == "final"
    assert "call_stuck" not in alarms(rig)


def test_a_vanished_block_makes_the_settlement_and_its_receipt_pending_and_never_pays_twice(
    rig: Rig,
) -> None:
    rig.open_market()
    rig.chain.finality_depth = 3
    booking_id = park(rig)
    rig.settle()
    assert (pending(rig, booking_id), state(rig, booking_id)) == (None, ("settled", "settled"))
    entries = len(all_of(rig, Entry))
    rig.chain.rollback(1)
    rig.chain.mining = False
    rig.sweeps.drive()
    assert rig.db.read(lambda s: settlements.receipt_of(s, booking_id)) is None
    assert_pending(rig, booking_id)
    assert state(rig, booking_id) == ("completed", "closed")
    rig.chain.mine(attempts(rig, "batch:1")[0])
    rig.sweeps.drive()
    assert (pending(rig, booking_id), state(rig, booking_id)) == (None, ("settled", "settled"))
    assert all(link.ok for link in verify(receipt_of(rig, booking_id)))
    assert len(all_of(rig, Entry)) == entries
    assert books_equal_chain(rig)


def test_a_chain_that_is_down_for_a_day_delays_receipts_and_loses_nothing(rig: Rig) -> None:
    rig.open_market()
    rig.sweeps.drive()
    rig.chain.unreachable = True
    booking_id = park(rig)
    for _ in range(48):
        rig.clock.pass_s(DAY_S / 48)
        rig.settle()
        rig.sweeps.audit()
    assert_pending(rig, booking_id)
    assert state(rig, booking_id) == ("completed", "closed")
    rig.chain.unreachable = False
    rig.settle()
    assert pending(rig, booking_id) is None
    assert all(link.ok for link in verify(receipt_of(rig, booking_id)))
    assert (len(all_of(rig, Batch)), len(all_of(rig, Settlement))) == (1, 1)
    assert books_equal_chain(rig)


class Killed(BaseException):
    """As a kill would end the process: nothing of ours catches it."""


class KilledAt(FakeChain):
    """Ends the process before or after the nth thing that it is asked."""

    left: int | None = None
    after = False

    def _count(self) -> bool:
        if self.left is None:
            return False
        self.left -= 1
        return self.left == 0

    def send(self, tx: SignedTransaction) -> None:
        due = self._count()
        if due and not self.after:
            raise Killed
        super().send(tx)
        if due:
            raise Killed

    def _reach(self) -> None:
        super()._reach()
        if self._count():
            raise Killed


@pytest.mark.parametrize("after", [False, True])
def test_a_sender_killed_at_any_question_goes_on_and_settles_once(
    tmp_path: Path, after: bool
) -> None:
    for moment in range(1, 12):
        rig = Rig(tmp_path / str(moment), chain_type=KilledAt)
        rig.open_market()
        rig.sweeps.drive()
        park(rig)
        rig.sweeps.batch()
        assert isinstance(rig.chain, KilledAt)
        rig.chain.left, rig.chain.after = moment, after
        with suppress(Killed):
            rig.sweeps.drive()
        rig.chain.left = None
        for _ in range(3):
            rig.settle()
        assert call_named(rig, "batch:1").status == "final"
        assert len(all_of(rig, Batch)) == 1
        assert books_equal_chain(rig)
        rig.db.close()


def test_waiting_and_filed_are_states_of_the_table() -> None:
    known = set(STEPS.values())
    assert {*calls.WAITING, *calls.FILED} <= known


def test_a_cloud_that_died_between_the_block_and_the_receipt_issues_it_later(rig: Rig) -> None:
    rig.open_market()
    booking_id = park(rig)
    rig.sweeps.batch()
    sweeps = rig.sweeps
    Sending(sweeps.db, sweeps.chain, sweeps.clock, sweeps.deployed, sweeps.contact).drive()
    assert call_named(rig, "batch:1").status in calls.FILED
    assert rig.db.read(lambda s: settlements.receipt_or_pending(s, booking_id))[1]
    rig.sweeps.drive()
    assert all(link.ok for link in verify(receipt_of(rig, booking_id)))
    rig.sweeps.drive()
    assert len(all_of(rig, ReceiptRow)) == 1
    assert books_equal_chain(rig)

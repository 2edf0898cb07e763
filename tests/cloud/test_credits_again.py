"""Credits whatever happens to the process, the block or the batch: filed, and never paid twice."""

from random import Random

import pytest

from cloud.adapters.db import Database
from cloud.entrypoints.sweeps import Sweeps
from cloud.tables import Batch, Booking, Stay
from cloud.usecases import credits, settlements
from contracts.ledger.credit import verify_credit
from contracts.ledger.receipt import Receipt, read, verify
from tests.cloud.rig import Rig
from tests.cloud.test_credits import PAID, balances, decide, equal, file_of, pending_of, settled
from tests.cloud.test_stays import all_of, park, somebody_else_takes_the_block


def test_a_cloud_killed_after_the_decision_files_it_when_it_is_back(rig: Rig) -> None:
    booking_id = settled(rig)
    decide(rig)
    rig.db.close()
    rig.db = Database(rig.url or rig.folder / "cloud.sqlite", plate_key=rig.plate_key)
    rig.sweeps = Sweeps(rig.db, rig.chain, rig.clock, rig.deployed, 20_000, 600_000)
    assert pending_of(rig, booking_id)["status"] == "pending"
    for _ in range(3):
        rig.settle()
    assert len(all_of(rig, Batch)) == 2
    assert all(link.ok for link in verify_credit(file_of(rig, booking_id)))
    assert balances(rig) == (9_810, 190) and equal(rig)


def test_a_credits_batch_that_vanishes_is_filed_again_and_never_paid_twice(rig: Rig) -> None:
    booking_id = settled(rig)
    rig.chain.finality_depth = 3
    decide(rig)
    rig.settle()
    before = file_of(rig, booking_id)
    rig.chain.rollback(1)
    rig.chain.mining = False
    rig.sweeps.drive()
    assert pending_of(rig, booking_id)["batch"] == 2
    assert {row.state for row in (*all_of(rig, Booking), *all_of(rig, Stay))} == {"settled"}
    rig.chain.mining = True
    somebody_else_takes_the_block(rig)
    for _ in range(3):
        rig.sweeps.drive()
    after = file_of(rig, booking_id)
    assert after.chain.block_number == before.chain.block_number + 1
    assert after.record == before.record
    assert all(link.ok for link in verify_credit(after))
    assert balances(rig) == (9_810, 190)
    rig.chain.finality_depth = 0
    assert equal(rig)


def test_after_both_blocks_vanished_the_file_names_the_new_block_of_the_stay(rig: Rig) -> None:
    rig.open_market()
    rig.chain.finality_depth = 5
    booking_id = park(rig)
    rig.settle()
    decide(rig)
    rig.settle()
    rig.chain.rollback(2)
    somebody_else_takes_the_block(rig)
    for _ in range(4):
        rig.sweeps.drive()
    made = file_of(rig, booking_id)
    assert made.corrects == read(rig.db.read(lambda s: settlements.receipt_of(s, booking_id)) or "")
    assert all(link.ok for link in verify_credit(made))
    assert balances(rig) == (9_810, 190)


def test_stays_and_credits_share_a_batch_and_each_gets_its_own_paper(rig: Rig) -> None:
    first = settled(rig)
    decide(rig)
    booking = rig.book(begins_s=3700, ends_s=7300, key="k2")
    assert isinstance(booking, Booking)
    rig.report("arrival", "occupied", 3750, match="accepted", grant=booking.grant)
    rig.report("departure", "free", 5550, match="accepted", grant=booking.grant)
    rig.settle()
    assert len(all_of(rig, Batch)) == 2
    assert all(link.ok for link in verify_credit(file_of(rig, first)))
    second = read(rig.db.read(lambda s: settlements.receipt_of(s, booking.id)) or "")
    assert isinstance(second, Receipt) and all(link.ok for link in verify(second))
    assert second.chain.batch == 2 == file_of(rig, first).chain.batch
    assert equal(rig)


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_of_credits_batches_and_lost_blocks_no_more_goes_back_than_was_paid(
    rig: Rig, seed: int
) -> None:
    """Run again by its seed."""
    booking_id = settled(rig)
    begun_at, rig.chain.finality_depth = rig.chain.finalized(), 4
    random = Random(seed)
    for step in range(24):
        what = random.choice(("credit", "credit", "batch", "drive", "lose"))
        if what == "credit":
            decide(rig, request_key=f"op:{step}", amount_minor=random.randrange(1, 120))
        elif what == "batch":
            rig.sweeps.batch()
        elif what == "drive":
            rig.sweeps.drive()
        elif rig.chain.finalized() + 4 > begun_at:
            rig.chain.rollback(1)
            somebody_else_takes_the_block(rig)
    rig.chain.finality_depth = 0
    for _ in range(4):
        rig.settle()
    seen = rig.db.read(lambda s: credits.of_booking(s, booking_id))
    paid_back = sum(credit["paid_minor"] for credit in seen)
    assert 0 < paid_back <= PAID and balances(rig) == (10_000 - PAID + paid_back, PAID - paid_back)
    assert equal(rig)
    for credit in seen:
        file = file_of(rig, booking_id, credit["number"])
        assert [link for link in verify_credit(file) if not link.ok] == []

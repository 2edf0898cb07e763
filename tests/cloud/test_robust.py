"""What must not stop the rest: each was once a fault."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlmodel import select

from cloud.adapters.fake_chain import FakeChain
from cloud.core.reasons import Refusal
from cloud.ports.chain import Call, SignedTransaction
from cloud.tables import Alarm, Booking, ChainCall, EventRow, Settlement, Stay
from cloud.usecases import accounts, bookings, gateways, stays
from contracts.ledger.hashing import unhex
from contracts.wire.messages import PlateProof, SignedEvent
from contracts.wire.signing import address_of, event_digest, plate_commitment, sign
from contracts.wire.types import ZERO_DIGEST
from tests.cloud.rig import Rig, title_rows
from tests.cloud.test_stays import (
    all_of,
    books_equal_chain,
    park,
    receipt_of,
    somebody_else_takes_the_block,
)
from tests.contracts.making import KEY, OTHER_KEY, at


def code(result: object) -> str:
    assert isinstance(result, Refusal), result
    return result.reasons[0].code


def alarms(rig: Rig) -> set[str]:
    return {alarm.code for alarm in all_of(rig, Alarm)}


def on_chain(rig: Rig, function: str) -> None:
    call = Call("ledger", function, (), "admin")
    rig.chain.send(rig.chain.sign(call, rig.chain.next_nonce("admin")))


def test_a_paused_ledger_delays_batches_and_loses_none(rig: Rig) -> None:
    rig.open_market()
    park(rig)
    on_chain(rig, "pause")
    rig.settle()
    assert "call_blocked" in alarms(rig)
    rig.top_up(500, "meanwhile")
    rig.settle()
    assert rig.chain.read("ledger", "balance_of", rig.driver) == 10_500
    on_chain(rig, "unpause")
    rig.settle()
    assert rig.chain.read("ledger", "is_settled", 1)
    assert books_equal_chain(rig)


class PausedJustBefore(FakeChain):
    """The ledger is paused after our call was estimated and before it is included."""

    paused = False

    def send(self, tx: SignedTransaction) -> None:
        if not self.paused and b"settle_batch" in tx.raw:
            self.paused = True
            pause = Call("ledger", "pause", (), "admin")
            super().send(self.sign(pause, self.next_nonce("admin")))
        super().send(tx)


def test_a_batch_that_was_included_and_reverted_is_filed_later(tmp_path: Path) -> None:
    rig = Rig(tmp_path, chain_type=PausedJustBefore)
    rig.open_market()
    park(rig)
    rig.settle()
    assert not rig.chain.read("ledger", "is_settled", 1)
    assert "call_blocked" in alarms(rig)
    on_chain(rig, "unpause")
    rig.settle()
    assert rig.chain.read("ledger", "is_settled", 1)
    assert books_equal_chain(rig)
    assert "call_blocked" not in alarms(rig)


def test_a_deposit_that_the_chain_refuses_leaves_no_credit(rig: Rig) -> None:
    rig.open_market()
    rig.sweeps.drive()
    call = Call("token", "approve", (rig.deployed.ledger, 0), "admin")
    rig.chain.send(rig.chain.sign(call, rig.chain.next_nonce("admin")))
    rig.top_up(700, "refused")
    rig.sweeps.drive()
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 10_000
    assert "call_failed" in alarms(rig)
    assert books_equal_chain(rig)


def test_a_stay_of_impossible_length_goes_to_a_person_and_the_gateway_goes_on(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    rig.report("departure", "free", 3e8)
    assert [stay.state for stay in all_of(rig, Stay)] == ["disputed"]
    assert "broken_evidence" in alarms(rig)
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 10_000
    assert rig.report("arrival", "occupied", 3e8 + 100).refused is None


def test_a_flapping_sensor_cannot_stop_the_settling_of_others(rig: Rig) -> None:
    """A stay of more events than a receipt holds goes to a person."""
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    flapping = [
        rig.next_event("snapshot", ("unknown", "occupied")[n % 2], 200 + n) for n in range(1000)
    ]
    rig.db.write(lambda s: [stays.take(s, e, rig.domain, rig.clock.at) for e in flapping])
    rig.report("departure", "free", 1900)
    rig.settle()
    assert [stay.state for stay in all_of(rig, Stay)] == ["disputed"]
    assert all_of(rig, Settlement) == []


def test_a_driver_who_came_while_the_gateway_was_offline_is_no_no_show(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.clock.pass_s(3600 + 61)
    rig.sweeps.watch()
    assert rig.db.read(lambda s: bookings.get(s, booking.id)).state == "confirmed"
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    assert rig.db.read(lambda s: bookings.get(s, booking.id)).state == "active"


def test_an_arrival_by_a_grant_whose_booking_is_over_is_told_to_a_person(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.db.write(lambda s: bookings.cancel(s, booking.id, "cmd-x", rig.clock.at))
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    assert "grant_without_booking" in alarms(rig)


def test_another_plate_in_mid_stay_goes_to_a_person(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    rig.report("snapshot", "occupied", 900, match="other")
    rig.report("departure", "free", 1900)
    # The change of plate splits the stay: nobody booked the second.
    assert [stay.state for stay in all_of(rig, Stay)] == ["disputed", "unpaid"]
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 10_000


def test_commands_for_a_silent_gateway_do_not_hold_up_the_others(rig: Rig) -> None:
    rig.open_market()
    rig.booked()
    assert len(rig.db.read(gateways.pending)) == 1
    rig.heartbeat(online=False)
    assert rig.db.read(gateways.pending) == []
    rig.heartbeat()
    assert len(rig.db.read(gateways.pending)) == 1


def test_a_grant_nobody_needs_any_more_is_dropped(rig: Rig) -> None:
    rig.open_market()
    park(rig)
    rig.sweeps.watch()
    assert rig.db.read(gateways.pending) == []


def test_a_key_that_comes_back_is_registered_again(rig: Rig) -> None:
    rig.import_titles()
    place = ("lot-1", ["S1"])
    for key in (KEY, OTHER_KEY, KEY):
        signer = address_of(key)
        rig.db.write(lambda s, k=signer: gateways.enrol(s, "gw-1", k, place, at(0), True))
    rig.sweeps.drive()
    name = rig.chain.read("registry", "gateway_of", address_of(KEY))
    assert bytes(name) != bytes(32)


def test_a_stay_over_a_change_of_keys_goes_to_a_person(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    signer, now = address_of(OTHER_KEY), rig.clock.at
    place = ("lot-1", ["S1"])
    assert (
        code(rig.db.write(lambda s: gateways.enrol(s, "gw-1", signer, place, now))) == "other_key"
    )
    rig.db.write(lambda s: gateways.enrol(s, "gw-1", signer, place, now, replace_key=True))
    rig.report("departure", "free", 1900, key=OTHER_KEY)
    assert [stay.state for stay in all_of(rig, Stay)] == ["disputed"]


@pytest.mark.parametrize("marked", [True, False])
def test_a_space_whose_title_changed_can_no_longer_be_booked(rig: Rig, marked: bool) -> None:
    rig.open_market()
    if not marked:
        rig.chain.unreachable = True
    rig.import_titles(title_rows({"S1": {"encumbrance": "seized"}}), name="b")
    rig.sweeps.drive()
    assert code(rig.book()) == "no_offer"


@pytest.mark.parametrize(
    ("occupancy", "reason"), [("unknown", "space_unknown"), ("occupied", "space_occupied")]
)
def test_what_is_not_recommended_cannot_be_booked_either(
    rig: Rig, occupancy: str, reason: str
) -> None:
    rig.open_market()
    rig.report("snapshot", occupancy, 10)
    assert code(rig.book()) == reason


def test_a_plate_that_does_not_open_the_commitment_is_not_kept(rig: Rig) -> None:
    rig.open_market()
    salt = bytes(range(32))
    commitment = plate_commitment("沪A12345", salt)
    genuine = rig.next_event("arrival", "occupied", 100, plate=commitment)
    forged = genuine.model_copy(update={"plate": PlateProof(text="FORGED1", salt=ZERO_DIGEST)})
    rig.take(forged)
    (row,) = [row for row in all_of(rig, EventRow) if row.seq == genuine.body.seq]
    assert row.plate is None


def test_an_idempotency_key_serves_one_request_only(rig: Rig) -> None:
    rig.open_market()
    rig.booked()
    assert code(rig.book(60, 7260, 1200)) == "key_reused"
    assert code(rig.top_up(999, "first")) == "key_reused"


def test_a_text_that_is_no_plate_is_refused(rig: Rig) -> None:
    rig.open_market()
    for text in ("!!", "' OR 1=1", "A"):
        assert not bookings.PLATE.fullmatch(bookings.plate_of(text))
    for text in ("沪A·12345", "沪a 12345", "粤B3RS91", "京AD12345", "M-AB 1234"):
        assert bookings.PLATE.fullmatch(bookings.plate_of(text))


def test_cancelling_twice_is_cancelling_once(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    for _ in range(2):
        done = rig.db.write(lambda s: bookings.cancel(s, booking.id, "cmd-x", rig.clock.at))
        assert isinstance(done, Booking)
        assert done.state == "cancelled"
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 10_000


def test_a_silent_gateway_is_an_alarm_until_it_is_heard_again(rig: Rig) -> None:
    rig.open_market()
    rig.clock.pass_s(21)
    rig.sweeps.watch()
    assert "gateway_silent" in alarms(rig)
    rig.heartbeat()
    assert "gateway_silent" not in alarms(rig)


def test_books_that_differ_from_the_chain_are_told(rig: Rig) -> None:
    rig.open_market()
    rig.sweeps.drive()
    rig.sweeps.audit()
    assert "books_differ" not in alarms(rig)
    lost = accounts.money.deposit(rig.driver, -1)
    rig.db.write(lambda s: accounts.post(s, "lost", lost, rig.now_ms))
    rig.sweeps.audit()
    assert "books_differ" in alarms(rig)
    found = accounts.money.deposit(rig.driver, 1)
    rig.db.write(lambda s: accounts.post(s, "found", found, rig.now_ms))
    rig.sweeps.audit()
    assert "books_differ" not in alarms(rig)


class SettlesMeanwhile(FakeChain):
    """While the books are compared, a whole batch is made and mined."""

    meanwhile: Callable[[], None] | None = None

    def balances(self, accounts: Sequence[int], block_number: int) -> list[int]:
        if self.meanwhile is not None:
            settle, self.meanwhile = self.meanwhile, None
            settle()
        return super().balances(accounts, self.finalized())


def test_books_that_move_while_they_are_compared_raise_no_alarm(tmp_path: Path) -> None:
    rig = Rig(tmp_path, chain_type=SettlesMeanwhile)
    rig.open_market()
    rig.sweeps.drive()
    park(rig)
    assert isinstance(rig.chain, SettlesMeanwhile)
    rig.chain.meanwhile = rig.settle
    rig.sweeps.audit()
    assert rig.chain.read("ledger", "is_settled", 1)
    assert "books_differ" not in alarms(rig)


def test_a_new_epoch_begins_only_at_its_first_number(rig: Rig) -> None:
    rig.open_market()
    body = rig.next_event("snapshot", "occupied", 50).body
    for seq, effect in ((2, "waiting"), (1, "opened")):
        moved = body.model_copy(update={"epoch": 2, "seq": seq, "previous": ZERO_DIGEST})
        digest = event_digest(moved, rig.domain)
        rig.take(SignedEvent(body=moved, signature=sign(digest, KEY)))
        row = rig.db.read(lambda s, n=seq: s.get_one(EventRow, ("gw-1", 2, n)))
        assert row.effect == effect


def test_all_calls_of_an_ordinary_day_are_final_in_the_end(rig: Rig) -> None:
    rig.open_market()
    park(rig)
    rig.settle()
    rig.sweeps.drive()
    states = set(rig.db.read(lambda s: list(s.exec(select(ChainCall.status)))))
    assert states == {"final"}
    assert unhex(rig.deployed.ledger)


def test_a_grant_is_good_for_its_own_space_only(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, space="S2", match="accepted", grant=booking.grant)
    assert [(stay.space, stay.booking) for stay in all_of(rig, Stay)] == [("S2", None)]
    assert rig.db.read(lambda s: bookings.get(s, booking.id)).state == "confirmed"


def test_a_batch_that_moved_to_another_block_by_itself_is_followed(rig: Rig) -> None:
    rig.open_market()
    rig.chain.finality_depth = 3
    booking_id = park(rig)
    rig.settle()
    before = receipt_of(rig, booking_id)
    (call,) = [call for call in all_of(rig, ChainCall) if call.id == "batch:1"]
    rig.chain.rollback(1)
    somebody_else_takes_the_block(rig)
    rig.chain.send(SignedTransaction(call.raw, call.hash, call.nonce))
    rig.sweeps.drive()
    assert receipt_of(rig, booking_id).chain.block_number == before.chain.block_number + 1


def test_the_database_waits_for_the_disk(rig: Rig) -> None:
    pragmas = [
        rig.db.write(lambda s, n=name: s.connection().exec_driver_sql(f"PRAGMA {n}").scalar())
        for name in ("journal_mode", "synchronous")
    ]
    assert pragmas == ["wal", 2]

"""Step 6: signed events become stays, money and receipts, exactly once."""

import json
from itertools import permutations

import pytest
from sqlmodel import Session, select

from cloud.ports.chain import Call
from cloud.tables import Alarm, Batch, ChainCall, EventRow, Settlement, Space, Stay
from cloud.usecases import accounts, bookings, gateways, settlements
from contracts.ledger.receipt import Receipt, read, verify
from contracts.wire.messages import SignedEvent, Status
from tests.cloud.rig import Rig
from tests.contracts.making import OTHER_KEY, at


def all_of(rig: Rig, table: type) -> list:  # type: ignore[type-arg]
    return rig.db.read(lambda s: list(s.exec(select(table))))


def park(rig: Rig, arrive_s: float = 100, depart_s: float = 1900) -> str:
    """A whole booked stay, reported; gives the booking's id."""
    booking = rig.booked()
    rig.report("arrival", "occupied", arrive_s, match="accepted", grant=booking.grant)
    rig.report("departure", "free", depart_s, match="accepted", grant=booking.grant)
    return booking.id


def test_a_stay_is_priced_paid_filed_and_receipted(rig: Rig) -> None:
    rig.open_market()
    booking_id = park(rig)
    rig.settle()
    text = rig.db.read(lambda s: settlements.receipt_of(s, booking_id))
    assert text is not None
    receipt = read(text)
    assert isinstance(receipt, Receipt)
    assert [link for link in verify(receipt) if not link.ok] == []
    # 1,800 s less half a second of doubt at either end: 29 whole minutes at 6.00 an hour.
    assert receipt.total_minor == 290
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 10_000 - 290
    assert rig.db.read(lambda s: accounts.balance(s, rig.owner)) == 290
    assert rig.db.read(lambda s: bookings.get(s, booking_id)).state == "settled"


def test_the_ledger_on_the_chain_holds_the_same_balances(rig: Rig) -> None:
    rig.open_market()
    park(rig)
    rig.settle()
    for account in (rig.driver, rig.owner):
        ours = rig.db.read(lambda s, a=account: accounts.total_of(s, a))
        assert rig.chain.read("ledger", "balance_of", account) == ours
    assert rig.chain.read("ledger", "is_settled", 1)


def test_every_sweep_may_run_again_without_settling_twice(rig: Rig) -> None:
    rig.open_market()
    park(rig)
    for _ in range(3):
        rig.settle()
    assert len(all_of(rig, Batch)) == 1
    assert len(all_of(rig, Settlement)) == 1


def test_a_crash_between_signing_and_sending_sends_the_same_transaction(rig: Rig) -> None:
    """The call is on record with its bytes; the next run sends those, and no second call."""
    rig.open_market()
    park(rig)
    rig.sweeps.batch()
    rig.chain.unreachable = True
    rig.sweeps.drive()
    (call,) = [c for c in all_of(rig, ChainCall) if c.id == "batch:1"]
    assert call.status in ("queued", "signed")
    rig.chain.unreachable = False
    rig.sweeps.drive()
    assert rig.chain.read("ledger", "seq") == 1
    assert rig.chain.read("ledger", "is_settled", 1)


def test_a_vanished_block_is_sent_again_and_the_receipt_follows(rig: Rig) -> None:
    rig.open_market()
    rig.chain.finality_depth = 3
    booking_id = park(rig)
    rig.settle()
    before = receipt_of(rig, booking_id)
    rig.chain.rollback(1)
    assert not rig.chain.read("ledger", "is_settled", 1)
    somebody_else_takes_the_block(rig)
    for _ in range(3):
        rig.sweeps.drive()
    assert rig.chain.read("ledger", "is_settled", 1)
    assert rig.db.read(lambda s: accounts.balance(s, rig.owner)) == 290
    after = receipt_of(rig, booking_id)
    assert after.chain.block_number == before.chain.block_number + 1
    assert after.record == before.record


def receipt_of(rig: Rig, booking_id: str) -> Receipt:
    receipt = read(rig.db.read(lambda s: settlements.receipt_of(s, booking_id)) or "")
    assert isinstance(receipt, Receipt)
    return receipt


def somebody_else_takes_the_block(rig: Rig) -> None:
    mint = Call("token", "mint", ("0x" + "d4" * 20, 1), "admin")
    rig.chain.send(rig.chain.sign(mint, rig.chain.next_nonce("admin")))


def test_a_silent_gateways_spaces_become_unknown_and_a_booked_stay_goes_on(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    rig.clock.pass_s(21)
    rig.sweeps.watch()
    assert rig.db.read(lambda s: s.get_one(Space, "S1")).occupancy == "unknown"
    rig.report("departure", "free", 1900)
    assert [stay.state for stay in all_of(rig, Stay)] == ["closed"]


def test_a_posting_of_one_name_counts_once(rig: Rig) -> None:
    for _ in range(2):
        postings = accounts.money.deposit(rig.driver, 500)
        rig.db.write(lambda s, p=postings: accounts.post(s, "one", p, rig.now_ms))
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 500


def dump(session: Session) -> str:
    rows = [
        [row.model_dump(mode="json") for row in session.exec(select(table).order_by(key))]
        for table, key in ((Stay, Stay.number), (EventRow, EventRow.seq), (Space, Space.id))
    ]
    return json.dumps(rows, sort_keys=True, default=str)


def test_any_order_and_any_duplicates_give_the_same_stays(tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    """I6: permutations of the same events end in the same state, byte for byte."""
    ends = set()
    for order in permutations(range(4)):
        rig = Rig(tmp_path_factory.mktemp("order"))
        rig.open_market()
        events = [
            rig.next_event("arrival", "occupied", 100),
            rig.next_event("fault", "unknown", 500),
            rig.next_event("snapshot", "occupied", 600),
            rig.next_event("departure", "free", 900),
        ]
        for index in order:
            rig.take(events[index])
            rig.take(events[index])
        ends.add(rig.db.read(dump))
        rig.db.close()
    assert len(ends) == 1


def test_events_after_a_gap_wait_and_the_gap_is_asked_for(rig: Rig) -> None:
    rig.open_market()
    first = rig.next_event("arrival", "occupied", 100)
    taken = rig.report("departure", "free", 900)
    assert (taken.seq, taken.gap) == (1, (2, 2))
    assert all_of(rig, Stay) == []
    taken = rig.take(first)
    assert (taken.seq, taken.gap) == (3, None)
    assert [stay.state for stay in all_of(rig, Stay)] == ["unpaid"]


def test_an_event_signed_with_a_wrong_key_changes_nothing_and_raises_an_alarm(rig: Rig) -> None:
    rig.open_market()
    taken = rig.report("arrival", "occupied", 100, key=OTHER_KEY)
    assert taken.refused == "wrong_key"
    assert all_of(rig, Stay) == []
    assert [alarm.code for alarm in all_of(rig, Alarm)] == ["wrong_key"]


def test_an_event_changed_after_signing_is_refused(rig: Rig) -> None:
    rig.open_market()
    signed = rig.next_event("arrival", "occupied", 100)
    moved = signed.body.model_copy(update={"uncertainty_s": 9.0})
    assert rig.take(signed.model_copy(update={"body": moved})).refused == "wrong_key"


def test_an_unknown_gateway_is_refused(rig: Rig) -> None:
    rig.import_titles()
    assert rig.report("arrival", "occupied", 100).refused == "unknown_gateway"


def test_a_number_used_for_two_different_events_is_refused(rig: Rig) -> None:
    rig.open_market()
    rig.report("arrival", "occupied", 100)
    rig._seq -= 1
    assert rig.report("arrival", "occupied", 101).refused == "number_reused"


def test_a_gateway_affects_only_its_own_spaces(rig: Rig) -> None:
    rig.open_market()
    taken = rig.report("arrival", "occupied", 100, space="S5")
    assert taken.refused is None
    assert all_of(rig, Stay) == []
    assert [alarm.code for alarm in all_of(rig, Alarm)] == ["foreign_space"]


def test_another_vehicle_in_a_booked_space_is_an_unbooked_stay(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="other")
    (stay,) = all_of(rig, Stay)
    assert stay.booking is None
    assert rig.db.read(lambda s: bookings.get(s, booking.id)).state == "confirmed"


def test_a_nearly_fitting_plate_goes_to_a_person_and_charges_nobody(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="ambiguous", grant=booking.grant)
    assert [alarm.code for alarm in all_of(rig, Alarm)] == ["ambiguous_plate"]
    assert [stay.booking for stay in all_of(rig, Stay)] == [None]


def test_a_car_nobody_booked_raises_an_alarm_after_ten_minutes(rig: Rig) -> None:
    rig.open_market()
    rig.report("arrival", "occupied", 100)
    rig.clock.pass_s(699)
    rig.heartbeat()
    rig.sweeps.watch()
    assert all_of(rig, Alarm) == []
    rig.clock.pass_s(2)
    rig.sweeps.watch()
    assert [alarm.code for alarm in all_of(rig, Alarm)] == ["unbooked"]


def test_a_stay_that_outgrows_the_balance_is_paid_as_far_as_it_goes_and_reported(rig: Rig) -> None:
    """ParkingPPX failure 3: there the excess was free; here it is on record as missing."""
    rig.open_market()
    booking_id = park(rig, depart_s=13_000 * 20)
    rig.settle()
    row = rig.db.read(lambda s: s.get_one(Settlement, 1))
    assert (row.paid_minor, row.amount_minor > 10_000) == (10_000, True)
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 0
    assert books_equal_chain(rig)
    assert rig.db.read(lambda s: settlements.receipt_of(s, booking_id)) is not None
    assert "unpaid" in [alarm.code for alarm in all_of(rig, Alarm)]


def test_broken_evidence_is_never_charged(rig: Rig) -> None:
    """The gateway's store was lost in mid-stay: a new epoch, and no proof of what lies between."""
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    signed: SignedEvent = rig.next_event("departure", "free", 1900)
    body = signed.body.model_copy(update={"epoch": 2, "seq": 1})
    from contracts.wire.signing import event_digest, sign
    from tests.contracts.making import KEY

    rig.take(SignedEvent(body=body, signature=sign(event_digest(body, rig.domain), KEY)))
    assert [stay.state for stay in all_of(rig, Stay)] == ["disputed"]
    assert all_of(rig, Settlement) == []
    assert "broken_evidence" in [alarm.code for alarm in all_of(rig, Alarm)]


@pytest.mark.parametrize("times", [1, 5])
def test_settlements_of_many_stays_go_in_one_batch(rig: Rig, times: int) -> None:
    rig.open_market()
    for index in range(times):
        begins = 60 + 1000 * index
        quoted = 900 // 60 * 60 * 600 // 3600
        booking = rig.book(begins, begins + 900, quoted, key=f"k{index}")
        grant = booking.grant  # type: ignore[union-attr]
        rig.report("arrival", "occupied", begins + 10, match="accepted", grant=grant)
        rig.report("departure", "free", begins + 800, match="accepted", grant=grant)
    rig.settle()
    assert len(all_of(rig, Batch)) == 1
    assert len(all_of(rig, Settlement)) == times


def status(boot_id: str, online: bool) -> Status:
    return Status(
        gateway="gw-1", online=online, at=at(0), boot_id=boot_id, version="1", clock="synced"
    )


@pytest.mark.parametrize(("boot_id", "asked"), [("b", True), ("another", False)])
def test_a_gateway_that_was_away_is_asked_what_it_sees_unless_it_booted(
    rig: Rig, boot_id: str, asked: bool
) -> None:
    rig.open_market()
    rig.heartbeat(online=False)
    back = status(boot_id, online=True)
    assert rig.db.write(lambda s: gateways.heard(s, back, rig.clock.at)) is asked
    assert not rig.db.write(lambda s: gateways.heard(s, back, rig.clock.at))


def test_strangers_share_one_alarm(rig: Rig) -> None:
    rig.import_titles()
    for seconds in (100, 200):
        rig.report("arrival", "occupied", seconds)
    assert [alarm.id for alarm in all_of(rig, Alarm)] == ["unknown_gateway:strangers"]


def books_equal_chain(rig: Rig) -> bool:
    return all(
        rig.chain.read("ledger", "balance_of", account)
        == rig.db.read(lambda s, a=account: accounts.total_of(s, a))
        for account in (rig.driver, rig.owner)
    )


def test_the_books_equal_the_chain_when_one_stay_eats_into_another_hold(rig: Rig) -> None:
    rig.open_market()
    first = rig.booked()
    rig.book(3660, 7260, 600, key="k2")
    spent = accounts.money.deposit(rig.driver, -8_800)
    rig.db.write(lambda s: accounts.post(s, "spent", spent, rig.now_ms))
    rig.report("arrival", "occupied", 100, match="accepted", grant=first.grant)
    rig.report("departure", "free", 100 + 6000, match="accepted", grant=first.grant)
    rig.settle()
    row = rig.db.read(lambda s: s.get_one(Settlement, 1))
    assert row.paid_minor == row.amount_minor > 600
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 1_200 - 600 - row.amount_minor
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver, "held")) == 600


def test_the_books_equal_the_chain_when_money_comes_after_the_departure(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    rig.report("departure", "free", 260_000, match="accepted", grant=booking.grant)
    rig.top_up(1_000_000, "afterwards")
    rig.settle()
    row = rig.db.read(lambda s: s.get_one(Settlement, 1))
    assert row.paid_minor == row.amount_minor
    assert books_equal_chain(rig)

"""Who asks to withdraw leaves what his bookings and unsettled stays need, and no more."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from cloud.adapters.devchain import DevChainServer
from cloud.adapters.fake_chain import FakeChain
from cloud.tables import Booking, ChainCall, Setting, Settlement
from cloud.usecases import bookings, credits, holds
from contracts.wire.types import to_ms
from tests.cloud.rig import ADDRESSES, HandClock
from tests.cloud.test_settling_withdrawals import DELAY_S, Owned, on_node, ready
from tests.cloud.test_stays import all_of, park
from tests.contracts.making import at

DAY_S = 86_400
WEEK_S = 7 * DAY_S


@pytest.fixture(params=["fake", "devchain"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Owned]:
    if request.param == "fake":
        yield ready(Owned(tmp_path))
        return
    clock = HandClock(at(0))
    server = DevChainServer(tmp_path / "chain", now=lambda: to_ms(clock.at) // 1000)
    try:
        yield ready(on_node(server, tmp_path, clock))
    finally:
        server.stop()


@pytest.fixture
def fake(tmp_path: Path) -> Owned:
    return ready(Owned(tmp_path))


def kept(rig: Owned) -> None:
    """A turn of what the cloud does by itself."""
    for step in (rig.sweeps.audit, rig.sweeps.keep, rig.sweeps.drive, rig.sweeps.drive):
        step()


def asks(rig: Owned, amount_minor: int, number: int = 0) -> int:
    """Gives when the request ends, in seconds of the chain."""
    account = number or rig.driver
    rig.do(("ledger", "request_withdraw"), account, amount_minor)
    kept(rig)
    return int(rig.chain.read("ledger", "withdrawal_of", account)[1]) + WEEK_S


def held(rig: Owned, number: int = 0) -> tuple[int, int]:
    """(minor units, until): as the contract has it."""
    amount_minor, until_s = rig.chain.read("ledger", "hold_of", number or rig.driver)
    return int(amount_minor), int(until_s)


def placed(rig: Owned) -> list[str]:
    return [call.status for call in all_of(rig, ChainCall) if call.id.startswith("hold:")]


def left(rig: Owned) -> int:
    return int(rig.chain.read("ledger", "balance_of", rig.driver))


def arrived_and_left(rig: Owned, booking: Booking, depart_s: float = 1_900) -> None:
    rig.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    rig.report("departure", "free", depart_s, match="accepted", grant=booking.grant)


def test_who_withdraws_all_leaves_what_a_booking_holds_and_the_stay_is_paid(rig: Owned) -> None:
    booking = rig.booked()
    ends_s = asks(rig, 10_000)
    assert held(rig) == (600, ends_s)
    rig.clock.pass_s(DELAY_S)
    rig.do(("ledger", "withdraw"), rig.driver)
    assert left(rig) == 600
    kept(rig)
    arrived_and_left(rig, booking)
    for step in (rig.sweeps.batch, rig.sweeps.drive, rig.sweeps.drive, rig.sweeps.audit):
        step()
    assert rig.equal()
    assert rig.alarms() == set()


def test_what_was_held_may_be_withdrawn_by_the_same_request_once_nothing_holds_it(
    rig: Owned,
) -> None:
    park(rig)
    asks(rig, 10_000)
    rig.clock.pass_s(DELAY_S)
    rig.do(("ledger", "withdraw"), rig.driver)
    assert left(rig) == 600
    rig.sweeps.batch()
    for _ in range(2):
        kept(rig)
    assert held(rig) == (0, 0)
    rig.do(("ledger", "withdraw"), rig.driver)
    assert left(rig) == 0
    rig.sweeps.audit()
    assert rig.equal()


def test_who_has_no_booking_is_left_alone(fake: Owned) -> None:
    asks(fake, 10_000)
    assert (held(fake), placed(fake)) == ((0, 0), [])


def test_without_a_request_no_booking_is_told_to_the_chain(fake: Owned) -> None:
    fake.booked()
    kept(fake)
    assert placed(fake) == []


def test_a_second_sweep_places_nothing(fake: Owned) -> None:
    fake.booked()
    asks(fake, 10_000)
    for _ in range(3):
        kept(fake)
    assert placed(fake) == ["final"]


def test_a_hold_follows_the_bookings_while_the_request_lasts(fake: Owned) -> None:
    first = fake.booked()
    ends_s = asks(fake, 10_000)
    second = fake.book(3_660, 7_260, 600, key="k2")
    assert isinstance(second, Booking)
    kept(fake)
    assert held(fake) == (1_200, ends_s)
    for booking, left_minor in ((first, (600, ends_s)), (second, (0, 0))):
        fake.db.write(
            lambda s, b=booking: bookings.cancel(s, b.id, f"cancels-{b.id}", fake.clock.at)
        )  # type: ignore[misc]
        kept(fake)
        assert held(fake) == left_minor
    assert placed(fake) == ["final"] * 4


def test_one_call_at_a_time_however_often_the_bookings_change(fake: Owned) -> None:
    fake.booked()
    fake.do(("ledger", "request_withdraw"), fake.driver, 10_000)
    fake.sweeps.audit()
    fake.chain.mining = False
    kept(fake)
    for key, begin in (("k2", 3_660), ("k3", 7_260)):
        fake.book(begin, begin + 3_600, 600, key=key)
        fake.sweeps.keep()
    assert len(placed(fake)) == 1


def test_a_newer_request_makes_the_hold_last_longer(fake: Owned) -> None:
    fake.booked()
    first = asks(fake, 10_000)
    fake.clock.pass_s(600)
    second = asks(fake, 9_000)
    assert second == first + 600
    assert held(fake) == (600, second)


def test_a_stay_whose_batch_is_in_no_block_is_still_held(fake: Owned) -> None:
    park(fake)
    ends_s = asks(fake, 10_000)
    fake.chain.mining = False
    fake.sweeps.batch()
    fake.sweeps.drive()
    assert fake.db.read(lambda s: holds.needed_minor(s, fake.driver, fake.clock.at)) == 290
    fake.sweeps.keep()
    assert held(fake) == (600, ends_s)  # until the hold of the smaller amount is mined, too


def test_an_overstay_is_held_with_all_that_it_costs(fake: Owned) -> None:
    arrived_and_left(fake, fake.booked(), depart_s=9_000)
    (row,) = all_of(fake, Settlement)
    assert row.amount_minor > 600
    ends_s = asks(fake, 10_000)
    assert held(fake) == (row.amount_minor, ends_s)


def test_an_owner_who_owes_a_credit_leaves_it(fake: Owned) -> None:
    park(fake)
    fake.settle()
    fake.sweeps.drive()
    asked = credits.Asked("once", 1, 200, "The sensor stood still.", "test")
    assert isinstance(fake.db.write(lambda s: credits.credit(s, asked, fake.clock.at)), int)
    ends_s = asks(fake, 290, fake.owner)
    assert held(fake, fake.owner) == (200, ends_s)
    assert held(fake) == (0, 0)


def test_nothing_is_placed_while_the_ledger_is_paused_and_all_of_it_afterwards(
    fake: Owned,
) -> None:
    fake.booked()
    fake.do(("ledger", "pause"))
    ends_s = asks(fake, 10_000)
    assert (held(fake), placed(fake)) == ((0, 0), [])
    fake.do(("ledger", "unpause"))
    kept(fake)
    assert held(fake) == (600, ends_s)


def test_a_hold_that_meets_a_pause_waits_for_its_end(fake: Owned) -> None:
    fake.booked()
    fake.do(("ledger", "request_withdraw"), fake.driver, 10_000)
    fake.sweeps.audit()
    fake.sweeps.keep()
    fake.do(("ledger", "pause"))
    fake.sweeps.drive()
    assert placed(fake) == ["queued"]
    fake.do(("ledger", "unpause"))
    kept(fake)
    assert (placed(fake), held(fake)[0]) == (["final"], 600)
    assert fake.alarms() == set()


def test_a_request_that_is_over_is_looked_after_no_longer(fake: Owned) -> None:
    ends_s = asks(fake, 10_000)
    assert fake.db.read(holds.watched) == [fake.driver]
    fake.clock.pass_s(ends_s - to_ms(fake.clock.at) // 1_000)
    fake.sweeps.keep()
    assert (fake.db.read(holds.watched), placed(fake)) == ([], [])
    assert not [row for row in all_of(fake, Setting) if row.key.startswith(holds.WATCHED)]


def test_a_request_withdrawn_in_whole_is_over(fake: Owned) -> None:
    asks(fake, 4_000)
    fake.clock.pass_s(DELAY_S)
    fake.do(("ledger", "withdraw"), fake.driver)
    fake.sweeps.keep()
    assert fake.db.read(holds.watched) == []


def test_where_requests_outlast_the_longest_hold_it_is_renewed_in_time(tmp_path: Path) -> None:
    def slow(now: object, **more: object) -> FakeChain:
        return FakeChain(now, withdraw_delay_s=40 * DAY_S, addresses=ADDRESSES)  # type: ignore[arg-type]

    rig = ready(Owned(tmp_path, cast(type[FakeChain], slow)))
    rig.booked()
    asks(rig, 10_000)
    longest_s = holds.MAX_HOLD_S - holds.CLOCK_MARGIN_S
    began_s = to_ms(rig.clock.at) // 1_000
    assert held(rig) == (600, began_s + longest_s)
    rig.clock.pass_s(14 * DAY_S)
    kept(rig)
    assert held(rig) == (600, began_s + longest_s)
    rig.clock.pass_s(DAY_S)
    kept(rig)
    assert held(rig) == (600, began_s + 15 * DAY_S + longest_s)


def test_while_the_chain_is_away_nothing_is_placed_and_nothing_lost(fake: Owned) -> None:
    fake.booked()
    fake.do(("ledger", "request_withdraw"), fake.driver, 10_000)
    fake.sweeps.audit()
    fake.chain.unreachable = True
    fake.sweeps.keep()
    assert placed(fake) == []
    fake.chain.unreachable = False
    kept(fake)
    assert held(fake)[0] == 600


def test_accounts_that_waited_longest_come_first_and_a_turn_is_bounded(fake: Owned) -> None:
    everybody = range(1, holds.MAX_WATCHED + 3)
    fake.db.write(lambda s: [holds.noticed(s, account) for account in everybody])
    first = fake.db.read(holds.watched)
    assert len(first) == holds.MAX_WATCHED
    request = holds.Request(1, to_ms(fake.clock.at) // 1_000)
    fake.db.write(lambda s: [holds.place(s, account, request, fake.clock.at) for account in first])
    assert set(fake.db.read(holds.watched)[:2]) == {*everybody} - {*first}

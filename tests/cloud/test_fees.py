"""The platform's fee: announced, accepted by the contract, carried by stays, given back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.adapters.devchain import DevChainServer
from cloud.tables import Booking, Settlement
from cloud.usecases import accounts, credits, fees
from contracts.wire.types import to_ms
from tests.cloud.fee_rig import (
    DAY_S,
    SAFE,
    UNIT,
    allowed,
    announced,
    calls,
    collected,
    compared_now,
    early,
    final_after,
    in_force,
    kept,
    proved,
    raised,
    settled,
)
from tests.cloud.test_settling_withdrawals import Owned, on_node, ready
from tests.cloud.test_stays import all_of, park
from tests.contracts.making import at


@pytest.fixture(params=["fake", "devchain"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Owned]:
    clock = early()
    if request.param == "fake":
        yield Owned(tmp_path, clock=clock)
        return
    server = DevChainServer(tmp_path / "chain", now=lambda: to_ms(clock.at) // 1000)
    try:
        yield on_node(server, tmp_path, clock)
    finally:
        server.stop()


@pytest.fixture
def fake(tmp_path: Path) -> Owned:
    return Owned(tmp_path, clock=early())


def test_a_fee_is_taken_of_a_stay_proved_and_paid_out(rig: Owned) -> None:
    rig.sweeps.drive()
    ready(raised(rig))
    park(rig)
    settled(rig)
    # 2.5 % of 290, rounded down.
    assert (collected(rig), rig.db.read(lambda s: accounts.balance(s, rig.owner))) == (7, 283)
    assert proved(rig)
    assert rig.db.write(lambda s: fees.withdraw_fees(s, SAFE, 5, rig.now_ms)) == "payout:1"
    assert rig.db.read(fees.collected_minor) == 2
    for step in (rig.sweeps.drive, rig.sweeps.drive, rig.sweeps.audit, rig.sweeps.audit):
        step()
    assert rig.chain.read("token", "balanceOf", SAFE) == 5 * UNIT
    assert collected(rig) == rig.db.read(fees.collected_minor) == 2
    assert proved(rig)


def test_without_a_fee_the_owner_gets_all(fake: Owned) -> None:
    fake.clock.at = at(0)
    ready(fake)
    park(fake)
    settled(fake)
    kept(fake)
    assert fake.db.read(lambda s: accounts.balance(s, fake.owner)) == 290
    assert (in_force(fake), collected(fake), calls(fake)) == (0, 0, [])


def test_a_higher_fee_counts_only_after_the_contracts_delay(fake: Owned) -> None:
    fake.sweeps.drive()
    announced(fake, 250)
    fake.clock.pass_s(7 * DAY_S - 1)
    kept(fake)
    assert (in_force(fake), allowed(fake), calls(fake)) == (0, 0, ["propose_fee"])
    fake.clock.pass_s(1)
    kept(fake)
    assert (in_force(fake), allowed(fake)) == (250, 250)
    assert calls(fake) == ["propose_fee", "accept_fee"]


def test_a_booking_keeps_the_fee_of_its_confirmation(fake: Owned) -> None:
    ready(fake)
    booking = fake.booked()
    raised(fake)
    fake.clock.at = at(0)
    fake.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    fake.report("departure", "free", 1_900, match="accepted", grant=booking.grant)
    settled(fake)
    assert (collected(fake), fake.db.read(lambda s: accounts.balance(s, fake.owner))) == (0, 290)
    assert proved(fake)


def test_a_lower_fee_counts_at_once_and_waits_for_stays_recorded_with_the_higher(
    fake: Owned,
) -> None:
    ready(raised(fake))
    park(fake)
    announced(fake, 100)
    assert (in_force(fake), allowed(fake)) == (100, 250)
    assert calls(fake)[2:] == ["propose_fee"]
    settled(fake)
    kept(fake)
    assert (in_force(fake), allowed(fake), collected(fake)) == (100, 100, 7)
    assert proved(fake)


def test_a_lower_fee_is_not_accepted_before_the_block_of_the_higher_is_final(fake: Owned) -> None:
    ready(raised(fake))
    park(fake)
    announced(fake, 100)
    fake.chain.finality_depth = 9
    settled(fake)
    kept(fake)
    assert (allowed(fake), calls(fake)[2:]) == (250, ["propose_fee"])
    fake.chain.finality_depth = 0
    fake.sweeps.drive()
    kept(fake)
    assert allowed(fake) == 100


def test_a_lower_fee_waits_for_a_batch_that_waits_for_the_end_of_a_pause(fake: Owned) -> None:
    """The admin's calls would go past the settler's."""
    ready(raised(fake))
    park(fake)
    fake.do(("ledger", "pause"))
    fake.sweeps.batch()
    announced(fake, 100)
    assert allowed(fake) == 250
    fake.do(("ledger", "unpause"))
    settled(fake)
    kept(fake)
    assert (allowed(fake), collected(fake)) == (100, 7)
    assert proved(fake)


def test_a_booking_of_the_higher_fee_is_settled_with_the_lower_that_came_since(
    fake: Owned,
) -> None:
    ready(raised(fake))
    booking = fake.booked()
    announced(fake, 100)
    kept(fake)
    assert allowed(fake) == 100
    fake.report("arrival", "occupied", 100, match="accepted", grant=booking.grant)
    fake.report("departure", "free", 1_900, match="accepted", grant=booking.grant)
    settled(fake)
    assert [row.fee_bps for row in all_of(fake, Booking)] == [250]
    assert collected(fake) == 2
    assert proved(fake)


def test_a_fee_that_was_lowered_by_hand_is_kept_to(fake: Owned) -> None:
    ready(raised(fake))
    for function, *args in (("propose_fee", 50), ("accept_fee",)):
        fake.do(("ledger", function), *args)
    kept(fake)
    assert in_force(fake) == 50
    park(fake)
    settled(fake)
    assert collected(fake) == 1
    assert proved(fake)


def test_a_proposal_that_nobody_accepted_in_time_is_made_again(fake: Owned) -> None:
    fake.sweeps.drive()
    announced(fake, 250)
    fake.clock.pass_s(15 * DAY_S)
    kept(fake)
    assert (calls(fake), allowed(fake)) == (["propose_fee"] * 2, 0)
    fake.clock.pass_s(7 * DAY_S)
    kept(fake)
    assert allowed(fake) == in_force(fake) == 250


def test_another_fee_announced_before_the_first_was_accepted_takes_its_place(fake: Owned) -> None:
    fake.sweeps.drive()
    announced(fake, 500)
    announced(fake, 300)
    fake.clock.pass_s(7 * DAY_S)
    kept(fake)
    assert allowed(fake) == in_force(fake) == 300


def test_the_same_fee_announced_again_changes_nothing(fake: Owned) -> None:
    raised(fake)
    before = fake.db.read(fees.standing)
    announced(fake, 250)
    assert fake.db.read(fees.standing) == before
    assert calls(fake) == ["propose_fee", "accept_fee"]


@pytest.mark.parametrize("bps", [-1, 1_001])
def test_a_fee_beyond_the_contracts_limit_is_refused(fake: Owned, bps: int) -> None:
    with pytest.raises(ValueError, match="1000 basis points"):
        fake.db.write(lambda s: fees.announce(s, bps, fake.clock.at))


def test_while_the_chain_is_away_a_fee_waits(fake: Owned) -> None:
    fake.chain.unreachable = True
    announced(fake, 250)
    assert fake.db.read(fees.standing).wanted_bps == 250 and calls(fake) == ["propose_fee"]
    fake.chain.unreachable = False
    kept(fake, times=1)
    fake.clock.pass_s(7 * DAY_S)
    kept(fake, times=1)
    assert in_force(fake) == allowed(fake) == 250


def test_a_credit_gives_the_platforms_part_back(fake: Owned) -> None:
    ready(raised(fake))
    park(fake)
    settled(fake)
    (stay,) = all_of(fake, Settlement)
    asked = credits.Asked("once", stay.stay, 290, "The sensor stood still.", "test")
    assert isinstance(fake.db.write(lambda s: credits.credit(s, asked, fake.clock.at)), int)
    final_after(fake, 2)
    settled(fake)
    assert compared_now(fake)
    fake.chain.finality_depth = 0
    fake.sweeps.drive()
    assert collected(fake) == 0
    assert fake.db.read(lambda s: accounts.balance(s, fake.driver)) == 10_002
    assert proved(fake)

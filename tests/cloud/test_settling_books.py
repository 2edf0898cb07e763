"""Our books against the contract's, block by block; settling stops where they differ."""

import pytest

from cloud.tables import Alarm, Batch, ChainCall
from cloud.usecases import accounts, reconciling
from tests.cloud.rig import Rig
from tests.cloud.test_stays import all_of, books_equal_chain, park


def alarms(rig: Rig) -> set[str]:
    return {alarm.code for alarm in all_of(rig, Alarm)}


def lose(rig: Rig, amount_minor: int, name: str = "lost") -> None:
    """An entry that no call on the chain stands for."""
    lost = accounts.money.deposit(rig.driver, -amount_minor)
    rig.db.write(lambda s: accounts.post(s, name, lost, rig.now_ms))


def opened(rig: Rig) -> Rig:
    rig.open_market()
    for _ in range(2):
        rig.sweeps.drive()
    rig.sweeps.audit()
    return rig


def standing(rig: Rig) -> reconciling.Standing:
    return rig.db.read(reconciling.standing)


def test_books_are_proved_equal_at_every_final_block_of_a_day(rig: Rig) -> None:
    opened(rig)
    proved = set()
    park(rig)
    for step in (rig.sweeps.batch, rig.sweeps.drive, rig.sweeps.drive):
        step()
        rig.sweeps.audit()
        proved.add(standing(rig).block)
        assert alarms(rig).isdisjoint({"books_differ", "settling_stopped"})
    assert max(proved) == rig.chain.finalized()


@pytest.mark.parametrize("depth", range(4))
def test_what_is_posted_but_not_final_yet_is_not_expected_on_the_chain(
    rig: Rig, depth: int
) -> None:
    opened(rig)
    rig.chain.finality_depth = depth
    park(rig)
    rig.top_up(700, "second")
    for step in (rig.sweeps.batch, rig.sweeps.drive):
        step()
        rig.sweeps.audit()
        assert "books_differ" not in alarms(rig)
    theirs = rig.chain.balances([rig.driver], rig.chain.finalized())
    ours = rig.db.read(lambda s: accounts.total_of(s, rig.driver))
    # The batch's block is one of the newest two: with a depth it is not final here.
    assert (theirs == [ours]) is (depth == 0)


def test_a_difference_stops_settling_and_the_stays_wait(rig: Rig) -> None:
    opened(rig)
    lose(rig, 5)
    rig.sweeps.audit()
    assert {"books_differ", "settling_stopped"} <= alarms(rig)
    park(rig)
    rig.settle()
    assert all_of(rig, Batch) == []
    assert not rig.chain.read("ledger", "is_settled", 1)


def test_money_still_comes_in_while_settling_is_stopped(rig: Rig) -> None:
    opened(rig)
    lose(rig, 5)
    rig.sweeps.audit()
    rig.top_up(700, "second")
    rig.sweeps.drive()
    assert rig.chain.read("ledger", "balance_of", rig.driver) == 10_700


def test_a_batch_that_was_made_before_the_stop_is_not_signed(rig: Rig) -> None:
    opened(rig)
    park(rig)
    rig.sweeps.batch()
    lose(rig, 5)
    rig.sweeps.audit()
    rig.sweeps.drive()
    assert [c.status for c in all_of(rig, ChainCall) if c.id == "batch:1"] == ["queued"]
    assert rig.chain.read("ledger", "seq") == 0


def test_settling_goes_on_by_itself_once_the_books_are_equal_again(rig: Rig) -> None:
    opened(rig)
    lose(rig, 5)
    rig.sweeps.audit()
    park(rig)
    lose(rig, -5, "found")
    rig.sweeps.audit()
    assert alarms(rig).isdisjoint({"books_differ", "settling_stopped"})
    rig.settle()
    assert rig.chain.read("ledger", "is_settled", 1)
    assert books_equal_chain(rig)


def test_settling_goes_on_once_an_operator_has_acknowledged_the_difference(rig: Rig) -> None:
    opened(rig)
    lose(rig, 5)
    rig.sweeps.audit()
    rig.db.write(lambda s: reconciling.acknowledge(s, rig.clock.at))
    rig.sweeps.audit()
    assert "settling_stopped" not in alarms(rig)
    assert "books_differ" in alarms(rig)
    park(rig)
    rig.settle()
    rig.sweeps.drive()
    rig.sweeps.audit()
    assert rig.chain.read("ledger", "is_settled", 1)
    assert "settling_stopped" not in alarms(rig)


def test_a_difference_that_grows_after_it_was_acknowledged_stops_again(rig: Rig) -> None:
    opened(rig)
    lose(rig, 5)
    rig.sweeps.audit()
    rig.db.write(lambda s: reconciling.acknowledge(s, rig.clock.at))
    lose(rig, 1, "more")
    rig.sweeps.audit()
    assert "settling_stopped" in alarms(rig)


def test_a_batch_in_the_block_that_we_have_not_looked_at_yet_is_no_difference(rig: Rig) -> None:
    """Another program of ours has sent it, or this one was killed after sending."""
    opened(rig)
    park(rig)
    rig.chain.mining = False
    rig.settle()
    (call,) = [call for call in all_of(rig, ChainCall) if call.id == "batch:1"]
    sent = rig.db.read(lambda s: s.get_one(ChainCall, call.number))
    from cloud.ports.chain import SignedTransaction

    rig.chain.mine(SignedTransaction(sent.raw or b"", sent.hash or "", sent.nonce or 0))
    rig.sweeps.audit()
    assert "books_differ" not in alarms(rig)
    rig.sweeps.drive()
    rig.sweeps.audit()
    assert standing(rig).block == rig.chain.finalized()
    assert "books_differ" not in alarms(rig)


def test_accounts_without_news_are_compared_in_turn(rig: Rig) -> None:
    opened(rig)
    for _ in range(3):
        rig.sweeps.audit()
    rig.db.write(lambda s: accounts.post(s, "x", accounts.money.hold(rig.driver, 1), rig.now_ms))
    due = rig.db.read(lambda s: reconciling.books(s, rig.chain.finalized()))
    assert rig.driver in due.totals

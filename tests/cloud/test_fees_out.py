"""Fees are proved at every final block, and taken out by the operator."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.adapters.fake_chain import FakeChain
from cloud.cli import app
from cloud.core.fees import Fees
from cloud.core.money import PLATFORM
from cloud.ports.chain import Call, ChainRefused, SignedTransaction
from cloud.tables import Alarm, Entry
from cloud.usecases import accounts, credits, fees
from tests.cloud.fee_rig import (
    SAFE,
    calls,
    collected,
    compared_now,
    early,
    final_after,
    kept,
    proved,
    raised,
    settled,
)
from tests.cloud.test_settling_withdrawals import Owned, ready
from tests.cloud.test_stays import all_of, park

CLI = CliRunner()


@pytest.fixture
def fake(tmp_path: Path) -> Owned:
    return Owned(tmp_path, clock=early())


def test_no_more_is_paid_out_than_was_collected(fake: Owned) -> None:
    ready(raised(fake))
    park(fake)
    settled(fake)
    for amount_minor in (0, 8):
        assert fake.db.write(lambda s, a=amount_minor: fees.withdraw_fees(s, SAFE, a, 0)) is None
    assert fake.db.write(lambda s: fees.withdraw_fees(s, SAFE, 7, 0)) == "payout:1"
    assert fake.db.write(lambda s: fees.withdraw_fees(s, SAFE, 1, 0)) is None


def test_a_payout_that_the_contract_refuses_is_undone(fake: Owned) -> None:
    ready(raised(fake))
    park(fake)
    settled(fake)
    fake.db.write(lambda s: fees.withdraw_fees(s, SAFE, 7, 0))
    fake.do(("ledger", "withdraw_fees"), SAFE, 3)
    fake.sweeps.drive()
    assert fake.alarms() == {"call_failed"}
    fake.sweeps.audit()
    assert collected(fake) == fake.chain.read("ledger", "fees") == 4
    assert fake.equal()


class Broke(FakeChain):
    """The admin's key has no coins for its gas."""

    broke = False

    def sign(
        self, call: Call, nonce: int | None = None, above: Fees | None = None
    ) -> SignedTransaction:
        if self.broke and call.sender == "admin":
            raise ChainRefused("FUNDS", "no coins")
        return super().sign(call, nonce, above)


def test_a_credit_decided_after_a_payout_does_not_go_past_it(tmp_path: Path) -> None:
    """Else the chain would give back of fees that our books have paid out."""
    rig = ready(raised(Owned(tmp_path, Broke, early())))
    assert isinstance(rig.chain, Broke)
    park(rig)
    settled(rig)
    rig.chain.broke = True
    rig.db.write(lambda s: fees.withdraw_fees(s, SAFE, 7, 0))
    asked = credits.Asked("once", 1, 290, "The sensor stood still.", "test")
    rig.db.write(lambda s: credits.credit(s, asked, rig.clock.at))
    settled(rig)
    assert rig.chain.read("ledger", "seq") == 1
    rig.chain.broke = False
    settled(rig)
    assert (collected(rig), rig.db.read(lambda s: accounts.balance(s, rig.driver))) == (0, 9_993)
    assert proved(rig)


def test_fees_of_a_batch_that_may_vanish_are_not_paid_out(fake: Owned) -> None:
    ready(raised(fake))
    park(fake)
    final_after(fake, 2)
    settled(fake)
    assert (collected(fake), fake.db.read(fees.collected_minor)) == (7, 0)
    fake.chain.finality_depth = 0
    fake.sweeps.drive()
    assert fake.db.read(fees.collected_minor) == 7


def test_fees_taken_out_by_hand_are_booked_once(fake: Owned) -> None:
    ready(raised(fake))
    park(fake)
    settled(fake)
    fake.do(("ledger", "withdraw_fees"), SAFE, 3)
    for _ in range(2):
        fake.sweeps.audit()
    assert collected(fake) == 4
    assert proved(fake)


def test_fees_that_differ_from_the_chains_stop_settling(fake: Owned) -> None:
    ready(raised(fake))
    park(fake)
    settled(fake)
    lost = accounts.money.deposit(PLATFORM, -1)
    fake.db.write(lambda s: accounts.post(s, "lost", lost, fake.now_ms))
    fake.sweeps.audit()
    assert fake.standing().differing == {str(PLATFORM): 1}
    assert {"books_differ", "settling_stopped"} <= fake.alarms()


class Robbed(FakeChain):
    """Its ledger has lost fees, and no event tells of it."""

    lost_minor = 0

    def balances(self, accounts: Sequence[int], block_number: int) -> list[int]:
        found = super().balances(accounts, block_number)
        return [
            minor - self.lost_minor if number == PLATFORM else minor
            for number, minor in zip(accounts, found, strict=True)
        ]


def test_fees_are_compared_at_every_final_block_and_not_when_they_move_alone(
    tmp_path: Path,
) -> None:
    robbed = ready(raised(Owned(tmp_path, Robbed, early())))
    park(robbed)
    settled(robbed)
    assert proved(robbed)
    assert isinstance(robbed.chain, Robbed)
    robbed.chain.lost_minor = 2
    robbed.sweeps.audit()
    assert robbed.standing().differing == {str(PLATFORM): -2}
    (told,) = [one.sentence for one in all_of(robbed, Alarm) if one.id == f"balance:{PLATFORM}"]
    assert told.startswith("The platform's fees are 5 on the chain")


@pytest.mark.parametrize("depth", [0, 2])
def test_a_fee_that_is_in_no_final_block_yet_is_not_expected_there(fake: Owned, depth: int) -> None:
    ready(raised(fake))
    final_after(fake, depth)
    park(fake)
    settled(fake)
    assert compared_now(fake)
    assert [entry.amount_minor for entry in all_of(fake, Entry) if entry.account == PLATFORM] == [7]


def told(rig: Owned, *words: str) -> tuple[int, str]:
    found = CLI.invoke(app, ["fee", *words, "--data", str(rig.folder)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, " ".join(found.output.split())


def test_the_operator_sets_sees_and_takes_out_the_fee(fake: Owned) -> None:
    fake.sweeps.drive()
    status, text = told(fake, "set", "250")
    assert (status, "2.50 % (250 basis points) is announced" in text) == (0, True)
    assert json.loads(told(fake, "show", "--json")[1])["from"] is None
    kept(fake)
    status, text = told(fake, "show")
    assert "the contract accepts it from 2026-04-30T00:00:00" in text
    ready(raised(fake))
    park(fake)
    settled(fake)
    status, text = told(fake, "show")
    assert (status, text) == (
        0,
        "Bookings confirmed now carry 2.50 % (250 basis points) since 2026-04-30T00:00:00.000Z. "
        "Collected and not paid out: 7 minor units.",
    )
    assert told(fake, "withdraw", SAFE, "7")[0] == 0
    assert calls(fake, "payout:") == ["withdraw_fees"]
    status, text = told(fake, "withdraw", SAFE, "1")
    assert (status, "Only 0 minor units" in text) == (1, True)
    shown = json.loads(told(fake, "show", "--json")[1])
    assert (shown["bps"], shown["collected_minor"]) == (250, 0)


@pytest.mark.parametrize(
    "words",
    [
        ("set", "1001"),
        ("set", "-1"),
        ("set", "x"),
        ("withdraw", SAFE, "0"),
        ("withdraw", "0x12", "1"),
    ],
)
def test_what_cannot_be_a_fee_or_an_address_is_bad_input(
    fake: Owned, words: tuple[str, ...]
) -> None:
    assert told(fake, *words)[0] == 2
    assert (calls(fake), calls(fake, "payout:")) == ([], [])

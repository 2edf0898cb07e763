"""An account whose number another owner has on the chain: nothing of it goes to a stranger."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.adapters.fake_chain import FakeChain
from cloud.cli import app
from cloud.core.reasons import Refusal
from cloud.entrypoints.sweeps import Sweeps
from cloud.ports.chain import Call, ChainRefused, SignedTransaction
from cloud.tables import Alarm, ChainCall, Settlement
from cloud.usecases import accounts
from contracts.ledger.hashing import keccak
from contracts.wire.types import checksummed
from tests.cloud.rig import Rig
from tests.cloud.test_settling_withdrawals import Owned, ready
from tests.cloud.test_stays import all_of, park

STRANGER = checksummed("0x" + "5e" * 20)
BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


def call_named(rig: Rig, name: str) -> ChainCall:
    return next(call for call in all_of(rig, ChainCall) if call.id == name)


def batched(rig: Rig) -> dict[int, int | None]:
    return {row.stay: row.batch for row in all_of(rig, Settlement)}


def there(rig: Rig, number: int) -> int:
    return int(rig.chain.read("ledger", "balance_of", number))


def opened_by_a_stranger(rig: Owned, number: int) -> None:
    rig.do(("ledger", "open_account"), number, STRANGER, sender="registrar")


def told(rig: Rig) -> list[Alarm]:
    return [alarm for alarm in all_of(rig, Alarm) if alarm.code == "account_not_open"]


@pytest.fixture
def market(tmp_path: Path, url: str | None) -> Owned:
    """Account 3, a driver's, has money before its opening is sent; a stranger has it there."""
    rig = ready(Owned(tmp_path, url=url))
    opened_by_a_stranger(rig, 3)
    rig.driver = rig.account("second driver")
    rig.top_up(5_000, "of three")
    return rig


def second_stay(rig: Rig) -> None:
    """Of account 2, after the first one."""
    rig.driver = 2
    booking = rig.book(7200, 10_800, 600, key="k2")
    assert not isinstance(booking, Refusal)
    rig.report("arrival", "occupied", 7300, match="accepted", grant=booking.grant)
    rig.report("departure", "free", 9100, match="accepted", grant=booking.grant)


def test_a_stay_whose_owner_is_a_stranger_on_the_chain_pays_him_nothing(tmp_path: Path) -> None:
    rig = Owned(tmp_path)
    opened_by_a_stranger(rig, rig.owner)
    rig.open_market()
    park(rig)
    for _ in range(2):
        rig.settle()
    assert (there(rig, rig.owner), batched(rig)) == (0, {1: None})


def test_a_stay_whose_driver_is_a_stranger_on_the_chain_takes_nothing_from_him(
    market: Owned,
) -> None:
    market.pay_in(3, 900, keccak(b"his own"))
    park(market)
    for _ in range(2):
        market.settle()
    assert (there(market, 3), batched(market)) == (900, {1: None})


def test_a_stay_whose_opening_is_in_no_block_waits_for_it(market: Owned) -> None:
    """Made before the chain has answered, its batch would go out with the stranger's number."""
    park(market)
    market.sweeps.batch()
    assert batched(market) == {1: None}


@BOTH
def test_the_stays_of_others_are_settled_meanwhile(market: Owned) -> None:
    park(market)
    second_stay(market)
    for _ in range(2):
        market.settle()
    assert batched(market) == {1: None, 2: 1}
    assert there(market, market.owner) == 290


def test_the_alarm_names_the_account_who_has_it_and_what_to_type(market: Owned) -> None:
    market.sweeps.drive()
    [alarm] = told(market)
    assert "Account 3" in alarm.sentence and STRANGER in alarm.sentence
    assert f"berth-cloud reopen-account 3 --address {STRANGER}" in alarm.sentence


def test_its_deposit_is_taken_back_and_the_next_one_is_refused(market: Owned) -> None:
    for _ in range(2):
        market.sweeps.drive()
    assert there(market, 3) == 0
    assert call_named(market, "deposit:3:of three").status == "failed"
    assert market.db.read(lambda s: accounts.total_of(s, 3)) == 0
    again = market.top_up(700, "another")
    assert isinstance(again, Refusal) and again.reasons[0].code == "account_not_open"
    assert market.db.read(lambda s: accounts.total_of(s, 3)) == 0


def test_a_deposit_waits_for_an_opening_that_is_refused_for_now(tmp_path: Path) -> None:
    """The registrar has no coins: the admin's deposit into that account would fail for good."""
    rig = ready(Owned(tmp_path))
    holders = rig.chain._contracts.ledger.holders
    role = keccak(b"registrar")
    ours, holders[role] = holders[role], STRANGER
    rig.driver = rig.account("second driver")
    rig.top_up(5_000, "of three")
    rig.sweeps.drive()
    assert call_named(rig, "deposit:3:of three").status == "queued"
    rig.chain._contracts.ledger.holders[role] = ours
    for _ in range(2):
        rig.sweeps.drive()
    assert there(rig, 3) == 5_000


def test_what_a_stranger_moves_is_not_in_our_books_and_stops_nobody(market: Owned) -> None:
    market.pay_in(3, 900, keccak(b"his own"))
    for _ in range(2):
        market.sweeps.drive()
    market.sweeps.audit()
    assert market.db.read(lambda s: accounts.total_of(s, 3)) == 0
    assert market.standing().block == market.chain.finalized()
    assert not market.standing().differing


@BOTH
def test_once_the_address_is_put_right_the_stay_is_settled_and_the_books_are_equal(
    market: Owned,
) -> None:
    """It was the driver's own address: his money there is in the books from then on."""
    market.pay_in(3, 900, keccak(b"his own"))
    park(market)
    market.settle()
    market.sweeps.audit()
    assert market.db.write(lambda s: accounts.reopen(s, 3, STRANGER)) is True
    assert told(market) == []
    for _ in range(2):
        market.settle()
    assert batched(market) == {1: None}
    market.sweeps.audit()
    market.settle()
    market.sweeps.drive()
    market.sweeps.audit()
    assert (batched(market), there(market, 3)) == ({1: 1}, 900 - 290)
    assert market.equal() and not {"books_differ", "unpaid"} & market.alarms()


def test_a_wrong_address_again_is_refused_by_the_contract_again(market: Owned) -> None:
    market.sweeps.drive()
    other = checksummed("0x" + "66" * 20)
    assert market.db.write(lambda s: accounts.reopen(s, 3, other))
    park_later = market.top_up(700, "while it is asked")
    assert not isinstance(park_later, Refusal)
    for _ in range(2):
        market.sweeps.drive()
    assert len(told(market)) == 1 and there(market, 3) == 0
    assert market.db.read(lambda s: accounts.total_of(s, 3)) == 0
    assert market.db.write(lambda s: accounts.reopen(s, 3, STRANGER))


def test_an_account_that_is_open_is_not_opened_again(market: Owned) -> None:
    assert market.db.write(lambda s: accounts.reopen(s, 2, STRANGER)) is False
    assert market.db.read(lambda s: accounts.get(s, 2)).address != STRANGER


def typed(rig: Rig, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["reopen-account", *words, "--data", str(rig.folder)])
    return found.exit_code, " ".join(found.output.split())


def test_the_operator_puts_the_address_right_beside_the_running_cloud(market: Owned) -> None:
    market.sweeps.drive()
    status, text = typed(market, "3", "--address", STRANGER, "--json")
    assert (status, json.loads(text)) == (0, {"account": 3, "address": STRANGER})
    for _ in range(2):
        market.sweeps.drive()
    assert call_named(market, "account:3").status == "final"
    status, text = typed(market, "3")
    assert status == 1 and "has not refused account 3" in text
    assert typed(market, "3", "--address", "0x12")[0] == 2
    assert typed(market, "99")[0] == 2


class Poor(FakeChain):
    """The registrar has no coins."""

    def sign(self, call: Call, *more: object) -> SignedTransaction:
        if call.sender == "registrar":
            raise ChainRefused("FUNDS", "it has 0 wei")
        return super().sign(call)


def test_a_key_without_coins_is_named_by_the_address_to_fund(tmp_path: Path) -> None:
    rig = Owned(tmp_path, chain_type=Poor)
    where = (rig.db, rig.chain, rig.clock, rig.deployed, 20_000, 600_000)
    Sweeps(*where, addresses={"registrar": STRANGER}).drive()
    [blocked] = [alarm for alarm in all_of(rig, Alarm) if alarm.code == "call_blocked"]
    assert f"Send coins of this chain to the registrar's {STRANGER}." in blocked.sentence

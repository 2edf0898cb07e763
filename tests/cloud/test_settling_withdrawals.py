"""What others move on the chain is booked once; it stops settling for nobody."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from cloud.adapters.chain import Web3Chain
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.fake_chain import FakeChain
from cloud.cli import app
from cloud.ports.chain import Call, ChainUnreachable, Outcome, Sender
from cloud.tables import Alarm, Entry, Settlement
from cloud.usecases import accounts, reconciling, withdrawals
from contracts.ledger.hashing import keccak
from contracts.wire.types import to_ms
from tests.cloud.rig import HandClock, Rig
from tests.cloud.test_stays import all_of, books_equal_chain, park
from tests.contracts.making import at

DELAY_S = 3_600
UNIT = 10_000
CLI = CliRunner()


@dataclass
class Owned(Rig):
    """Its accounts belong to the admin's key, which can withdraw; on any chain."""

    def account(self, role: str) -> int:
        admin = self.chain.read("ledger", "admin")
        made = self.db.write(
            lambda s: accounts.open_account(s, role, role, f"key of {role}", admin, self.now_ms)
        )
        return made.number or 0

    def do(self, target: tuple[Any, str], *args: Any, sender: Sender = "admin") -> Outcome:
        tx = self.chain.sign(Call(*target, args, sender), self.chain.next_nonce(sender))
        self.chain.send(tx)
        outcome = self.chain.outcome(tx.hash)
        assert outcome is not None and outcome.ok, outcome
        return outcome

    def withdraw(self, number: int, amount_minor: int) -> Outcome:
        self.do(("ledger", "request_withdraw"), number, amount_minor)
        self.clock.pass_s(DELAY_S)
        return self.do(("ledger", "withdraw"), number)

    def pay_in(self, number: int, amount_minor: int, reference: bytes) -> Outcome:
        """By somebody else: the registrar's key pays with tokens of its own."""
        registrar = self.chain.read("ledger", "registrar")
        self.do(("token", "mint"), registrar, amount_minor * UNIT)
        self.do(("token", "approve"), self.deployed.ledger, 2**256 - 1, sender="registrar")
        return self.do(("ledger", "deposit"), number, amount_minor, reference, sender="registrar")

    def entries(self) -> list[tuple[int, int]]:
        """(account, minor units) of what was read from the chain."""
        found = [e for e in all_of(self, Entry) if e.transfer.startswith("chain:")]
        return [(e.account, e.amount_minor) for e in found if e.account]

    def alarms(self) -> set[str]:
        return {alarm.code for alarm in all_of(self, Alarm)}

    def standing(self) -> reconciling.Standing:
        return self.db.read(reconciling.standing)

    def equal(self) -> bool:
        """Compared as of the newest final block, and found equal."""
        compared = self.standing()
        newest = compared.block == self.chain.finalized()
        return newest and not compared.differing and books_equal_chain(self)


def ready(rig: Owned) -> Owned:
    rig.do(("token", "mint"), rig.chain.read("ledger", "admin"), 10**12)
    rig.open_market()
    for _ in range(2):
        rig.sweeps.drive()
    rig.sweeps.audit()
    assert rig.equal()
    return rig


def on_node(server: DevChainServer, folder: Path, clock: HandClock) -> Owned:
    url, keys = server.start(), dev_role_keys()
    chain = Web3Chain(url, deploy(url, keys, UNIT, DELAY_S), keys)
    return Owned(folder, cast(type[FakeChain], lambda *_args, **_more: chain), clock)


@pytest.fixture(params=["fake", "fake on postgresql", "devchain"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Owned]:
    if request.param != "devchain":
        on_server = request.param != "fake"
        url = request.getfixturevalue("server").emptied() if on_server else None
        yield ready(Owned(tmp_path, url=url))
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


def test_after_an_owner_withdrew_the_books_equal_the_chain_and_settling_goes_on(
    rig: Owned,
) -> None:
    park(rig)
    rig.withdraw(rig.driver, 4_000)
    rig.sweeps.audit()
    assert rig.entries() == [(rig.driver, -4_000)]
    assert not rig.db.read(reconciling.kept_back)
    for step in (rig.sweeps.batch, rig.sweeps.drive, rig.sweeps.drive, rig.sweeps.audit):
        step()
    assert rig.chain.read("ledger", "is_settled", 1)
    assert rig.equal()
    assert rig.alarms() == set()


def test_who_withdraws_all_before_his_stay_is_settled_owes_it_and_the_books_are_equal(
    rig: Owned,
) -> None:
    park(rig)
    rig.withdraw(rig.driver, 10_000)
    for step in (rig.sweeps.audit, rig.sweeps.batch, rig.sweeps.drive, rig.sweeps.drive):
        step()
    rig.sweeps.audit()
    assert "unpaid" in rig.alarms()
    assert rig.equal()


def test_a_second_sweep_books_nothing(rig: Owned) -> None:
    rig.withdraw(rig.driver, 4_000)
    rig.pay_in(rig.owner, 70, b"\x01" * 32)
    for _ in range(3):
        rig.sweeps.audit()
        rig.top_up(1, f"moves the chain {rig.chain.finalized()}")
        rig.sweeps.drive()
    assert rig.entries() == [(rig.driver, -4_000), (rig.owner, 70)]


def test_a_deposit_of_somebody_else_is_booked_even_under_a_reference_of_ours(rig: Owned) -> None:
    ours = keccak(f"deposit:{rig.driver}:first".encode())
    rig.pay_in(rig.driver, 10_000, ours)
    rig.sweeps.audit()
    assert rig.entries() == [(rig.driver, 10_000)]
    assert rig.equal()
    assert rig.db.read(lambda s: accounts.balance(s, rig.driver)) == 20_000


def test_a_plain_difference_still_stops_after_a_withdrawal_was_booked(rig: Owned) -> None:
    park(rig)
    rig.withdraw(rig.driver, 4_000)
    lost = accounts.money.deposit(rig.driver, -5)
    rig.db.write(lambda s: accounts.post(s, "lost", lost, rig.now_ms))
    rig.sweeps.audit()
    assert rig.standing().differing == {str(rig.driver): 5}
    rig.settle()
    assert not rig.chain.read("ledger", "is_settled", 1)
    assert all(row.batch is None for row in all_of(rig, Settlement))


class Grudging(DevChainServer):
    """A node that gives the logs of few blocks at once, and moves them if told to."""

    widest, moves, asked = 4, 0, 0

    def reply(self, body: bytes) -> bytes:
        question = json.loads(body)
        if isinstance(question, list) or question["method"] != "eth_getLogs":
            return super().reply(body)
        self.asked += 1
        wanted = question["params"][0]
        blocks = int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) + 1
        if blocks > self.widest:
            error = {"code": -32005, "message": "query exceeds the limit"}
            return json.dumps({"jsonrpc": "2.0", "id": question["id"], "error": error}).encode()
        answer = json.loads(super().reply(body))
        for log in answer["result"]:
            log["blockNumber"] = hex(int(log["blockNumber"], 16) + self.moves)
        return json.dumps(answer).encode()


@pytest.fixture
def grudging(tmp_path: Path) -> Iterator[tuple[Grudging, Owned]]:
    clock = HandClock(at(0))
    server = Grudging(tmp_path / "chain", now=lambda: to_ms(clock.at) // 1000)
    try:
        yield server, ready(on_node(server, tmp_path, clock))
    finally:
        server.stop()


def test_a_node_that_refuses_wide_questions_is_asked_in_halves(
    grudging: tuple[Grudging, Owned],
) -> None:
    node, rig = grudging
    rig.withdraw(rig.driver, 4_000)
    node.asked = 0
    rig.sweeps.audit()
    assert node.asked > 1
    assert rig.entries() == [(rig.driver, -4_000)]
    assert rig.equal()


@pytest.mark.parametrize(("widest", "moves"), [(0, 0), (4, 1_000)])
def test_a_node_that_gives_no_logs_or_others_than_asked_changes_nothing(
    grudging: tuple[Grudging, Owned], widest: int, moves: int
) -> None:
    node, rig = grudging
    rig.withdraw(rig.driver, 4_000)
    before = rig.standing()
    node.widest, node.moves, node.asked = widest, moves, 0
    rig.sweeps.audit()
    assert node.asked < 20
    assert (rig.standing(), rig.entries()) == (before, [])


class KilledAfterReading(FakeChain):
    """Its history reaches us, and then the process dies before anything is written."""

    kills = 0

    def balances(self, *args: Any) -> list[int]:
        if self.kills:
            self.kills -= 1
            raise KeyboardInterrupt
        return super().balances(*args)

    def history(self, *args: Any) -> list[Any]:
        found = super().history(*args)
        if self.kills == 2:
            self.kills -= 1
            raise KeyboardInterrupt
        return found


def test_a_sweep_that_is_killed_books_once(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path, KilledAfterReading))
    assert isinstance(rig.chain, KilledAfterReading)
    rig.withdraw(rig.driver, 4_000)
    rig.chain.kills = 2
    seen = []
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            rig.sweeps.audit()
        seen.append(rig.entries())
    assert seen == [[], [(rig.driver, -4_000)]]
    rig.sweeps.audit()
    assert rig.entries() == seen[-1]
    assert rig.equal()


def test_what_was_booked_and_its_bookmark_are_one_transaction(fake: Owned) -> None:
    fake.withdraw(fake.driver, 4_000)
    before = fake.db.read(withdrawals.read_to)
    block = fake.chain.finalized()
    span = fake.db.read(lambda s: withdrawals.due(s, block))
    assert span is not None
    found = fake.chain.history("ledger", withdrawals.NAMES, span.first, span.last)

    def dies(session: Any) -> None:
        withdrawals.book(session, found, span, fake.clock.at)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fake.db.write(dies)
    assert (fake.entries(), fake.db.read(withdrawals.read_to)) == ([], before)
    for _ in range(2):  # two sweeps that read the same blocks
        fake.db.write(lambda s: withdrawals.book(s, found, span, fake.clock.at))
    assert fake.entries() == [(fake.driver, -4_000)]
    assert fake.db.read(withdrawals.read_to) == block


def test_a_driver_who_withdraws_what_a_booking_holds_raises_an_alarm(fake: Owned) -> None:
    fake.booked()
    fake.withdraw(fake.driver, 9_900)
    fake.sweeps.audit()
    assert fake.alarms() == {withdrawals.CODE}
    assert fake.db.read(lambda s: accounts.balance(s, fake.driver)) == -500
    assert fake.equal()
    fake.top_up(500, "makes it good")
    for _ in range(2):
        fake.sweeps.drive()
    fake.sweeps.audit()
    assert fake.alarms() == set()


def test_a_withdrawal_that_is_not_final_is_neither_booked_nor_missed(fake: Owned) -> None:
    fake.chain.finality_depth = 3
    fake.withdraw(fake.driver, 4_000)
    fake.sweeps.audit()
    assert (fake.entries(), fake.alarms()) == ([], set())
    fake.chain.finality_depth = 0
    fake.sweeps.audit()
    assert fake.entries() == [(fake.driver, -4_000)]
    assert fake.equal()


def test_a_node_that_is_behind_what_was_read_is_not_compared_with(fake: Owned) -> None:
    fake.withdraw(fake.driver, 4_000)
    fake.sweeps.audit()
    before = fake.standing()
    fake.chain.finality_depth = 2
    fake.sweeps.audit()
    assert fake.standing() == before
    assert fake.alarms() == set()


def test_claimed_earnings_are_booked(fake: Owned) -> None:
    by_claim = 1 << 14
    word = fake.driver << 224 | fake.owner << 192 | 77 << 144 | 60 << 48 | by_claim
    leaf = keccak(b"\0" + fake.owner.to_bytes(32, "big") + (60).to_bytes(32, "big"))
    lost = accounts.money.deposit(fake.driver, -60)
    fake.db.write(lambda s: accounts.post(s, "settled elsewhere", lost, fake.now_ms))
    for function, *args in (
        ("settle_batch", 1, b"\x01" * 32, (word,)),
        ("publish_earnings", leaf),
    ):
        fake.do(("ledger", function), *args, sender="settler")
    fake.do(("ledger", "claim"), fake.owner, 60, ())
    fake.sweeps.audit()
    assert fake.entries() == [(fake.owner, 60)]
    assert fake.equal()


def test_a_long_history_is_read_in_turns_and_compared_at_its_end(fake: Owned) -> None:
    with_accounts = fake.db.read(withdrawals.read_to)
    assert with_accounts is not None
    far = with_accounts + 2 * withdrawals.MAX_BLOCKS + 5
    ends = []
    while (span := fake.db.read(lambda s: withdrawals.due(s, far))) is not None:
        assert span.last - span.first < withdrawals.MAX_BLOCKS + withdrawals.REREAD_BLOCKS
        fake.db.write(lambda s, span=span: withdrawals.book(s, [], span, fake.clock.at))  # type: ignore[misc]
        ends.append(span.last)
    assert ends[-1] == far and len(ends) == 3


class Impatient(FakeChain):
    """A node that keeps no logs."""

    deaf = False

    def history(self, *args: Any) -> list[Any]:
        if self.deaf:
            raise ChainUnreachable("no logs")
        return super().history(*args)


def test_nothing_is_compared_while_the_node_gives_no_logs(tmp_path: Path) -> None:
    rig = ready(Owned(tmp_path, Impatient))
    assert isinstance(rig.chain, Impatient)
    rig.withdraw(rig.driver, 4_000)
    rig.chain.deaf = True
    before = rig.standing()
    rig.sweeps.audit()
    assert rig.standing() == before
    rig.chain.deaf = False
    rig.sweeps.audit()
    assert rig.equal()


def told(rig: Owned, *options: str) -> tuple[int, str]:
    found = CLI.invoke(app, ["reconcile", "--data", str(rig.folder), *options])
    return found.exit_code, found.output


def test_the_operator_sees_equal_books_and_exit_0(fake: Owned) -> None:
    status, text = told(fake)
    assert (status, text.strip()) == (
        0,
        f"The books equal the chain as of block {fake.chain.finalized()}.",
    )


def test_the_operator_sees_the_difference_acknowledges_it_and_settling_goes_on(
    fake: Owned,
) -> None:
    lost = accounts.money.deposit(fake.driver, -5)
    fake.db.write(lambda s: accounts.post(s, "lost", lost, fake.now_ms))
    fake.sweeps.audit()
    status, text = told(fake)
    assert status == 1
    assert f"account {fake.driver:>6} {5:>+12}" in text and "--acknowledge" in text
    assert fake.db.read(reconciling.kept_back)
    status, text = told(fake, "--acknowledge", "--json")
    shown = json.loads(text)
    assert (status, shown["equal"], shown["stopped"]) == (1, False, False)
    [row] = shown["accounts"]
    assert row == {"account": fake.driver, "by_minor": 5, "acknowledged": True}
    assert not fake.db.read(reconciling.kept_back)


def test_a_folder_without_a_cloud_is_bad_input_and_is_not_made(tmp_path: Path) -> None:
    found = CLI.invoke(app, ["reconcile", "--data", str(tmp_path / "no")])
    assert found.exit_code == 2
    assert not (tmp_path / "no").exists()

"""What a second reader of the sender found: order, old hashes, prices, words and silence."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from cloud.adapters.chain import Web3Chain
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.fake_chain import FakeChain
from cloud.adapters.fake_contracts import REGISTRAR
from cloud.adapters.web3_errors import is_known
from cloud.app import compose, http_app
from cloud.config import Config
from cloud.core.fees import MAX_FEE_WEI, Fees, offer
from cloud.entrypoints.contact import SILENT_ALARM_S
from cloud.entrypoints.http.words import WORDS
from cloud.entrypoints.sweeps import Sweeps
from cloud.errors import OtherKey
from cloud.ports.chain import ChainRefused, Outcome, Sender, SignedTransaction
from cloud.tables import Alarm, ChainCall, Registration
from cloud.usecases import filing, marks
from contracts.ledger.hashing import keccak
from contracts.ledger.receipt import verify
from tests.cloud.rig import Rig, title_rows
from tests.cloud.test_settling import alarms, attempts, call_named
from tests.cloud.test_settling_bad_input import UNIT, Node, key_folder, rig_on
from tests.cloud.test_stays import all_of, books_equal_chain, park, receipt_of


class Fussy(FakeChain):
    """A node with rules of its own: `poor` may not send that function; `pool` knows its bytes

    and says so in other words than geth's; `broken` answers no question about a transaction.
    """

    poor: str | None = None
    words: str | None = None
    broken = False

    def send(self, tx: SignedTransaction) -> None:
        if self.poor and f"'{self.poor}'" in tx.raw.decode():
            raise ChainRefused("FUNDS", "insufficient funds for gas")
        if self.words and tx in self._pool.values():
            raise ChainRefused("REFUSED", self.words)
        super().send(tx)

    def outcome(self, tx_hash: str) -> Outcome | None:
        if self.broken:
            raise ChainRefused("REFUSED", "the method is not available")
        return super().outcome(tx_hash)

    def finalized(self) -> int:
        if self.broken:
            raise ChainRefused("REFUSED", "the method is not available")
        return super().finalized()


@pytest.fixture
def fussy(tmp_path: Path) -> Rig:
    rig = Rig(tmp_path, chain_type=Fussy)
    rig.open_market()
    for _ in range(2):
        rig.sweeps.drive()
    return rig


def node_of(rig: Rig) -> Fussy:
    assert isinstance(rig.chain, Fussy)
    return rig.chain


# Order


def test_a_batch_waits_for_a_deposit_that_was_decided_before_it_and_is_refused_for_now(
    fussy: Rig,
) -> None:
    node_of(fussy).poor = "deposit"
    fussy.top_up(500, "second")
    park(fussy)
    fussy.settle()
    deposit = next(c for c in all_of(fussy, ChainCall) if c.id.endswith(":second"))
    assert deposit.status == "signed" and "call_blocked" in alarms(fussy)
    assert call_named(fussy, "batch:1").status == "queued"
    node_of(fussy).poor = None
    for _ in range(3):
        fussy.sweeps.drive()
    assert call_named(fussy, "batch:1").status == "final"
    assert books_equal_chain(fussy)


def test_a_batch_does_not_wait_for_calls_that_move_no_money(fussy: Rig) -> None:
    node_of(fussy).poor = "publish"
    fussy.import_titles(title_rows({"S2": {"valid_until": "2049-12-31"}}), "b")
    park(fussy)
    fussy.settle()
    assert "call_blocked" in alarms(fussy)
    assert call_named(fussy, "batch:1").status == "mined"


# Found again


def test_a_queued_call_that_was_sent_before_is_found_under_its_old_hash(fussy: Rig) -> None:
    """It came into a block after we had given its bytes up: signed anew it would be refused."""
    park(fussy)
    node_of(fussy).mining = False
    fussy.settle()
    call = call_named(fussy, "batch:1")
    fussy.db.write(lambda s: filing.step(s, call, "resign"))
    [sent] = attempts(fussy, "batch:1")
    fussy.chain.mine(sent)
    for _ in range(2):
        fussy.sweeps.drive()
    assert call_named(fussy, "batch:1").status == "final"
    assert len(attempts(fussy, "batch:1")) == 1
    assert fussy.chain.read("ledger", "seq") == 1
    assert books_equal_chain(fussy)


def test_the_books_are_not_compared_while_a_queued_call_is_in_a_block_already(fussy: Rig) -> None:
    park(fussy)
    node_of(fussy).mining = False
    fussy.settle()
    call = call_named(fussy, "batch:1")
    fussy.db.write(lambda s: filing.step(s, call, "resign"))
    fussy.chain.mine(attempts(fussy, "batch:1")[0])
    fussy.sweeps.audit()
    assert alarms(fussy).isdisjoint({"books_differ", "settling_stopped"})


@pytest.mark.parametrize(
    "words",
    [
        "already known",
        "AlreadyKnown",
        "Transaction with the same hash was already imported.",
        "Known transaction",
        "known transaction: 5fd1",
    ],
)
def test_every_nodes_words_for_a_transaction_it_has_are_known(words: str) -> None:
    assert is_known(words)


def test_an_unknown_transaction_is_not_a_known_one() -> None:
    assert not is_known("unknown transaction type") and not is_known("nonce too low")


def test_a_refusal_in_words_we_do_not_know_keeps_the_bytes_and_tells(fussy: Rig) -> None:
    """Signed anew under the next nonce it would be sent twice."""
    park(fussy)
    node_of(fussy).mining, node_of(fussy).words = False, "we have this one, thank you"
    fussy.sweeps.batch()
    for _ in range(20):
        fussy.sweeps.drive()
        fussy.clock.pass_s(0.3)
    assert len(attempts(fussy, "batch:1")) == 1
    assert "call_blocked" in alarms(fussy)
    fussy.chain.mine(attempts(fussy, "batch:1")[0])
    for _ in range(2):
        fussy.sweeps.drive()
    assert call_named(fussy, "batch:1").status == "final"
    assert "call_blocked" not in alarms(fussy) and books_equal_chain(fussy)


# Prices


def test_the_first_offer_has_the_cap_too(rig: Rig) -> None:
    assert offer(Fees(MAX_FEE_WEI, 1)) == Fees(MAX_FEE_WEI, 1)
    assert offer(Fees(MAX_FEE_WEI + 1, 1)) is None
    rig.open_market()
    rig.sweeps.drive()
    booking_id = park(rig)
    usual, rig.chain.market = rig.chain.market, Fees(10**15, 10**15)
    rig.settle()
    assert call_named(rig, "batch:1").status == "queued" and attempts(rig, "batch:1") == []
    assert "call_stuck" in alarms(rig)
    rig.chain.market = usual
    rig.settle()
    assert "call_stuck" not in alarms(rig)
    assert all(link.ok for link in verify(receipt_of(rig, booking_id)))


# Refusals that pass


def test_an_end_of_term_that_the_newest_block_is_too_old_for_is_told_to_the_next(rig: Rig) -> None:
    rig.import_titles(title_rows({"S1": {"valid_until": "2030-01-01"}}))
    rig.enrol()
    rig.register()
    for _ in range(3):
        rig.sweeps.drive()
    rig.clock.at = datetime(2030, 1, 2, 0, 0, 0, 500_000, tzinfo=UTC)
    block_s = [int(rig.clock.at.timestamp()) - 6]
    rig.chain._now = lambda: block_s[0]
    rig.db.write(lambda s: marks.expire_ended(s, rig.clock.at))
    [registration] = all_of(rig, Registration)
    name = f"expire:{registration.id}"
    rig.sweeps.drive()
    assert call_named(rig, name).status == "queued" and "call_blocked" in alarms(rig)
    block_s[0] += 12
    for _ in range(2):
        rig.sweeps.drive()
    assert call_named(rig, name).status == "final"
    assert "call_blocked" not in alarms(rig)


def test_a_call_of_a_key_that_lost_its_role_waits_until_it_has_it_again(rig: Rig) -> None:
    rig.open_market()
    rig.sweeps.drive()
    holders = rig.chain._contracts.ledger.holders
    ours, holders[REGISTRAR] = holders[REGISTRAR], "0x" + "99" * 20
    rig.account("operator")
    rig.sweeps.drive()
    assert call_named(rig, "account:3").status == "queued"
    assert "call_blocked" in alarms(rig) and "call_failed" not in alarms(rig)
    rig.chain._contracts.ledger.holders[REGISTRAR] = ours
    for _ in range(2):
        rig.sweeps.drive()
    assert call_named(rig, "account:3").status == "final"


class Sour(Node):
    """Has no final block yet, and says so as geth does."""

    young = False

    def reply(self, body: bytes) -> bytes:
        asked, told = json.loads(body), json.loads(super().reply(body))
        several = isinstance(asked, list)
        for question, one in zip(asked, told, strict=True) if several else [(asked, told)]:
            if self.young and "finalized" in question.get("params", []):
                del one["result"]
                one["error"] = {"code": -39001, "message": "finalized block not found"}
        return json.dumps(told).encode()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Sour]:
    node = Sour(tmp_path / "chain")
    node.start()
    yield node
    node.stop()


@pytest.mark.parametrize("role", ["registrar", "settler"])
def test_a_key_without_the_role_of_its_name_is_named_with_both_addresses(
    node: Sour, role: Sender
) -> None:
    where = deploy(node.url, dev_role_keys(), UNIT, 0)
    keys = {**dev_role_keys(), role: keccak(b"another key")}
    Web3Chain(node.url, where, dev_role_keys()).check()
    chain = Web3Chain(node.url, where, keys)
    with pytest.raises(ChainRefused, match=f"the {role}'s key is 0x.*{role} is 0x") as told:
        chain.check()
    assert told.value.code == "ROLE"


def test_a_cloud_with_another_key_does_not_start_and_a_healthy_one_says_what_waits(
    node: Sour, tmp_path: Path
) -> None:
    config = Config(data=tmp_path / "data")
    cloud = compose(config, node.url, "mqtt://127.0.0.1:1")
    health = TestClient(http_app(cloud, None)).get("/healthz").json()
    assert (health["chain"], health["waiting_batches"]) == (True, 0)
    cloud.sweeps.contact.failed(cloud.db, cloud.clock, ConnectionError("refused"))
    assert TestClient(http_app(cloud, None)).get("/healthz").json()["chain"] is False
    cloud.db.close()
    other = config.model_copy(update={"keys": key_folder(tmp_path / "keys")})
    with pytest.raises(OtherKey, match="registrar's key is 0x") as told:
        compose(other, node.url, "mqtt://127.0.0.1:1")
    assert "BERTH_KEYS" in told.value.remedy


def test_a_wrong_key_stops_the_sender_and_its_own_alarm_says_so(rig: Rig) -> None:
    rig.open_market()
    rig.sweeps.drive()
    park(rig)
    rig.chain.wrong = ChainRefused("ROLE", "the settler's key is 0x1, the ledger's settler is 0x2")
    rig.settle()
    assert "wrong_role" in alarms(rig) and call_named(rig, "batch:1").status == "queued"
    rig.chain.wrong = None
    rig.settle()
    assert "wrong_role" not in alarms(rig)
    assert call_named(rig, "batch:1").status in ("mined", "final")


def test_a_young_chain_has_no_final_block(node: Sour, tmp_path: Path) -> None:
    rig = rig_on(node, tmp_path)
    node.young = True
    assert rig.chain.finalized() == -1
    park(rig)
    rig.settle()
    rig.sweeps.audit()
    assert call_named(rig, "batch:1").status == "mined"


# Silence


def test_a_node_that_refuses_to_look_up_costs_time_and_stops_no_sweep(fussy: Rig) -> None:
    booking_id = park(fussy)
    node_of(fussy).broken = True
    for _ in range(2):
        fussy.settle()
        fussy.sweeps.audit()
    node_of(fussy).broken = False
    for _ in range(2):
        fussy.settle()
    assert all(link.ok for link in verify(receipt_of(fussy, booking_id)))
    assert books_equal_chain(fussy)


def test_a_silent_chain_is_told_after_a_minute_and_no_more_once_it_answers(rig: Rig) -> None:
    rig.open_market()
    rig.sweeps.drive()
    assert rig.sweeps.contact.answers
    rig.chain.unreachable = True
    park(rig)
    rig.settle()
    rig.clock.pass_s(SILENT_ALARM_S - 1)
    rig.settle()
    assert "chain_silent" not in alarms(rig) and rig.sweeps.contact.answers is False
    rig.clock.pass_s(1)
    rig.settle()
    [told] = [a.sentence for a in all_of(rig, Alarm) if a.code == "chain_silent"]
    assert "priced and wait" in told
    assert rig.db.read(lambda s: filing.count_waiting(s, "batch:")) == 1
    rig.chain.unreachable = False
    rig.settle()
    assert "chain_silent" not in alarms(rig) and rig.sweeps.contact.answers
    assert rig.db.read(lambda s: filing.count_waiting(s, "batch:")) == 0


def test_a_silent_chain_is_noticed_by_the_comparison_when_nothing_is_to_send(rig: Rig) -> None:
    rig.open_market()
    for _ in range(3):
        rig.sweeps.drive()
    rig.chain.unreachable = True
    rig.sweeps.audit()
    for _ in range(2):
        rig.clock.pass_s(SILENT_ALARM_S)
        rig.sweeps.drive()
    assert "chain_silent" in alarms(rig)


def test_an_alarm_of_silence_ends_after_a_restart_too(rig: Rig) -> None:
    rig.open_market()
    rig.chain.unreachable = True
    for _ in range(2):
        rig.sweeps.drive()
        rig.sweeps.audit()
        rig.clock.pass_s(SILENT_ALARM_S)
    rig.sweeps.drive()
    assert "chain_silent" in alarms(rig)
    rig.chain.unreachable = False
    again = Sweeps(rig.db, rig.chain, rig.clock, rig.deployed, 20_000, 600_000)
    again.drive()
    assert "chain_silent" not in alarms(rig)


def test_new_alarms_have_words_in_both_languages() -> None:
    for code in ("chain_silent", "wrong_role"):
        for part in (f"alarm.{code}", f"alarm.{code}.do"):
            english, chinese = WORDS[part]
            assert english.isascii() and not chinese.isascii()

"""Wrong chains, wrong code, foreign nonces, empty purses, unreadable keys and lying nodes."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from web3 import Web3

from cloud.adapters.chain import Web3Chain, connect
from cloud.adapters.deploying import deploy
from cloud.adapters.dev_keys import DEV_CHAIN_ID, dev_key, dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.keys import role_keys
from cloud.app import compose
from cloud.config import Config
from cloud.entrypoints.sending import REPLACE_AFTER_S
from cloud.errors import BadKey, OtherChain, OtherCode
from cloud.ports.chain import Call, ChainRefused, Sender, SignedTransaction
from cloud.tables import Alarm, ChainAttempt, ChainCall
from cloud.usecases import filing, installation, settlements
from contracts.ledger.hashing import keccak
from contracts.ledger.receipt import verify
from contracts.ledger.records import Deployed
from contracts.wire.signing import address_of
from tests.cloud.rig import ADMIN, Rig
from tests.cloud.test_stays import all_of, books_equal_chain, park, receipt_of

UNIT = 10_000


class Node(DevChainServer):
    """A dev chain whose answers a test may change on their way out; counts the requests."""

    lie: Callable[[str, Any], Any] | None = None
    requests = 0

    def reply(self, body: bytes) -> bytes:
        self.requests += 1
        answer = super().reply(body)
        if self.lie is None:
            return answer
        asked, told = json.loads(body), json.loads(answer)
        several = isinstance(asked, list)
        for question, one in zip(asked, told, strict=True) if several else [(asked, told)]:
            if one.get("result") is not None:
                one["result"] = self.lie(question["method"], one["result"])
        return json.dumps(told).encode()

    def ask(self, method: str, *params: Any) -> None:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        assert "error" not in json.loads(super().reply(json.dumps(question).encode()))


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path / "chain")
    node.start()
    yield node
    node.stop()


def rig_on(
    node: Node, folder: Path, keys: dict[Sender, bytes] | None = None, kind: Any = Web3Chain
) -> Rig:
    """The cloud on a real chain, with a stay that waits to be settled."""
    keys = keys or dev_role_keys()
    where = deploy(node.url, keys, UNIT, 0)
    rig = Rig(folder, chain_type=lambda _now, addresses: kind(node.url, where, keys))  # type: ignore[arg-type]
    admin = address_of(keys["admin"])
    mint: Any = ("token", "mint")
    rig.db.write(lambda s: filing.queue(s, "setup:own", mint, [admin, 10**15], "admin"))
    rig.open_market()
    for _ in range(2):
        rig.sweeps.drive()
    return rig


def alarms(rig: Rig) -> set[str]:
    return {alarm.code for alarm in all_of(rig, Alarm)}


def batch_call(rig: Rig) -> ChainCall:
    return next(call for call in all_of(rig, ChainCall) if call.id == "batch:1")


def all_is_well(rig: Rig, booking_id: str) -> bool:
    for _ in range(3):
        rig.settle()
    rig.sweeps.audit()
    settled = all(link.ok for link in verify(receipt_of(rig, booking_id)))
    quiet = alarms(rig).isdisjoint({"books_differ", "node_lies", "wrong_chain", "call_blocked"})
    return settled and quiet and books_equal_chain(rig) and batch_call(rig).status == "final"


def test_a_stay_settles_on_the_dev_chain_and_the_books_are_equal(
    node: Node, tmp_path: Path
) -> None:
    rig = rig_on(node, tmp_path)
    booking_id = park(rig)
    rig.settle()
    assert all_is_well(rig, booking_id)


def test_another_chain_behind_the_same_address_gets_nothing_and_ours_resumes(
    tmp_path: Path,
) -> None:
    ours = Node(tmp_path / "chain")
    port = int(ours.start().rsplit(":", 1)[1])
    rig = rig_on(ours, tmp_path)
    booking_id = park(rig)
    ours.stop()
    other = Node(tmp_path / "other", port=port, chain_id=5)
    other.start()
    rig.settle()
    assert "wrong_chain" in alarms(rig)
    assert batch_call(rig).status == "queued"
    other.stop()
    again = Node(tmp_path / "chain", port=port)
    again.start()
    try:
        assert all_is_well(rig, booking_id)
    finally:
        again.stop()


def test_an_empty_chain_behind_the_same_address_is_told_from_ours(tmp_path: Path) -> None:
    """A dev chain whose folder was lost: a call to an address without code would pass as done."""
    ours = Node(tmp_path / "chain")
    port = int(ours.start().rsplit(":", 1)[1])
    rig = rig_on(ours, tmp_path)
    ours.stop()
    empty = Node(tmp_path / "empty", port=port)
    empty.start()
    try:
        rig.top_up(700, "second")
        rig.sweeps.drive()
        told = [alarm.sentence for alarm in all_of(rig, Alarm) if alarm.code == "wrong_chain"]
        assert len(told) == 1 and "NO_CONTRACT" in told[0]
        assert [c.status for c in all_of(rig, ChainCall)][-1] == "queued"
    finally:
        empty.stop()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"registry": "ledger"}, OtherCode),
        ({"ledger": "nowhere"}, OtherChain),
        ({"chain_id": 5}, OtherChain),
    ],
)
def test_a_cloud_of_other_contracts_does_not_start_and_says_what_to_do(
    node: Node, tmp_path: Path, change: dict[str, Any], error: type[OtherCode]
) -> None:
    where = deploy(node.url, dev_role_keys(), UNIT, 0)
    at = {"ledger": where.ledger, "nowhere": ADMIN, 5: 5}
    wrong = replace(where, **{name: at[value] for name, value in change.items()})
    config = Config(data=tmp_path / "data")
    from cloud.adapters.db import Database

    db = Database(config.database)
    found = Deployed(
        chain_id=wrong.chain_id, token=wrong.token, registry=wrong.registry, ledger=wrong.ledger
    )
    db.write(lambda s: installation.remember(s, found, ADMIN))
    db.close()
    with pytest.raises(error) as told:
        compose(config, node.url, "mqtt://127.0.0.1:1")
    assert told.value.code and told.value.remedy and str(told.value)


def no_transactions(method: str, result: Any) -> Any:
    return {**result, "transactions": []} if method == "eth_getBlockByNumber" else result


def another_hash(method: str, result: Any) -> Any:
    if method != "eth_getTransactionReceipt":
        return result
    return {**result, "transactionHash": "0x" + "ab" * 32}


def other_words(method: str, result: Any) -> Any:
    """The last word of the batch's log, one bit changed."""
    if method != "eth_getTransactionReceipt":
        return result
    logs = [{**log, "data": log["data"][:-1] + "7"} for log in result["logs"]]
    return {**result, "logs": logs}


def no_logs(method: str, result: Any) -> Any:
    return {**result, "logs": []} if method == "eth_getTransactionReceipt" else result


@pytest.mark.parametrize("lie", [no_transactions, another_hash, other_words, no_logs])
def test_a_node_that_lies_about_a_receipt_is_not_believed_and_nothing_is_lost(
    node: Node, tmp_path: Path, lie: Callable[[str, Any], Any]
) -> None:
    rig = rig_on(node, tmp_path)
    booking_id = park(rig)
    node.lie = lie
    for _ in range(2):
        rig.settle()
    assert "node_lies" in alarms(rig)
    assert batch_call(rig).status in ("signed", "sent")
    assert rig.db.read(lambda s: settlements.receipt_of(s, booking_id)) is None
    node.lie = None
    assert all_is_well(rig, booking_id)
    assert (
        len([row for row in all_of(rig, ChainAttempt) if row.call == batch_call(rig).number]) == 1
    )


class TakenFirst(Web3Chain):
    """Another program uses the settler's key just before we send."""

    taken = False

    def send(self, tx: SignedTransaction) -> None:
        if not self.taken and self._deployment.ledger[2:].lower() in tx.raw.hex():
            first = Account.from_key(dev_key(2)).address
            if self._w3.eth.get_transaction_count(first) == tx.nonce and self._is_settlers(tx):
                self.taken = True
                foreign = Call("token", "approve", (ADMIN, 1), "settler")
                super().send(self.sign(foreign, tx.nonce))
        super().send(tx)

    def _is_settlers(self, tx: SignedTransaction) -> bool:
        settler = Account.from_key(dev_key(2)).address
        return bool(Account.recover_transaction(tx.raw) == settler)


def test_a_nonce_taken_by_another_program_costs_a_signature_and_an_alarm(
    node: Node, tmp_path: Path
) -> None:
    rig = rig_on(node, tmp_path, kind=TakenFirst)
    booking_id = park(rig)
    rig.settle()
    assert "nonce_taken" in alarms(rig)
    assert all_is_well(rig, booking_id)
    assert "nonce_taken" not in alarms(rig)
    assert (
        len([row for row in all_of(rig, ChainAttempt) if row.call == batch_call(rig).number]) == 2
    )


def test_a_settler_without_coins_is_told_and_goes_on_once_it_has_some(
    node: Node, tmp_path: Path
) -> None:
    poor = keccak(b"a settler of our own")
    rig = rig_on(node, tmp_path, {**dev_role_keys(), "settler": poor})
    booking_id = park(rig)
    rig.top_up(700, "second")
    rig.settle()
    told = [alarm.sentence for alarm in all_of(rig, Alarm) if alarm.code == "call_blocked"]
    assert len(told) == 1 and "FUNDS" in told[0]
    assert rig.chain.read("ledger", "balance_of", rig.driver) == 10_700
    give(node, address_of(poor))
    assert all_is_well(rig, booking_id)


def give(node: Node, address: str) -> None:
    w3 = connect(node.url)
    rich = Account.from_key(dev_key(9))
    sent = rich.sign_transaction(
        {
            "chainId": DEV_CHAIN_ID,
            "nonce": w3.eth.get_transaction_count(rich.address),
            "to": Web3.to_checksum_address(address),
            "value": 10**18,
            "gas": 21_000,
            "gasPrice": 10**10,
        }
    )
    w3.eth.send_raw_transaction(sent.raw_transaction)


def test_a_batch_left_in_the_nodes_pool_is_outbid_by_the_nodes_own_rule(
    node: Node, tmp_path: Path
) -> None:
    rig = rig_on(node, tmp_path)
    booking_id = park(rig)
    node.ask("evm_setAutomine", False)
    rig.settle()
    for _ in range(2):
        rig.clock.pass_s(REPLACE_AFTER_S)
        rig.sweeps.drive()
        rig.sweeps.drive()
    mine = [row for row in all_of(rig, ChainAttempt) if row.call == batch_call(rig).number]
    assert len(mine) == 3 and len({row.nonce for row in mine}) == 1
    node.ask("evm_mine")
    node.ask("evm_setAutomine", True)
    assert all_is_well(rig, booking_id)
    newest = max(mine, key=lambda row: row.max_fee_wei)
    assert receipt_of(rig, booking_id).chain.transaction == newest.hash


def test_balances_of_many_accounts_are_read_in_few_requests(node: Node) -> None:
    chain = Web3Chain(node.url, deploy(node.url, dev_role_keys(), UNIT, 0), dev_role_keys())
    before = node.requests
    assert chain.balances(range(1, 251), chain.finalized()) == [0] * 250
    assert node.requests - before == 4


# Keys

SECRET = keccak(b"a secret of ours")
PASSWORD = "correct horse"


def key_folder(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    names = {f"{role}.hex": SECRET.hex() for role in ("admin", "registrar", "settler")}
    for name, text in {**names, **files}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return folder


def keystore(password: str = PASSWORD) -> str:
    return json.dumps(Account.encrypt(SECRET, password, kdf="pbkdf2", iterations=2))


def test_a_key_is_read_from_a_keystore_of_version_3(tmp_path: Path) -> None:
    files = {"settler.json": keystore(), "settler.hex": "", "password": PASSWORD + "\n"}
    assert role_keys(key_folder(tmp_path / "keys", **files))["settler"] == SECRET


@pytest.mark.parametrize(
    "files",
    [
        {"settler.json": keystore("another"), "password": PASSWORD},
        {"settler.json": "{}", "password": PASSWORD},
        {"settler.json": "[1]", "password": PASSWORD},
        {"settler.json": "not json", "password": PASSWORD},
        {"settler.json": json.dumps({"version": 1}), "password": PASSWORD},
        {"settler.json": keystore()},
        {"settler.hex": "not hex"},
        {"settler.hex": "ab"},
    ],
)
def test_a_key_that_cannot_be_read_is_told_without_its_content(
    tmp_path: Path, files: dict[str, str]
) -> None:
    with pytest.raises(BadKey) as told:
        role_keys(key_folder(tmp_path / "keys", **files))
    assert told.value.remedy and PASSWORD not in str(told.value)


def test_a_key_that_others_can_read_or_that_is_missing_is_refused(tmp_path: Path) -> None:
    folder = key_folder(tmp_path / "keys")
    (folder / "settler.hex").chmod(0o644)
    with pytest.raises(BadKey, match="chmod 600"):
        role_keys(folder)
    (folder / "settler.hex").unlink()
    with pytest.raises(BadKey, match="settler"):
        role_keys(folder)


def test_published_keys_are_refused_off_the_dev_chain(tmp_path: Path) -> None:
    other = Node(tmp_path / "chain", chain_id=5)
    other.start()
    try:
        with pytest.raises(ChainRefused, match="DEV_KEY"):
            deploy(other.url, dev_role_keys(), UNIT, 0)
    finally:
        other.stop()

"""What the chain adapters refuse before any harm is done, and how they tell of a dead node."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chain_bench import UNIT, Bench, Clock
from eth_account import Account

from cloud.adapters.chain import Web3Chain, connect
from cloud.adapters.deploying import deploy, deploy_one
from cloud.adapters.dev_keys import dev_role_keys
from cloud.adapters.devchain import DevChainServer
from cloud.adapters.fake_chain import FakeChain
from cloud.adapters.web3_errors import answers
from cloud.ports.chain import Call, ChainRefused, ChainUnreachable, Deployment, Sender
from contracts.ledger.hashing import keccak

OWN_KEYS: dict[Sender, bytes] = {
    "admin": keccak(b"one"),
    "registrar": keccak(b"two"),
    "settler": keccak(b"three"),
}
ROOT = keccak(b"root")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DevChainServer]:
    server = DevChainServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def other_chain(tmp_path: Path) -> Iterator[DevChainServer]:
    server = DevChainServer(tmp_path / "other", chain_id=5)
    server.start()
    yield server
    server.stop()


def test_dev_keys_are_refused_off_the_dev_chain(other_chain: DevChainServer) -> None:
    nowhere = Deployment(5, *["0x" + "11" * 20] * 3)
    with pytest.raises(ChainRefused, match="DEV_KEY"):
        Web3Chain(other_chain.url, nowhere, dev_role_keys())
    with pytest.raises(ChainRefused, match="DEV_KEY"):
        deploy(other_chain.url, dev_role_keys(), UNIT, 0)
    assert Web3Chain(other_chain.url, nowhere, OWN_KEYS).deployment() == nowhere


def test_a_ledger_without_a_registry_is_not_deployed(server: DevChainServer) -> None:
    admin = Account.from_key(dev_role_keys()["admin"])
    somewhere, nowhere = "0x" + "11" * 20, "0x" + "00" * 20
    terms = (somewhere, UNIT, somewhere, somewhere, somewhere, 0)
    with pytest.raises(ChainRefused, match="ADDRESS"), answers():
        deploy_one(connect(server.url), admin, "ledger", *terms, nowhere)
    assert deploy_one(connect(server.url), admin, "ledger", *terms, somewhere)


def test_contracts_of_another_chain_are_refused(server: DevChainServer) -> None:
    deployment = deploy(server.url, dev_role_keys(), UNIT, 0)
    with pytest.raises(ChainRefused, match="CHAIN_ID"):
        Web3Chain(server.url, replace(deployment, chain_id=1), dev_role_keys())


def test_an_account_without_coins_cannot_send(server: DevChainServer) -> None:
    deployment = deploy(server.url, dev_role_keys(), UNIT, 0)
    keys = {**dev_role_keys(), "settler": dev_role_keys()["settler"]}
    bench = Bench(Web3Chain(server.url, deployment, keys))
    bench.do("ledger", "pause", sender="admin")
    poor = Web3Chain(server.url, deployment, OWN_KEYS)
    with pytest.raises(ChainRefused, match="ADMIN"):
        poor.sign(Call("ledger", "unpause", (), "admin"), 0)
    free = Call("token", "approve", (deployment.ledger, 1), "admin")
    with pytest.raises(ChainRefused, match="FUNDS"):
        poor.send(poor.sign(free, 0))


def test_reading_where_no_contract_is_says_so(server: DevChainServer) -> None:
    nowhere = Deployment(31337, *["0x" + "11" * 20] * 3)
    chain = Web3Chain(server.url, nowhere, dev_role_keys())
    with pytest.raises(ChainRefused, match="NO_CONTRACT"):
        chain.read("ledger", "seq")


def test_a_dead_node_is_unreachable_and_a_later_retry_finds_it_again(tmp_path: Path) -> None:
    server = DevChainServer(tmp_path)
    port = int(server.start().rsplit(":", 1)[1])
    keys = dev_role_keys()
    chain = Web3Chain(server.url, deploy(server.url, keys, UNIT, 0), keys)
    tx = chain.sign(Call("ledger", "settle_batch", (1, ROOT, ()), "settler"), 0)
    server.stop()
    with pytest.raises(ChainUnreachable):
        chain.send(tx)
    again = DevChainServer(tmp_path, port=port)
    again.start()
    try:
        chain.send(tx)
        outcome = chain.outcome(tx.hash)
        assert outcome is not None and outcome.ok
    finally:
        again.stop()


def test_after_a_reorganisation_the_stored_bytes_are_sent_again(server: DevChainServer) -> None:
    keys = dev_role_keys()
    chain = Web3Chain(server.url, deploy(server.url, keys, UNIT, 0), keys)
    tx = chain.sign(Call("ledger", "settle_batch", (1, ROOT, ()), "settler"), 0)
    chain.send(tx)
    server.reply(b'{"id":1,"method":"dev_rollback","params":[1]}')
    assert chain.outcome(tx.hash) is None and chain.read("ledger", "seq") == 0
    chain.send(tx)
    assert chain.read("ledger", "seq") == 1


def test_the_fake_can_be_dead_and_can_be_rolled_back() -> None:
    fake = FakeChain(Clock())
    tx = fake.sign(Call("ledger", "settle_batch", (1, ROOT, ()), "settler"), 0)
    fake.unreachable = True
    with pytest.raises(ChainUnreachable):
        fake.send(tx)
    fake.unreachable = False
    fake.send(tx)
    fake.rollback(1)
    assert fake.outcome(tx.hash) is None and fake.next_nonce("settler") == 0
    fake.send(tx)
    assert fake.read("ledger", "seq") == 1

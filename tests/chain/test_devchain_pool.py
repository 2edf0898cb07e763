"""With automatic mining off, transactions wait under geth's rules and outlive the process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rpc_client import Rpc, signed

from cloud.adapters.dev_keys import dev_address
from cloud.adapters.devchain import DevChainServer

NOW_S, GWEI = 1_780_000_000, 10**9
ME = "0x" + dev_address(0).hex()


@pytest.fixture
def rpc(tmp_path: Path) -> Iterator[Rpc]:
    server = DevChainServer(tmp_path, now=lambda: NOW_S)
    yield Rpc(server.start())
    server.stop()


def priced(fee_wei: int, tip_wei: int, nonce: int = 0) -> str:
    return signed(nonce, maxFeePerGas=fee_wei, maxPriorityFeePerGas=tip_wei)


@pytest.mark.parametrize(
    ("fee_wei", "tip_wei", "taken"),
    [
        (3_300_000_000, 1_100_000_000, True),
        (3_299_999_999, 1_100_000_000, False),
        (3_300_000_000, 1_099_999_999, False),
        (6 * GWEI, GWEI, False),
    ],
)
def test_a_replacement_needs_ten_percent_more_of_both_fees(
    rpc: Rpc, fee_wei: int, tip_wei: int, taken: bool
) -> None:
    rpc.get("evm_setAutomine", False)
    first = rpc.get("eth_sendRawTransaction", priced(3 * GWEI, GWEI))
    answer = rpc.ask("eth_sendRawTransaction", priced(fee_wei, tip_wei))
    if not taken:
        assert answer["error"]["message"] == "replacement transaction underpriced"
    assert rpc.get("evm_mine") == "0x1"
    mined = answer["result"] if taken else first
    assert rpc.get("eth_getTransactionReceipt", mined)["status"] == "0x1"
    assert taken == (rpc.get("eth_getTransactionByHash", first) is None)


def test_what_waits_is_shown_counted_and_mined_in_order(rpc: Rpc) -> None:
    rpc.get("evm_setAutomine", False)
    hashes = [rpc.get("eth_sendRawTransaction", signed(nonce)) for nonce in range(3)]
    assert rpc.error("eth_sendRawTransaction", signed(5))["message"].startswith("nonce too high")
    assert rpc.error("eth_sendRawTransaction", signed(1))["message"] == "already known"
    assert rpc.get("eth_getTransactionCount", ME, "pending") == "0x3"
    assert rpc.get("eth_getTransactionCount", ME, "latest") == "0x0"
    assert rpc.get("eth_getTransactionReceipt", hashes[0]) is None
    assert rpc.get("eth_getTransactionByHash", hashes[0])["blockHash"] is None
    assert rpc.get("eth_getRawTransactionByHash", hashes[2]) == signed(2)
    assert rpc.get("txpool_status")["pending"] == "0x3"
    assert [set(of) for of in rpc.get("txpool_content")["pending"].values()] == [{"0", "1", "2"}]
    rpc.get("evm_setAutomine", True)
    assert [rpc.get("eth_getTransactionReceipt", one)["blockNumber"] for one in hashes] == [
        "0x1",
        "0x2",
        "0x3",
    ]
    assert rpc.get("txpool_status")["pending"] == "0x0"


def test_what_waits_is_there_after_a_restart(tmp_path: Path) -> None:
    server = DevChainServer(tmp_path, now=lambda: NOW_S)
    rpc = Rpc(server.start())
    rpc.get("evm_setAutomine", False)
    waiting = rpc.get("eth_sendRawTransaction", signed(0))
    server.stop()
    server = DevChainServer(tmp_path, now=lambda: NOW_S)
    try:
        rpc = Rpc(server.start())
        assert rpc.get("evm_mine") == "0x1"
        assert rpc.get("eth_getTransactionReceipt", waiting)["status"] == "0x1"
    finally:
        server.stop()


def test_an_explorer_finds_transactions_by_block_and_position(rpc: Rpc) -> None:
    tx_hash = rpc.get("eth_sendRawTransaction", signed(0))
    block = rpc.get("eth_getBlockByNumber", "0x1", False)["hash"]
    for kind, at in (("Number", "0x1"), ("Hash", block)):
        found = rpc.get(f"eth_getTransactionByBlock{kind}AndIndex", at, "0x0")
        assert found["hash"] == tx_hash
        assert rpc.get(f"eth_getTransactionByBlock{kind}AndIndex", at, "0x1") is None
        assert rpc.get(f"eth_getBlockTransactionCountBy{kind}", at) == "0x1"
        assert rpc.get(f"eth_getUncleCountByBlock{kind}", at) == "0x0"
        assert [one["transactionHash"] for one in rpc.get("eth_getBlockReceipts", at)] == [tx_hash]
    assert rpc.get("eth_getBlockReceipts", "0x9") is None
    assert rpc.get("net_peerCount") == "0x0"
    assert rpc.get("web3_sha3", "0x68656c6c6f20776f726c64").startswith("0x47173285")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_a_host_that_others_can_reach_is_refused_without_the_flag(
    tmp_path: Path, host: str
) -> None:
    with pytest.raises(ValueError, match="not a loopback address"):
        DevChainServer(tmp_path, host=host)


def test_with_the_flag_another_host_gets_as_far_as_the_socket(tmp_path: Path) -> None:
    """Nothing is bound beyond loopback here: it is the name that fails, no longer the rule."""
    with pytest.raises(OSError):
        DevChainServer(tmp_path, host="no.such.host.invalid", beyond_loopback=True)

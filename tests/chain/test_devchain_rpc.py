"""The dev chain speaks as geth does, and nothing a client sends can end it."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st
from rpc_client import Rpc, signed

from cloud.adapters.artifacts import artifact
from cloud.adapters.dev_keys import dev_address
from cloud.adapters.devchain import DevChainServer
from contracts.ledger.hashing import keccak

NOBODY = "0x" + "00" * 19 + "01"
NOW_S = 1_780_000_000
ME = "0x" + dev_address(0).hex()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevChainServer]:
    server = DevChainServer(tmp_path_factory.mktemp("devchain"), now=lambda: NOW_S)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def rpc(tmp_path: Path) -> Iterator[Rpc]:
    server = DevChainServer(tmp_path, now=lambda: NOW_S)
    yield Rpc(server.start())
    server.stop()


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def mint(nonce: int, token: str, amount: int) -> str:
    data = selector("mint(address,uint256)") + encode(["address", "uint256"], [ME, amount])
    return signed(nonce, to=to_checksum_address(token), data=data, value=0, gas=200_000)


def token_on(rpc: Rpc, nonce: int = 0) -> str:
    bytecode = artifact("token")["bytecode"]
    raw = signed(nonce, to=None, data=bytecode, value=0, gas=3_000_000)
    receipt = rpc.get("eth_getTransactionReceipt", rpc.get("eth_sendRawTransaction", raw))
    return str(receipt["contractAddress"])


def test_a_fresh_chain_answers_who_it_is(rpc: Rpc) -> None:
    assert rpc.get("web3_clientVersion").startswith("berth-devchain/")
    assert (rpc.get("eth_chainId"), rpc.get("net_version")) == (hex(31337), "31337")
    assert rpc.get("eth_blockNumber") == "0x0"
    assert rpc.get("eth_accounts") == []
    assert int(rpc.get("eth_getBalance", ME, "latest"), 16) == 10**24
    for tag in ("latest", "earliest", "pending", "safe", "finalized"):
        assert rpc.get("eth_getBlockByNumber", tag, False)["number"] == "0x0"
    assert rpc.get("eth_getBlockByNumber", "0x99", False) is None
    assert rpc.get("eth_getBlockByHash", "0x" + "ab" * 32, False) is None


@pytest.mark.parametrize("fields", [{}, {"maxFeePerGas": None, "gasPrice": 3 * 10**9}])
def test_a_transfer_is_in_a_block_when_it_is_acknowledged(rpc: Rpc, fields: dict[str, Any]) -> None:
    if fields:
        fields = {**fields, "maxPriorityFeePerGas": None}
    tx_hash = rpc.get("eth_sendRawTransaction", signed(0, **fields))
    receipt = rpc.get("eth_getTransactionReceipt", tx_hash)
    block = rpc.get("eth_getBlockByHash", receipt["blockHash"], True)
    assert (receipt["status"], receipt["gasUsed"]) == ("0x1", hex(21_000))
    assert block["transactions"] == [rpc.get("eth_getTransactionByHash", tx_hash)]
    assert block["timestamp"] == hex(NOW_S)
    assert rpc.get("eth_getTransactionCount", ME, "pending") == "0x1"
    paid = int(receipt["effectiveGasPrice"], 16) * 21_000 + 1
    assert int(rpc.get("eth_getBalance", ME, "latest"), 16) == 10**24 - paid


def test_geths_refusals_keep_geths_words(rpc: Rpc) -> None:
    first = signed(0)
    rpc.get("eth_sendRawTransaction", first)
    refusals = {
        "already known": first,
        "nonce too low": signed(0, value=2),
        "nonce too high": signed(2),
        "insufficient funds for gas * price + value": signed(1, value=10**25),
        "exceeds block gas limit": signed(1, gas=30_000_001),
        "intrinsic gas too low": signed(1, gas=20_999),
        "max fee per gas less than block base fee": signed(
            1, maxFeePerGas=1, maxPriorityFeePerGas=1
        ),
        "invalid chain id for signer": signed(1, chainId=1),
    }
    for words, raw in refusals.items():
        error = rpc.error("eth_sendRawTransaction", raw)
        assert (error["code"], error["message"][: len(words)]) == (-32000, words)
    assert rpc.get("eth_blockNumber") == "0x1"


def test_a_revert_answers_code_3_with_its_data(rpc: Rpc) -> None:
    token = token_on(rpc)
    data = selector("mint(address,uint256)") + encode(["address", "uint256"], [ME, 1])
    call = {"from": NOBODY, "to": token, "data": "0x" + data.hex()}
    for method in ("eth_call", "eth_estimateGas"):
        error = rpc.error(method, call, "latest")
        assert (error["code"], error["message"]) == (3, "execution reverted: MINTER")
        assert error["data"].startswith("0x08c379a0")
    mine = {**call, "from": ME}
    assert rpc.get("eth_call", mine, "latest") == "0x"
    estimate = int(rpc.get("eth_estimateGas", mine), 16)
    tx_hash = rpc.get("eth_sendRawTransaction", mint(1, token, 1))
    used = int(rpc.get("eth_getTransactionReceipt", tx_hash)["gasUsed"], 16)
    assert used <= estimate <= used * 1.02


def test_a_reverted_transaction_is_included_with_status_0(rpc: Rpc) -> None:
    token = to_checksum_address(token_on(rpc))
    data = selector("mint(address,uint256)") + encode(["address", "uint256"], [ME, 1])
    raw = signed(0, key=1, to=token, data=data, value=0, gas=200_000)
    tx_hash = rpc.get("eth_sendRawTransaction", raw)
    receipt = rpc.get("eth_getTransactionReceipt", tx_hash)
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])


def test_logs_are_found_by_address_topic_and_block(rpc: Rpc) -> None:
    token = token_on(rpc)
    other = token_on(rpc, 1)
    for nonce, address in ((2, token), (3, other), (4, token)):
        rpc.get("eth_sendRawTransaction", mint(nonce, address, nonce))
    transfer = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
    to_me = "0x" + "00" * 12 + ME[2:]

    def amounts(**wanted: Any) -> list[int]:
        found = rpc.get("eth_getLogs", {"fromBlock": "0x0", **wanted})
        assert all(not log["removed"] for log in found)
        return [int(log["data"], 16) for log in found]

    assert amounts() == [2, 3, 4]
    assert amounts(address=token) == [2, 4]
    assert amounts(address=[token, other], topics=[transfer]) == [2, 3, 4]
    assert amounts(topics=[None, None, to_me]) == [2, 3, 4]
    assert amounts(topics=[[transfer, to_me], to_me]) == []
    assert amounts(fromBlock="0x4", toBlock="0x4") == [3]
    assert amounts(fromBlock="latest") == [4]
    block = rpc.get("eth_getBlockByNumber", "0x3", False)["hash"]
    assert amounts(blockHash=block) == [2]


def test_code_and_storage_are_readable_at_old_blocks(rpc: Rpc) -> None:
    token = token_on(rpc)
    assert rpc.get("eth_getCode", token, "0x0") == "0x"
    assert len(rpc.get("eth_getCode", token, "latest")) > 100
    supply = {"to": token, "data": "0x" + selector("totalSupply()").hex()}
    rpc.get("eth_sendRawTransaction", mint(1, token, 7))
    assert int(rpc.get("eth_call", supply, "0x1"), 16) == 0
    assert int(rpc.get("eth_call", supply, "latest"), 16) == 7
    assert rpc.get("eth_getStorageAt", token, "0x0", "latest") == "0x" + "00" * 31 + "07"


def test_a_rollback_forgets_blocks_and_their_transactions_may_come_again(rpc: Rpc) -> None:
    raws = [signed(nonce) for nonce in range(3)]
    hashes = [rpc.get("eth_sendRawTransaction", raw) for raw in raws]
    assert rpc.get("dev_rollback", 2) == "0x1"
    assert rpc.get("eth_getTransactionReceipt", hashes[1]) is None
    assert rpc.get("eth_getTransactionCount", ME, "latest") == "0x1"
    assert [rpc.get("eth_sendRawTransaction", raw) for raw in raws[1:]] == hashes[1:]
    assert rpc.get("eth_blockNumber") == "0x3"


def test_fee_history_covers_the_blocks_and_the_next(rpc: Rpc) -> None:
    for nonce in range(3):
        rpc.get("eth_sendRawTransaction", signed(nonce))
    history = rpc.get("eth_feeHistory", "0x2", "latest", [10, 50])
    assert history["oldestBlock"] == "0x2"
    assert [len(history[name]) for name in ("baseFeePerGas", "gasUsedRatio", "reward")] == [3, 2, 2]
    assert len(rpc.get("eth_feeHistory", "0x400", "latest")["gasUsedRatio"]) == 4


def test_a_batch_answers_in_order_with_errors_in_place(rpc: Rpc) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": 8, "method": "eth_nothing"},
        5,
    ]
    _, answers = rpc.post(json.dumps(batch).encode())
    assert [one["id"] for one in answers] == [7, 8, None]
    assert answers[0]["result"] == hex(31337)
    assert [one["error"]["code"] for one in answers[1:]] == [-32601, -32600]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", -32700), (b"\xff", -32700), (b"[" * 100_000, -32600), (b"[]", -32600), (b"1", -32600)],
)
def test_malformed_requests_get_their_code(rpc: Rpc, body: bytes, code: int) -> None:
    assert rpc.post(body)[1]["error"]["code"] == code


def test_too_large_or_not_json_is_refused_and_the_client_hears_it(rpc: Rpc) -> None:
    """Also when it sends more than the sockets hold: else it would see a broken pipe."""
    assert rpc.post(b" " * (2**20 + 1))[0] == 413
    assert rpc.post(b" " * (12 * 2**20))[0] == 413
    assert rpc.post(b"{}", kind="text/plain")[0] == 415
    assert rpc.get("eth_blockNumber") == "0x0"


def test_a_contract_that_calls_itself_without_end_ends_its_transaction_alone(rpc: Rpc) -> None:
    # runtime: CALL(gas, address(this), 0, 0, 0, 0, 0), STOP; before it, code that returns it
    raw = signed(0, to=None, data="0x685f5f5f5f5f305af1005f5260096017f3", value=0, gas=200_000)
    tx_hash = rpc.get("eth_sendRawTransaction", raw)
    loop = rpc.get("eth_getTransactionReceipt", tx_hash)["contractAddress"]
    assert rpc.get("eth_getCode", loop, "latest") == "0x5f5f5f5f5f305af100"
    assert rpc.get("eth_call", {"to": loop}, "latest") == "0x"
    raw = signed(1, to=to_checksum_address(loop), value=0, gas=30_000_000)
    tx_hash = rpc.get("eth_sendRawTransaction", raw)
    assert rpc.get("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"


METHODS = [
    "eth_getBlockByNumber",
    "eth_getBlockByHash",
    "eth_getBalance",
    "eth_getTransactionCount",
    "eth_getCode",
    "eth_feeHistory",
    "eth_estimateGas",
    "eth_getStorageAt",
    "eth_call",
    "eth_sendRawTransaction",
    "eth_getLogs",
    "eth_getTransactionByHash",
    "eth_getTransactionReceipt",
    "eth_chainId",
]
HEX = st.binary(max_size=80).map(lambda value: "0x" + value.hex())
SCALAR = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), HEX,
    st.sampled_from(["latest", "0x0", ME, NOBODY, "0x" + "ff" * 32]),
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "from",
        "to",
        "gas",
        "value",
        "data",
        "input",
        "address",
        "topics",
        "fromBlock",
        "toBlock",
        "blockHash",
        "blockNumber",
    ]
)
PARAM = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5)
)


@settings(max_examples=400, deadline=None)
@given(method=st.sampled_from(METHODS), arguments=st.lists(PARAM, max_size=4))
def test_any_parameters_give_an_answer_or_an_error_of_ours(
    shared: DevChainServer, method: str, arguments: list[Any]
) -> None:
    request = {"id": 1, "method": method, "params": arguments}
    answer = json.loads(shared.reply(json.dumps(request).encode()))
    assert ("result" in answer) != ("error" in answer)


def test_a_transaction_in_another_spelling_is_refused(shared: DevChainServer) -> None:
    """An empty list where the nonce stands decodes to zero, too: one transaction, two spellings."""
    raw = bytearray(bytes.fromhex(signed(0)[2:]))
    assert raw[6] == 0x80
    raw[6] = 0xC0
    request = {"id": 1, "method": "eth_sendRawTransaction", "params": ["0x" + raw.hex()]}
    answer = json.loads(shared.reply(json.dumps(request).encode()))
    assert answer["error"]["code"] == -32000


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_damaged_transaction_is_refused_in_words(
    shared: DevChainServer, data: st.DataObject
) -> None:
    raw = bytearray(bytes.fromhex(signed(0)[2:]))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    request = {"id": 1, "method": "eth_sendRawTransaction", "params": ["0x" + raw.hex()]}
    answer = json.loads(shared.reply(json.dumps(request).encode()))
    # A damaged signature may still recover somebody, who has no money.
    assert answer["error"]["code"] == -32000


def test_many_clients_at_once_all_get_their_blocks(rpc: Rpc, shared: DevChainServer) -> None:
    hashes: list[str] = []

    def client(key: int) -> None:
        mine = Rpc(shared.url)
        hashes.extend(mine.get("eth_sendRawTransaction", signed(at, key=key)) for at in range(5))

    threads = [threading.Thread(target=client, args=(key,)) for key in range(4, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    reader = Rpc(shared.url)
    blocks = {reader.get("eth_getTransactionReceipt", one)["blockNumber"] for one in hashes}
    assert len(hashes) == len(blocks) == 40

"""Transactions signed here and sent as they are, so that two chains can be given the same bytes."""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from eth_account import Account
from web3 import Web3

from cloud.adapters.dev_keys import DEV_ACCOUNTS, DEV_CHAIN_ID, dev_address, dev_key

ANSWER_TIMEOUT_S = 120
MAX_FEE_WEI, TIP_WEI = 3 * 10**9, 10**9
MAX_LOOKS = 10_000
GAS = 16_000_000
ENOUGH_WEI = hex(10**24)


class Node:
    """One JSON-RPC connection."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        assert where.hostname
        self._http = http.client.HTTPConnection(where.hostname, where.port, ANSWER_TIMEOUT_S)

    def ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._http.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._http.getresponse().read())
        if "error" in answer:
            raise SystemExit(f"{method}: {answer['error']}")
        return answer["result"]

    def include(self, raw: str) -> dict[str, Any]:
        """Send, and the receipt; anvil answers a moment before its block is there."""
        sent = self.ask("eth_sendRawTransaction", raw)
        for _ in range(MAX_LOOKS):
            receipt: dict[str, Any] | None = self.ask("eth_getTransactionReceipt", sent)
            if receipt is not None:
                return receipt
        raise SystemExit("the node does not mine what it was sent")

    def fund_dev_accounts(self) -> None:
        """On anvil, whose own accounts are others."""
        for index in range(DEV_ACCOUNTS):
            self.ask("anvil_setBalance", "0x" + dev_address(index).hex(), ENOUGH_WEI)


@dataclass
class Recorder:
    """Sends to one chain and keeps what it sent; labels are given to what a table shows."""

    node: Node
    sent: list[tuple[str, str]] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    _nonces: dict[int, int] = field(default_factory=dict)

    def send(self, label: str, key: int, to: str | None, data: str) -> int:
        """Gas used; ends the program if it fails."""
        raw = self.sign(key, to, data)
        receipt = self.node.include(raw)
        if receipt["status"] != "0x1":
            raise SystemExit(f"{label or 'a preparation'} failed on the chain")
        self.sent.append((label, raw))
        self.receipts.append(receipt)
        return int(receipt["gasUsed"], 16)

    def create(self, compiled: dict[str, Any], *args: Any) -> str:
        """The new contract's address; dev account 0 is its deployer."""
        contract = Web3().eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
        self.send("", 0, None, contract.constructor(*args).data_in_transaction)
        return Web3.to_checksum_address(self.receipts[-1]["contractAddress"])

    def gas_of(self, label: str) -> int:
        for (name, _), receipt in zip(self.sent, self.receipts):
            if name == label:
                return int(receipt["gasUsed"], 16)
        raise KeyError(label)

    def sign(self, key: int, to: str | None, data: str) -> str:
        if key not in self._nonces:
            asked = self.node.ask("eth_getTransactionCount", address(key), "latest")
            self._nonces[key] = int(asked, 16)
        fields = {
            "chainId": DEV_CHAIN_ID,
            "nonce": self._nonces[key],
            "gas": GAS,
            "maxFeePerGas": MAX_FEE_WEI,
            "maxPriorityFeePerGas": TIP_WEI,
            "value": 0,
            "data": data,
            **({} if to is None else {"to": to}),
        }
        self._nonces[key] += 1
        return str(Account.sign_transaction(fields, dev_key(key)).raw_transaction.to_0x_hex())


class Ticking:
    """A clock one second on at every look: blocks of both chains can have the same times."""

    def __init__(self, start_s: int) -> None:
        self._now_s = start_s

    def __call__(self) -> int:
        self._now_s += 1
        return self._now_s


def replay(node: Node, recorder: Recorder) -> list[dict[str, Any]]:
    """On anvil, each in a block of the time it had on the recorder's chain."""
    return [
        include_at(node, raw, _time_of(recorder.node, receipt))
        for (_, raw), receipt in zip(recorder.sent, recorder.receipts)
    ]


def include_at(node: Node, raw: str, at_s: int) -> dict[str, Any]:
    node.ask("evm_setNextBlockTimestamp", at_s)
    return node.include(raw)


def _time_of(node: Node, receipt: dict[str, Any]) -> int:
    block = node.ask("eth_getBlockByNumber", receipt["blockNumber"], False)
    return int(block["timestamp"], 16)


def differences(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[int]:
    """Places where gas, status or logs of the same transactions are not the same."""
    return [at for at, pair in enumerate(zip(ours, theirs)) if _seen(pair[0]) != _seen(pair[1])]


def _seen(receipt: dict[str, Any]) -> tuple[Any, ...]:
    logs = [(log["address"].lower(), log["topics"], log["data"]) for log in receipt["logs"]]
    created = (receipt.get("contractAddress") or "").lower()
    return (int(receipt["gasUsed"], 16), int(receipt["status"], 16), logs, created)


def address(key: int) -> str:
    return str(Web3.to_checksum_address(dev_address(key)))


def encode(abi: list[dict[str, Any]], function: str, *args: Any) -> str:
    return str(Web3().eth.contract(abi=abi).encode_abi(function, args=list(args)))

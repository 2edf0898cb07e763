"""Bare JSON-RPC over one connection, and transactions signed without asking a node."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from eth_account import Account

from cloud.adapters.dev_keys import DEV_CHAIN_ID, dev_key

ANSWER_TIMEOUT_S = 30


class Rpc:
    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        assert where.hostname
        self._http = http.client.HTTPConnection(where.hostname, where.port, ANSWER_TIMEOUT_S)

    def post(self, body: bytes, kind: str = "application/json") -> tuple[int, Any]:
        self._http.request("POST", "/", body, {"Content-Type": kind})
        response = self._http.getresponse()
        text = response.read()
        return response.status, json.loads(text) if response.status == 200 else text.decode()

    def ask(self, method: str, *params: Any) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        _, answer = self.post(json.dumps(body).encode())
        assert isinstance(answer, dict)
        return answer

    def get(self, method: str, *params: Any) -> Any:
        answer = self.ask(method, *params)
        assert "error" not in answer, answer
        return answer["result"]

    def error(self, method: str, *params: Any) -> dict[str, Any]:
        found = self.ask(method, *params)["error"]
        assert isinstance(found, dict)
        return found


def signed(nonce: int, key: int = 0, **fields: Any) -> str:
    """A transfer of one wei by a dev account, unless the fields say otherwise."""
    transaction = {
        "chainId": DEV_CHAIN_ID,
        "nonce": nonce,
        "gas": 21_000,
        "maxFeePerGas": 3 * 10**9,
        "maxPriorityFeePerGas": 10**9,
        "to": "0x000000000000000000000000000000000000dEaD",
        "value": 1,
        **fields,
    }
    present = {name: value for name, value in transaction.items() if value is not None}
    return str(Account.sign_transaction(present, dev_key(key)).raw_transaction.to_0x_hex())

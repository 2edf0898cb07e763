"""The chain through web3: any Ethereum JSON-RPC node by its URL."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from eth_account import Account
from eth_utils.abi import event_abi_to_log_topic
from web3 import HTTPProvider, Web3
from web3.contract import Contract as Web3Contract
from web3.exceptions import (
    BlockNotFound,
    ContractLogicError,
    TransactionNotFound,
    Web3RPCError,
)
from web3.types import TxParams, TxReceipt

from cloud.adapters.artifacts import NAMES, artifact
from cloud.adapters.dev_keys import DEV_CHAIN_ID, is_dev_key
from cloud.adapters.web3_errors import answers, refusal_code, revert_code
from cloud.ports.chain import (
    Call,
    ChainEvent,
    ChainRefused,
    Contract,
    Deployment,
    Outcome,
    Sender,
    SignedTransaction,
)

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 30
DEPLOY_TIMEOUT_S = 120
# Other transactions may come between the estimate and the block.
GAS_MARGIN = 1.25
# Two full blocks double the base fee at most; a transaction waits that long at its price.
BASE_FEE_MARGIN = 2


class Web3Chain:
    def __init__(self, url: str, deployment: Deployment, keys: Mapping[Sender, bytes]) -> None:
        """Raises ChainRefused for dev keys or contracts that belong to another chain."""
        self._w3 = connect(url)
        self._deployment = deployment
        self._accounts = {sender: Account.from_key(key) for sender, key in keys.items()}
        with answers():
            chain_id = self._w3.eth.chain_id
        if chain_id != deployment.chain_id:
            sentence = f"the node is on chain {chain_id}, the contracts on {deployment.chain_id}"
            raise ChainRefused("CHAIN_ID", sentence)
        check_keys(chain_id, keys)
        self._contracts = {name: self._contract(name) for name in NAMES}
        self._events = {
            (contract.address, topic): (name, decode)
            for name, contract in self._contracts.items()
            for topic, decode in event_decoders(contract)
        }

    def deployment(self) -> Deployment:
        return self._deployment

    def sign(self, call: Call, nonce: int) -> SignedTransaction:
        account = self._accounts[call.sender]
        contract = self._contracts[call.contract]
        with answers():
            fields: TxParams = {
                "chainId": self._deployment.chain_id,
                "from": account.address,
                "to": contract.address,
                "data": contract.encode_abi(call.function, args=list(call.args)),
                "value": Web3.to_wei(0, "wei"),
            }
            return sign_fields(self._w3, account, fields, nonce)

    def next_nonce(self, sender: Sender) -> int:
        with answers():
            return self._w3.eth.get_transaction_count(self._accounts[sender].address, "pending")

    def send(self, tx: SignedTransaction) -> None:
        with answers():
            try:
                self._w3.eth.send_raw_transaction(tx.raw)
            except Web3RPCError as error:
                # geth says "nonce too low" of a transaction that is in a block already.
                if "already known" not in str(error).lower() and self._receipt(tx.hash) is None:
                    raise

    def outcome(self, tx_hash: str) -> Outcome | None:
        with answers():
            receipt = self._receipt(tx_hash)
            if receipt is None:
                return None
            ok = receipt["status"] == 1
            return Outcome(
                hash=tx_hash,
                ok=ok,
                block_number=receipt["blockNumber"],
                block_hash=receipt["blockHash"].to_0x_hex(),
                gas_used=receipt["gasUsed"],
                final=receipt["blockNumber"] <= self._finalized(),
                reason=None if ok else self._why(tx_hash, receipt),
                events=tuple(self._decoded(receipt)),
            )

    def read(self, contract: Contract, function: str, *args: Any) -> Any:
        with answers():
            found = self._contracts[contract].functions[function](*args).call()
        return plain(found)

    def _contract(self, name: Contract) -> Web3Contract:
        address = Web3.to_checksum_address(getattr(self._deployment, name))
        return self._w3.eth.contract(address=address, abi=artifact(name)["abi"])

    def _receipt(self, tx_hash: str) -> TxReceipt | None:
        try:
            return self._w3.eth.get_transaction_receipt(Web3.to_bytes(hexstr=tx_hash))  # type: ignore[arg-type]
        except TransactionNotFound:
            return None

    def _finalized(self) -> int:
        try:
            return self._w3.eth.get_block("finalized")["number"]
        except BlockNotFound:
            return -1  # a young chain has nothing final yet

    def _why(self, tx_hash: str, receipt: TxReceipt) -> str:
        """Run it again on the state before its block: receipts carry no reason."""
        sent = self._w3.eth.get_transaction(Web3.to_bytes(hexstr=tx_hash))  # type: ignore[arg-type]
        again: TxParams = {
            "from": sent["from"],
            "to": sent["to"],
            "data": sent["input"],
            "gas": sent["gas"],
        }
        try:
            self._w3.eth.call(again, receipt["blockNumber"] - 1)
        except ContractLogicError as error:
            return revert_code(error)
        except Web3RPCError as error:
            return refusal_code(str(error))
        return "REVERTED"

    def _decoded(self, receipt: TxReceipt) -> Iterator[ChainEvent]:
        for log in receipt["logs"]:
            topic = bytes(log["topics"][0]) if log["topics"] else b""
            known = self._events.get((log["address"], topic))
            if known is not None:
                contract, decode = known
                found = decode(log)
                args = {name: plain(value) for name, value in found["args"].items()}
                yield ChainEvent(contract, found["event"], args)


def deploy(url: str, keys: Mapping[Sender, bytes], unit: int, withdraw_delay_s: int) -> Deployment:
    """The three contracts, by the admin, who keeps the right to mint demo tokens."""
    w3 = connect(url)
    with answers():
        chain_id = w3.eth.chain_id
        check_keys(chain_id, keys)
        admin = Account.from_key(keys["admin"])
        registrar = Account.from_key(keys["registrar"]).address
        settler = Account.from_key(keys["settler"]).address
        token = deploy_one(w3, admin, "token")
        registry = deploy_one(w3, admin, "registry", registrar)
        terms = (token, unit, settler, registrar, withdraw_delay_s, registry)
        ledger = deploy_one(w3, admin, "ledger", *terms)
    return Deployment(chain_id, token, registry, ledger)


def deploy_one(w3: Web3, admin: Any, name: Contract, *args: Any) -> str:
    compiled = artifact(name)
    factory = w3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
    fields: TxParams = {
        "chainId": w3.eth.chain_id,
        "from": admin.address,
        "data": factory.constructor(*args).data_in_transaction,
        "value": Web3.to_wei(0, "wei"),
    }
    nonce = w3.eth.get_transaction_count(admin.address, "pending")
    sent = w3.eth.send_raw_transaction(sign_fields(w3, admin, fields, nonce).raw)
    receipt = w3.eth.wait_for_transaction_receipt(sent, DEPLOY_TIMEOUT_S)
    address = receipt["contractAddress"]
    if receipt["status"] != 1 or address is None:
        raise ChainRefused("DEPLOY", f"{NAMES[name]} could not be deployed")
    return str(address)


def connect(url: str) -> Web3:
    # Retries are the caller's, who knows what may be repeated.
    return Web3(
        HTTPProvider(
            url,
            request_kwargs={"timeout": (CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S)},
            exception_retry_configuration=None,
        )
    )


def check_keys(chain_id: int, keys: Mapping[Sender, bytes]) -> None:
    public = [sender for sender, key in keys.items() if is_dev_key(bytes(key))]
    if public and chain_id != DEV_CHAIN_ID:
        sentence = f"the {public[0]}'s key is a published dev key: make your own for {chain_id}"
        raise ChainRefused("DEV_KEY", sentence)


def sign_fields(w3: Web3, account: Any, fields: TxParams, nonce: int) -> SignedTransaction:
    tip = w3.eth.max_priority_fee
    newest = w3.eth.get_block("latest")
    gas = int(w3.eth.estimate_gas(fields) * GAS_MARGIN)
    complete = {
        **fields,
        "type": 2,
        "nonce": nonce,
        "gas": min(gas, newest["gasLimit"]),
        "maxPriorityFeePerGas": tip,
        "maxFeePerGas": newest["baseFeePerGas"] * BASE_FEE_MARGIN + tip,
    }
    signed = account.sign_transaction(complete)
    return SignedTransaction(
        raw=bytes(signed.raw_transaction),
        hash=signed.hash.to_0x_hex(),
        nonce=nonce,
    )


def event_decoders(contract: Web3Contract) -> Iterator[tuple[bytes, Callable[..., Any]]]:
    for abi in contract.abi:
        if abi["type"] == "event":
            yield bytes(event_abi_to_log_topic(abi)), contract.events[abi["name"]]().process_log


def plain(value: Any) -> Any:
    """Tuples for lists and bytes for web3's own bytes: what the fake answers too."""
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    return bytes(value) if isinstance(value, bytes) else value

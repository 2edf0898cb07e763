"""The chain through web3: any Ethereum JSON-RPC node by its URL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth_account import Account
from web3 import HTTPProvider, Web3
from web3.contract import Contract as Web3Contract
from web3.exceptions import (
    ContractLogicError,
    TransactionNotFound,
    Web3RPCError,
)
from web3.types import RPCEndpoint, TxParams, TxReceipt

from cloud.adapters.artifacts import NAMES, artifact
from cloud.adapters.dev_keys import DEV_CHAIN_ID, is_dev_key
from cloud.adapters.web3_asking import asked, in_its_block, is_ours
from cloud.adapters.web3_errors import answers, is_known, refusal_code, revert_code
from cloud.adapters.web3_logs import decoded, decoders, history, plain
from cloud.core.fees import MAX_FEE_WEI, Fees, offer
from cloud.ports.chain import (
    Call,
    ChainDishonest,
    ChainRefused,
    Contract,
    Deployment,
    Happened,
    Outcome,
    Sender,
    SignedTransaction,
)

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 30
# Other transactions may come between the estimate and the block.
GAS_MARGIN = 1.25
# Two full blocks double the base fee at most; a transaction waits that long at its price.
BASE_FEE_MARGIN = 2
# What one transaction may use on a chain of today's rules (EIP-7825), whatever its block holds.
MAX_TRANSACTION_GAS = 1 << 24

# Whose keys sign what: a contract's role and the key of the same name must be one address.
ROLES: tuple[tuple[Contract, Sender], ...] = (
    ("registry", "registrar"),
    ("ledger", "registrar"),
    ("ledger", "settler"),
)


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
        self._contracts = {name: self._contract(name) for name in self._named()}
        self._events = decoders(self._contracts)

    def deployment(self) -> Deployment:
        return self._deployment

    def check(self) -> None:
        where = self._deployment
        names = self._named()
        wanted = [("eth_getCode", [getattr(where, name), "latest"]) for name in names]
        with answers():
            chain_id, *codes = asked(self._w3, [("eth_chainId", []), *wanted])
        if int(chain_id, 16) != where.chain_id:
            sentence = f"the node is on chain {int(chain_id, 16)}, ours is {where.chain_id}"
            raise ChainRefused("CHAIN_ID", sentence)
        for name, code in zip(names, codes, strict=True):
            address = getattr(where, name)
            if code in ("0x", None):
                raise ChainRefused("NO_CONTRACT", f"there is no {NAMES[name]} at {address}")
            if not is_ours(code, artifact(name)["bytecode"]):
                sentence = f"the code at {address} is not the {NAMES[name]} of this version"
                raise ChainRefused("CODE", sentence)
        self._check_roles()

    def _check_roles(self) -> None:
        """Whatever else is right: the contracts would refuse all that a wrong key signs."""
        asks = [(name, role) for name, role in ROLES if role in self._accounts]
        calls = [
            {"to": self._contracts[name].address, "data": self._contracts[name].encode_abi(role)}
            for name, role in asks
        ]
        with answers():
            found = asked(self._w3, [("eth_call", [call, "latest"]) for call in calls])
        for (name, role), word in zip(asks, found, strict=True):
            ours, theirs = self._accounts[role].address, "0x" + word[-40:]
            if theirs.lower() != ours.lower():
                holder = Web3.to_checksum_address(theirs)
                sentence = f"the {role}'s key is {ours}, the {NAMES[name]}'s {role} is {holder}"
                raise ChainRefused("ROLE", sentence)

    def sign(self, call: Call, nonce: int, above: Fees | None = None) -> SignedTransaction:
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
            if call.gas is not None:
                fields["gas"] = min(call.gas, MAX_TRANSACTION_GAS)
            return sign_fields(self._w3, account, fields, nonce, above)

    def next_nonce(self, sender: Sender) -> int:
        with answers():
            return self._w3.eth.get_transaction_count(self._accounts[sender].address, "pending")

    def send(self, tx: SignedTransaction) -> None:
        with answers():
            try:
                self._w3.eth.send_raw_transaction(tx.raw)
            except Web3RPCError as error:
                # geth says "nonce too low" of a transaction that is in a block already.
                if not is_known(str(error)) and self._receipt(tx.hash) is None:
                    raise

    def outcome(self, tx_hash: str) -> Outcome | None:
        with answers():
            receipt = self._receipt(tx_hash)
            if receipt is None:
                return None
            if receipt["transactionHash"].to_0x_hex() != tx_hash:
                raise ChainDishonest(f"asked for {tx_hash}, it tells of another transaction")
            if not in_its_block(self._w3, receipt):
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
                events=tuple(e for log in receipt["logs"] if (e := decoded(self._events, log))),
            )

    def finalized(self) -> int:
        with answers():
            return self._finalized()

    def balances(self, accounts: Sequence[int], block_number: int) -> list[int]:
        ledger = self._contracts["ledger"]
        calls = [
            {"to": ledger.address, "data": ledger.encode_abi("balance_of", args=[account])}
            for account in accounts
        ]
        with answers():
            found = asked(self._w3, [("eth_call", [c, hex(block_number)]) for c in calls])
        return [int(balance, 16) for balance in found]

    def history(
        self, contract: Contract, names: Sequence[str], from_block: int, to_block: int
    ) -> list[Happened]:
        span = (from_block, to_block)
        with answers():
            return list(history(self._w3, self._contracts[contract], self._events, names, span))

    def read(self, contract: Contract, function: str, *args: Any) -> Any:
        with answers():
            found = self._contracts[contract].functions[function](*args).call()
        return plain(found)

    def _named(self) -> tuple[Contract, ...]:
        return tuple(name for name in NAMES if getattr(self._deployment, name))

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
        except Web3RPCError as error:
            if "not found" in str(error).lower():
                return -1  # a young chain has nothing final yet
            raise

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


def asker(url: str) -> Callable[[str, list[Any]], Any]:
    """Asks the node at `url`; raises OSError where it does not answer, or answers an error."""
    w3 = connect(url)

    def ask(method: str, params: list[Any]) -> Any:
        answer = w3.provider.make_request(RPCEndpoint(method), params)
        if "error" in answer:
            raise OSError(str(answer["error"]))
        return answer["result"]

    return ask


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


def sign_fields(
    w3: Web3, account: Any, call: TxParams, nonce: int, above: Fees | None = None
) -> SignedTransaction:
    """`above`: what the transaction of this nonce offers that this one shall replace."""
    newest = w3.eth.get_block("latest")
    gas = call["gas"] if "gas" in call else int(w3.eth.estimate_gas(call) * GAS_MARGIN)
    tip = w3.eth.max_priority_fee
    market = Fees(newest["baseFeePerGas"] * BASE_FEE_MARGIN + tip, tip)
    fees = offer(market, above)
    if fees is None:
        raise ChainRefused("FEE_CAP", f"the fee it takes is above the cap of {MAX_FEE_WEI} wei")
    complete = {
        **call,
        "type": 2,
        "nonce": nonce,
        "gas": min(gas, newest["gasLimit"]),
        "maxPriorityFeePerGas": fees.tip_wei,
        "maxFeePerGas": fees.max_fee_wei,
    }
    signed = account.sign_transaction(complete)
    return SignedTransaction(
        raw=bytes(signed.raw_transaction),
        hash=signed.hash.to_0x_hex(),
        nonce=nonce,
        fees=fees,
    )

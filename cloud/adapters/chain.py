"""The chain through web3: any Ethereum JSON-RPC node by its URL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth_account import Account
from web3 import Web3
from web3.contract import Contract as Web3Contract
from web3.exceptions import ContractLogicError, Web3RPCError
from web3.types import RPCEndpoint, TxParams

from cloud.adapters import abi
from cloud.adapters import depth as depth
from cloud.adapters.artifacts import NAMES, artifact
from cloud.adapters.dev_keys import DEV_CHAIN_ID, is_dev_key
from cloud.adapters.web3_asking import (
    Answer,
    asked,
    final_number,
    is_ours,
    replies,
    result,
    sound,
    standing,
)
from cloud.adapters.web3_errors import answers, is_known, refusal, refusal_code, revert_code
from cloud.adapters.web3_logs import decoded, history, known_events, plain
from cloud.adapters.web3_provider import PooledProvider
from cloud.core.fees import MAX_FEE_WEI, Fees, offer
from cloud.core.money import PLATFORM
from cloud.ports.chain import (
    Call,
    ChainRefused,
    Contract,
    Deployment,
    Happened,
    Outcome,
    Sender,
    SignedTransaction,
)

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
        self._functions = {n: abi.functions(c.abi) for n, c in self._contracts.items()}
        self._events = known_events({n: (c.address, c.abi) for n, c in self._contracts.items()})
        self._trusted: set[tuple[str, str]] = set()

    def deployment(self) -> Deployment:
        return self._deployment

    def check(self) -> None:
        names, roles = self._named(), [ask for ask in ROLES if ask[1] in self._accounts]
        codes = [("eth_getCode", [getattr(self._deployment, name), "latest"]) for name in names]
        calls = [("eth_call", [self._view(name, role), "latest"]) for name, role in roles]
        with answers(), sound():
            first, *others = replies(self._w3, [("eth_chainId", []), *codes, *calls])
            chain_id = int(result(first), 16)
            if chain_id != self._deployment.chain_id:
                sentence = f"the node is on chain {chain_id}, ours is {self._deployment.chain_id}"
                raise ChainRefused("CHAIN_ID", sentence)
            for name, reply in zip(names, others, strict=False):
                self._check_code(name, result(reply))
            for ask, reply in zip(roles, others[len(names) :], strict=True):
                self._check_role(*ask, result(reply))

    def _check_code(self, name: Contract, code: str) -> None:
        address = getattr(self._deployment, name)
        if code in ("0x", None):
            raise ChainRefused("NO_CONTRACT", f"there is no {NAMES[name]} at {address}")
        if (name, code) not in self._trusted and not is_ours(code, artifact(name)["bytecode"]):
            sentence = f"the code at {address} is not the {NAMES[name]} of this version"
            raise ChainRefused("CODE", sentence)
        self._trusted.add((name, code))

    def _check_role(self, name: Contract, role: Sender, word: str) -> None:
        """Whatever else is right: the contracts would refuse all that a wrong key signs."""
        ours, theirs = self._accounts[role].address, "0x" + word[-40:]
        if theirs.lower() != ours.lower():
            holder = Web3.to_checksum_address(theirs)
            sentence = f"the {role}'s key is {ours}, the {NAMES[name]}'s {role} is {holder}"
            raise ChainRefused("ROLE", sentence)

    def _view(self, name: Contract, function: str, *args: object) -> dict[str, str]:
        data = self._functions[name][function].data(args)
        return {"to": self._contracts[name].address, "data": "0x" + data.hex()}

    def sign(
        self, call: Call, nonce: int | None = None, above: Fees | None = None
    ) -> SignedTransaction:
        account = self._accounts[call.sender]
        fields: TxParams = {
            "chainId": self._deployment.chain_id,
            "from": account.address,
            "to": self._contracts[call.contract].address,
            "data": self._functions[call.contract][call.function].data(call.args),
            "value": Web3.to_wei(0, "wei"),
        }
        if call.gas is not None:
            fields["gas"] = min(call.gas, MAX_TRANSACTION_GAS)
        with answers(), sound():
            return sign_fields(self._w3, account, fields, nonce, above)

    def next_nonce(self, sender: Sender) -> int:
        with answers():
            return self._w3.eth.get_transaction_count(self._accounts[sender].address, "pending")

    def send(self, tx: SignedTransaction) -> None:
        with answers(), sound():
            raw = "0x" + tx.raw.hex()
            [reply] = replies(self._w3, [("eth_sendRawTransaction", [raw])])
            error = reply.get("error")
            # geth says "nonce too low" of a transaction that is in a block already.
            known = not error or is_known(str(error)) or standing(self._w3, tx.hash) is not None
        if not known:
            raise refusal(reply["error"])

    def outcome(self, tx_hash: str) -> Outcome | None:
        with answers(), sound():
            found = standing(self._w3, tx_hash)
            if found is None:
                return None
            receipt, number = found.receipt, int(found.receipt["blockNumber"], 16)
            ok = receipt["status"] == "0x1"
            return Outcome(
                hash=tx_hash,
                ok=ok,
                block_number=number,
                block_hash=receipt["blockHash"],
                gas_used=int(receipt["gasUsed"], 16),
                final=number <= found.final,
                reason=None if ok else self._why(tx_hash, receipt),
                events=tuple(e for log in receipt["logs"] if (e := decoded(self._events, log))),
            )

    def blocks(self, numbers: Sequence[int]) -> tuple[int, list[str | None]]:
        questions = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        with answers(), sound():
            final, *found = replies(
                self._w3, [("eth_getBlockByNumber", ["finalized", False]), *questions]
            )
            told = [reply.get("result") for reply in found]
            return final_number(final), [block["hash"] if block else None for block in told]

    def finalized(self) -> int:
        return self.blocks([])[0]

    def balances(self, accounts: Sequence[int], block_number: int) -> list[int]:
        views = [
            self._view("ledger", "fees")
            if account == PLATFORM
            else self._view("ledger", "balance_of", account)
            for account in accounts
        ]
        with answers(), sound():
            found = asked(self._w3, [("eth_call", [v, hex(block_number)]) for v in views])
            return [int(balance, 16) for balance in found]

    def history(
        self, contract: Contract, names: Sequence[str], from_block: int, to_block: int
    ) -> list[Happened]:
        span = (from_block, to_block)
        address = self._contracts[contract].address
        with answers(), sound():
            return list(history(self._w3, address, self._events, names, span))

    def read(self, contract: Contract, function: str, *args: Any) -> Any:
        with answers():
            found = self._contracts[contract].functions[function](*args).call()
        return plain(found)

    def _named(self) -> tuple[Contract, ...]:
        return tuple(name for name in NAMES if getattr(self._deployment, name))

    def _contract(self, name: Contract) -> Web3Contract:
        address = Web3.to_checksum_address(getattr(self._deployment, name))
        return self._w3.eth.contract(address=address, abi=artifact(name)["abi"])

    def _why(self, tx_hash: str, receipt: Answer) -> str:
        """Run it again on the state before its block: receipts carry no reason."""
        sent = self._w3.eth.get_transaction(Web3.to_bytes(hexstr=tx_hash))  # type: ignore[arg-type]
        again: TxParams = {
            "from": sent["from"],
            "to": sent["to"],
            "data": sent["input"],
            "gas": sent["gas"],
        }
        try:
            self._w3.eth.call(again, int(receipt["blockNumber"], 16) - 1)
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
    return Web3(PooledProvider(url))


def check_keys(chain_id: int, keys: Mapping[Sender, bytes]) -> None:
    public = [sender for sender, key in keys.items() if is_dev_key(bytes(key))]
    if public and chain_id != DEV_CHAIN_ID:
        sentence = f"the {public[0]}'s key is a published dev key: make your own for {chain_id}"
        raise ChainRefused("DEV_KEY", sentence)


def sign_fields(
    w3: Web3, account: Any, call: TxParams, nonce: int | None = None, above: Fees | None = None
) -> SignedTransaction:
    """`above`: what the transaction of this nonce offers that this one shall replace."""
    block, tip_wei, next_nonce = replies(
        w3,
        [
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_maxPriorityFeePerGas", []),
            ("eth_getTransactionCount", [account.address, "pending"]),
        ],
    )
    newest = result(block)
    gas = call["gas"] if "gas" in call else int(w3.eth.estimate_gas(call) * GAS_MARGIN)
    # A node without that method is asked in web3's other way.
    tip = int(tip_wei["result"], 16) if "result" in tip_wei else w3.eth.max_priority_fee
    market = Fees(int(newest["baseFeePerGas"], 16) * BASE_FEE_MARGIN + tip, tip)
    fees = offer(market, above)
    if fees is None:
        raise ChainRefused("FEE_CAP", f"the fee it takes is above the cap of {MAX_FEE_WEI} wei")
    nonce = int(result(next_nonce), 16) if nonce is None else nonce
    complete = {
        **call,
        "type": 2,
        "nonce": nonce,
        "gas": min(gas, int(newest["gasLimit"], 16)),
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

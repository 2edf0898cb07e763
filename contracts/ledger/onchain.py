"""What the chain says of a receipt: questions to ask a node, and how to read its answers. Pure.

Only static types are asked for, so a call is a selector and 32-byte words (contract ABI spec).
"""

from collections.abc import Callable
from typing import Any

from contracts.ledger.hashing import keccak, unhex
from contracts.ledger.receipt import Link, Receipt, money
from contracts.wire.types import ZERO_DIGEST

# Asks a node: (method, params) -> result. Raises OSError when the node does not answer.
Ask = Callable[[str, list[Any]], Any]
UNPAID_EVENT = "Unpaid(uint256,uint32,uint256)"
BATCH_EVENT = "Batch(uint256,bytes32,bytes32,uint256[])"


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def verify_on_chain(receipt: Receipt, ask: Ask) -> list[Link]:
    """The links that only a node can tell. They hold for the ledger that the receipt names:

    whether that is the ledger of the operator one deals with, a reader must know (`pinned`).
    A node of another chain is asked nothing more: of this receipt it can know nothing.
    """
    chain = _link("chain id", _chain_id(receipt, ask))
    if not chain.ok:
        return [chain]
    return [
        chain,
        _link("registry", _registry(receipt, ask)),
        _link("gateway key", _gateway_key(receipt, ask)),
        *([_link("title root", _title_root(receipt, ask))] if receipt.title else []),
        _link("batch root", _batch_root(receipt, ask)),
        *_filed(receipt, ask),
    ]


def pinned(receipt: Receipt, ledger: str) -> Link:
    """The receipt's ledger is the one that the reader was given by another way."""
    if receipt.chain.ledger.lower() != ledger.lower():
        return Link("ledger", False, f"The receipt is of ledger {receipt.chain.ledger}.")
    return Link("ledger", True, f"The receipt is of the ledger you named, {ledger}.")


def _link(name: str, found: tuple[bool, str]) -> Link:
    return Link(name, *found)


def _chain_id(receipt: Receipt, ask: Ask) -> tuple[bool, str]:
    found = int(ask("eth_chainId", []), 16)
    if found != receipt.chain.chain_id:
        return False, f"The node is of chain {found}, the receipt of {receipt.chain.chain_id}."
    return True, f"The node is of chain {found}."


def _registry(receipt: Receipt, ask: Ask) -> tuple[bool, str]:
    found = _call(ask, receipt.chain.ledger, selector("registry()"))
    if unhex(found)[-20:] != unhex(receipt.chain.registry):
        return False, "The ledger does not belong to the registry that the receipt names."
    return True, f"The ledger belongs to registry {receipt.chain.registry}."


def _gateway_key(receipt: Receipt, ask: Ask) -> tuple[bool, str]:
    """As the registry said when the stay was filed: keys change later."""
    signer = unhex(receipt.gateway.signer).rjust(32, b"\0")
    data = selector("gateway_of(address)") + signer
    found = _call(ask, receipt.chain.registry, data, hex(receipt.chain.block_number))
    if found != "0x" + keccak(receipt.gateway.id.encode()).hex():
        return False, f"{receipt.gateway.signer} is not the registered key of that gateway."
    return True, f"The registry names this key for gateway {receipt.gateway.id}."


def _title_root(receipt: Receipt, ask: Ask) -> tuple[bool, str]:
    """As published when the stay was filed: titles change later."""
    block = hex(receipt.chain.block_number)
    found = _call(ask, receipt.chain.registry, selector("root()"), block)
    if receipt.title is None or found != receipt.title.root or found == ZERO_DIGEST:
        return False, f"The library of titles had another root when the stay was filed: {found}."
    return True, "The library of titles had this root when the stay was filed."


def _batch_root(receipt: Receipt, ask: Ask) -> tuple[bool, str]:
    data = selector("batch_root(uint256)") + receipt.chain.batch.to_bytes(32, "big")
    found = _call(ask, receipt.chain.ledger, data)
    if found != receipt.proof.root or found == ZERO_DIGEST:
        return False, f"Batch {receipt.chain.batch} has another root on the chain: {found}."
    return True, f"Batch {receipt.chain.batch} has this root on the chain."


def _filed(receipt: Receipt, ask: Ask) -> list[Link]:
    mined = ask("eth_getTransactionReceipt", [receipt.chain.transaction])
    if mined is None or int(mined["status"], 16) != 1:
        return [Link("transaction", False, "The chain knows no such successful transaction.")]
    return [
        _link("transaction", _transaction(receipt, mined)),
        _link("payment", _payment(receipt, mined)),
    ]


def _transaction(receipt: Receipt, mined: dict[str, Any]) -> tuple[bool, str]:
    """The batch's log, in the block and transaction named, holds this stay's word."""
    where = (int(mined["blockNumber"], 16), mined["blockHash"])
    if where != (receipt.chain.block_number, receipt.chain.block_hash):
        return False, f"The transaction stands in block {where[0]}, not where the receipt says."
    if not any(_is_batch(log, receipt) for log in mined["logs"]):
        return False, "The transaction did not file this stay."
    return True, f"Filed in block {where[0]}."


def _payment(receipt: Receipt, mined: dict[str, Any]) -> tuple[bool, str]:
    topics = ["0x" + keccak(UNPAID_EVENT.encode()).hex(), _hex32(receipt.record.stay)]
    for log in mined["logs"]:
        if log["topics"] == topics and log["address"].lower() == receipt.chain.ledger.lower():
            missing_minor = int.from_bytes(unhex(log["data"])[32:64], "big")
            missing = money(missing_minor, receipt)
            return False, f"Of {money(receipt.total_minor, receipt)}, {missing} was not paid."
    return True, f"{money(receipt.total_minor, receipt)} was paid in full."


def _is_batch(log: dict[str, Any], receipt: Receipt) -> bool:
    topics = [
        "0x" + keccak(BATCH_EVENT.encode()).hex(),
        _hex32(receipt.chain.batch),
    ]
    if log["address"].lower() != receipt.chain.ledger.lower() or log["topics"] != topics:
        return False
    data = unhex(log["data"])
    words = {data[start : start + 32] for start in range(128, len(data), 32)}
    return unhex(receipt.chain.word) in words


def _hex32(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


def _call(ask: Ask, address: str, data: bytes, block: str = "latest") -> str:
    return str(ask("eth_call", [{"to": address, "data": "0x" + data.hex()}, block]))

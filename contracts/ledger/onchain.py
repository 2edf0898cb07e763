"""What the chain says of a receipt, credit or charge: what to ask a node, how to read it. Pure.

Only static types are asked for, so a call is a selector and 32-byte words (contract ABI spec).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from contracts.ledger.amounts import amount_of
from contracts.ledger.charge import Charge
from contracts.ledger.credit import Credit
from contracts.ledger.hashing import keccak, unhex
from contracts.ledger.links import Link
from contracts.ledger.receipt import Receipt
from contracts.wire.types import ZERO_DIGEST

# Asks a node: (method, params) -> result. Raises OSError when the node does not answer, and Refused
# when it answers that this one question it cannot.
Ask = Callable[[str, list[Any]], Any]
Filed = Receipt | Credit | Charge
UNPAID_EVENT = "Unpaid(uint256,uint32,uint256)"
BATCH_EVENT = "Batch(uint256,bytes32,bytes32,uint256[])"


class Refused(OSError):
    """The node does not tell this: most keep no state of old blocks."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a node told; `unlearnt` are the links that it refused to tell of, by its words `why`."""

    links: tuple[Link, ...]
    unlearnt: tuple[str, ...] = ()
    why: str = ""


QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def quantity(found: Any) -> int:
    """As nodes spell numbers. Raises ValueError: another spelling is no answer, and no verdict."""
    if not isinstance(found, str) or not QUANTITY.fullmatch(found):
        raise ValueError("the node's answer is no number")
    return int(found, 16)


def data_of(found: Any) -> str:
    """Bytes as lower-case hex. Raises ValueError."""
    if not isinstance(found, str) or not DATA.fullmatch(found):
        raise ValueError("the node's answer is no hexadecimal text")
    return found.lower()


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def verify_on_chain(paper: Filed, ask: Ask) -> list[Link]:
    """The links of `told_by`, all of them. Raises Refused where the node keeps one back."""
    told = told_by(paper, ask)
    if told.unlearnt:
        raise Refused(f"{told.why} ({', '.join(told.unlearnt)})")
    return list(told.links)


def told_by(paper: Filed, ask: Ask) -> Told:
    """The links that only a node can tell. They hold for the ledger that the receipt names:

    whether that is the ledger of the operator one deals with, a reader must know (`pinned`).
    A node of another chain is asked nothing more: of this receipt it can know nothing.
    A credit stands there as well as the receipt it corrects, and each is asked for by itself.
    A question that the node refuses leaves the other answers as they are. Raises Refused where it
    does not even tell its chain.
    """
    receipt = paper.corrects if isinstance(paper, Credit) else paper
    chain = _link("chain id", _chain_id(receipt, ask))
    links, unlearnt, why = [chain], list[str](), ""
    for names, asked in _questions(paper, receipt, ask) if chain.ok else ():
        try:
            links += asked()
        except Refused as refused:
            unlearnt += names
            why = why or str(refused)
    return Told(tuple(links), tuple(unlearnt), why)


Question = tuple[tuple[str, ...], Callable[[], list[Link]]]


def _questions(paper: Filed, receipt: Receipt | Charge, ask: Ask) -> list[Question]:
    """(the links that it may answer, what asks)."""
    if isinstance(receipt, Charge):
        # No gateway has signed anything of it.
        return [_one_link("registry", _registry, receipt, ask), *_place(receipt, ask)]
    of_credit = [_of_credit(one) for one in _place(paper, ask)] if paper is not receipt else []
    return [
        _one_link("registry", _registry, receipt, ask),
        _one_link("gateway key", _gateway_key, receipt, ask),
        *([_one_link("title root", _title_root, receipt, ask)] if receipt.title else []),
        *_place(receipt, ask),
        *of_credit,
    ]


def _one_link(
    name: str, found: Callable[[Any, Ask], tuple[bool, str]], paper: Filed, ask: Ask
) -> Question:
    return (name,), lambda: [_link(name, found(paper, ask))]


def pinned(named: str, ledger: str) -> Link:
    """The ledger that a file names is the one that its reader was given by another way."""
    if named.lower() != ledger.lower():
        return Link("ledger", False, f"The receipt is of ledger {named}.")
    return Link("ledger", True, f"The receipt is of the ledger you named, {ledger}.")


def _place(paper: Filed, ask: Ask) -> list[Question]:
    """Where its own record stands on the chain."""
    return [
        _one_link("batch root", _batch_root, paper, ask),
        (("transaction", "payment"), lambda: _filed(paper, ask)),
    ]


def _of_credit(question: Question) -> Question:
    names, asked = question
    told = tuple(f"credit {name}" for name in names)
    return told, lambda: [replace(link, name=f"credit {link.name}") for link in asked()]


def _link(name: str, found: tuple[bool, str]) -> Link:
    return Link(name, *found)


def _chain_id(receipt: Receipt | Charge, ask: Ask) -> tuple[bool, str]:
    found = quantity(ask("eth_chainId", []))
    if found != receipt.chain.chain_id:
        return False, f"The node is of chain {found}, the receipt of {receipt.chain.chain_id}."
    return True, f"The node is of chain {found}."


def _registry(receipt: Receipt | Charge, ask: Ask) -> tuple[bool, str]:
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


def _batch_root(paper: Filed, ask: Ask) -> tuple[bool, str]:
    data = selector("batch_root(uint256)") + paper.chain.batch.to_bytes(32, "big")
    found = _call(ask, paper.chain.ledger, data)
    if found != paper.proof.root or found == ZERO_DIGEST:
        return False, f"Batch {paper.chain.batch} has another root on the chain: {found}."
    return True, f"Batch {paper.chain.batch} has this root on the chain."


def _filed(paper: Filed, ask: Ask) -> list[Link]:
    mined = ask("eth_getTransactionReceipt", [paper.chain.transaction])
    if mined is None or quantity(mined["status"]) != 1:
        return [Link("transaction", False, "The chain knows no such successful transaction.")]
    return [
        _link("transaction", _transaction(paper, mined)),
        _link("payment", _payment(paper, mined)),
    ]


def _transaction(paper: Filed, mined: dict[str, Any]) -> tuple[bool, str]:
    """The batch's log, in the block and transaction named, holds this stay's word."""
    where = (quantity(mined["blockNumber"]), data_of(mined["blockHash"]))
    if where != (paper.chain.block_number, paper.chain.block_hash):
        return False, f"The transaction stands in block {where[0]}, not where the receipt says."
    if not any(_is_batch(log, paper) for log in mined["logs"]):
        return False, "The transaction did not file this stay."
    return True, f"Filed in block {where[0]}."


def _payment(paper: Filed, mined: dict[str, Any]) -> tuple[bool, str]:
    receipt = paper.corrects if isinstance(paper, Credit) else paper
    currency = receipt.tariff.currency
    amount = amount_of(paper.record.amount_minor, currency)
    paid = "paid back" if isinstance(paper, Credit) else "paid"
    topics = ["0x" + keccak(UNPAID_EVENT.encode()).hex(), _hex32(paper.record.stay)]
    for log in mined["logs"]:
        if _is_of(log, paper.chain.ledger, topics):
            missing_minor = int.from_bytes(unhex(data_of(log["data"]))[32:64], "big")
            missing = amount_of(missing_minor, currency)
            return False, f"Of {amount}, {missing} was not {paid}."
    return True, f"{amount} was {paid} in full."


def _is_batch(log: dict[str, Any], paper: Filed) -> bool:
    topics = [
        "0x" + keccak(BATCH_EVENT.encode()).hex(),
        _hex32(paper.chain.batch),
    ]
    if not _is_of(log, paper.chain.ledger, topics):
        return False
    data = unhex(data_of(log["data"]))
    words = {data[start : start + 32] for start in range(128, len(data), 32)}
    return unhex(paper.chain.word) in words


def _is_of(log: dict[str, Any], ledger: str, topics: list[str]) -> bool:
    found = [data_of(topic) for topic in log["topics"]]
    return data_of(log["address"]) == ledger.lower() and found == topics


def _hex32(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


def _call(ask: Ask, address: str, data: bytes, block: str = "latest") -> str:
    return data_of(ask("eth_call", [{"to": address, "data": "0x" + data.hex()}, block]))

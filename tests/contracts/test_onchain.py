"""What a node's answers mean for a receipt: each guard by itself, with answers made by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.ledger.hashing import keccak
from contracts.ledger.onchain import (
    BATCH_EVENT,
    UNPAID_EVENT,
    Refused,
    pinned,
    selector,
    told_by,
    verify_on_chain,
)
from contracts.wire.types import ZERO_DIGEST
from tests.contracts.making import REGISTRY, credit_of, receipt, titled

RECEIPT = titled(receipt())
CHAIN = RECEIPT.chain


def topic(signature: str) -> str:
    return "0x" + keccak(signature.encode()).hex()


def hex32(number: int) -> str:
    return f"0x{number:064x}"


def batch_log() -> dict[str, Any]:
    words = [CHAIN.word[2:], "00" * 32]
    head = "".join((RECEIPT.proof.root[2:], "11" * 32, f"{96:064x}", f"{len(words):064x}"))
    return {
        "address": CHAIN.ledger.lower(),
        "topics": [topic(BATCH_EVENT), hex32(CHAIN.batch)],
        "data": "0x" + head + "".join(words),
    }


def unpaid_log(stay: int) -> dict[str, Any]:
    return {
        "address": CHAIN.ledger.lower(),
        "topics": [topic(UNPAID_EVENT), hex32(stay)],
        "data": "0x" + f"{3:064x}{200:064x}",
    }


class Node:
    """Answers as an honest node of the receipt's chain would, until a test changes something."""

    def __init__(self) -> None:
        self.chain_id = CHAIN.chain_id
        self.registry = REGISTRY
        self.gateway = "0x" + keccak(b"gw-1").hex()
        self.root = RECEIPT.proof.root
        self.title_root = RECEIPT.title.root if RECEIPT.title else ZERO_DIGEST
        self.mined: Any = {
            "status": "0x1",
            "blockNumber": hex(CHAIN.block_number),
            "blockHash": CHAIN.block_hash,
            "logs": [batch_log()],
        }
        self.asked: list[tuple[str, list[Any]]] = []

    def ask(self, method: str, params: list[Any]) -> Any:
        self.asked.append((method, params))
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "eth_getTransactionReceipt":
            return self.mined
        answers = {
            selector("registry()"): "0x" + "00" * 12 + self.registry[2:],
            selector("gateway_of(address)"): self.gateway,
            selector("batch_root(uint256)"): self.root,
            selector("root()"): self.title_root,
        }
        return answers[bytes.fromhex(params[0]["data"][2:10])]


def broken(change: Callable[[Node], None]) -> list[str]:
    node = Node()
    change(node)
    return [link.name for link in verify_on_chain(RECEIPT, node.ask) if not link.ok]


def test_an_honest_node_confirms_every_link() -> None:
    assert broken(lambda node: None) == []


def set_to(name: str, value: object) -> Callable[[Node], None]:
    return lambda node: setattr(node, name, value)


def mined(**changes: object) -> Callable[[Node], None]:
    return lambda node: node.mined.update(changes)


def log(**changes: object) -> Callable[[Node], None]:
    return lambda node: node.mined["logs"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "link"),
    [
        (set_to("chain_id", 1), "chain id"),
        (set_to("registry", "0x" + "77" * 20), "registry"),
        (set_to("gateway", ZERO_DIGEST), "gateway key"),
        (set_to("title_root", hex32(5)), "title root"),
        (set_to("root", hex32(5)), "batch root"),
        (set_to("root", ZERO_DIGEST), "batch root"),
        (set_to("mined", None), "transaction"),
        (mined(status="0x0"), "transaction"),
        (mined(blockNumber="0x1"), "transaction"),
        (mined(blockHash=hex32(1)), "transaction"),
        (mined(logs=[]), "transaction"),
        (log(address="0x" + "77" * 20), "transaction"),
        (log(topics=[topic(BATCH_EVENT), hex32(CHAIN.batch + 1)]), "transaction"),
        (log(topics=[topic("Other()"), hex32(CHAIN.batch)]), "transaction"),
        (log(data="0x" + "00" * 32 * 6), "transaction"),
        (lambda node: node.mined["logs"].append(unpaid_log(RECEIPT.record.stay)), "payment"),
    ],
)
def test_each_answer_that_differs_breaks_its_link(
    change: Callable[[Node], None], link: str
) -> None:
    assert broken(change) == [link]


def test_another_stay_of_the_batch_that_was_not_paid_is_not_ours() -> None:
    assert broken(lambda node: node.mined["logs"].append(unpaid_log(99))) == []


def test_a_zero_root_never_counts_even_when_the_receipt_says_so() -> None:
    zero = RECEIPT.model_copy(
        update={"proof": RECEIPT.proof.model_copy(update={"root": ZERO_DIGEST})}
    )
    node = Node()
    node.root = ZERO_DIGEST
    links = {link.name: link.ok for link in verify_on_chain(zero, node.ask)}
    assert not links["batch root"]


def test_key_and_titles_are_asked_as_of_the_receipts_block() -> None:
    node = Node()
    verify_on_chain(RECEIPT, node.ask)
    asked = [
        params[1]
        for method, params in node.asked
        if method == "eth_call" and params[0]["to"] == REGISTRY
    ]
    assert asked == [hex(CHAIN.block_number)] * 2


def test_a_receipt_without_a_title_asks_nothing_of_titles() -> None:
    links = [link.name for link in verify_on_chain(receipt(), Node().ask)]
    assert "title root" not in links


def test_a_node_of_another_chain_is_asked_nothing_more() -> None:
    node = Node()
    node.chain_id = 1
    assert [link.name for link in verify_on_chain(RECEIPT, node.ask)] == ["chain id"]
    assert [method for method, _ in node.asked] == ["eth_chainId"]


class Pruned(Node):
    """A node that keeps no state of old blocks."""

    def ask(self, method: str, params: list[Any]) -> Any:
        if method == "eth_call" and params[1] != "latest":
            raise Refused("missing trie node")
        return super().ask(method, params)


def test_a_node_without_old_states_tells_the_rest_and_what_it_did_not_tell_is_named() -> None:
    told = told_by(RECEIPT, Pruned().ask)
    assert told.unlearnt == ("gateway key", "title root")
    assert told.why == "missing trie node"
    learnt = ["chain id", "registry", "batch root", "transaction", "payment"]
    assert [link.name for link in told.links] == learnt
    with pytest.raises(Refused, match="gateway key, title root"):
        verify_on_chain(RECEIPT, Pruned().ask)


def test_what_a_pruned_node_does_tell_can_still_break() -> None:
    node = Pruned()
    node.mined = None
    assert [link.name for link in told_by(RECEIPT, node.ask).links if not link.ok] == [
        "transaction"
    ]


PAID = titled(receipt())
CREDIT = credit_of(PAID)


class Both(Node):
    """A node that knows a receipt's batch, and the credit's after it."""

    def __init__(self) -> None:
        super().__init__()
        own = batch_log()
        own["topics"] = [topic(BATCH_EVENT), hex32(CREDIT.chain.batch)]
        own["data"] = own["data"].replace(CHAIN.word[2:], CREDIT.chain.word[2:])
        self.credit: Any = self.mined | {"logs": [own]}
        self.credit_root = CREDIT.proof.root

    def ask(self, method: str, params: list[Any]) -> Any:
        if method == "eth_getTransactionReceipt" and params == [CREDIT.chain.transaction]:
            return self.credit
        if method == "eth_call" and params[0]["data"].endswith(f"{CREDIT.chain.batch:064x}"):
            return self.credit_root
        return super().ask(method, params)


def credits_broken(change: Callable[[Both], object]) -> list[str]:
    node = Both()
    change(node)
    return [link.name for link in verify_on_chain(CREDIT, node.ask) if not link.ok]


def test_a_credit_is_asked_for_by_itself_and_so_is_what_it_corrects() -> None:
    found = [link.name for link in verify_on_chain(CREDIT, Both().ask)]
    own = ["batch root", "transaction", "payment"]
    assert found[-6:] == [*own, *(f"credit {name}" for name in own)]
    assert credits_broken(lambda node: None) == []


@pytest.mark.parametrize(
    ("change", "link"),
    [
        (lambda node: setattr(node, "credit", None), "credit transaction"),
        (lambda node: setattr(node, "credit_root", hex32(5)), "credit batch root"),
        (lambda node: node.credit.update(blockHash=hex32(5)), "credit transaction"),
        (lambda node: node.credit.update(logs=[batch_log()]), "credit transaction"),
        (lambda node: node.credit["logs"].append(unpaid_log(9)), "credit payment"),
        (lambda node: setattr(node, "mined", None), "transaction"),
        (lambda node: node.mined["logs"].append(unpaid_log(1)), "payment"),
    ],
)
def test_what_the_chain_does_not_know_of_a_credit_is_named(
    change: Callable[[Both], object], link: str
) -> None:
    assert credits_broken(change) == [link]


def test_money_that_did_not_come_back_is_told_in_figures() -> None:
    node = Both()
    node.credit["logs"].append(unpaid_log(9))
    (link,) = [one for one in verify_on_chain(CREDIT, node.ask) if one.name == "credit payment"]
    assert link.sentence == "Of 3.00 CNY, 2.00 CNY was not paid back."


def test_a_receipt_of_another_ledger_than_the_trusted_one_is_named() -> None:
    assert pinned(CHAIN.ledger, CHAIN.ledger).ok
    assert not pinned(CHAIN.ledger, "0x" + "77" * 20).ok

"""Questions to a node that need several answers at once, and what its answers must agree on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from web3 import Web3
from web3.types import RPCEndpoint

from cloud.adapters import depth as depth
from cloud.ports.chain import ChainDishonest, ChainUnreachable

# Nodes take no more questions in one request.
MAX_QUESTIONS = 100
# The last 32-byte words of deployed code that the constructor set, at most.
MAX_IMMUTABLES = 16
# As JSON-RPC gives them: numbers and hashes are text.
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a transaction stands: its receipt, and the newest final block or -1."""

    receipt: Answer
    final: int


@contextmanager
def sound() -> Iterator[None]:
    """Answers of another shape than the method's are the node's fault, and it is asked again."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise ChainUnreachable(f"the chain's node answers badly: {error!r}") from error


def replies(w3: Web3, questions: Sequence[tuple[str, list[Any]]]) -> list[Answer]:
    """In order, each with its `result` or its `error`."""
    if len(questions) == 1:
        [(name, args)] = questions
        return [w3.provider.make_request(RPCEndpoint(name), args)]
    found: list[Answer] = []
    for start in range(0, len(questions), MAX_QUESTIONS):
        some = [(RPCEndpoint(name), args) for name, args in questions[start:][:MAX_QUESTIONS]]
        told = w3.provider.make_batch_request(some)  # type: ignore[attr-defined]
        if not isinstance(told, list) or len(told) != len(some):
            raise ChainUnreachable(f"the chain's node answers badly: {told}")
        found += told
    return found


def asked(w3: Web3, questions: Sequence[tuple[str, list[Any]]]) -> list[Any]:
    """The results, in order; raises ChainUnreachable if any of them is an error."""
    return [result(reply) for reply in replies(w3, questions)]


def result(reply: Answer) -> Any:
    if "result" not in reply:
        raise ChainUnreachable(f"the chain's node: {reply.get('error')}")
    return reply["result"]


def final_number(reply: Answer) -> int:
    """-1 where a young chain has nothing final yet: a node says so as an error, or by null."""
    if "error" in reply and "not found" in str(reply["error"]).lower():
        return -1
    block = result(reply)
    return -1 if block is None else int(block["number"], 16)


def standing(w3: Web3, tx_hash: str) -> Standing | None:
    """None while the transaction is in no block of the canonical chain.

    Raises ChainDishonest for a receipt of another transaction, or of one that its block does not
    hold, and for logs of another one.
    """
    blocks: list[tuple[str, list[Any]]] = [
        ("eth_getBlockByNumber", [name, False]) for name in ("latest", "finalized")
    ]
    first, newest, final = replies(w3, [("eth_getTransactionReceipt", [tx_hash]), *blocks])
    receipt, block = result(first), result(newest)
    if receipt is None:
        return None
    if receipt["transactionHash"] != tx_hash:
        raise ChainDishonest(f"asked for {tx_hash}, it tells of another transaction")
    if block is None or block["number"] != receipt["blockNumber"]:
        [block] = asked(w3, [("eth_getBlockByNumber", [receipt["blockNumber"], False])])
    if block is None or block["hash"] != receipt["blockHash"]:
        return None
    _agree(receipt, block)
    return Standing(receipt, final_number(final))


def _agree(receipt: Answer, block: Answer) -> None:
    told = receipt["transactionHash"]
    if told not in block["transactions"]:
        raise ChainDishonest(f"it has a receipt of {told}, which is not in the block it names")
    for log in receipt["logs"]:
        if (log["transactionHash"], log["blockHash"]) != (told, receipt["blockHash"]):
            raise ChainDishonest("it has a log of another transaction in a receipt")


def is_ours(deployed: str, bytecode: str) -> bool:
    """Whether this code came of that init code.

    Vyper's init code ends with the runtime code and a trailer whose length stands last; the
    constructor appends what it has set (immutables), in whole words.
    """
    code, made = bytes.fromhex(deployed[2:]), bytes.fromhex(bytecode.removeprefix("0x"))
    runtime = made[: -int.from_bytes(made[-2:], "big")]
    bodies = (code[: len(code) - 32 * words] for words in range(MAX_IMMUTABLES + 1))
    return any(len(body) > len(made) // 2 and runtime.endswith(body) for body in bodies)

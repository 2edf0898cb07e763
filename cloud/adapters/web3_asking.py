"""Questions to a node that need several answers at once, and what its answers must agree on."""

from collections.abc import Sequence
from typing import Any

from web3 import Web3
from web3.exceptions import BlockNotFound
from web3.types import RPCEndpoint, TxReceipt

from cloud.ports.chain import ChainDishonest, ChainUnreachable

# Nodes take no more questions in one request.
MAX_QUESTIONS = 100
# The last 32-byte words of deployed code that the constructor set, at most.
MAX_IMMUTABLES = 16


def asked(w3: Web3, questions: Sequence[tuple[str, list[Any]]]) -> list[Any]:
    """The results, in order; raises ChainUnreachable if any of them is an error."""
    found: list[Any] = []
    for start in range(0, len(questions), MAX_QUESTIONS):
        some = [(RPCEndpoint(name), args) for name, args in questions[start:][:MAX_QUESTIONS]]
        replies = w3.provider.make_batch_request(some)  # type: ignore[attr-defined]
        if not isinstance(replies, list) or len(replies) != len(some):
            raise ChainUnreachable(f"the chain's node answers badly: {replies}")
        for reply in replies:
            if "result" not in reply:
                raise ChainUnreachable(f"the chain's node: {reply.get('error')}")
            found.append(reply["result"])
    return found


def in_its_block(w3: Web3, receipt: TxReceipt) -> bool:
    """False while the block is not the chain's any more: then it is in none yet, or again.

    Raises ChainDishonest for a receipt of a transaction that its block does not hold, and for
    logs of another one.
    """
    try:
        block = w3.eth.get_block(receipt["blockNumber"])
    except BlockNotFound:
        return False
    if block["hash"] != receipt["blockHash"]:
        return False
    if receipt["transactionHash"] not in block["transactions"]:
        told = receipt["transactionHash"].to_0x_hex()
        raise ChainDishonest(f"it has a receipt of {told}, which is not in the block it names")
    for log in receipt["logs"]:
        if (log["transactionHash"], log["blockHash"]) != (
            receipt["transactionHash"],
            receipt["blockHash"],
        ):
            raise ChainDishonest("it has a log of another transaction in a receipt")
    return True


def is_ours(deployed: str, bytecode: str) -> bool:
    """Whether this code came of that init code.

    Vyper's init code ends with the runtime code and a trailer whose length stands last; the
    constructor appends what it has set (immutables), in whole words.
    """
    code, made = bytes.fromhex(deployed[2:]), bytes.fromhex(bytecode.removeprefix("0x"))
    runtime = made[: -int.from_bytes(made[-2:], "big")]
    bodies = (code[: len(code) - 32 * words] for words in range(MAX_IMMUTABLES + 1))
    return any(len(body) > len(made) // 2 and runtime.endswith(body) for body in bodies)

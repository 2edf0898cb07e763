"""What our contracts have logged, decoded: in one receipt, and over a range of blocks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from eth_utils.abi import event_abi_to_log_topic
from web3 import Web3
from web3.contract import Contract as Web3Contract
from web3.exceptions import Web3RPCError
from web3.types import FilterParams, LogReceipt

from cloud.ports.chain import ChainDishonest, ChainEvent, ChainUnreachable, Contract, Happened

# Nodes refuse wider questions; what is refused all the same is asked in halves.
MAX_BLOCKS_ASKED = 1_000

# (address, topic) -> the contract and its decoder of that event
Known: TypeAlias = Mapping[tuple[str, bytes], tuple[Contract, Callable[..., Any]]]


def decoders(contracts: Mapping[Contract, Web3Contract]) -> Known:
    return {
        (contract.address, bytes(event_abi_to_log_topic(abi))): (name, decoder)
        for name, contract in contracts.items()
        for abi in contract.abi
        if abi["type"] == "event"
        for decoder in (contract.events[abi["name"]]().process_log,)
    }


def decoded(known: Known, log: LogReceipt) -> ChainEvent | None:
    """None for what no contract of ours logs."""
    topic = bytes(log["topics"][0]) if log["topics"] else b""
    found = known.get((log["address"], topic))
    if found is None:
        return None
    contract, decode = found
    event = decode(log)
    args = {name: plain(value) for name, value in event["args"].items()}
    return ChainEvent(contract, event["event"], args)


def history(
    w3: Web3, contract: Web3Contract, known: Known, names: Iterable[str], span: tuple[int, int]
) -> Iterator[Happened]:
    """`span`: the first and the last block. Raises ChainDishonest for logs nobody asked for."""
    wanted = set(names)
    topics = [
        event_abi_to_log_topic(abi)
        for abi in contract.abi
        if abi["type"] == "event" and abi["name"] in wanted
    ]
    first, last = span
    for start in range(first, last + 1, MAX_BLOCKS_ASKED):
        end = min(start + MAX_BLOCKS_ASKED - 1, last)
        for log in _logs(w3, contract, topics, start, end):
            event = decoded(known, log)
            ours = log["address"] == contract.address and start <= log["blockNumber"] <= end
            if event is None or event.name not in wanted or not ours:
                raise ChainDishonest("it tells of events that it was not asked for")
            yield Happened(
                block_number=log["blockNumber"],
                block_hash=log["blockHash"].to_0x_hex(),
                tx_hash=log["transactionHash"].to_0x_hex(),
                log_index=log["logIndex"],
                event=event,
            )


def _logs(
    w3: Web3, contract: Web3Contract, topics: list[bytes], first: int, last: int
) -> Iterator[LogReceipt]:
    """In halves where the node refuses the whole: at most once per halving before it gives up."""
    asked: FilterParams = {
        "address": contract.address,
        "topics": [topics],  # type: ignore[list-item]
        "fromBlock": first,
        "toBlock": last,
    }
    try:
        found = w3.eth.get_logs(asked)
    except Web3RPCError as error:
        if first == last:
            sentence = f"the chain's node does not give the logs of block {first}: {error}"
            raise ChainUnreachable(sentence) from error
        middle = (first + last) // 2
        yield from _logs(w3, contract, topics, first, middle)
        yield from _logs(w3, contract, topics, middle + 1, last)
        return
    yield from found


def plain(value: Any) -> Any:
    """Tuples for lists and bytes for web3's own bytes: what the fake answers too."""
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    return bytes(value) if isinstance(value, bytes) else value

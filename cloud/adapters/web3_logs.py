"""What our contracts have logged, decoded: in one receipt, and over a range of blocks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from web3 import Web3
from web3.types import RPCEndpoint

from cloud.adapters import abi
from cloud.adapters import depth as depth
from cloud.adapters.web3_asking import Answer
from cloud.ports.chain import ChainDishonest, ChainEvent, ChainUnreachable, Contract, Happened

# Nodes refuse wider questions; what is refused all the same is asked in halves.
MAX_BLOCKS_ASKED = 1_000

# (address in lower case, first topic) -> the contract and its event
Known: TypeAlias = Mapping[tuple[str, str], tuple[Contract, abi.Event]]


def known_events(contracts: Mapping[Contract, tuple[str, Iterable[Any]]]) -> Known:
    """`contracts`: their addresses and ABIs."""
    return {
        (address.lower(), "0x" + topic.hex()): (name, event)
        for name, (address, members) in contracts.items()
        for topic, event in abi.events(list(members)).items()
    }


def decoded(known: Known, log: Answer) -> ChainEvent | None:
    """None for what no contract of ours logs."""
    topics: list[str] = log["topics"]
    found = known.get((log["address"].lower(), topics[0])) if topics else None
    if found is None:
        return None
    contract, event = found
    try:
        args = event.args([_bytes(topic) for topic in topics[1:]], _bytes(log["data"]))
    except ValueError as wrong:
        raise ChainDishonest(f"its log of {event.name} cannot be one: {wrong}") from wrong
    return ChainEvent(contract, event.name, {name: plain(value) for name, value in args.items()})


def history(
    w3: Web3, address: str, known: Known, names: Iterable[str], span: tuple[int, int]
) -> Iterator[Happened]:
    """`span`: the first and the last block. Raises ChainDishonest for logs nobody asked for."""
    wanted, here = set(names), address.lower()
    topics = [t for (at, t), (_, event) in known.items() if at == here and event.name in wanted]
    first, last = span
    for start in range(first, last + 1, MAX_BLOCKS_ASKED):
        end = min(start + MAX_BLOCKS_ASKED - 1, last)
        for log in _logs(w3, address, topics, start, end):
            event, block = decoded(known, log), int(log["blockNumber"], 16)
            ours = log["address"].lower() == here and start <= block <= end
            if event is None or event.name not in wanted or not ours:
                raise ChainDishonest("it tells of events that it was not asked for")
            yield Happened(
                block_number=block,
                block_hash=log["blockHash"],
                tx_hash=log["transactionHash"],
                log_index=int(log["logIndex"], 16),
                event=event,
            )


def _logs(
    w3: Web3, address: str, topics: list[str], first: int, last: int
) -> Iterator[dict[str, Any]]:
    """In halves where the node refuses the whole: at most once per halving before it gives up."""
    asked = {
        "address": address,
        "topics": [topics],
        "fromBlock": hex(first),
        "toBlock": hex(last),
    }
    reply = w3.provider.make_request(RPCEndpoint("eth_getLogs"), [asked])
    if reply.get("error") is not None:
        if first == last:
            sentence = f"the chain's node does not give the logs of block {first}: {reply['error']}"
            raise ChainUnreachable(sentence)
        middle = (first + last) // 2
        yield from _logs(w3, address, topics, first, middle)
        yield from _logs(w3, address, topics, middle + 1, last)
        return
    yield from reply["result"]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def plain(value: Any) -> Any:
    """Tuples for lists and bytes for web3's own bytes: what the fake answers too."""
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    return bytes(value) if isinstance(value, bytes) else value

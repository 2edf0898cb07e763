"""Calls and logs of a contract as bytes, by its ABI: a batch has hundreds of words.

Source: the contract ABI specification, "Function Selector and Argument Encoding" and "Events".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address


@dataclass(frozen=True, slots=True)
class Function:
    selector: bytes
    kinds: tuple[str, ...]

    def data(self, args: Sequence[Any]) -> bytes:
        return self.selector + encode(self.kinds, args)


@dataclass(frozen=True, slots=True)
class Event:
    """Members as (name, kind); the indexed ones stand in topics of their own."""

    name: str
    indexed: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]

    def args(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Raises ValueError for what this event cannot have logged."""
        if len(topics) != len(self.indexed):
            raise ValueError(f"it has {len(topics)} topics and not {len(self.indexed)}")
        try:
            values = [
                decode([kind], topic)[0]
                for (_, kind), topic in zip(self.indexed, topics, strict=True)
            ]
            values += decode([kind for _, kind in self.others], data)
        except DecodingError as wrong:
            raise ValueError(str(wrong)) from wrong
        members = (*self.indexed, *self.others)
        pairs = zip(members, values, strict=True)
        return {name: _taken(kind, value) for (name, kind), value in pairs}


def functions(abi: Sequence[Any]) -> Mapping[str, Function]:
    return {
        one["name"]: Function(
            bytes(function_abi_to_4byte_selector(one)), tuple(map(collapse_if_tuple, one["inputs"]))
        )
        for one in abi
        if one["type"] == "function"
    }


def events(abi: Sequence[Any]) -> Mapping[bytes, Event]:
    """By their first topic."""
    return {bytes(event_abi_to_log_topic(one)): _event(one) for one in abi if _is_event(one)}


def _is_event(one: Mapping[str, Any]) -> bool:
    return bool(one["type"] == "event")


def _event(one: Mapping[str, Any]) -> Event:
    members = [(m["name"], collapse_if_tuple(m), m["indexed"]) for m in one["inputs"]]
    return Event(
        one["name"],
        tuple((name, kind) for name, kind, indexed in members if indexed),
        tuple((name, kind) for name, kind, indexed in members if not indexed),
    )


def _taken(kind: str, value: Any) -> Any:
    return to_checksum_address(value) if kind == "address" else value

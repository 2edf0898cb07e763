"""Keccak-256 and canonical JSON: what every digest of ours is made of."""

from typing import Any

import rfc8785
from pydantic import BaseModel

try:
    # Written in C, a microsecond a hash: the cloud has it.
    from sha3 import keccak_256 as _sponge  # type: ignore[import-not-found,import-untyped,unused-ignore]

    def keccak(data: bytes) -> bytes:
        return bytes(_sponge(data).digest())

except ImportError:
    from eth_hash.auto import keccak as _keccak

    def keccak(data: bytes) -> bytes:
        return bytes(_keccak(data))


def canonical(value: BaseModel | dict[str, Any] | list[Any]) -> bytes:
    """RFC 8785 bytes: the same value gives the same bytes in every language."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return rfc8785.dumps(plain)


def digest(value: BaseModel | dict[str, Any] | list[Any]) -> str:
    return "0x" + keccak(canonical(value)).hex()


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))

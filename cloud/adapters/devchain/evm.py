"""py-evm's values by names of ours: its own annotations leave out what newer forks added."""

from typing import Any, TypeAlias

import rlp.codec
from eth.vm.forks.prague.blocks import PragueBlockHeader

Header: TypeAlias = Any
Transaction: TypeAlias = Any
CODEC: Any = rlp.codec


def encode_header(header: Header) -> bytes:
    return bytes(CODEC.encode(header))


def decode_header(stored: bytes) -> Header:
    return CODEC.decode(stored, PragueBlockHeader)

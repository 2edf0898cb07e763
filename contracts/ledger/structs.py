"""EIP-712 `hashStruct`: digests that a contract can compute from the same values.

Source: EIP-712, "Definition of hashStruct"; strings by their keccak, all else in 32-byte words.
"""

from collections.abc import Callable, Mapping, Sequence

from contracts.ledger.hashing import keccak, unhex


class Struct:
    """One type, written as EIP-712 writes it: `Name(kind member,kind member,...)`."""

    def __init__(self, text: str) -> None:
        members = text[text.index("(") + 1 : -1].split(",")
        self.type_hash = keccak(text.encode())
        self._words = tuple(WORDS[member.split(" ")[0]] for member in members)

    def digest(self, *values: str | int) -> str:
        """`values` stand in the order of the members. OverflowError for one that does not fit."""
        words = [word(value) for word, value in zip(self._words, values, strict=True)]
        return "0x" + keccak(self.type_hash + b"".join(words)).hex()


def table_digest(rows: Sequence[Sequence[int]]) -> str:
    """Of an array of structs of numbers, as a contract's ABI encodes it; rows of one length."""
    words = [32, len(rows), *(value for row in rows for value in row)]
    return "0x" + keccak(b"".join(map(_number, words))).hex()


def _string(value: str | int) -> bytes:
    return keccak(str(value).encode())


def _hex(value: str | int) -> bytes:
    return unhex(str(value)).rjust(32, b"\0")


def _number(value: str | int) -> bytes:
    return int(value).to_bytes(32, "big")


WORDS: Mapping[str, Callable[[str | int], bytes]] = {
    "string": _string,
    "bytes32": _hex,
    "address": _hex,
    "uint256": _number,
}

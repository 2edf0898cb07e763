"""EIP-712 `hashStruct`: digests that a contract can compute from the same values.

Source: EIP-712, "Definition of hashStruct"; strings by their keccak, all else in 32-byte words.
"""

from contracts.ledger.hashing import keccak, unhex


class Struct:
    """One type, written as EIP-712 writes it: `Name(kind member,kind member,...)`."""

    def __init__(self, text: str) -> None:
        members = text[text.index("(") + 1 : -1].split(",")
        self.type_hash = keccak(text.encode())
        self.kinds = tuple(member.split(" ")[0] for member in members)

    def digest(self, *values: str | int) -> str:
        """`values` stand in the order of the members. OverflowError for one that does not fit."""
        words = [word(kind, value) for kind, value in zip(self.kinds, values, strict=True)]
        return "0x" + keccak(self.type_hash + b"".join(words)).hex()


def word(kind: str, value: str | int) -> bytes:
    if kind == "string":
        return keccak(str(value).encode())
    if kind in ("bytes32", "address"):
        return unhex(str(value)).rjust(32, b"\0")
    return int(value).to_bytes(32, "big")

"""The compiled contracts on pyrevm: no node, no JSON-RPC, tens of thousands of calls a second.

Every argument is a whole number (an address too); a list is the last argument of its call.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from contracts.ledger.hashing import keccak
from tests.ledger_checks.built import built

UNIT, WITHDRAW_DELAY_S, START_S = 10_000, 3_600, 1_780_000_000
MOST, OPEN = 2**31 - 1, 2**31
ADMIN, SETTLER, REGISTRAR, PAUSER, DRIVER, OWNER = range(0xA1, 0xA7)
PEOPLE = (ADMIN, SETTLER, REGISTRAR, PAUSER, DRIVER, OWNER)
REGISTRY = 0xB0
ROLES = {
    name: int.from_bytes(keccak(name.encode()), "big")
    for name in ("admin", "settler", "registrar", "pauser")
}
SIGNATURES = {
    "open_account": "uint32,address",
    "deposit": "uint32,uint256,bytes32",
    "request_withdraw": "uint32,uint256",
    "withdraw": "uint32",
    "hold": "uint32,uint256,uint256",
    "settle_batch": "uint256,bytes32,uint256[]",
    "publish_earnings": "bytes32",
    "claim": "uint32,uint256,bytes32[]",
    "propose_fee": "uint256",
    "accept_fee": "",
    "withdraw_fees": "address,uint256",
    "pause": "",
    "unpause": "",
    "close": "address",
    "propose_role": "bytes32,address",
    "accept_role": "bytes32",
    "balance_of": "uint32",
    "is_settled": "uint256",
    "seq": "",
    "head": "",
    "mint": "address,uint256",
    "approve": "address,uint256",
    "balanceOf": "address",
    "verify_record": "uint256,bytes32,bytes32[]",
    "set_refuse": "bool",
}
REASON = re.compile(r"output: 0x08c379a0[0-9a-f]{64}([0-9a-f]{64})([0-9a-f]+)")


class Refused(Exception):
    """The contract reverted; its code, or an empty text where it gave none."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@lru_cache
def selector(function: str) -> bytes:
    return keccak(f"{function}({SIGNATURES[function]})".encode())[:4]


@lru_cache
def address(number: int) -> str:
    return f"0x{number:040x}"


def encoded(values: tuple[Any, ...]) -> bytes:
    head, tail = [], b""
    for value in values:
        if isinstance(value, tuple):
            head.append((32 * len(values)).to_bytes(32, "big"))
            words = (len(value), *value)
            tail = b"".join([one.to_bytes(32, "big") for one in words])
        else:
            head.append(value.to_bytes(32, "big"))
    return b"".join(head) + tail


def word(driver: int, payee: int, stay: int, amount_minor: int, tag: int = 0, **more: int) -> int:
    """A settlement; `more`: start_s, duration_s, space."""
    parts = (
        (driver, 32),
        (payee, 32),
        (stay, 48),
        (more.get("start_s", START_S), 40),
        (more.get("duration_s", 3_600), 24),
        (amount_minor, 32),
        (more.get("space", 9), 32),
        (tag, 16),
    )
    packed = 0
    for value, bits in parts:
        packed = packed << bits | value
    return packed


def mapped(place: int, *keys: int) -> int:
    """The storage word of a Vyper HashMap's value."""
    for key in keys:
        place = int.from_bytes(keccak(place.to_bytes(32, "big") + key.to_bytes(32, "big")), "big")
    return place


@dataclass
class Chain:
    """Token and ledger, freshly deployed; `now` is what the next call's block says."""

    now: int = START_S
    evm: Any = field(init=False)
    token: str = field(init=False)
    ledger: str = field(init=False)
    places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        import pyrevm

        self._block = pyrevm.BlockEnv
        self.evm = pyrevm.EVM(spec_id="PRAGUE")
        self.token = self.evm.deploy(address(ADMIN), built("DemoToken").code)
        ledger = built("ParkingLedger")
        self.places = ledger.places
        terms = (int(self.token, 16), UNIT, SETTLER, REGISTRAR, PAUSER, WITHDRAW_DELAY_S, REGISTRY)
        self.ledger = self.evm.deploy(address(ADMIN), ledger.code + encoded(terms))
        self.at(self.now)
        self._held_at = mapped(built("DemoToken").places["balanceOf"], int(self.ledger, 16))

    def at(self, now: int) -> None:
        self.now = now
        self.evm.set_block_env(self._block(number=1, timestamp=now))

    def call(self, sender: int, function: str, *values: Any, to: str = "") -> bytes:
        """Raises Refused with the contract's code."""
        data = selector(function) + encoded(values)
        try:
            return bytes(self.evm.message_call(address(sender), to or self.ledger, data))
        except RuntimeError as reverted:
            raise Refused(_code(str(reverted))) from None

    def ask(self, function: str, *values: Any) -> int:
        return int.from_bytes(self.call(ADMIN, function, *values), "big")

    def rich(self, holders: tuple[int, ...] = PEOPLE, amount: int = 10**24) -> None:
        """Token for all, and the ledger may take it."""
        for holder in holders:
            self.call(ADMIN, "mint", holder, amount, to=self.token)
            self.call(holder, "approve", int(self.ledger, 16), 2**256 - 1, to=self.token)

    def stored(self, name: str, index: int = 0) -> int:
        return int(self.evm.storage(self.ledger, self.places[name] + index))

    def held(self) -> int:
        """Token units that the ledger has."""
        return int(self.evm.storage(self.token, self._held_at))

    def logs(self, signature: str) -> list[Any]:
        """Those that the last call left."""
        topic = "0x" + keccak(signature.encode()).hex()
        return [log for log in self.evm.result.logs if log.topics[0] == topic]


def _code(text: str) -> str:
    found = REASON.search(text)
    if found is None:
        return ""
    return bytes.fromhex(found[2][: 2 * int(found[1], 16)]).decode()

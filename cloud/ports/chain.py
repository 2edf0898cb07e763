"""The ledger's chain, as the rest of the cloud sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

Contract: TypeAlias = Literal["token", "registry", "ledger"]
Sender: TypeAlias = Literal["registrar", "settler", "admin"]


class ChainRefused(RuntimeError):
    """The chain refuses this call; trying again unchanged is of no use.

    `code` is the contract's own (SEQ, REPLAY, PROOF ...), or one of the chain's:
    NONCE, FUNDS, FEE, REVERTED, REFUSED.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class ChainUnreachable(ConnectionError):
    """The chain's node does not answer; try again later: what was sent may have arrived."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the three contracts live; addresses are checksummed."""

    chain_id: int
    token: str
    registry: str
    ledger: str


@dataclass(frozen=True, slots=True)
class Call:
    """bytes32 as bytes, addresses as checksummed text, proofs as tuples of bytes."""

    contract: Contract
    function: str
    args: tuple[Any, ...]
    sender: Sender


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Store it before sending: sending the same bytes twice does no harm."""

    raw: bytes
    hash: str
    nonce: int


@dataclass(frozen=True, slots=True)
class ChainEvent:
    contract: Contract
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an included transaction; `reason` says why when it is not `ok`."""

    hash: str
    ok: bool
    block_number: int
    block_hash: str
    gas_used: int
    final: bool
    reason: str | None
    events: tuple[ChainEvent, ...] = ()


class Chain(Protocol):
    """Any method may raise ChainUnreachable."""

    def deployment(self) -> Deployment: ...

    def sign(self, call: Call, nonce: int) -> SignedTransaction:
        """Raises ChainRefused when the call would revert on the newest state."""
        ...

    def next_nonce(self, sender: Sender) -> int:
        """Counts what is pending too."""
        ...

    def send(self, tx: SignedTransaction) -> None:
        """A transaction the chain already knows is a success; else may raise ChainRefused."""
        ...

    def outcome(self, tx_hash: str) -> Outcome | None:
        """None while the transaction is in no block of the canonical chain."""
        ...

    def read(self, contract: Contract, function: str, *args: Any) -> Any:
        """A view on the newest state; raises ChainRefused when it reverts."""
        ...

"""The ledger's chain, as the rest of the cloud sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from cloud.core.fees import Fees

Contract: TypeAlias = Literal["token", "registry", "ledger", "evidence"]
Sender: TypeAlias = Literal["registrar", "settler", "admin"]


class ChainRefused(RuntimeError):
    """The chain refuses this call; trying again unchanged is of no use.

    `code` is the contract's own (SEQ, REPLAY, PROOF ...), or one of the chain's:
    NONCE, FUNDS, FEE, FEE_CAP, REVERTED, REFUSED; of the installation's: CHAIN_ID, DEV_KEY,
    NO_CONTRACT, CODE, ROLE.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class ChainUnreachable(ConnectionError):
    """The chain's node does not answer; try again later: what was sent may have arrived."""


class ChainDishonest(ChainUnreachable):
    """The chain's node contradicts itself or what we signed; believe nothing it said of it."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the contracts live; addresses are checksummed. `evidence` judges disputes, and nothing
    else needs it: None where an older installation has none.
    """

    chain_id: int
    token: str
    registry: str
    ledger: str
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """bytes32 as bytes, addresses as checksummed text, proofs as tuples of bytes.

    `gas`: the most it may use, where its sender knows; else the node is asked, which runs it.
    """

    contract: Contract
    function: str
    args: tuple[Any, ...]
    sender: Sender
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Store it before sending: sending the same bytes twice does no harm."""

    raw: bytes
    hash: str
    nonce: int
    fees: Fees = field(default=Fees(0, 0))


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


@dataclass(frozen=True, slots=True)
class Happened:
    """An event and its place on the chain; `tx_hash` and `log_index` together are its identity."""

    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int
    event: ChainEvent


class Chain(Protocol):
    """Any method may raise ChainUnreachable."""

    def deployment(self) -> Deployment: ...

    def check(self) -> None:
        """That the node's chain is ours and holds our contracts, byte for byte, with our keys'

        addresses in their roles. Raises ChainRefused with CHAIN_ID, NO_CONTRACT, CODE or ROLE.
        """
        ...

    def sign(
        self, call: Call, nonce: int | None = None, above: Fees | None = None
    ) -> SignedTransaction:
        """Under the sender's next nonce where none is given.

        Raises ChainRefused when the call would revert on the newest state, and with FEE_CAP when
        it takes more than the cap. `above`: what the transaction of this nonce offers that this
        one shall replace and outbid.
        """
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

    def blocks(self, numbers: Sequence[int]) -> tuple[int, list[str | None]]:
        """The newest final block or -1, and the canonical hashes of those blocks; in one request.

        None for a block that there is not.
        """
        ...

    def finalized(self) -> int:
        """The newest block that nothing takes back; -1 while there is none."""
        ...

    def balances(self, accounts: Sequence[int], block_number: int) -> list[int]:
        """Of the ledger's accounts as of that block, in minor units; few requests.

        money.PLATFORM stands for the fees that it has collected.
        """
        ...

    def history(
        self, contract: Contract, names: Sequence[str], from_block: int, to_block: int
    ) -> Sequence[Happened]:
        """The contract's events of these names, oldest first; both blocks are included.

        Ask of final blocks only: later ones may be taken back.
        """
        ...

    def read(self, contract: Contract, function: str, *args: Any) -> Any:
        """A view on the newest state; raises ChainRefused when it reverts."""
        ...

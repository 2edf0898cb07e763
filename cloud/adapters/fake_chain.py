"""A chain in memory, for tests and simulations: the contracts' rules without blocks to wait for."""

import ast
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cloud.adapters.fake_contracts import (
    ADMIN,
    REGISTRAR,
    Model,
    Registry,
    Token,
    World,
    one_address,
)
from cloud.adapters.fake_ledger import PAUSER, SETTLER, Ledger
from cloud.core.fees import MAX_FEE_WEI, Fees, offer, outbids
from cloud.core.money import PLATFORM
from cloud.ports.chain import (
    Call,
    ChainRefused,
    ChainUnreachable,
    Contract,
    Deployment,
    Happened,
    Outcome,
    Sender,
    SignedTransaction,
)
from contracts.ledger.hashing import keccak

FAKE_CHAIN_ID = 31337
FAKE_GAS = 100_000
# Only so many blocks can be taken back: each remembers the state before it.
MAX_ROLLBACK = 32
WITH_TOKEN = ("deposit", "withdraw", "withdraw_fees")
CALLABLE: dict[Contract, tuple[str, ...]] = {
    "token": ("mint", "transfer", "approve"),
    "registry": (
        "publish",
        "share",
        "share_many",
        "unshare",
        "transfer",
        "expire",
        "set_gateway",
        "propose_role",
        "accept_role",
    ),
    "ledger": (
        "open_account",
        "hold",
        "propose_fee",
        "accept_fee",
        "withdraw_fees",
        "publish_earnings",
        "claim",
        "propose_role",
        "accept_role",
        "close",
        "deposit",
        "request_withdraw",
        "withdraw",
        "settle_batch",
        "pause",
        "unpause",
    ),
}


@dataclass
class Contracts:
    token: Token
    registry: Registry
    ledger: Ledger

    def copy(self) -> "Contracts":
        return Contracts(self.token.copy(), self.registry.copy(), self.ledger.copy())


@dataclass(frozen=True, slots=True)
class Block:
    """One transaction and all that was before it, so that it can be taken back."""

    before: Contracts
    outcome: Outcome
    sender: str


class FakeChain:
    """`unreachable` makes every call fail as a dead node would; `mining` False makes transactions

    wait as in a node's pool, until `mine` is told which of them comes into a block; `wrong` is
    what `check` finds at this node.
    """

    def __init__(
        self,
        now: Callable[[], int],
        unit: int = 10_000,
        withdraw_delay_s: int = 3_600,
        addresses: Mapping[Sender, str] | None = None,
    ) -> None:
        roles: tuple[Sender, ...] = ("admin", "registrar", "settler")
        # How many later blocks make one final; a test of reorganisations raises it.
        self.finality_depth = 0
        self._addresses = addresses or {role: one_address(role) for role in roles}
        self._now = now
        self._deployment = Deployment(
            FAKE_CHAIN_ID, one_address("token"), one_address("registry"), one_address("ledger")
        )
        self._contracts = self._deployed(unit, withdraw_delay_s)
        self._height = 0
        self._nonces = dict.fromkeys(self._addresses.values(), 0)
        self._blocks: deque[Block] = deque(maxlen=MAX_ROLLBACK)
        self._included: dict[str, Outcome] = {}
        self.unreachable = False
        self.mining = True
        self.wrong: ChainRefused | None = None
        self.market = Fees(2 * 10**9, 10**9)
        self._pool: dict[tuple[str, int], SignedTransaction] = {}

    def check(self) -> None:
        self._reach()
        if self.wrong is not None:
            raise self.wrong

    def deployment(self) -> Deployment:
        return self._deployment

    def sign(
        self, call: Call, nonce: int | None = None, above: Fees | None = None
    ) -> SignedTransaction:
        self._reach()
        nonce = self.next_nonce(call.sender) if nonce is None else nonce
        if call.gas is None:
            self._apply(self._contracts.copy(), call)
        fees = offer(self.market, above)
        if fees is None:
            raise ChainRefused("FEE_CAP", f"the fee it takes is above the cap of {MAX_FEE_WEI} wei")
        bid = (fees.max_fee_wei, fees.tip_wei)
        raw = repr((call.contract, call.function, call.args, call.sender, nonce, bid)).encode()
        return SignedTransaction(raw, "0x" + keccak(raw).hex(), nonce, fees)

    def next_nonce(self, sender: Sender) -> int:
        self._reach()
        address = self._addresses[sender]
        return self._nonces[address] + sum(waits == address for waits, _ in self._pool)

    def send(self, tx: SignedTransaction) -> None:
        self._reach()
        if tx.hash in self._included:
            return
        call, nonce, fees = _signed(tx)
        address = self._addresses[call.sender]
        if nonce < self._nonces[address] or nonce > self.next_nonce(call.sender):
            expected = self.next_nonce(call.sender)
            raise ChainRefused("NONCE", f"nonce {nonce}: the next one is {expected}")
        if self.mining:
            self._include(tx, call)
            return
        waits = self._pool.get((address, nonce), tx)
        if waits.hash != tx.hash and not outbids(fees, _signed(waits)[2]):
            raise ChainRefused("FEE", "replacement transaction underpriced")
        self._pool[address, nonce] = tx

    def mine(self, tx: SignedTransaction) -> None:
        """This one comes into a block, whether the pool has forgotten it or not."""
        self._include(tx, _signed(tx)[0])

    def blocks(self, numbers: Sequence[int]) -> tuple[int, list[str | None]]:
        self._reach()
        known = {found.block_number: found.block_hash for found in self._included.values()}
        return self._height - self.finality_depth, [known.get(number) for number in numbers]

    def finalized(self) -> int:
        return self.blocks([])[0]

    def balances(self, accounts: Sequence[int], block_number: int) -> list[int]:
        self._reach()
        later = [block for block in self._blocks if block.outcome.block_number > block_number]
        ledger = (later[0].before if later else self._contracts).ledger
        balance_of = ledger.views()["balance_of"]
        return [ledger.fees if one == PLATFORM else int(balance_of(one)) for one in accounts]

    def outcome(self, tx_hash: str) -> Outcome | None:
        self._reach()
        found = self._included.get(tx_hash)
        if found is None:
            return None
        return replace(found, final=found.block_number + self.finality_depth <= self._height)

    def history(
        self, contract: Contract, names: Sequence[str], from_block: int, to_block: int
    ) -> list[Happened]:
        self._reach()
        return [
            Happened(found.block_number, found.block_hash, found.hash, index, event)
            for found in self._included.values()
            if from_block <= found.block_number <= to_block
            for index, event in enumerate(found.events)
            if event.contract == contract and event.name in names
        ]

    def read(self, contract: Contract, function: str, *args: Any) -> Any:
        self._reach()
        model: Token | Registry | Ledger = getattr(self._contracts, contract)
        return model.views()[function](*args)

    def rollback(self, blocks: int) -> None:
        """Take the newest blocks back, as a reorganisation would."""
        for _ in range(min(blocks, len(self._blocks))):
            gone = self._blocks.pop()
            self._contracts = gone.before
            self._height -= 1
            self._nonces[gone.sender] -= 1
            del self._included[gone.outcome.hash]

    def _include(self, tx: SignedTransaction, call: Call) -> None:
        self._height += 1
        sender = self._addresses[call.sender]
        self._pool.pop((sender, self._nonces[sender]), None)
        self._nonces[sender] += 1
        number = self._height
        before_hash = self._blocks[-1].outcome.block_hash if self._blocks else ""
        outcome = Outcome(
            hash=tx.hash,
            ok=True,
            block_number=number,
            block_hash="0x" + keccak(f"{number} {tx.hash} {before_hash}".encode()).hex(),
            gas_used=FAKE_GAS,
            final=True,
            reason=None,
        )
        before, after = self._contracts, self._contracts.copy()
        try:
            world = self._apply(after, call)
            outcome = replace(outcome, events=tuple(world.events))
            self._contracts = after
        except ChainRefused as refusal:
            outcome = replace(outcome, ok=False, reason=refusal.code)
        self._blocks.append(Block(before, outcome, sender))
        self._included[tx.hash] = outcome

    def _apply(self, contracts: Contracts, call: Call) -> World:
        if call.function not in CALLABLE[call.contract]:
            raise ValueError(f"the fake has no {call.contract}.{call.function}")
        world = World(self._addresses[call.sender], self._now())
        model: Model = getattr(contracts, call.contract)
        token = (contracts.token,) if call.function in WITH_TOKEN else ()
        getattr(model, call.function)(world, *token, *call.args)
        return world

    def _deployed(self, unit: int, withdraw_delay_s: int) -> Contracts:
        admin, registrar = self._addresses["admin"], self._addresses["registrar"]
        where = self._deployment
        ledger = Ledger(
            address=where.ledger,
            token_address=where.token,
            registry_address=where.registry,
            # As `deploy` has it: the admin pauses, until it gives that to another.
            holders={
                ADMIN: admin,
                REGISTRAR: registrar,
                SETTLER: self._addresses["settler"],
                PAUSER: admin,
            },
            unit=unit,
            withdraw_delay_s=withdraw_delay_s,
        )
        return Contracts(Token(minter=admin), Registry(admin, registrar), ledger)

    def _reach(self) -> None:
        if self.unreachable:
            raise ChainUnreachable("the chain's node does not answer")


def _signed(tx: SignedTransaction) -> tuple[Call, int, Fees]:
    contract, function, args, sender, nonce, bid = ast.literal_eval(tx.raw.decode())
    return Call(contract, function, args, sender), nonce, Fees(*bid)

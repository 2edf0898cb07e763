"""The rules of ParkingLedger in plain Python."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cloud.adapters.fake_contracts import (
    MAX_DEPTH,
    MAX_WORDS,
    ZERO_ADDRESS,
    ZERO_WORD,
    Model,
    Token,
    World,
    require,
)
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import proves

MAX_ACCOUNT = 2**32


@dataclass
class Ledger(Model):
    address: str
    token_address: str
    registry_address: str
    admin: str
    settler: str
    registrar: str
    unit: int
    withdraw_delay_s: int
    paused: bool = False
    seq: int = 0
    head: bytes = ZERO_WORD
    owners: dict[int, str] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    withdrawals: dict[int, tuple[int, int]] = field(default_factory=dict)
    references: set[tuple[str, bytes]] = field(default_factory=set)
    roots: dict[int, bytes] = field(default_factory=dict)
    filed: set[int] = field(default_factory=set)

    def open_account(self, world: World, account_id: int, owner: str) -> None:
        require(world.sender == self.registrar, "REGISTRAR")
        require(0 < account_id < MAX_ACCOUNT, "ACCOUNT")
        require(owner != ZERO_ADDRESS, "ADDRESS")
        require(self.owners.get(account_id, owner) == owner, "OWNER")
        if account_id not in self.owners:
            self.owners[account_id] = owner
            world.log("ledger", "AccountOpened", account_id=account_id, owner=owner)

    def deposit(
        self, world: World, token: Token, account_id: int, amount_minor: int, reference: bytes
    ) -> None:
        if (world.sender, reference) in self.references:
            return
        require(account_id in self.owners, "ACCOUNT")
        require(amount_minor != 0, "AMOUNT")
        self.references.add((world.sender, reference))
        self._add(account_id, amount_minor)
        world.log(
            "ledger", "Deposited", account_id=account_id, amount=amount_minor, reference=reference
        )
        token.spend(world, world.sender, self.address, amount_minor * self.unit)

    def request_withdraw(self, world: World, account_id: int, amount: int) -> None:
        require(world.sender == self.owners.get(account_id), "OWNER")
        require(amount != 0, "AMOUNT")
        require(amount <= self.balances.get(account_id, 0), "BALANCE")
        ready_at = world.now + self.withdraw_delay_s
        self.withdrawals[account_id] = (amount, ready_at)
        world.log(
            "ledger", "WithdrawalRequested", account_id=account_id, amount=amount, ready_at=ready_at
        )

    def withdraw(self, world: World, token: Token, account_id: int) -> None:
        asked, ready_at = self.withdrawals.get(account_id, (0, 0))
        require(asked != 0, "NO_REQUEST")
        require(world.now >= ready_at, "DELAY")
        owner = self.owners[account_id]
        amount = min(asked, self.balances.get(account_id, 0))
        del self.withdrawals[account_id]
        self._add(account_id, -amount)
        world.log("ledger", "Withdrawn", account_id=account_id, owner=owner, amount=amount)
        token.transfer(World(self.address, world.now, world.events), owner, amount * self.unit)

    def settle_batch(
        self, world: World, seq: int, detail_root: bytes, words: tuple[int, ...]
    ) -> None:
        require(len(words) <= MAX_WORDS, "REVERTED")
        require(world.sender == self.settler, "SETTLER")
        require(not self.paused, "PAUSED")
        require(seq == self.seq + 1, "SEQ")
        require(detail_root != ZERO_WORD, "ROOT")
        for word in words:
            self._settle(world, word)
        packed = keccak(b"".join(word.to_bytes(32, "big") for word in words))
        self.seq, self.head = seq, keccak(self.head + detail_root + packed)
        self.roots[seq] = detail_root
        world.log(
            "ledger", "Batch", seq=seq, detail_root=detail_root, head=self.head, words=tuple(words)
        )

    def _settle(self, world: World, word: int) -> None:
        driver, payee = word >> 224, word >> 192 & 0xFFFFFFFF
        stay, amount = word >> 144 & (1 << 48) - 1, word >> 48 & 0xFFFFFFFF
        require(stay not in self.filed, "REPLAY")
        self.filed.add(stay)
        paid = min(self.balances.get(driver, 0), amount) if payee in self.owners else 0
        self._add(driver, -paid)
        self._add(payee, paid)
        if paid != amount:
            world.log("ledger", "Unpaid", stay=stay, driver=driver, missing=amount - paid)

    def pause(self, world: World) -> None:
        self._set_paused(world, True)

    def unpause(self, world: World) -> None:
        self._set_paused(world, False)

    def _set_paused(self, world: World, paused: bool) -> None:
        require(world.sender == self.admin, "ADMIN")
        self.paused = paused
        world.log("ledger", "Paused", paused=paused)

    def _add(self, account_id: int, amount: int) -> None:
        self.balances[account_id] = self.balances.get(account_id, 0) + amount

    def verify_record(self, seq: int, leaf: bytes, proof: tuple[bytes, ...]) -> bool:
        require(len(proof) <= MAX_DEPTH, "REVERTED")
        return seq in self.roots and proves(leaf, proof, self.roots[seq])

    def views(self) -> dict[str, Callable[..., Any]]:
        return {
            "TOKEN": lambda: self.token_address,
            "UNIT": lambda: self.unit,
            "WITHDRAW_DELAY_S": lambda: self.withdraw_delay_s,
            "registry": lambda: self.registry_address,
            "admin": lambda: self.admin,
            "settler": lambda: self.settler,
            "registrar": lambda: self.registrar,
            "paused": lambda: self.paused,
            "seq": lambda: self.seq,
            "head": lambda: self.head,
            "owner_of": lambda account_id: self.owners.get(account_id, ZERO_ADDRESS),
            "balance_of": lambda account_id: self.balances.get(account_id, 0),
            "withdrawal_of": lambda account_id: self.withdrawals.get(account_id, (0, 0)),
            "reference_used": lambda sender, reference: (sender, reference) in self.references,
            "is_settled": lambda stay: stay in self.filed,
            "batch_root": lambda seq: self.roots.get(seq, ZERO_WORD),
            "verify_record": self.verify_record,
        }

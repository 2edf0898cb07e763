"""The rules of ParkingLedger in plain Python."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cloud.adapters.fake_contracts import (
    ADMIN,
    MAX_DEPTH,
    REGISTRAR,
    ZERO_ADDRESS,
    ZERO_WORD,
    Model,
    Token,
    World,
    require,
)
from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import proves

MAX_ACCOUNT, MAX_WORDS, MAX_LANES = 2**32, 500, 1024
# A lane: bit 31 says that the account is open, the others are its balance.
OPEN, MOST = 2**31, 2**31 - 1
CREDIT, BY_CLAIM, BPS = 2**15, 2**14, 2**14 - 1
MAX_FEE_BPS, MAX_HOLD_S = 1_000, 30 * 86_400
FEE_DELAY_S = REQUEST_LASTS_S = 7 * 86_400
SETTLER, PAUSER = keccak(b"settler"), keccak(b"pauser")
SETTLING, PAUSED, CLOSED = range(3)


@dataclass
class Ledger(Model):
    address: str
    token_address: str
    registry_address: str
    unit: int
    withdraw_delay_s: int
    holders: dict[bytes, str]
    proposed: dict[bytes, str] = field(default_factory=dict)
    status: int = SETTLING
    successor: str = ZERO_ADDRESS
    seq: int = 0
    head: bytes = ZERO_WORD
    owners: dict[int, str] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    withdrawals: dict[int, tuple[int, int]] = field(default_factory=dict)
    holds: dict[int, tuple[int, int]] = field(default_factory=dict)
    references: set[tuple[str, bytes]] = field(default_factory=set)
    roots: dict[int, bytes] = field(default_factory=dict)
    filed: set[int] = field(default_factory=set)
    fee_bps: int = 0
    proposed_fee: tuple[int, int] = (0, 0)
    fees: int = 0
    unclaimed: int = 0
    earnings_root: bytes = ZERO_WORD
    claimed: dict[int, int] = field(default_factory=dict)

    def open_account(self, world: World, account_id: int, owner: str) -> None:
        self._only(world, REGISTRAR, "REGISTRAR")
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
        require(amount_minor <= MOST - self._balance(account_id), "LIMIT")
        self.references.add((world.sender, reference))
        self._add(account_id, amount_minor)
        world.log(
            "ledger", "Deposited", account_id=account_id, amount=amount_minor, reference=reference
        )
        token.spend(world, world.sender, self.address, amount_minor * self.unit)

    def request_withdraw(self, world: World, account_id: int, amount: int) -> None:
        require(world.sender == self.owners.get(account_id), "OWNER")
        require(amount != 0, "AMOUNT")
        require(amount <= self._balance(account_id), "BALANCE")
        ready_at = world.now + self.withdraw_delay_s
        self.withdrawals[account_id] = (amount, ready_at)
        world.log(
            "ledger", "WithdrawalRequested", account_id=account_id, amount=amount, ready_at=ready_at
        )

    def withdraw(self, world: World, token: Token, account_id: int) -> None:
        asked, ready_at = self.withdrawals.get(account_id, (0, 0))
        require(asked != 0, "NO_REQUEST")
        closed = self.status == CLOSED
        require(world.now >= ready_at or closed, "DELAY")
        require(world.now < ready_at + REQUEST_LASTS_S or closed, "EXPIRED")
        owner, balance = self.owners[account_id], self._balance(account_id)
        held, until = self.holds.get(account_id, (0, 0))
        if world.now >= until or self.status != SETTLING:
            held = 0
        amount = min(asked, balance - min(balance, held))
        require(amount != 0 or balance == 0, "HELD")
        left = min(asked, balance) - amount
        self.withdrawals[account_id] = (left, ready_at) if left else (0, 0)
        self._add(account_id, -amount)
        world.log("ledger", "Withdrawn", account_id=account_id, owner=owner, amount=amount)
        token.transfer(World(self.address, world.now, world.events), owner, amount * self.unit)

    def hold(self, world: World, account_id: int, amount: int, until: int) -> None:
        self._only(world, SETTLER, "SETTLER")
        require(self.status == SETTLING, "PAUSED")
        require(until <= world.now + MAX_HOLD_S, "UNTIL")
        self.holds[account_id] = (amount, until)
        world.log("ledger", "Held", account_id=account_id, amount=amount, until=until)

    def settle_batch(
        self, world: World, seq: int, detail_root: bytes, words: tuple[int, ...]
    ) -> None:
        require(len(words) <= MAX_WORDS, "REVERTED")
        self._only(world, SETTLER, "SETTLER")
        require(self.status == SETTLING, "PAUSED")
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
        payer, stay, amount = word >> 224, word >> 144 & (1 << 48) - 1, word >> 48 & 0xFFFFFFFF
        credit, bps = bool(word & CREDIT), word & BPS
        require(stay not in self.filed, "REPLAY")
        self.filed.add(stay)
        if not amount:
            return
        require(bps <= (MAX_FEE_BPS if credit else self.fee_bps), "FEE")
        share = amount * bps // 10_000
        if credit:
            # Who was paid gives back his part, and the platform its own as far as it has it.
            back, fee = min(share, self.fees), 0
            paid = min(self._balance(payer), amount - share)
        else:
            paid, back = min(self._balance(payer), amount), 0
            fee = paid * bps // 10_000
        if self._gives(word, payer, paid, paid - fee + back):
            self.fees += fee - back
        else:
            paid = back = 0
        if paid + back < amount:
            world.log("ledger", "Unpaid", stay=stay, driver=payer, missing=amount - paid - back)

    def _gives(self, word: int, payer: int, paid: int, gets: int) -> bool:
        """False and nothing done if the payee has no account, or no room in it."""
        payee = word >> 192 & 0xFFFFFFFF
        if word & BY_CLAIM:
            self._add(payer, -paid)
            self.unclaimed += gets
            return True
        own = paid if payee == payer else 0
        if payee not in self.owners or self._balance(payee) - own + gets > MOST:
            return False
        self._add(payer, -paid)
        self._add(payee, gets)
        return True

    def publish_earnings(self, world: World, root: bytes) -> None:
        self._only(world, SETTLER, "SETTLER")
        require(self.status != PAUSED, "PAUSED")
        self.earnings_root = root
        world.log("ledger", "Earnings", root=root)

    def claim(self, world: World, account_id: int, earned: int, proof: tuple[bytes, ...]) -> None:
        require(len(proof) <= MAX_DEPTH, "REVERTED")
        leaf = keccak(b"\0" + account_id.to_bytes(32, "big") + earned.to_bytes(32, "big"))
        require(proves(leaf, proof, self.earnings_root), "PROOF")
        require(account_id in self.owners, "ACCOUNT")
        amount = earned - self.claimed.get(account_id, 0)
        require(amount > 0, "CLAIMED")
        require(amount <= self.unclaimed, "UNCLAIMED")
        require(amount <= MOST - self._balance(account_id), "LIMIT")
        self.claimed[account_id] = earned
        self.unclaimed -= amount
        self._add(account_id, amount)
        world.log("ledger", "Claimed", account_id=account_id, amount=amount)

    def propose_fee(self, world: World, bps: int) -> None:
        self._only(world, ADMIN, "ADMIN")
        require(bps <= MAX_FEE_BPS, "FEE")
        ready_at = world.now + (FEE_DELAY_S if bps > self.fee_bps else 0)
        self.proposed_fee = (bps, ready_at)
        world.log("ledger", "FeeProposed", bps=bps, ready_at=ready_at)

    def accept_fee(self, world: World) -> None:
        self._only(world, ADMIN, "ADMIN")
        bps, ready_at = self.proposed_fee
        require(ready_at != 0, "NO_REQUEST")
        require(world.now >= ready_at, "DELAY")
        require(world.now < ready_at + FEE_DELAY_S, "EXPIRED")
        self.fee_bps, self.proposed_fee = bps, (bps, 0)
        world.log("ledger", "FeeChanged", bps=bps)

    def withdraw_fees(self, world: World, token: Token, payee: str, amount: int) -> None:
        self._only(world, ADMIN, "ADMIN")
        require(payee != ZERO_ADDRESS, "ADDRESS")
        require(amount <= self.fees, "BALANCE")
        self.fees -= amount
        world.log("ledger", "FeesWithdrawn", payee=payee, amount=amount)
        token.transfer(World(self.address, world.now, world.events), payee, amount * self.unit)

    def pause(self, world: World) -> None:
        require(world.sender in (self.holders[PAUSER], self.holders[ADMIN]), "PAUSER")
        self._set_status(world, PAUSED)

    def unpause(self, world: World) -> None:
        self._only(world, ADMIN, "ADMIN")
        self._set_status(world, SETTLING)

    def close(self, world: World, successor: str) -> None:
        self._only(world, ADMIN, "ADMIN")
        require(self.status != CLOSED, "CLOSED")
        self.successor = successor
        self._set_status(world, CLOSED)

    def propose_role(self, world: World, role: bytes, holder: str) -> None:
        self._only(world, ADMIN, "ADMIN")
        require(role in self.holders, "ROLE")
        self.proposed[role] = holder
        world.log("ledger", "RoleProposed", role=role, holder=holder)

    def accept_role(self, world: World, role: bytes) -> None:
        require(world.sender == self.proposed.get(role), "PROPOSED")
        self.holders[role] = self.proposed.pop(role)
        if role == ADMIN:
            # What the one before has offered is not the new one's word.
            self.proposed.clear()
        world.log("ledger", "RoleChanged", role=role, holder=world.sender)

    def lanes_of(self, first_word: int, count: int) -> tuple[int, ...]:
        require(count <= MAX_LANES, "REVERTED")
        return tuple(self._lanes(word) for word in range(first_word, first_word + count))

    def verify_record(self, seq: int, leaf: bytes, proof: tuple[bytes, ...]) -> bool:
        require(len(proof) <= MAX_DEPTH, "REVERTED")
        return seq in self.roots and proves(leaf, proof, self.roots[seq])

    def _lanes(self, word: int) -> int:
        packed = 0
        for at in range(8):
            account = word * 8 + at
            packed |= (OPEN * (account in self.owners) + self._balance(account)) << 32 * at
        return packed

    def _only(self, world: World, role: bytes, code: str) -> None:
        require(world.sender == self.holders[role], code)

    def _set_status(self, world: World, status: int) -> None:
        require(self.status != CLOSED, "CLOSED")
        self.status = status
        world.log("ledger", "StatusChanged", status=status, successor=self.successor)

    def _balance(self, account_id: int) -> int:
        return self.balances.get(account_id, 0)

    def _add(self, account_id: int, amount: int) -> None:
        self.balances[account_id] = self._balance(account_id) + amount

    def views(self) -> dict[str, Callable[..., Any]]:
        facts = {
            "TOKEN": self.token_address,
            "UNIT": self.unit,
            "WITHDRAW_DELAY_S": self.withdraw_delay_s,
            "registry": self.registry_address,
            "admin": self.holders[ADMIN],
            "settler": self.holders[SETTLER],
            "registrar": self.holders[REGISTRAR],
            "pauser": self.holders[PAUSER],
        }
        names = ("status", "successor", "seq", "head", "fee_bps", "fees", "unclaimed")
        return {
            **{name: lambda value=value: value for name, value in facts.items()},
            **{name: lambda name=name: getattr(self, name) for name in (*names, "earnings_root")},
            "proposed_of": lambda role: self.proposed.get(role, ZERO_ADDRESS),
            "proposed_fee_bps": lambda: self.proposed_fee[0],
            "fee_ready_at": lambda: self.proposed_fee[1],
            "owner_of": lambda account_id: self.owners.get(account_id, ZERO_ADDRESS),
            "balance_of": self._balance,
            "lanes_of": self.lanes_of,
            "withdrawal_of": lambda account_id: self.withdrawals.get(account_id, (0, 0)),
            "hold_of": lambda account_id: self.holds.get(account_id, (0, 0)),
            "claimed_of": lambda account_id: self.claimed.get(account_id, 0),
            "reference_used": lambda sender, reference: (sender, reference) in self.references,
            "is_settled": lambda stay: stay in self.filed,
            "batch_root": lambda seq: self.roots.get(seq, ZERO_WORD),
            "verify_record": self.verify_record,
        }

"""What ParkingLedger promises, in plain Python: balances by account, no lanes, no bit tricks."""

from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import proves
from tests.ledger_checks.evm import (
    ADMIN,
    MOST,
    OPEN,
    PAUSER,
    REGISTRAR,
    ROLES,
    SETTLER,
    WITHDRAW_DELAY_S,
    Refused,
)

MAX_WORDS, MAX_FEE_BPS = 500, 1_000
MAX_HOLD_S, FEE_DELAY_S, REQUEST_LASTS_S = 30 * 86_400, 7 * 86_400, 7 * 86_400
CREDIT, BY_CLAIM, BPS = 2**15, 2**14, 2**14 - 1
SETTLING, PAUSED, CLOSED = range(3)


def require(held: bool, code: str) -> None:
    if not held:
        raise Refused(code)


def big(value: int) -> bytes:
    return value.to_bytes(32, "big")


@dataclass
class Books:
    """What a batch changes; copied before it, so that a refused batch changes nothing."""

    balances: dict[int, int] = field(default_factory=dict)
    filed: set[int] = field(default_factory=set)
    fees: int = 0
    unclaimed: int = 0
    unpaid: dict[int, int] = field(default_factory=dict)


@dataclass
class Model:
    now: int = 0
    holders: dict[int, int] = field(
        default_factory=lambda: dict(zip(ROLES.values(), (ADMIN, SETTLER, REGISTRAR, PAUSER)))
    )
    proposed: dict[int, int] = field(default_factory=dict)
    status: int = SETTLING
    owners: dict[int, int] = field(default_factory=dict)
    books: Books = field(default_factory=Books)
    asked: dict[int, tuple[int, int]] = field(default_factory=dict)
    holds: dict[int, tuple[int, int]] = field(default_factory=dict)
    references: set[tuple[int, int]] = field(default_factory=set)
    seq: int = 0
    head: bytes = big(0)
    fee_bps: int = 0
    fee_proposed: tuple[int, int] | None = None
    earnings_root: bytes = big(0)
    claimed: dict[int, int] = field(default_factory=dict)

    def do(self, sender: int, function: str, *values: object) -> None:
        """Raises Refused, and then nothing has changed."""
        act: Callable[..., None] = getattr(self, function)
        act(sender, *values)

    def total(self) -> int:
        return sum(self.books.balances.values()) + self.books.fees + self.books.unclaimed

    def lanes(self, first: int) -> int:
        """Eight accounts as the contract must hold them in one word."""
        packed = 0
        for at in range(8):
            account = first * 8 + at
            lane = OPEN * (account in self.owners) + self.balance(account)
            packed |= lane << 32 * at
        return packed

    def balance(self, account: int) -> int:
        return self.books.balances.get(account, 0)

    def _only(self, sender: int, role: str) -> None:
        require(sender == self.holders[ROLES[role]], role.upper())

    def open_account(self, sender: int, account: int, owner: int) -> None:
        self._only(sender, "registrar")
        require(account != 0, "ACCOUNT")
        require(owner != 0, "ADDRESS")
        require(self.owners.get(account, owner) == owner, "OWNER")
        self.owners[account] = owner

    def deposit(self, sender: int, account: int, amount: int, reference: int) -> None:
        if (sender, reference) in self.references:
            return
        require(account in self.owners, "ACCOUNT")
        require(amount != 0, "AMOUNT")
        require(amount <= MOST - self.balance(account), "LIMIT")
        self.references.add((sender, reference))
        self.books.balances[account] = self.balance(account) + amount

    def request_withdraw(self, sender: int, account: int, amount: int) -> None:
        require(sender == self.owners.get(account, 0), "OWNER")
        require(amount != 0, "AMOUNT")
        require(amount <= self.balance(account), "BALANCE")
        self.asked[account] = amount, self.now + WITHDRAW_DELAY_S

    def withdraw(self, sender: int, account: int) -> None:
        require(account in self.asked, "NO_REQUEST")
        asked, ready_at = self.asked[account]
        closed = self.status == CLOSED
        require(self.now >= ready_at or closed, "DELAY")
        require(self.now < ready_at + REQUEST_LASTS_S or closed, "EXPIRED")
        held, until = self.holds.get(account, (0, 0))
        balance = self.balance(account)
        holds = self.status == SETTLING and self.now < until
        free = max(0, balance - held) if holds else balance
        amount = min(asked, free)
        require(amount != 0 or balance == 0, "HELD")
        left = min(asked, balance) - amount
        if left:
            self.asked[account] = left, ready_at
        else:
            del self.asked[account]
        self.books.balances[account] = balance - amount

    def hold(self, sender: int, account: int, amount: int, until: int) -> None:
        self._only(sender, "settler")
        require(self.status == SETTLING, "PAUSED")
        require(until <= self.now + MAX_HOLD_S, "UNTIL")
        self.holds[account] = amount, until

    def settle_batch(self, sender: int, seq: int, root: int, words: tuple[int, ...]) -> None:
        require(len(words) <= MAX_WORDS, "")
        self._only(sender, "settler")
        require(self.status == SETTLING, "PAUSED")
        require(seq == self.seq + 1, "SEQ")
        require(root != 0, "ROOT")
        old = self.books
        books = Books(dict(old.balances), set(old.filed), old.fees, old.unclaimed)
        for one in words:
            self._settle(books, one)
        self.books = books
        packed = keccak(b"".join(map(big, words)))
        self.seq, self.head = seq, keccak(self.head + big(root) + packed)

    def _settle(self, books: Books, word: int) -> None:
        stay, amount = word >> 144 & 2**48 - 1, word >> 48 & 2**32 - 1
        payer, payee = word >> 224, word >> 192 & 2**32 - 1
        credit, by_claim, bps = bool(word & CREDIT), bool(word & BY_CLAIM), word & BPS
        require(stay not in books.filed, "REPLAY")
        books.filed.add(stay)
        if amount == 0:
            return
        require(bps <= (MAX_FEE_BPS if credit else self.fee_bps), "FEE")
        share = amount * bps // 10_000
        balance = books.balances.get(payer, 0)
        if credit:
            # Who was paid gives back his part, and the platform its own as far as it has it.
            back, fee = min(share, books.fees), 0
            paid = min(balance, amount - share)
        else:
            paid, back = min(balance, amount), 0
            fee = paid * bps // 10_000
        gets = paid - fee + back
        later = gets + (balance - paid if payee == payer else books.balances.get(payee, 0))
        if not by_claim and (payee not in self.owners or later > MOST):
            books.unpaid[stay] = amount
            return
        if paid:
            books.balances[payer] = balance - paid
        if by_claim:
            books.unclaimed += gets
        elif gets:
            books.balances[payee] = later
        books.fees += fee - back
        if paid + back < amount:
            books.unpaid[stay] = amount - paid - back

    def publish_earnings(self, sender: int, root: int) -> None:
        self._only(sender, "settler")
        require(self.status != PAUSED, "PAUSED")
        self.earnings_root = big(root)

    def claim(self, sender: int, account: int, earned: int, proof: tuple[int, ...]) -> None:
        leaf = keccak(b"\0" + big(account) + big(earned))
        require(proves(leaf, tuple(map(big, proof)), self.earnings_root), "PROOF")
        require(account in self.owners, "ACCOUNT")
        claimed = self.claimed.get(account, 0)
        require(earned > claimed, "CLAIMED")
        amount = earned - claimed
        require(amount <= self.books.unclaimed, "UNCLAIMED")
        require(amount <= MOST - self.balance(account), "LIMIT")
        self.claimed[account] = earned
        self.books.unclaimed -= amount
        self.books.balances[account] = self.balance(account) + amount

    def propose_fee(self, sender: int, bps: int) -> None:
        self._only(sender, "admin")
        require(bps <= MAX_FEE_BPS, "FEE")
        self.fee_proposed = bps, self.now + FEE_DELAY_S * (bps > self.fee_bps)

    def accept_fee(self, sender: int) -> None:
        self._only(sender, "admin")
        require(self.fee_proposed is not None, "NO_REQUEST")
        assert self.fee_proposed is not None
        bps, ready_at = self.fee_proposed
        require(self.now >= ready_at, "DELAY")
        require(self.now < ready_at + FEE_DELAY_S, "EXPIRED")
        self.fee_bps, self.fee_proposed = bps, None

    def withdraw_fees(self, sender: int, payee: int, amount: int) -> None:
        self._only(sender, "admin")
        require(payee != 0, "ADDRESS")
        require(amount <= self.books.fees, "BALANCE")
        self.books.fees -= amount

    def pause(self, sender: int) -> None:
        may = (self.holders[ROLES["pauser"]], self.holders[ROLES["admin"]])
        require(sender in may, "PAUSER")
        self._set_status(PAUSED)

    def unpause(self, sender: int) -> None:
        self._only(sender, "admin")
        self._set_status(SETTLING)

    def close(self, sender: int, successor: int) -> None:
        self._only(sender, "admin")
        self._set_status(CLOSED)

    def _set_status(self, status: int) -> None:
        require(self.status != CLOSED, "CLOSED")
        self.status = status

    def propose_role(self, sender: int, role: int, holder: int) -> None:
        self._only(sender, "admin")
        require(self.holders.get(role, 0) != 0, "ROLE")
        self.proposed[role] = holder

    def accept_role(self, sender: int, role: int) -> None:
        require(self.proposed.get(role, 0) == sender, "PROPOSED")
        self.holders[role] = sender
        del self.proposed[role]
        if role == ROLES["admin"]:
            self.proposed.clear()

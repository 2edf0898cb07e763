"""A chain under test and what tests do to it."""

from dataclasses import dataclass, field
from typing import Any

from cloud.ports.chain import Call, Chain, Outcome, Sender

UNIT = 10_000
WITHDRAW_DELAY_S = 3_600
START_S = 1_780_000_000


@dataclass
class Clock:
    seconds: int = START_S

    def __call__(self) -> int:
        return self.seconds


@dataclass
class Bench:
    """A chain under test and the few moves that every test makes."""

    chain: Chain
    clock: Clock = field(default_factory=Clock)
    addresses: dict[str, str] = field(default_factory=dict)

    def do(self, contract: Any, function: str, *args: Any, sender: Sender) -> Outcome:
        call = Call(contract, function, args, sender)
        tx = self.chain.sign(call, self.chain.next_nonce(sender))
        self.chain.send(tx)
        outcome = self.chain.outcome(tx.hash)
        assert outcome is not None
        return outcome

    def address(self, sender: Sender) -> str:
        if sender not in self.addresses:
            self.addresses[sender] = self.chain.read("ledger", sender)
        return self.addresses[sender]

    def open(self, account_id: int, owner: str) -> None:
        self.do("ledger", "open_account", account_id, owner, sender="registrar")

    def fund(self, account_id: int, amount_minor: int, reference: bytes) -> None:
        """Money for the registrar, who pays it in."""
        registrar, ledger = self.address("registrar"), self.chain.deployment().ledger
        self.do("token", "mint", registrar, amount_minor * UNIT, sender="admin")
        self.do("token", "approve", ledger, 2**256 - 1, sender="registrar")
        self.do("ledger", "deposit", account_id, amount_minor, reference, sender="registrar")

    def balance(self, account_id: int) -> int:
        return int(self.chain.read("ledger", "balance_of", account_id))


def word(driver: int, payee: int, stay: int, amount_minor: int, tag: int = 0) -> int:
    start_s, duration_s, space = START_S, 3_600, 9
    packed = 0
    parts = (
        (driver, 32),
        (payee, 32),
        (stay, 48),
        (start_s, 40),
        (duration_s, 24),
        (amount_minor, 32),
        (space, 32),
        (tag, 16),
    )
    for value, bits in parts:
        packed = packed << bits | value
    return packed

"""Random calls told to the contract and to the model, and what must hold after every one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contracts.ledger.hashing import keccak
from contracts.ledger.merkle import node_hash
from tests.ledger_checks.evm import (
    ADMIN,
    DRIVER,
    MOST,
    OWNER,
    PAUSER,
    PEOPLE,
    REGISTRAR,
    ROLES,
    SETTLER,
    START_S,
    UNIT,
    Chain,
    Refused,
    word,
)
from tests.ledger_checks.model import BY_CLAIM, CREDIT, Model, big

# Two full words of neighbours, and the last accounts that 32 bits can name.
ACCOUNTS = (*range(1, 16), 2**32 - 8, 2**32 - 1)
WORDS_OF_ACCOUNTS = (0, 1, 2**29 - 1)
LAST_STAY = 2**48 - 1
AMOUNTS = (0, 1, 7, 99, 250, 9_999, 10**6, MOST - 1, MOST, 2**32 - 1)
BIT_15_TAGS = (0, 0, 250, 1_000, 1_001, 16_383, CREDIT, CREDIT | 250, CREDIT | 1_000)
TAGS = (*BIT_15_TAGS, BY_CLAIM, BY_CLAIM | 250, CREDIT | BY_CLAIM | 250)
Call = tuple[int, str, tuple[Any, ...]]


class Disagreed(AssertionError):
    """A contract that does not keep its promise; the message says after which call."""


@dataclass
class Pair:
    """The contract and its model, side by side."""

    chain: Chain = field(default_factory=Chain)
    model: Model = field(default_factory=lambda: Model(now=START_S))
    calls: int = 0
    done: int = 0

    def wait(self, seconds: int) -> None:
        self.model.now += seconds
        self.chain.at(self.model.now)

    def tell(self, sender: int, function: str, *values: Any) -> str:
        """The refusal's code, or an empty text; raises Disagreed."""
        answers = [
            _answer(lambda: self.chain.call(sender, function, *values)),
            _answer(lambda: self.model.do(sender, function, *values)),
        ]
        self.calls += 1
        self.done += answers[0] == "done"
        told = f"call {self.calls}: {function}{values} by {sender:#x}"
        if answers[0] != answers[1]:
            raise Disagreed(f"{told}: contract {answers[0]!r}, model {answers[1]!r}")
        self.check(told)
        return answers[0]

    def check(self, told: str) -> None:
        """Read from the contract's own storage: no view function stands in between."""
        stored, model = self.chain.stored, self.model
        lanes = [stored("lanes", at) for at in WORDS_OF_ACCOUNTS]
        accounts = sum(lane >> 32 * at & MOST for lane in lanes for at in range(8))
        owed = accounts + stored("fees") + stored("unclaimed")
        if self.chain.held() != UNIT * owed:
            raise Disagreed(f"{told}: holds {self.chain.held()} units and owes {owed} of {UNIT}")
        if lanes != [model.lanes(at) for at in WORDS_OF_ACCOUNTS]:
            raise Disagreed(f"{told}: balances differ")
        if (stored("seq"), stored("head")) != (model.seq, int.from_bytes(model.head, "big")):
            raise Disagreed(f"{told}: sequence or head differs")
        if (stored("fees"), stored("unclaimed")) != (model.books.fees, model.books.unclaimed):
            raise Disagreed(f"{told}: fees or earnings differ")


def _answer(call: Callable[[], Any]) -> str:
    try:
        call()
    except Refused as refused:
        return refused.code or "reverted"
    return "done"


@dataclass
class Story:
    """What may be called next, drawn from `rng`: mostly what can succeed."""

    rng: Random
    pair: Pair = field(default_factory=Pair)
    stay: int = 200
    earned: tuple[int, int, bytes, bytes] | None = None

    def begin(self) -> None:
        self.pair.chain.rich()
        for account in ACCOUNTS[:-4]:
            self.pair.tell(REGISTRAR, "open_account", account, self.rng.choice((DRIVER, OWNER)))
            amount = self.rng.choice((1, 500, 10**6, MOST))
            self.pair.tell(DRIVER, "deposit", account, amount, 1000 + account)

    def step(self) -> None:
        if self.rng.random() < 0.05:
            self.pair.wait(self.rng.choice((1, 1_800, 3_600, 86_400, 8 * 86_400)))
        name = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        sender, *values = getattr(self, f"_{name}")()
        if self.rng.random() < 0.03:
            sender = self.rng.choice(PEOPLE)
        self.pair.tell(sender, name, *values)

    def _holder(self, role: str) -> int:
        return self.pair.model.holders[ROLES[role]]

    def _account(self) -> int:
        return self.rng.choice(ACCOUNTS) if self.rng.random() < 0.98 else 0

    def _amount(self) -> int:
        if self.rng.random() < 0.3:
            return self.rng.choice(AMOUNTS)
        return self.rng.randrange(1, 2_000)

    def _open_account(self) -> Call:
        owner = self.rng.choice((0, DRIVER, OWNER, OWNER))
        return self._holder("registrar"), self._account(), owner  # type: ignore[return-value]

    def _deposit(self) -> Any:
        return self.rng.choice((DRIVER, OWNER)), self._account(), self._amount(), self._reference()

    def _reference(self) -> int:
        return self.rng.randrange(1, 2**20) if self.rng.random() < 0.9 else 1001

    def _request_withdraw(self) -> Any:
        account = self._account()
        balance = self.pair.model.balance(account)
        amount = self.rng.choice((self._amount(), balance, balance + 1, balance // 2))
        return self.pair.model.owners.get(account, OWNER), account, amount

    def _withdraw(self) -> Any:
        asked = list(self.pair.model.asked)
        account = self.rng.choice(asked) if asked and self.rng.random() < 0.9 else self._account()
        return self.rng.choice(PEOPLE), account

    def _hold(self) -> Any:
        until = self.pair.model.now + self.rng.choice((0, 60, 7_200, 30 * 86_400, 31 * 86_400))
        return self._holder("settler"), self._account(), self._amount(), until

    def _settle_batch(self) -> Any:
        seq = self.pair.model.seq + (1 if self.rng.random() < 0.97 else self.rng.choice((0, 2)))
        root = self.rng.getrandbits(255) if self.rng.random() < 0.99 else 0
        count = self.rng.choice((0, 1, 1, 2, 3, 5, 8))
        words = tuple(self._word() for _ in range(count))
        return self._holder("settler"), seq, root, words

    def _word(self) -> int:
        self.stay += self.rng.choice((1, 1, 1, 40))
        stay = (
            self.stay if self.rng.random() < 0.985 else self.rng.choice((199, 255, 256, LAST_STAY))
        )
        tag = self.rng.choice(TAGS) if self.rng.random() < 0.3 else self.pair.model.fee_bps
        payer = self._account()
        payee = payer if self.rng.random() < 0.05 else self._account()
        return word(payer, payee, stay, self._amount(), tag)

    def _publish_earnings(self) -> Any:
        first, second = self.rng.sample(ACCOUNTS, 2)
        earned = [self.pair.model.claimed.get(one, 0) + self._amount() for one in (first, second)]
        leaves = [
            keccak(b"\0" + big(one) + big(much)) for one, much in zip((first, second), earned)
        ]
        self.earned = first, earned[0], leaves[0], leaves[1]
        return self._holder("settler"), int.from_bytes(node_hash(*leaves), "big")

    def _claim(self) -> Any:
        if self.earned is None:
            return OWNER, 1, 1, ()
        account, earned, _, sibling = self.earned
        if self.rng.random() < 0.1:
            earned += 1
        return OWNER, account, earned, (int.from_bytes(sibling, "big"),)

    def _propose_fee(self) -> Any:
        return self._holder("admin"), self.rng.choice((0, 100, 250, 1_000, 1_001))

    def _accept_fee(self) -> Any:
        return (self._holder("admin"),)

    def _withdraw_fees(self) -> Any:
        fees = self.pair.model.books.fees
        return self._holder("admin"), OWNER, self.rng.choice((0, fees // 2, fees, fees + 1))

    def _pause(self) -> Any:
        return (self._holder(self.rng.choice(("pauser", "admin"))),)

    def _unpause(self) -> Any:
        return (self._holder("admin"),)

    def _close(self) -> Any:
        return self._holder("admin"), 0xC1

    def _propose_role(self) -> Any:
        role = self.rng.choice((*ROLES.values(), 7))
        return self._holder("admin"), role, self.rng.choice((0, *PEOPLE))

    def _accept_role(self) -> Any:
        role = self.rng.choice(tuple(ROLES.values()))
        return self.pair.model.proposed.get(role, 0) or PAUSER, role


WEIGHTS = {
    "open_account": 3,
    "deposit": 20,
    "request_withdraw": 10,
    "withdraw": 10,
    "hold": 5,
    "settle_batch": 40,
    "publish_earnings": 3,
    "claim": 4,
    "propose_fee": 1,
    "accept_fee": 1,
    "withdraw_fees": 1,
    "pause": 0.5,
    "unpause": 2,
    "close": 0.02,
    "propose_role": 1,
    "accept_role": 1,
}


def tell(seed: int, calls: int) -> tuple[int, int]:
    """One story: calls made, and how many of them changed something; raises Disagreed."""
    story = Story(Random(seed))
    try:
        story.begin()
        while story.pair.calls < calls:
            story.step()
    except Disagreed as found:
        raise Disagreed(f"seed {seed}: {found}") from found
    return story.pair.calls, story.pair.done


__all__ = ["ADMIN", "SETTLER", "Disagreed", "Pair", "Story", "tell"]

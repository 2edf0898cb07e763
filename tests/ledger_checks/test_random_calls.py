"""The compiled ledger against the plain model, call by call (bench/contract_gate.py: millions)."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this machine")

from tests.ledger_checks.evm import DRIVER, MOST, OWNER, REGISTRAR, SETTLER, word
from tests.ledger_checks.walk import Pair, tell

ACCOUNT, AMOUNT = st.integers(0, 9), st.sampled_from((0, 1, 60, 300, MOST - 50, MOST))
TAG = st.sampled_from((0, 2**14, 2**15, 2**15 | 1_000, 2**14 | 2**15))
WORDS = st.lists(st.builds(word, ACCOUNT, ACCOUNT, st.integers(250, 262), AMOUNT, TAG), max_size=4)


@pytest.mark.parametrize("seed", range(4))
def test_a_thousand_random_calls_get_the_same_answers_from_contract_and_model(seed: int) -> None:
    calls, done = tell(seed, 1_000)
    assert calls >= 1_000
    assert done > calls // 3, "the story is mostly refusals"


class Ledger(RuleBasedStateMachine):
    """Every rule tells both; what must hold is checked after each."""

    @initialize()
    def deploy(self) -> None:
        self.pair = Pair()
        self.pair.chain.rich((DRIVER, OWNER))
        for account in (1, 2, 8):
            self.pair.tell(REGISTRAR, "open_account", account, OWNER)

    @rule(account=ACCOUNT, owner=st.sampled_from((0, DRIVER, OWNER)))
    def open_account(self, account: int, owner: int) -> None:
        self.pair.tell(REGISTRAR, "open_account", account, owner)

    @rule(account=ACCOUNT, amount=AMOUNT, reference=st.integers(0, 5))
    def deposit(self, account: int, amount: int, reference: int) -> None:
        self.pair.tell(DRIVER, "deposit", account, amount, reference)

    @rule(words=WORDS, gap=st.sampled_from((1, 1, 1, 2)))
    def settle(self, words: list[int], gap: int) -> None:
        self.pair.tell(SETTLER, "settle_batch", self.pair.model.seq + gap, 1, tuple(words))

    @rule(account=ACCOUNT, amount=AMOUNT)
    def request(self, account: int, amount: int) -> None:
        self.pair.tell(OWNER, "request_withdraw", account, amount)

    @rule(account=ACCOUNT)
    def withdraw(self, account: int) -> None:
        self.pair.tell(DRIVER, "withdraw", account)

    @rule(account=ACCOUNT, amount=AMOUNT, lasts_s=st.sampled_from((0, 60, 86_400)))
    def hold(self, account: int, amount: int, lasts_s: int) -> None:
        self.pair.tell(SETTLER, "hold", account, amount, self.pair.model.now + lasts_s)

    @rule(seconds=st.sampled_from((1, 3_600)))
    def wait(self, seconds: int) -> None:
        self.pair.wait(seconds)


TestLedger: Any = Ledger.TestCase
TestLedger.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)

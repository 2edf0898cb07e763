"""What halmos proves of the compiled ledger, for every word, balance and stay."""

import importlib.util

import pytest

from tests.ledger_checks.built import built_with
from tests.ledger_checks.proofs import CHECKS, prove
from tests.ledger_checks.proofs_planted import PLANTED, bug

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("halmos") is None, reason="halmos is not installed"
)


# Those that take a second each; all of them: python -m tests.ledger_checks.proofs (make gate).
QUICK = (
    "check_settlement_to_another_word",
    "check_payee_by_claim_to_another_word",
    "check_batch_files_its_own_stay",
    "check_claim_of_anything_else",
    "check_deposit",
    "check_no_withdrawal",
)


def test_halmos_finds_no_input_that_breaks_the_quick_proofs() -> None:
    verdicts = prove(QUICK)
    assert len(verdicts) == len(QUICK)
    assert {one.outcome for one in verdicts} == {"proved"}, verdicts


def test_halmos_names_an_input_where_a_bug_was_planted() -> None:
    ledger = built_with(bug("a request is kept after it was paid"))
    assert [one.outcome for one in prove("check_no_withdrawal", ledger)] == ["refuted"]


def test_every_proof_has_a_planted_bug_that_breaks_it() -> None:
    assert set(CHECKS) == {name for names in PLANTED.values() for name in names}

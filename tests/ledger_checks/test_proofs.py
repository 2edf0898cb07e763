"""What halmos proves of the compiled ledger, for every word, balance and stay."""

import importlib.util

import pytest

from tests.ledger_checks.proofs import prove

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("halmos") is None, reason="halmos is not installed"
)


@pytest.mark.parametrize("check", ["check_no_withdrawal", "check_settlement_to"])
def test_halmos_finds_no_input_that_breaks_it(check: str) -> None:
    verdicts = prove(check)
    assert verdicts
    assert all(verdicts.values()), verdicts

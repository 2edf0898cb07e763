"""Layout and gas are what the committed files say (bytecode: tests/ledger)."""

import pytest

pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this machine")

from tests.ledger_checks.built import LAYOUT
from tests.ledger_checks.snapshot import GAS, gas, layouts, text

AGAIN = "run: python -m tests.ledger_checks.snapshot"


def test_every_variable_stands_where_the_committed_layout_says() -> None:
    assert text(layouts()) == LAYOUT.read_text("utf-8"), AGAIN


def test_every_transaction_costs_the_gas_that_is_committed() -> None:
    assert text(gas()) == GAS.read_text("utf-8"), AGAIN

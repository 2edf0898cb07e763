"""The committed bytecode is what the committed sources compile to."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from compile_contracts import LEDGER, NAMES, artifact_text


@pytest.mark.parametrize("name", NAMES)
def test_a_recompiled_contract_equals_its_artifact_byte_for_byte(name: str) -> None:
    committed = (LEDGER / "artifacts" / f"{name}.json").read_text()
    assert artifact_text(name) == committed, "run: python tests/tools/compile_contracts.py"

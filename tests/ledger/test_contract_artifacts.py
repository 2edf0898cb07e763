"""The committed bytecode is what the committed sources compile to."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from compile_contracts import LEDGER, NAMES, artifact_text


@pytest.mark.parametrize("name", NAMES)
def test_a_recompiled_contract_equals_its_artifact_byte_for_byte(name: str) -> None:
    committed = (LEDGER / "artifacts" / f"{name}.json").read_text()
    assert artifact_text(name) == committed, "run: python tests/tools/compile_contracts.py"


def test_the_events_that_verifiers_read_keep_their_layout() -> None:
    """contracts/ledger/onchain.py reads these logs without an ABI."""
    abi = json.loads((LEDGER / "artifacts" / "ParkingLedger.json").read_text())["abi"]
    layout = {
        one["name"]: [(field["name"], field["type"], field["indexed"]) for field in one["inputs"]]
        for one in abi
        if one["type"] == "event"
    }
    assert layout["Unpaid"] == [
        ("stay", "uint256", True),
        ("driver", "uint32", False),
        ("missing", "uint256", False),
    ]
    assert layout["Batch"] == [
        ("seq", "uint256", True),
        ("detail_root", "bytes32", False),
        ("head", "bytes32", False),
        ("words", "uint256[]", False),
    ]

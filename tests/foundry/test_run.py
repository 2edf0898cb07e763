"""The optional target where its tools are absent, and its interfaces against the committed ABI."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.foundry.forge import HERE
from tests.tools.compile_contracts import LEDGER

ROOT = Path(__file__).parents[2]
INTERFACE = re.compile(r"^interface (\w+) \{(.*?)^\}", re.M | re.S)
FUNCTION = re.compile(r"function (\w+)\(([^)]*)\)")
CONTRACTS = {"Token": "DemoToken", "Ledger": "ParkingLedger", "Registry": "PropertyRegistry"}


def test_without_npm_it_is_skipped_with_the_reason_and_ends_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.foundry.run", "--tools", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "skipped, because npm or node is not installed\n")


@pytest.mark.parametrize("name", CONTRACTS)
def test_what_the_invariants_call_is_what_the_committed_contract_has(name: str) -> None:
    body = dict(INTERFACE.findall((HERE / "solidity" / "Deployed.sol").read_text("utf-8")))[name]
    called = {
        f"{function}({','.join(one.split()[0] for one in inputs.split(',') if one.strip())})"
        for function, inputs in FUNCTION.findall(body)
    }
    abi = json.loads((LEDGER / "artifacts" / f"{CONTRACTS[name]}.json").read_text("utf-8"))["abi"]
    present = {
        f"{one['name']}({','.join(each['type'] for each in one['inputs'])})"
        for one in abi
        if one["type"] == "function"
    }
    assert called
    assert called <= present

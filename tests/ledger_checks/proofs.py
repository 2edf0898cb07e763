"""Runs halmos on the ledger's bytecode: `python -m tests.ledger_checks.proofs [CHECK]`.

halmos reads forge's build folder; the one file it needs of it is written here, from Vyper's output.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.ledger_checks.built import Built, built
from tests.tools.compile_contracts import EVM_VERSION

SOURCE = Path(__file__).parent / "Proofs.vy"
PLACES = {
    "LANES": "lanes",
    "FEES": "fees",
    "FEE_BPS": "fee_bps",
    "UNCLAIMED": "unclaimed",
    "FILED": "filed",
}
LIMIT_S = 600


def harness(ledger: Built) -> str:
    source = SOURCE.read_text("utf-8").replace('= x"00"', f'= x"{ledger.code.hex()}"')
    for name, variable in PLACES.items():
        constant = f"{name}: constant(uint256) = "
        source = source.replace(f"{constant}0\n", f"{constant}{ledger.places[variable]}\n")
    return source


def forge_artifact(source: str) -> dict[str, Any]:
    import vyper
    from vyper.compiler.settings import Settings

    formats = ["abi", "bytecode", "bytecode_runtime", "method_identifiers"]
    output = vyper.compile_code(
        source, output_formats=formats, settings=Settings(evm_version=EVM_VERSION)
    )
    node = {"nodeType": "ContractDefinition", "name": "Proofs", "contractKind": "contract"}
    return {
        "abi": output["abi"],
        "bytecode": {"object": output["bytecode"], "linkReferences": {}},
        "deployedBytecode": {"object": output["bytecode_runtime"], "linkReferences": {}},
        "methodIdentifiers": {
            name: number.removeprefix("0x").rjust(8, "0")
            for name, number in output["method_identifiers"].items()
        },
        "metadata": {"compiler": {"version": vyper.__version__}, "output": {}},
        "ast": {"absolutePath": "Proofs.vy", "nodes": [node]},
        "id": 0,
    }


def prove(check: str = "check_") -> dict[str, bool]:
    """Each check's name and whether it holds for every input; raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out" / "Proofs.sol"
        out.mkdir(parents=True)
        artifact = forge_artifact(harness(built("ParkingLedger")))
        (out / "Proofs.json").write_text(json.dumps(artifact), "utf-8")
        found = Path(folder) / "found.json"
        # halmos begins by calling forge; what forge would build is there already.
        forge = Path(folder) / "forge"
        forge.write_text("#!/bin/sh\nexit 0\n", "utf-8")
        forge.chmod(0o755)
        paths = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        command = [sys.executable, "-m", "halmos", "--root", folder, "--contract", "Proofs"]
        command += ["--function", check, "--storage-layout", "generic", "--no-status"]
        command += ["--loop", "10", "--json-output", str(found), "--minimal-json-output"]
        command += ["--solver", "yices", "--solver-timeout-assertion", "60s"]
        done = subprocess.run(
            command, env=paths, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        print(done.stdout[-3000:], done.stderr[-3000:])
        results = json.loads(found.read_text("utf-8"))["test_results"]
    tests = [test for group in results.values() for test in group]
    return {test["name"].split("(")[0]: test["exitcode"] == 0 for test in tests}


if __name__ == "__main__":
    verdicts = prove(*sys.argv[1:2])
    for name, held in verdicts.items():
        print(f"{'proved ' if held else 'NOT PROVED '} {name}")
    sys.exit(0 if verdicts and all(verdicts.values()) else 1)

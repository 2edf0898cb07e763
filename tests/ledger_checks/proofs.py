"""Runs halmos on the ledger's bytecode: `python -m tests.ledger_checks.proofs [CHECK]`.

halmos reads forge's build folder; the files it needs of it are written here, from Vyper's output.
With --planted each check is run again on a ledger with a bug that it must find.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ledger_checks.built import Built, built, built_with
from tests.ledger_checks.proofs_planted import PLANTED, bug
from tests.tools.compile_contracts import EVM_VERSION

HERE = Path(__file__).parent
HARNESSES = ("Proofs", "ProofsOfAccounts")
MODULE = "proving.vy"
PLACES = {
    "LANES": "lanes",
    "FEES": "fees",
    "FEE_BPS": "fee_bps",
    "UNCLAIMED": "unclaimed",
    "FILED": "filed",
    "STATUS": "status",
    "EARNINGS_ROOT": "earnings_root",
    "CLAIMED_OF": "claimed_of",
    "HOLD_OF": "hold_of",
}
LIMIT_S, SOLVER_S, AT_ONCE = 240, 60, 2
CHECKS = tuple(
    name
    for harness in HARNESSES
    for name in re.findall(r"def (check_\w+)", (HERE / f"{harness}.vy").read_text("utf-8"))
)
OUTCOMES = {0: "proved", 1: "refuted", 2: "no verdict: the solver took too long"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`outcome` is proved, refuted (an input breaks it) or a sentence on why neither."""

    name: str
    outcome: str
    seconds: float
    paths: int


def proving(ledger: Built) -> str:
    """The harnesses' common module with the ledger's code and places in it."""
    source = (HERE / MODULE).read_text("utf-8").replace('= x"00"', f'= x"{ledger.code.hex()}"')
    for name, variable in PLACES.items():
        constant = f"{name}: constant(uint256) = "
        source = source.replace(f"{constant}0\n", f"{constant}{ledger.places[variable]}\n")
    return source


def forge_artifact(folder: Path, name: str) -> dict[str, Any]:
    import vyper
    from vyper.compiler.input_bundle import FilesystemInputBundle
    from vyper.compiler.settings import Settings

    bundle = FilesystemInputBundle([folder])
    output = vyper.compiler.compile_from_file_input(
        bundle.load_file(f"{name}.vy"),
        input_bundle=bundle,
        output_formats=["abi", "bytecode", "bytecode_runtime", "method_identifiers"],
        settings=Settings(evm_version=EVM_VERSION),
    )
    node = {"nodeType": "ContractDefinition", "name": name, "contractKind": "contract"}
    return {
        "abi": output["abi"],
        "bytecode": {"object": output["bytecode"], "linkReferences": {}},
        "deployedBytecode": {"object": output["bytecode_runtime"], "linkReferences": {}},
        "methodIdentifiers": {
            name: number.removeprefix("0x").rjust(8, "0")
            for name, number in output["method_identifiers"].items()
        },
        "metadata": {"compiler": {"version": vyper.__version__}, "output": {}},
        "ast": {"absolutePath": f"{name}.vy", "nodes": [node]},
        "id": 0,
    }


def prove(begins: str | tuple[str, ...], ledger: Built | None = None) -> list[Verdict]:
    return list(verdicts(begins, ledger))


def verdicts(begins: str | tuple[str, ...], ledger: Built | None = None) -> Iterator[Verdict]:
    """Of every check whose name begins so, each bounded by LIMIT_S."""
    names = [name for name in CHECKS if name.startswith(begins)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _prepare(folder, ledger or built("ParkingLedger"))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(lambda name: _halmos(folder, name), names)


def _prepare(folder: Path, ledger: Built) -> None:
    (folder / MODULE).write_text(proving(ledger), "utf-8")
    for name in HARNESSES:
        (folder / f"{name}.vy").write_bytes((HERE / f"{name}.vy").read_bytes())
        out = folder / "out" / f"{name}.sol"
        out.mkdir(parents=True)
        artifact = forge_artifact(folder, name)
        (out / f"{name}.json").write_text(json.dumps(artifact), "utf-8")
    # halmos begins by calling forge; what forge would build is there already.
    forge = folder / "forge"
    forge.write_text("#!/bin/sh\nexit 0\n", "utf-8")
    forge.chmod(0o755)


def _halmos(folder: Path, check: str) -> Verdict:
    paths = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    found = folder / f"{check}.json"
    command = [sys.executable, "-m", "halmos", "--root", str(folder), "--match-contract", "^Proofs"]
    command += ["--function", check, "--storage-layout", "generic", "--no-status", "--early-exit"]
    command += ["--loop", "10", "--json-output", str(found), "--solver", "yices"]
    command += ["--solver-timeout-assertion", f"{SOLVER_S}s", "--solver-timeout-branching", "10ms"]
    try:
        done = subprocess.run(
            command, env=paths, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(check, f"no verdict: more than {LIMIT_S} s", LIMIT_S, 0)
    if not found.is_file():
        raise RuntimeError(f"halmos wrote nothing: {(done.stdout + done.stderr)[-2_000:]}")
    results = json.loads(found.read_text("utf-8"))["test_results"]
    return _verdict(*[test for group in results.values() for test in group])


def _verdict(test: dict[str, Any]) -> Verdict:
    outcome = OUTCOMES.get(test["exitcode"], f"no verdict: halmos ended with {test['exitcode']}")
    if outcome == "proved" and test["num_bounded_loops"]:
        outcome = "no verdict: a loop was cut short"
    return Verdict(test["name"].split("(")[0], outcome, test["time"][0], test["num_paths"][0])


def with_bugs(check: str) -> int:
    """The number of checks that do not see the bug planted for them."""
    missed = 0
    for mutant, names in PLANTED.items():
        chosen = [name for name in names if name.startswith(check)]
        ledger = built_with(bug(mutant)) if chosen else None
        for name in chosen:
            (one,) = prove(name, ledger)
            missed += one.outcome != "refuted"
            print(f"{one.outcome}\t{name}\t{one.seconds:.1f} s, with: {mutant}", flush=True)
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("check", nargs="?", default="check_", help="how its name begins")
    parser.add_argument("--planted", action="store_true")
    options = parser.parse_args()
    if options.planted:
        return int(with_bugs(options.check) > 0)
    outcomes = set()
    for one in verdicts(options.check):
        outcomes.add(one.outcome)
        print(f"{one.outcome}\t{one.name}\t{one.paths} paths, {one.seconds:.1f} s", flush=True)
    return int(outcomes != {"proved"})


if __name__ == "__main__":
    sys.exit(main())

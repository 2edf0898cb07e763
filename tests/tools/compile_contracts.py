"""Compile contracts/ledger/*.vy into contracts/ledger/artifacts (run me: no arguments)."""

import hashlib
import json
from pathlib import Path
from typing import Any

import vyper
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import OptimizationLevel, Settings

LEDGER = Path(__file__).resolve().parents[2] / "contracts" / "ledger"
NAMES = ("DemoToken", "EvidenceCheck", "ParkingLedger", "PropertyRegistry")
MODULES = ("proof",)
EVM_VERSION = "prague"


def source_sha256(name: str) -> str:
    """Of the contract and the modules it may import, in this order."""
    digest = hashlib.sha256()
    for stem in (name, *MODULES):
        digest.update((LEDGER / f"{stem}.vy").read_bytes())
    return digest.hexdigest()


def compile_contract(name: str) -> dict[str, Any]:
    bundle = FilesystemInputBundle([LEDGER])
    output = compile_from_file_input(
        bundle.load_file(f"{name}.vy"),
        input_bundle=bundle,
        output_formats=["abi", "bytecode"],
        settings=Settings(optimize=OptimizationLevel.GAS, evm_version=EVM_VERSION),
    )
    return {
        "abi": output["abi"],
        "bytecode": output["bytecode"],
        "compiler": f"vyper {vyper.__version__}",
        "evm_version": EVM_VERSION,
        "source_sha256": source_sha256(name),
    }


def artifact_text(name: str) -> str:
    return json.dumps(compile_contract(name), indent=1, sort_keys=True) + "\n"


def main() -> None:
    (LEDGER / "artifacts").mkdir(exist_ok=True)
    for name in NAMES:
        (LEDGER / "artifacts" / f"{name}.json").write_text(artifact_text(name))


if __name__ == "__main__":
    main()

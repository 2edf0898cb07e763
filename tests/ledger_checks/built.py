"""The contracts' code and where they keep what, from the tree's sources.

The committed artifact serves while it is of these sources; a source that was changed (a planted
bug) is compiled anew, so that no check ever judges old code.
"""

import json
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.tools.compile_contracts import EVM_VERSION, LEDGER, source_sha256
from tests.tools.planted import Mutant

LAYOUT = LEDGER / "artifacts" / "layout.json"


@dataclass(frozen=True, slots=True)
class Built:
    """`places`: the first storage word of each variable."""

    code: bytes
    places: dict[str, int]


@lru_cache
def built(name: str) -> Built:
    committed = json.loads((LEDGER / "artifacts" / f"{name}.json").read_text("utf-8"))
    layouts = json.loads(LAYOUT.read_text("utf-8")) if LAYOUT.is_file() else {}
    of_these_sources = committed["source_sha256"] == source_sha256(name)
    if of_these_sources and layouts.get(name, {}).get("source_sha256") == source_sha256(name):
        return _of(committed["bytecode"], layouts[name]["storage"])
    output = compiled(name)
    return _of(output["bytecode"], output["layout"]["storage_layout"])


def compiled(name: str, folder: Path = LEDGER) -> dict[str, Any]:
    from vyper.compiler import compile_from_file_input
    from vyper.compiler.input_bundle import FilesystemInputBundle
    from vyper.compiler.settings import OptimizationLevel, Settings

    bundle = FilesystemInputBundle([folder])
    output: dict[str, Any] = compile_from_file_input(
        bundle.load_file(f"{name}.vy"),
        input_bundle=bundle,
        output_formats=["abi", "bytecode", "layout"],
        settings=Settings(optimize=OptimizationLevel.GAS, evm_version=EVM_VERSION),
    )
    return output


def planted(mutant: Mutant) -> dict[str, Any]:
    """The contract compiled with its bug, as `compiled` gives it; the tree stays as it is."""
    place = Path(mutant.file)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for source in LEDGER.glob("*.vy"):
            text = source.read_text("utf-8")
            if source.name == place.name:
                if text.count(mutant.old) != 1:
                    raise ValueError(f"{mutant.file} does not hold this once: {mutant.old!r}")
                text = text.replace(mutant.old, mutant.new)
            (folder / source.name).write_text(text, "utf-8")
        return compiled(place.stem, folder)


def built_with(mutant: Mutant) -> Built:
    output = planted(mutant)
    return _of(output["bytecode"], output["layout"]["storage_layout"])


def _of(bytecode: str, storage: dict[str, Any]) -> Built:
    places = {name: one["slot"] for name, one in storage.items() if "slot" in one}
    return Built(bytes.fromhex(bytecode.removeprefix("0x")), places)

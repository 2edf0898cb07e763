"""Bugs planted where money, order and proof are decided, and those that the town and the power
cuts must find: at least nine in ten must be caught."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from bench.gate_parts import Told, Verdict, row
from tests.tools.mutants import ALL, caught, copy_tree
from tests.tools.planted import Mutant
from tests.tools.planted_city import TOWN
from tests.tools.planted_powercut import POWERCUT

PLANTED = Path(__file__).with_name("gate_planted.json")
TREES = 2
LEAST = 0.9
AREAS = {
    "tariff": ("contracts/ledger/pricing", "contracts/ledger/tariffs", "cloud/core/tariffs"),
    "settlement": ("cloud/usecases/settlements", "cloud/usecases/receipts", "cloud/core/settle"),
    "dedup and order": ("cloud/usecases/stays", "edge/core/window", "edge/delivery"),
    "verify": ("contracts/ledger/receipt", "contracts/ledger/merkle", "contracts/ledger/records"),
}


def chosen(share: float) -> list[Mutant]:
    """Every n-th of them, where less than all are asked for."""
    decided = tuple(prefix for prefixes in AREAS.values() for prefix in prefixes)
    found = [it for it in ALL if it.file.startswith(decided)]
    known = {it.bug for it in found}
    found += [it for it in (*TOWN, *POWERCUT) if it.bug not in known]
    return found[:: max(1, int(1 / share))]


def part(share: float, told: Told) -> Verdict:
    mutants, done = chosen(share), 0
    with tempfile.TemporaryDirectory() as folder:
        trees: Queue[Path] = Queue()
        for number in range(TREES):
            tree = Path(folder) / str(number)
            copy_tree(tree)
            trees.put(tree)

        def judged(mutant: Mutant) -> str:
            tree = trees.get()
            try:
                return caught(mutant, tree)
            finally:
                trees.put(tree)

        results: list[tuple[Mutant, str]] = []
        with ThreadPoolExecutor(TREES) as pool:
            for mutant, test in zip(mutants, pool.map(judged, mutants), strict=True):
                results.append((mutant, test))
                done += 1
                told(done / len(mutants))
    return _verdict(results)


def _verdict(results: list[tuple[Mutant, str]]) -> Verdict:
    told = [{"bug": it.bug, "file": it.file, "caught_by": test} for it, test in results]
    PLANTED.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    killed = sum(bool(test) for _, test in results)
    rows = [
        row("gate.mutants.made", len(results), "bugs"),
        row("gate.mutants.killed", killed, "bugs", len(chosen(1.0)) * LEAST),
    ]
    missed = [f"went by unseen: {it.bug}" for it, test in results if not test]
    return Verdict(rows, missed if killed < len(results) * LEAST else [])

"""Foundry's invariants on the committed bytecode: `python -m tests.foundry.run` (`make foundry`).

With --planted the bugs of tests/tools/planted_ledger.py are compiled into a scratch folder, one at
a time, and each must break an invariant. Without npm, node or forge it says so and ends with 0.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from vyper.exceptions import VyperException

from bench.peers.npm import Absent
from tests.foundry.forge import TOOLS, Effort, Verdict, judged
from tests.ledger_checks.built import planted
from tests.tools.compile_contracts import LEDGER
from tests.tools.planted import Mutant
from tests.tools.planted_ledger import CONTRACTS

ARTIFACTS = LEDGER / "artifacts"


def committed(effort: Effort) -> int:
    begun_s = time.perf_counter()
    verdicts = judged(ARTIFACTS, effort)
    took_s = time.perf_counter() - begun_s
    for verdict in verdicts:
        print(f"{'broken: ' + verdict.reason if verdict.reason else 'held'}\t{verdict.name}")
    calls = sum(verdict.calls for verdict in verdicts)
    print(
        f"{len(verdicts)} invariants, {effort.runs} runs of {effort.depth} calls each: "
        f"{calls:,} calls in {took_s:.0f} s (seed {effort.seed})"
    )
    return int(not verdicts or any(verdict.reason for verdict in verdicts))


def with_bugs(effort: Effort, only: str) -> int:
    missed = 0
    for mutant in CONTRACTS:
        if only not in mutant.bug:
            continue
        try:
            broken = [verdict for verdict in _with(mutant, effort) if verdict.reason]
            told = f"{broken[0].name}: {broken[0].reason}" if broken else "nothing"
        except VyperException as error:
            broken, told = [], f"it does not compile: {type(error).__name__}"
        missed += not broken
        print(f"{'caught' if broken else 'MISSED'}\t{mutant.bug}\t{told}", flush=True)
    return int(missed > 0)


def _with(mutant: Mutant, effort: Effort) -> list[Verdict]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "artifacts"
        shutil.copytree(ARTIFACTS, folder)
        path = folder / f"{Path(mutant.file).stem}.json"
        path.write_text(json.dumps({"bytecode": planted(mutant)["bytecode"]}), "utf-8")
        return judged(folder, effort)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=64)
    parser.add_argument("--depth", type=int, default=300, help="calls a run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit-s", type=int, default=600)
    parser.add_argument("--planted", nargs="?", const="", help="only bugs whose name holds this")
    parser.add_argument("--tools", type=Path, default=TOOLS, help="where forge is, or is put")
    options = parser.parse_args()
    effort = Effort(options.runs, options.depth, options.seed, options.limit_s, options.tools)
    try:
        if options.planted is not None:
            return with_bugs(effort, options.planted)
        return committed(effort)
    except Absent as reason:
        print(f"skipped, because {reason}")
        return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make gate`: the long checks. `--share 0.1` does a tenth of each, `--only NAME` some of them.

Writes its rows to bench/gate.json and the page docs/reliability.md. Exit 1 if anything was found, a
figure is below what is wanted (with --share: below that share of it) or a part was left out; the
rest is done all the same, as what else is wrong is worth knowing.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench import gate_chaos, gate_city, gate_mutants, gate_page, gate_powercut, gate_stateful
from bench.contract_gate import write
from bench.gate_parts import (
    MAX_SHOWN,
    Part,
    Verdict,
    api,
    attacks,
    contract,
    judged,
    proofs,
    receipts,
)

PARTS = (
    Part("powercut", "power cuts on the outbox and the cloud's database", gate_powercut.part),
    Part("stateful", "random steps of the models of bookings and ledger", gate_stateful.part),
    Part("contract", "random calls of the ledger's contract", contract),
    Part("proofs", "proofs on the contract's bytecode", proofs),
    Part("receipts", "receipts and credits taken apart", receipts),
    Part("api", "the API as every role", api),
    Part("mqtt", "attacks on the brokers", attacks),
    Part("mutants", "planted bugs", gate_mutants.part),
    Part("chaos", "faults on the real processes", gate_chaos.part),
    Part("city", "the simulated town", gate_city.part),
)
console = Console(highlight=False)


def run(part: Part, share: float) -> Verdict:
    columns = (TextColumn(f"{part.what:52}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(part.name, total=1.0)
        found = part.run(share, lambda done: progress.update(task, completed=min(1.0, done)))
        verdict = judged(part.name, found, share)
        progress.update(task, completed=1.0)
    write(verdict.rows)
    tell(verdict)
    return verdict


def tell(verdict: Verdict) -> None:
    for row in verdict.rows:
        wanted = f" of {row['peer_value']:,.0f} wanted in full" if row["peer"] == "wanted" else ""
        console.print(f"   {row['name']}: {row['value']:,.0f} {row['unit']}{wanted}")
    if verdict.left_out:
        console.print(f"   left out: {verdict.left_out}")
    for line in verdict.wrong[:MAX_SHOWN]:
        console.print(f"   [red]{line}[/]", markup=True, soft_wrap=True)


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full work, 0.01 to 1")
    parser.add_argument("--only", nargs="+", choices=[part.name for part in PARTS])
    options = parser.parse_args(given)
    share = min(1.0, max(0.01, options.share))
    chosen = [part for part in PARTS if not options.only or part.name in options.only]
    # What the cloud tells its operator would stand between the bars.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    begun_s = time.monotonic()
    verdicts = {part.name: run(part, share) for part in chosen}
    took_min = (time.monotonic() - begun_s) / 60
    gate_page.write([(part.name, part.what) for part in PARTS], verdicts, share, took_min)
    wrong = sum(len(it.wrong) for it in verdicts.values())
    console.print(f"{took_min:.1f} minutes, {wrong} found. docs/reliability.md was written.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

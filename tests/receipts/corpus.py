"""Both verifiers over the whole corpus: `python -m tests.receipts.corpus` (1,000 and 5,000).

And as many credits as are asked for (200 and 1,000), charges (200 and 1,000) and changed drafts
(200).

Prints what was judged and every disagreement; exit 1 if there is one, or a wrong verdict. Each
disagreement is named by its seed: `--mutated-from SEED --mutated 1` judges it alone.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from rich.console import Console
from rich.progress import track

from tests.receipts.judged import (
    NODE,
    Case,
    Verdict,
    charge_case,
    credit_case,
    mutated_case,
    mutated_charge_case,
    mutated_credit_case,
    mutated_pending_case,
    valid_case,
    verdicts,
)

SHOWN = 20


@dataclass
class Tally:
    valid: int = 0
    mutated: int = 0
    credits: int = 0
    charges: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        kind = verdict.case.name.split()[0]
        genuine = kind == "valid"
        self.valid += genuine
        self.mutated += not genuine
        self.credits += " credit " in f" {verdict.case.name}".replace("_", " ")
        self.charges += " charge " in f" {verdict.case.name}".replace("_", " ")
        self.kinds[kind] += 1
        self.links.update(verdict.python)
        # What waits for its batch is not passed, whatever else is said of it.
        refused = set(verdict.python) - {"(pending)"}
        if verdict.python != verdict.script or genuine == bool(refused):
            said = f"python {list(verdict.python)}, script {list(verdict.script)}"
            self.wrong.append(f"{verdict.case.name}: {said}")


def cases(valid: int, mutated: int, first: int = 0) -> Iterator[Case]:
    yield from (valid_case(seed) for seed in range(valid))
    yield from (mutated_case(seed) for seed in range(first, first + mutated))


def credit_cases(valid: int, mutated: int, first: int = 0) -> Iterator[Case]:
    yield from (credit_case(seed) for seed in range(valid))
    yield from (mutated_credit_case(seed) for seed in range(first, first + mutated))


def charge_cases(valid: int, mutated: int, first: int = 0) -> Iterator[Case]:
    yield from (charge_case(seed) for seed in range(valid))
    yield from (mutated_charge_case(seed) for seed in range(first, first + mutated))


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--valid", type=int, default=1000)
    asked.add_argument("--mutated", type=int, default=5000)
    asked.add_argument("--mutated-from", type=int, default=0, metavar="SEED")
    asked.add_argument("--credits", type=int, default=200)
    asked.add_argument("--mutated-credits", type=int, default=1000)
    asked.add_argument("--charges", type=int, default=200)
    asked.add_argument("--mutated-charges", type=int, default=1000)
    asked.add_argument("--mutated-drafts", type=int, default=200)
    given = asked.parse_args()
    if NODE is None:
        print("corpus: needs node (18 or later) to run the browser's verifier.", file=sys.stderr)
        return 2
    first = given.mutated_from
    receipts = cases(given.valid, given.mutated, first)
    credits = credit_cases(given.credits, given.mutated_credits, first)
    charges = charge_cases(given.charges, given.mutated_charges, first)
    drafts = (mutated_pending_case(seed) for seed in range(first, first + given.mutated_drafts))
    whole = given.valid + given.mutated + given.credits + given.mutated_credits
    tally, found = Tally(), verdicts(chain(receipts, credits, charges, drafts))
    whole += given.mutated_drafts + given.charges + given.mutated_charges
    for verdict in track(found, "receipts", whole, console=Console(stderr=True)):
        tally.add(verdict)
    _print(tally)
    return 1 if tally.wrong else 0


def _print(tally: Tally) -> None:
    told = f"valid {tally.valid}, mutated {tally.mutated}"
    told += f" (credits {tally.credits}, charges {tally.charges})"
    print(f"{told}, wrong or different {len(tally.wrong)}")
    print("mutations:", ", ".join(f"{name} {n}" for name, n in sorted(tally.kinds.items())))
    print("refused at:", ", ".join(f"{name} {n}" for name, n in tally.links.most_common()))
    print("\n".join(tally.wrong[:SHOWN]))


if __name__ == "__main__":
    sys.exit(main())

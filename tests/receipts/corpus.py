"""Both verifiers over the whole corpus: `python -m tests.receipts.corpus` (1,000 and 5,000).

Prints what was judged and every disagreement; exit 1 if there is one, or a wrong verdict. Each
disagreement is named by its seed: `--mutated-from SEED --mutated 1` judges it alone.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import track

from tests.receipts.judged import NODE, Case, Verdict, mutated_case, valid_case, verdicts

SHOWN = 20


@dataclass
class Tally:
    valid: int = 0
    mutated: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        kind = verdict.case.name.split()[0]
        genuine = kind == "valid"
        self.valid += genuine
        self.mutated += not genuine
        self.kinds[kind] += 1
        self.links.update(verdict.python)
        if verdict.python != verdict.script or genuine == bool(verdict.python):
            said = f"python {list(verdict.python)}, script {list(verdict.script)}"
            self.wrong.append(f"{verdict.case.name}: {said}")


def cases(valid: int, mutated: int, first: int = 0) -> Iterator[Case]:
    yield from (valid_case(seed) for seed in range(valid))
    yield from (mutated_case(seed) for seed in range(first, first + mutated))


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--valid", type=int, default=1000)
    asked.add_argument("--mutated", type=int, default=5000)
    asked.add_argument("--mutated-from", type=int, default=0, metavar="SEED")
    given = asked.parse_args()
    if NODE is None:
        print("corpus: needs node (18 or later) to run the browser's verifier.", file=sys.stderr)
        return 2
    tally, whole = Tally(), given.valid + given.mutated
    found = verdicts(cases(given.valid, given.mutated, given.mutated_from))
    for verdict in track(found, "receipts", whole, console=Console(stderr=True)):
        tally.add(verdict)
    _print(tally)
    return 1 if tally.wrong else 0


def _print(tally: Tally) -> None:
    print(f"valid {tally.valid}, mutated {tally.mutated}, wrong or different {len(tally.wrong)}")
    print("mutations:", ", ".join(f"{name} {n}" for name, n in sorted(tally.kinds.items())))
    print("refused at:", ", ".join(f"{name} {n}" for name, n in tally.links.most_common()))
    print("\n".join(tally.wrong[:SHOWN]))


if __name__ == "__main__":
    sys.exit(main())

"""Plants one bug at a time in a copy of the tree and shows that a test catches it.

`python -m tests.tools.mutants [FILE...]` writes docs/mutants.md; exit 1 if one survived. With
FILES only the bugs of these are planted, and the other rows stay as they were.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tools.planted import AGREED, Mutant
from tests.tools.planted_accounts import ACCOUNTS
from tests.tools.planted_bookings import BOOKINGS
from tests.tools.planted_broker import BROKER
from tests.tools.planted_charges import CHARGES
from tests.tools.planted_city import TOWN
from tests.tools.planted_compliance import COMPLIANCE
from tests.tools.planted_credits import CREDITS
from tests.tools.planted_frames import SIMULATED_FRAMES
from tests.tools.planted_http import HTTP
from tests.tools.planted_identity import IDENTITY_BUGS
from tests.tools.planted_ledger import CONTRACTS, DISPUTES
from tests.tools.planted_looking import LOOKS
from tests.tools.planted_money import MONEY
from tests.tools.planted_offers import OFFERS
from tests.tools.planted_ops import OPERATION
from tests.tools.planted_plates_core import PLATES_CORE
from tests.tools.planted_plates_eye import PLATES_EYE
from tests.tools.planted_postgres import POSTGRES
from tests.tools.planted_powercut import POWERCUT
from tests.tools.planted_privacy import PRIVACY
from tests.tools.planted_retelling import TOLD_AGAIN
from tests.tools.planted_search import SEARCH
from tests.tools.planted_sensing import SENSING
from tests.tools.planted_settling import SETTLING
from tests.tools.planted_stays import STAYS
from tests.tools.planted_strangers import STRANGERS
from tests.tools.planted_tariffs import TARIFFS
from tests.tools.planted_titles import TITLES
from tests.tools.planted_verifying import VERIFYING
from tests.tools.planted_wire import WIRE
from tests.tools.tidy import ROOT, tracked

ALL = (
    *(*AGREED, *SENSING, *SETTLING, *POSTGRES),
    *(*MONEY, *CREDITS, *CHARGES, *VERIFYING, *CONTRACTS, *DISPUTES),
    *(*TARIFFS, *TITLES, *COMPLIANCE, *OFFERS, *SEARCH, *BOOKINGS, *HTTP, *STAYS, *STRANGERS),
    *(*BROKER, *IDENTITY_BUGS, *TOLD_AGAIN, *PLATES_CORE, *PLATES_EYE, *LOOKS, *SIMULATED_FRAMES),
    *(*OPERATION, *POWERCUT, *WIRE, *ACCOUNTS, *PRIVACY, *TOWN),
)
LIMIT_S = 120
TABLE = ROOT / "docs" / "mutants.md"
MISSED = "| nothing |"


def copy_tree(target: Path) -> None:
    for name in tracked():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, place)


def caught(mutant: Mutant, tree: Path) -> str:
    """The first failing test's name, or an empty text if the bug went by unseen."""
    path = tree / mutant.file
    text = path.read_text("utf-8")
    if mutant.old not in text:
        raise SystemExit(f"{mutant.file} no longer holds {mutant.old!r}")
    path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", mutant.tests]
    try:
        done = subprocess.run(
            command, cwd=tree, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        # A test that could not even be collected has seen nothing.
        lines = [line for line in done.stdout.splitlines() if _of_a_test(line)]
        return lines[0].split(" ")[1].split("::")[-1].split("[")[0] if lines else ""
    except subprocess.TimeoutExpired:
        return "(no test ended in time)"
    finally:
        path.write_text(text, "utf-8")


def _of_a_test(line: str) -> bool:
    return line.startswith("FAILED") or (line.startswith("ERROR") and "::" in line)


def main(files: list[str]) -> int:
    chosen = [mutant for mutant in ALL if not files or mutant.file in files]
    rows = _written() if files else {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        for mutant in chosen:
            test = caught(mutant, tree)
            print(f"{'caught ' if test else 'MISSED '} {mutant.bug}: {test}", flush=True)
            rows[mutant.bug] = _row(mutant, test)
    TABLE.write_text(_page([rows[it.bug] for it in ALL if it.bug in rows]), "utf-8")
    return int(any(rows[it.bug].endswith(MISSED) for it in chosen))


def _row(mutant: Mutant, test: str) -> str:
    return f"| {mutant.bug} | `{mutant.file}` " + (f"| `{test}` |" if test else MISSED)


def _written() -> dict[str, str]:
    lines = TABLE.read_text("utf-8").splitlines()
    return {line.split(" | ")[0][2:]: line for line in lines if line.startswith("| ")}


def _page(rows: list[str]) -> str:
    killed = sum(not row.endswith(MISSED) for row in rows)
    lines = [
        "# Planted bugs",
        "",
        f"Each was planted alone in a copy of the tree; {killed} of {len(rows)} were caught.",
        "Written by `make mutants`.",
        "",
        "| bug | in | caught by |",
        "|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m bench.contract_gate --calls 2000000`: random stories told to contract and model.

Writes the rows gate.contract.* of bench/gate.json. A story that goes wrong names its seed: the
same seed tells it again.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.rows import Row, result
from tests.ledger_checks.walk import Disagreed, tell

GATE = Path(__file__).parent / "gate.json"
STORY_CALLS = 2_000
PROCESSES = 2


def story(seed: int) -> tuple[int, int, str]:
    """Calls, those that changed something, and what went wrong (empty where nothing did)."""
    try:
        calls, done = tell(seed, STORY_CALLS)
    except Disagreed as found:
        return STORY_CALLS, 0, str(found)
    return calls, done, ""


def write(rows: list[Row]) -> None:
    """In place of the rows of the same names; the others stay as they were."""
    names = {row["name"] for row in rows}
    old = json.loads(GATE.read_text("utf-8")) if GATE.is_file() else []
    kept = [row for row in old if row["name"] not in names]
    GATE.write_text(json.dumps([*kept, *rows], indent=1) + "\n", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first story")
    options = parser.parse_args()
    stories = -(-options.calls // STORY_CALLS)
    begun_s = time.perf_counter()
    calls = done = 0
    wrong: list[str] = []
    with ProcessPoolExecutor(PROCESSES) as pool:
        told = pool.map(story, range(options.seed, options.seed + stories), chunksize=4)
        for number, (made, changed, problem) in enumerate(told, 1):
            calls, done = calls + made, done + changed
            wrong += [problem] if problem else []
            if number % 50 == 0 or number == stories:
                print(f"\r{calls:,} calls, {len(wrong)} wrong", end="", flush=True)
    rate = calls / (time.perf_counter() - begun_s)
    print(f"\n{done:,} changed something; {rate:,.0f} calls a second", *wrong[:20], sep="\n")
    nothing = ("nothing to compare with", None)
    write(
        [
            result("gate.contract.calls", calls, "calls", ("the calls asked for", options.calls)),
            result("gate.contract.changes", done, "calls", ("all calls", calls)),
            result("gate.contract.wrong", len(wrong), "stories", nothing),
            result("gate.contract.calls_per_s", rate, "calls/s", nothing),
        ]
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

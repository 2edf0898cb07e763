"""`make bench`: measure side by side in one run, and write bench/results.json.

`python -m bench.run PART...` measures those parts; the figures of the others stay as they were.
A figure's peer is measured in the same run: a ratio says more than a time on a shared machine.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import (
    below,
    bookings,
    gas,
    gateway_load,
    http,
    ingest,
    plate_arrivals,
    plates,
    search,
    search_tables,
    sensing,
    settling,
    titles,
    writes,
)
from bench.rows import Row, result
from contracts.ledger.hashing import unhex
from contracts.ledger.receipt import verify
from contracts.wire.signing import recover
from tests.contracts import making

RESULTS = Path(__file__).parent / "results.json"
ROUNDS, REPEATS = 15, 40


def in_turn(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Medians in ms of both, taken in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for kept, work in zip(times, (ours, peer)):
            begun_s = time.perf_counter()
            for _ in range(REPEATS):
                work()
            kept.append((time.perf_counter() - begun_s) * 1000 / REPEATS)
    return statistics.median(times[0]), statistics.median(times[1])


def verification() -> dict[str, Any]:
    """A receipt of four events, against its signature recoveries, which no verifier can skip."""
    receipt = making.receipt()
    pairs = [
        (unhex(signed), event.signature) for signed, event in zip(receipt.digests(), receipt.events)
    ]
    assert all(link.ok for link in verify(receipt))
    ours, bare = in_turn(lambda: verify(receipt), lambda: [recover(*pair) for pair in pairs])
    return result("receipt.verify_ms", ours, "ms", ("its 4 signature recoveries alone", bare))


PARTS: dict[str, Callable[[], list[Row]]] = {
    "receipt": lambda: [verification()],
    "gas": gas.rows,
    "settling": settling.rows,
    "titles": titles.rows,
    "search": lambda: [*search.rows(), *search_tables.rows()],
    "bookings": bookings.rows,
    "http": http.rows,
    "sensing": sensing.rows,
    "below": below.rows,
    "load": gateway_load.rows,
    "writes": writes.rows,
    "ingest": ingest.rows,
    "plates": plates.rows,
}
# Near an hour: only where it is asked for by name.
LONG: dict[str, Callable[[], list[Row]]] = {"arrivals": plate_arrivals.rows}


def main(asked: list[str]) -> int:
    known = PARTS | LONG
    if unknown := [part for part in asked if part not in known]:
        print(f"There is no part {unknown[0]!r}; the parts are {', '.join(known)}.")
        return 2
    measured = [row for part in asked or PARTS for row in known[part]()]
    write(measured, RESULTS)
    for row in measured:
        ratio = "-" if row["ratio"] is None else row["ratio"]
        value = "-" if row["value"] is None else row["value"]
        print(
            f"{row['name']:32} {value:>12} {row['unit']:20}"
            f" {ratio:>8} x {row['peer']} ({row['peer_value']})"
        )
    return 0


def write(measured: list[Row], path: Path) -> None:
    """In their order, in the place of those of the same names; what is new comes last."""
    kept: list[Row] = json.loads(path.read_text("utf-8")) if path.exists() else []
    rows = {row["name"]: row for row in [*kept, *measured]}
    path.write_text(json.dumps(list(rows.values()), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The detector: its score on held-out seeds, and the speed of a replay.

The peer of a score is the baseline with the best F1 on the same readings; that of a replay is
decoding the same file with `json` alone, in the same run, and in processor seconds: on a quiet
machine they are what a clock on the wall shows.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.rows import Row, result
from edge.core.fusion import DetectorSettings
from firmware_sim.lot import make
from firmware_sim.replay import Replay
from firmware_sim.score import Score, score_of
from firmware_sim.scoring.heldout import Plan, parts, run_parts, together
from firmware_sim.scoring.peers import OURS
from firmware_sim.trace import TraceReader, write_trace

LEVELS = {"normal": "normal", "hard": "hard", "held_out": "held-out"}
# Nobody tunes on these.
SEEDS, STAYS, JOBS = range(5001, 6000), 2000, 2
DAY_SEED, ROUNDS = 5001, 3
FIGURES: dict[str, tuple[str, str, int]] = {
    "f1": ("f1", "", 4),
    "false_per_day": ("false_stays_per_space_day", "1/space-day", 4),
    "report_p95_s": ("report_p95_s", "s", 2),
    "dwell_p95_s": ("dwell_error_p95_s", "s", 2),
    "dwell_over_60": ("dwell_over_60", "share", 5),
    "unknown_share": ("unknown_share", "share", 5),
    "money_error": ("money_error", "share", 6),
    "at_inside": ("at_inside_uncertainty", "share", 4),
}
REPLAY = "from firmware_sim.cli import main; main()"
BARE = "import json,sys\nfor line in open(sys.argv[1], 'rb'): json.loads(line)"


def rows() -> list[Row]:
    scores = [row for name, level in LEVELS.items() for row in _level(name, level)]
    return [*scores, *_day()]


def _level(name: str, level: str) -> list[Row]:
    plan = Plan(level)
    chosen = parts(plan, SEEDS, STAYS)
    done = dict(run_parts(plan, chosen, JOBS))
    tallies = together(done[number] for number in sorted(done))
    scores = {peer: score_of(counted) for peer, counted in tallies.items()}
    print(f"sensing.{name}: {scores[OURS].stays} stays, {scores[OURS].space_days:.0f} space-days")
    return _rows(name, scores)


def _rows(name: str, scores: Mapping[str, Score]) -> list[Row]:
    ours = scores[OURS]
    best = max((peer for peer in scores if peer != OURS), key=lambda peer: scores[peer].f1)
    made: list[Row] = []
    for short, (figure, unit, digits) in FIGURES.items():
        value, peer_value = getattr(ours, figure), getattr(scores[best], figure)
        if value is None:
            raise SystemExit(f"sensing.{name}.{short}: nothing was found to measure it on.")
        made.append(result(f"sensing.{name}.{short}", value, unit, (best, peer_value), digits))
    return made


def _day() -> list[Row]:
    """One space-day of a normal lot: 10 Hz magnetic, 2 Hz ultrasonic."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "day.trace.jsonl"
        lot = make("normal", DAY_SEED, 1, 24.0)
        write_trace(trace, lot.header, lot.readings())
        replays, bares, cores = [], [], []
        for _ in range(ROUNDS):
            replays.append(_child_s([REPLAY, "replay", str(trace), "--json"]))
            bares.append(_child_s([BARE, str(trace)]))
            cores.append(_core_s(trace))
    bare = ("bare json decoding of the file", statistics.median(bares))
    return [
        result("sensing.replay_day_s", statistics.median(replays), "s", bare),
        result("sensing.core_day_s", statistics.median(cores), "s", bare),
    ]


def _core_s(trace: Path) -> float:
    """The detector alone, on readings that are decoded already."""
    with TraceReader(trace) as reader:
        readings = list(reader)
    run = Replay(reader.header.channels, DetectorSettings())
    gc.collect()
    return _spent_s(lambda: list(run.run(readings)))


def _spent_s(work: Callable[[], object]) -> float:
    begun_s = time.process_time()
    work()
    return time.process_time() - begun_s


def _child_s(code: list[str]) -> float:
    """Processor seconds of a Python process, its start included."""
    before = os.times()
    subprocess.run([sys.executable, "-c", *code], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


if __name__ == "__main__":
    print(json.dumps(rows(), indent=1))

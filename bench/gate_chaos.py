"""Faults on real processes: at least 1,000 over at least 50,000 events."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.gate_parts import Told, Verdict, row
from firmware_sim.chaos.judge import Outcome
from firmware_sim.chaos.run import Storm, run

STORMS, LASTS_S, EVERY_S, GATEWAYS = 3, 300.0, 0.8, 8
LEAST_S = 30.0
FAULTS, EVENTS = 1_000, 50_000


def part(share: float, told: Told) -> Verdict:
    count = max(1, round(STORMS * share))
    lasts_s = max(LEAST_S, LASTS_S * STORMS * share / count)
    outcomes = []
    for seed in range(1, count + 1):
        storm = Storm(seed, lasts_s, EVERY_S, GATEWAYS if share >= 1 else 2)
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append(run(Path(folder) / "site", storm))
        told(seed / count)
    return _verdict(outcomes)


def _verdict(outcomes: list[Outcome]) -> Verdict:
    faults = sum(it.faults.total() for it in outcomes)
    rows = [
        row("gate.chaos.faults", faults, "faults", FAULTS),
        row("gate.chaos.events", sum(it.events for it in outcomes), "events", EVENTS),
        row("gate.chaos.stays", sum(it.clear for it in outcomes), "stays"),
        row("gate.chaos.settled", sum(it.settled for it in outcomes), "settlements"),
        row("gate.chaos.lost", sum(len(it.lost) for it in outcomes), "things"),
        row("gate.chaos.double", sum(len(it.double) for it in outcomes), "things"),
        row("gate.chaos.stuck", sum(len(it.stuck) for it in outcomes), "things"),
    ]
    wrong = [text for it in outcomes for text in (*it.lost, *it.double, *it.stuck)]
    return Verdict(rows, wrong, outcomes[0].left_out)

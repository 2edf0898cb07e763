"""Held-out seeds, with a lot of one car a space in place of the simulated one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from edge.core.readings import Channel, Reading
from edge.core.trace_lines import TraceHeader
from firmware_sim.cli import app
from firmware_sim.score import score_of
from firmware_sim.scoring.heldout import Plan, parts, score_part, together
from firmware_sim.scoring.peers import NAMES, OURS, side_by_side
from firmware_sim.scoring.targets import TARGETS, missed
from firmware_sim.trace import NS, Truth, write_trace, write_truth

PLAN = Plan("normal", spaces=3, hours=0.2)
ARRIVE_S, DEPART_S, LASTS_S = 120, 400, 600


@dataclass(frozen=True)
class OneCarEach:
    seed: int
    spaces: int

    @property
    def header(self) -> TraceHeader:
        channels = {}
        for n in range(self.spaces):
            channels[f"us{n}"] = Channel(f"us{n}", "ultrasonic", f"S{n}")
            channels[f"mag{n}"] = Channel(f"mag{n}", "magnetic", f"S{n}", "qmc5883l", 3000.0)
        return TraceHeader("gw-1", "UTC", 0, datetime(2026, 5, 1, tzinfo=UTC), channels)

    @property
    def truth(self) -> list[Truth]:
        rows = []
        for n in range(self.spaces):
            rows.append(Truth(ARRIVE_S * NS, "arrive", f"S{n}", tags=("plain",)))
            rows.append(Truth(DEPART_S * NS, "depart", f"S{n}", tags=("plain",)))
        return rows

    def space_readings(self, space: str) -> Iterator[Reading]:
        rng, name = Random(f"{self.seed}{space}"), space[1:]
        for tenth in range(LASTS_S * 10):
            at_ns, car = tenth * NS // 10, ARRIVE_S <= tenth / 10 < DEPART_S
            field = [round(rng.gauss(1200 if car else 300, 9)) for _ in range(3)]
            yield Reading(at_ns, f"mag{name}", (field[0], field[1], field[2]))
            if tenth % 5 == 0:
                echo_us = 4000.0 + rng.uniform(-40, 40)
                why = None if car else "no_echo"
                yield Reading(at_ns, f"us{name}", echo_us if car else None, why)


def one_car_each(plan: Plan, seed: int) -> OneCarEach:
    return OneCarEach(seed, plan.spaces)


def test_parts_are_whole_spaces_until_the_stays_are_held_or_the_seeds_used_up() -> None:
    assert parts(PLAN, range(7, 99), 4, one_car_each) == [
        (7, "S0"),
        (7, "S1"),
        (7, "S2"),
        (8, "S0"),
    ]
    assert len(parts(PLAN, range(7, 9), 1000, one_car_each)) == 6


def test_every_detector_reads_the_same_and_the_order_of_the_parts_changes_nothing() -> None:
    chosen = parts(PLAN, range(1, 3), 5, one_car_each)
    tallies = [score_part(PLAN, part, one_car_each) for part in chosen]
    forth, back = together(tallies), together(reversed(tallies))
    assert tuple(forth) == NAMES
    for name in NAMES:
        graded = score_of(forth[name])
        assert graded == score_of(back[name])
        assert (graded.f1, graded.stays, graded.false_stays) == (1.0, 5, 0)
        assert graded.space_days == pytest.approx(5 * LASTS_S / 86_400, rel=1e-3)


def test_a_missed_target_is_named_with_both_figures() -> None:
    lot = one_car_each(PLAN, 1)
    rows = [*lot.truth, Truth(500 * NS, "arrive", "S0"), Truth(550 * NS, "depart", "S0")]
    outcome = side_by_side(lot.header.channels, lot.space_readings("S0"))
    said = missed("normal", score_of(outcome.tallies(rows)[OURS]))
    assert any(sentence.startswith("f1: 0.66667; the target is >= 0.995") for sentence in said)
    assert missed("held-out", score_of(outcome.tallies(rows)[OURS])) == []
    assert {target.figure for target in TARGETS["hard"]} <= {t.figure for t in TARGETS["normal"]}


def test_score_of_a_trace_prints_all_detectors_and_the_same_bytes_twice(tmp_path: Path) -> None:
    lot = one_car_each(Plan("x", spaces=1), 1)
    trace, truth = tmp_path / "a.trace.jsonl.gz", tmp_path / "a.truth.jsonl"
    write_truth(truth, write_trace(trace, lot.header, lot.space_readings("S0")), lot.truth)
    args = ["score", str(trace), "--truth", str(truth)]
    runner = CliRunner()
    table = runner.invoke(app, args)
    assert table.exit_code == 0
    # A narrow terminal breaks a name between its words.
    assert all(word in table.stdout for name in NAMES for word in name.split())
    said = [runner.invoke(app, [*args, "--json"]).stdout for _ in range(2)]
    assert said[0] == said[1]
    assert json.loads(said[0])["scores"][OURS]["f1"] == 1.0


@pytest.mark.parametrize(
    "args", [["score", "nowhere"], ["score", __file__], ["score", "--seeds", "5..1"]]
)
def test_what_cannot_be_scored_is_refused_in_one_sentence(args: list[str]) -> None:
    done = CliRunner().invoke(app, args)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)

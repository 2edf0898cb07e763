"""A small share of the gate's faults on the real processes; the same code, the same judge."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firmware_sim.chaos import judge
from firmware_sim.chaos.judge import Outcome
from firmware_sim.chaos.run import Storm, run
from firmware_sim.world import Stay

pytestmark = pytest.mark.e2e
STORM = Storm(seed=2, lasts_s=10.0, every_s=0.8, gateways=2)


@pytest.mark.timeout(600)
def test_under_faults_nothing_is_lost_doubled_or_stuck(tmp_path: Path) -> None:
    outcome = run(tmp_path / "site", STORM)
    assert (outcome.lost, outcome.double, outcome.stuck) == ([], [], [])
    assert outcome.faults.total() > 0
    assert outcome.clear > 0


TRUE = [Stay("S1", 100, 200, "沪A12345"), Stay("S1", 400, 500, "沪A12345")]


def judged(told: list[tuple[float, float]], blind: list[tuple[float, float]]) -> Outcome:
    outcome = Outcome()
    judge._compare("S1", told, TRUE, blind, outcome)
    return outcome


def test_the_judge_agrees_with_what_was_told_as_it_was() -> None:
    assert judged([(101, 199), (402, 505)], []).good


@pytest.mark.parametrize(
    ("told", "lost", "double"),
    [
        ([(101, 199)], 1, 0),
        ([(101, 140), (150, 199), (402, 505)], 0, 1),
        ([(101, 199), (402, 505), (700, 800)], 0, 1),
    ],
)
def test_the_judge_sees_a_stay_that_is_missing_twice_there_or_nobodys(
    told: list[tuple[float, float]], lost: int, double: int
) -> None:
    outcome = judged(told, [])
    assert (len(outcome.lost), len(outcome.double)) == (lost, double)


def test_what_a_killed_gateway_could_not_see_is_not_asked_for() -> None:
    assert judged([(101, 199)], [(380, 600)]).good


def test_the_judge_sees_an_event_that_the_cloud_has_not(tmp_path: Path) -> None:
    from edge.adapters.outbox import SqliteOutbox
    from edge.ports import EventRow

    (tmp_path / "gw-1").mkdir()
    outbox = SqliteOutbox(tmp_path / "gw-1", "gw-1", 7, 10)
    outbox.write([EventRow(7, seq, "S1", f"0x{seq}", b"{}") for seq in (1, 2, 3)])
    outbox.close()
    site: Any = SimpleNamespace(
        gateways=["gw-1"], folder=tmp_path, rows=lambda _query: [(7, 1, "0x1"), (7, 3, "0x9")]
    )
    outcome = Outcome()
    judge.events(site, outcome)
    assert outcome.lost == ["gw-1: event 2 of epoch 7", "gw-1: number 2"]
    assert outcome.double == ["gw-1: two events of number 3 in epoch 7"]

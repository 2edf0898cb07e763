"""The simulated lot, and the detector against its truth."""

import gzip
from pathlib import Path
from random import Random

import pytest

from edge.core.fusion import Change
from edge.core.readings import Reading
from firmware_sim import sensors, world
from firmware_sim.replay import replay
from firmware_sim.score import score
from firmware_sim.trace import NS, TraceReader, read_truth, write_trace, write_truth

DATA = Path(__file__).resolve().parents[1] / "data"
TRACE, TRUTH = DATA / "first-stay.trace.jsonl.gz", DATA / "first-stay.truth.jsonl"


def simulated(seed: int, spaces: int, minutes: float) -> tuple[world.Scenario, list[Reading]]:
    rng = Random(seed)
    lot = world.random_scenario(rng, spaces, minutes)
    return lot, list(sensors.readings(lot, rng))


@pytest.fixture(scope="module")
def changes() -> list[Change]:
    with TraceReader(TRACE) as reader:
        return replay(reader.header.channels, reader)


def test_first_stay_is_made_again_line_by_line(tmp_path: Path) -> None:
    lot = world.first_stay()
    made = tmp_path / "again.gz"
    sha256 = write_trace(made, sensors.header(lot), sensors.readings(lot, Random(1)))
    write_truth(tmp_path / "truth", sha256, world.truth(lot))
    # The lines, not the compressed bytes: another zlib may pack the same lines otherwise.
    assert gzip.decompress(made.read_bytes()) == gzip.decompress(TRACE.read_bytes())
    assert (tmp_path / "truth").read_bytes() == TRUTH.read_bytes()


def test_first_stay_gives_exactly_its_two_stays_near_the_truth(changes: list[Change]) -> None:
    found = {(c.space, c.kind): c for c in changes if c.kind in ("arrival", "departure")}
    true_s = {
        ("S1", "arrival"): 300,
        ("S2", "arrival"): 600,
        ("S2", "departure"): 1100,
        ("S1", "departure"): 1800,
    }
    assert list(found) == list(true_s)
    for key, change in found.items():
        error_s = abs(change.at_ns / NS - true_s[key])
        assert error_s < 3
        assert error_s <= change.uncertainty_s
        assert change.reported_ns / NS - true_s[key] < 10


def test_first_stay_scores_one_against_its_truth(changes: list[Change]) -> None:
    sha256, rows = read_truth(TRUTH)
    graded = score(changes, rows)
    assert (graded.f1, graded.true, graded.false_stays, graded.missed_stays) == (1.0, 4, 0, 0)
    assert len(sha256) == 64


def test_the_same_seed_gives_the_same_readings_and_another_seed_others() -> None:
    assert simulated(7, 2, 15) == simulated(7, 2, 15)
    assert simulated(7, 2, 15)[1] != simulated(8, 2, 15)[1]


@pytest.mark.parametrize("seed", [11, 12])
def test_a_normal_lot_is_read_without_a_mistake(seed: int) -> None:
    lot, readings = simulated(seed, 3, 90)
    changes = replay(sensors.header(lot).channels, readings)
    graded = score(changes, world.truth(lot))
    assert graded.true >= 6
    assert (graded.f1, graded.dwell_over_60) == (1.0, 0.0)
    assert [c for c in changes if c.kind == "unknown"] == []


def test_readings_come_in_time_order_and_stay_inside_the_scenario() -> None:
    lot, readings = simulated(3, 2, 15)
    times = [reading.mono_ns for reading in readings]
    assert times == sorted(times)
    assert times[-1] < lot.lasts_s * NS

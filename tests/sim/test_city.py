"""Whole days of a town in which everything fails; `berth-sim city --seeds A..B` runs more."""

import json
from collections.abc import Iterator, Sequence
from random import Random

import pytest
from typer.testing import CliRunner

from firmware_sim.city.clocks import CityClock, GateClock, truly
from firmware_sim.city.disk import SECTOR, Image, torn
from firmware_sim.city.faults import KINDS, Fault, draw
from firmware_sim.city.net import CLOUD, Net
from firmware_sim.city.run import City, Plan
from firmware_sim.city.shrink import fewest
from firmware_sim.city.striking import Strikes
from firmware_sim.city.town import GAP_S, town
from firmware_sim.cli import app

# `make test` runs these, of a quarter of a day each; `make gate` runs thousands of whole days.
SEEDS = range(1, 13)
SHORT_S, FAULTS = 21_600.0, 60
NO_FAULTS = ()


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with City() as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_after_hours_of_faults_every_stay_every_cent_and_every_event_is_right(
    city: City, seed: int
) -> None:
    result = city.run(Plan(seed, lasts_s=SHORT_S, count=FAULTS))
    again = f"repeat: berth-sim city --seeds {seed}..{seed} --hours 6 --faults {FAULTS}"
    assert result.failures == [], "\n".join([*map(str, result.failures), again])
    assert len(result.faults) == FAULTS
    assert result.counts["events"] > 2 * result.counts["visits"]


def test_a_whole_day_of_faults_ends_well(city: City) -> None:
    result = city.run(Plan(6))
    assert result.failures == []
    assert result.counts["priced"] > 2


def test_a_day_without_faults_prices_whoever_booked_and_was_read(city: City) -> None:
    result = city.run(Plan(2, NO_FAULTS))
    assert result.failures == []
    assert result.counts["priced"] > 5


def test_the_same_seed_is_the_same_run_and_another_is_not(city: City) -> None:
    plan = Plan(7, lasts_s=20_000)
    first, second = city.run(plan), city.run(plan)
    assert first.digest == second.digest
    assert city.run(Plan(8, lasts_s=20_000)).digest != first.digest


def test_every_kind_of_fault_knows_how_to_strike_and_is_drawn() -> None:
    drawn = {fault.kind for seed in range(60) for fault in draw(town(seed), FAULTS, 86_400)}
    assert drawn == set(KINDS)
    assert all(hasattr(Strikes, f"_{kind}") for kind in KINDS)


@pytest.mark.parametrize("seed", range(40))
def test_the_truth_of_a_town_is_possible(seed: int) -> None:
    made = town(seed)
    for space in made.spaces:
        visits = [visit for visit in made.visits if visit.space == space]
        for before, after in zip(visits, visits[1:], strict=False):
            assert before.departs_s + GAP_S <= after.arrives_s
        wishes = sorted(
            (wish for wish in made.wishes if wish.space == space), key=lambda it: it.starts_s
        )
        for one, other in zip(wishes, wishes[1:], strict=False):
            assert one.ends_s <= other.starts_s


def fault(number: int) -> Fault:
    return Fault(float(number), "chain_drops", "", 0.0, 0.5)


@pytest.mark.parametrize("needed", [{3}, {0, 11}, {2, 5, 9}, set()])
def test_a_failing_run_is_shrunk_to_the_faults_that_it_takes(needed: set[int]) -> None:
    tried = []

    def fails(some: Sequence[Fault]) -> bool:
        tried.append(len(some))
        return needed <= {int(it.at_s) for it in some}

    found = fewest([fault(number) for number in range(12)], fails)
    assert {int(it.at_s) for it in found} == needed
    assert len(tried) < 100


@pytest.mark.parametrize("seed", range(50))
def test_a_torn_write_leaves_what_was_there_before_it_alone(seed: int) -> None:
    rng = Random(seed)
    kept = rng.randbytes(5 * SECTOR)
    before, after = Image(log=kept), Image(log=kept + rng.randbytes(3 * SECTOR + 17))
    found = torn(before, after, rng)["log"]
    assert found[: len(kept)] == kept
    assert len(kept) <= len(found) <= len(after["log"])


def test_a_clock_that_jumps_counts_on() -> None:
    world = CityClock()
    clock = GateClock(world, "gw-1", 0.0)
    world.run_until(100)
    before_ns = clock.mono_ns()
    clock.set("synced", 3600.0)
    assert clock.mono_ns() == before_ns
    assert clock.wall_at(before_ns) == truly(3700)
    clock.boot()
    assert (clock.mono_ns(), clock.boot_id) == (0, "gw-1-boot-2")


def test_a_line_that_is_cut_passes_nothing_and_what_was_under_way_is_lost() -> None:
    world, came = CityClock(), list[str]()
    net = Net(world, 1, ("gw-1",))
    net.takers[CLOUD] = lambda topic, _payload: came.append(topic)
    net.up("gw-1", "park/v1/gw/gw-1/up/event", b"")
    net.lines["gw-1"].cuts = 1
    world.run_until(5)
    net.heal()
    net.up("gw-1", "park/v1/gw/gw-1/up/status", b"")
    world.run_until(10)
    assert came == ["park/v1/gw/gw-1/up/status"]
    assert net.under_way == 0


def test_seeds_that_are_none_are_refused_in_a_sentence() -> None:
    done = CliRunner().invoke(app, ["city", "--seeds", "9..3"])
    assert done.exit_code == 2
    assert "FIRST..LAST" in done.output


def test_the_command_says_what_it_ran_and_on_which_commit() -> None:
    done = CliRunner().invoke(
        app, ["city", "--seeds", "9..9", "--faults", "20", "--hours", "6", "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["seeds"], told["failed"], told["failures"]) == (1, 0, [])
    assert told["faults"] <= 20 and told["commit"]

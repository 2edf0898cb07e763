"""The detector on a lot that another hand generates; `tests.sensing.judge` does the same at length.

What the numbers of the issue claim is measured by `make bench`; here a few hours must be right.
"""

import pytest

from edge.core.readings import NO_ECHO
from firmware_sim.score import score
from tests.sensing.judge import Task, Verdict, judge
from tests.sensing.second_lot import space_day

HOURS, STAYS = 3.0, 4


def _judged(seed: int, *sensors: str) -> Verdict:
    return judge(Task("second", "normal", seed, HOURS, sensors, STAYS))


@pytest.mark.parametrize("seed", (1, 2, 3))
def test_a_few_ordinary_hours_give_their_stays_and_no_other(seed: int) -> None:
    verdict = _judged(seed, "us", "mag")
    found = score(verdict.changes, verdict.truth)
    failures = "\n".join(f"{one.what}\n{one.near}" for one in verdict.failures)
    assert (found.true, found.matched, found.detected) == (8, 8, 8), failures


def test_the_same_seed_gives_the_same_readings_and_another_gives_others() -> None:
    day, again, other = (space_day(seed, "hard", hours=0.5, stays=2) for seed in (7, 7, 8))
    assert day == again
    assert day[1] != other[1]


def test_arrivals_and_departures_take_turns_and_lie_inside_the_day() -> None:
    _, readings, truth = space_day(5, "hard", hours=6, stays=5)
    stays = [row for row in truth if row.kind in ("arrive", "depart")]
    kinds = [row.kind for row in stays]
    assert kinds == ["arrive", "depart"] * 5 or kinds == ["depart", *["arrive", "depart"] * 4]
    assert all(readings[0].mono_ns < row.mono_ns < readings[-1].mono_ns for row in stays)


def test_nothing_heard_comes_in_every_form_that_drivers_give_it() -> None:
    heard = [r for seed in range(12) for r in space_day(seed, "hard", 0.5, 2, ("us",))[1]]
    held_ms = {int(r.value / 1000) for r in heard if isinstance(r.value, float) and r.value > 3e4}
    assert held_ms >= {38, 70, 102}
    assert any(r.value is None and r.why == NO_ECHO for r in heard)

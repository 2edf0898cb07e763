"""Cars that stop half-way in or out, stand oddly, creep, or are moved about."""

from __future__ import annotations

import pytest

from edge.core.field import FieldTrack
from edge.core.fusion import DetectorSettings
from edge.core.habits import Habits
from edge.core.patience import Patience
from tests.sensing.scenes import NS, Moment, near, readings, run, stays


def test_a_car_that_pauses_half_way_out_over_the_magnetometer_does_not_come_again() -> None:
    """Its engine stops right above the sensor, where it moves the field by far more."""

    def lot(at_s: float) -> Moment:
        if 60 <= at_s < 300:
            return 0.9, 9.0
        return (1.5, 120.0) if 302 <= at_s < 325 else (None, 0.0)

    assert stays(run(readings(lot, 400))) == near(("arrival", 60), ("departure", 300))


def test_the_next_car_may_come_while_the_one_that_left_is_hardly_gone() -> None:
    def lot(at_s: float) -> Moment:
        if 60 <= at_s < 300:
            return 0.9, 9.0
        if 300 <= at_s < 308:
            return 1.6, 3.0
        return (0.7, 30.0) if 310 <= at_s < 500 else (None, 0.0)

    found = stays(run(readings(lot, 560)))
    assert found == near(
        ("arrival", 60), ("departure", 300), ("arrival", 310), ("departure", 500), within_s=3
    )


def test_a_car_that_waits_where_none_ever_parks_is_told_when_it_stands_in_its_place() -> None:
    def lot(at_s: float) -> Moment:
        if 60 <= at_s < 72:
            return 1.8, 90.0
        return (0.9, 9.0) if 75 <= at_s < 300 else (None, 0.0)

    assert stays(run(readings(lot, 360))) == near(("arrival", 75), ("departure", 300))


def test_a_car_that_stays_where_none_ever_parks_is_told_in_the_end() -> None:
    def lot(at_s: float) -> Moment:
        return (1.8, 90.0) if 60 <= at_s < 300 else (None, 0.0)

    changes = run(readings(lot, 360))
    assert stays(changes) == near(("arrival", 60), ("departure", 300))
    assert 20 <= changes[-2].reported_ns / NS - 60 <= 24


def test_a_car_that_creeps_the_last_half_metre_has_not_come_to_rest_before() -> None:
    """Under a flat roof the echo does not tell, and the field moves by less than its tolerance."""

    def lot(at_s: float) -> Moment:
        if not 60 <= at_s < 300:
            return None, 0.0
        return 0.9, 9.0 + 0.12 * min(at_s - 60, 5.0)

    arrival = next(c for c in run(readings(lot, 360)) if c.kind == "arrival")
    assert abs(arrival.at_ns / NS - 65) <= arrival.uncertainty_s


def test_habits_say_odd_only_after_enough_cars_have_stood() -> None:
    habits = Habits()
    assert not habits.odd(1.9, 30.0)
    assert habits.odd(0.9, 60.0)
    for _ in range(4):
        habits.parked(600, 0.9, 12.0)
    assert habits.odd(1.9, 12.0)
    assert not habits.odd(1.2, 12.0)


def test_habits_learn_from_a_strong_car_and_not_from_a_short_stop() -> None:
    habits = Habits()
    habits.parked(30, 0.9, 90.0)
    assert habits.odd(0.9, 60.0)
    habits.parked(600, 0.9, 90.0)
    assert not habits.odd(0.9, 60.0)


def test_patience_grows_with_a_car_that_was_moved_about_and_comes_back() -> None:
    settings = DetectorSettings()
    patience = Patience(settings)
    patience.told()
    assert (patience.wait_s(0, 0.9, 9.0), patience.spread_s()) == (settings.arrive_s, 0.0)
    patience.moved_about()
    patience.moved_about()
    assert patience.wait_s(0, 0.9, 9.0) == settings.arrive_s + settings.patience_gain_s
    assert patience.spread_s() > 10
    for _ in range(10):
        patience.told()
    assert (patience.wait_s(0, 0.9, 9.0), patience.spread_s()) == (settings.arrive_s, 0.0)


@pytest.mark.parametrize("passes", [0.0, 9.0, 100.0])
def test_patience_where_much_goes_by_has_an_end(passes: float) -> None:
    settings = DetectorSettings()
    wait_s = Patience(settings).wait_s(passes, 0.9, 9.0)
    assert settings.arrive_s <= wait_s <= settings.arrive_latest_s


def test_a_field_is_at_rest_since_it_has_the_level_it_has_now() -> None:
    track = FieldTrack(DetectorSettings())
    for n in range(40):
        x_ut = 0.0 if n < 10 else min(0.09 * (n - 10), 0.9)
        track.add(n * NS // 2, (x_ut, 0.0, 0.0), 0.2, 5)
    assert 7 * NS <= track.rest_ns() <= 10 * NS

"""What happens in a car park: who comes, who stands before the sensor, what moves the field."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.core.fusion import DetectorSettings, SpaceDetector
from edge.core.readings import Reading
from tests.sensing.scenes import (
    CAM,
    MAG,
    NS,
    US,
    Lot,
    Moment,
    Rates,
    near,
    parked,
    plate,
    readings,
    run,
    stays,
)


@pytest.mark.parametrize(
    "rates", [Rates(1, 5), Rates(2, 10), Rates(10, 50), Rates(5, 100), Rates(2, 1), Rates(2, 2)]
)
def test_sensors_of_any_rate_find_the_same_stay(rates: Rates) -> None:
    found = stays(run(readings(parked(60, 200), 260, rates)))
    assert found == near(("arrival", 60), ("departure", 200))


def test_a_quick_swap_is_split_by_the_field() -> None:
    def lot(at_s: float) -> Moment:
        if 301 <= at_s < 303.5:
            return None, 0.0
        return (0.9, 9.0) if 60 <= at_s < 302 else (0.9, -14.0) if 60 <= at_s < 600 else (None, 0.0)

    found = stays(run(readings(lot, 700)))
    assert [kind for kind, _ in found] == ["arrival", "departure"] * 2
    assert found[1:3] == near(("departure", 301), ("arrival", 303.5))


def moved_once(at_s: float) -> Moment:
    """It stands a hand's breadth further from 300 s on, with another field; never seen empty."""
    return (0.9, 9.0) if at_s < 300 else (1.15, 6.0)


@pytest.mark.parametrize(
    ("second", "kinds"),
    [("沪B67890", ["arrival", "departure", "arrival"]), ("沪A12345", ["arrival"])],
)
def test_a_swap_that_never_showed_the_space_empty_is_split_by_the_plate(
    second: str, kinds: list[str]
) -> None:
    stream = readings(lambda at_s: (None, 0.0) if at_s < 60 else moved_once(at_s), 400)
    reads = [plate(63, "沪A12345"), plate(303, second), plate(304, second)]
    stream = sorted([*stream, *reads], key=lambda reading: reading.mono_ns)
    assert [kind for kind, _ in stays(run(stream))] == kinds


def test_plate_reads_alone_never_end_a_stay() -> None:
    reads = [plate(63, "沪A12345"), *(plate(200 + n, "沪B67890") for n in range(60))]
    stream = sorted([*readings(parked(60, 900), 400), *reads], key=lambda r: r.mono_ns)
    assert stays(run(stream)) == near(("arrival", 60))


def test_someone_who_loads_the_car_does_not_move_its_departure() -> None:
    def lot(at_s: float) -> Moment:
        if 270 <= at_s < 297:
            return 0.45, 9.0
        return parked(60, 300)(at_s)

    assert stays(run(readings(lot, 400))) == near(("arrival", 60), ("departure", 300))


def test_a_long_roof_under_the_sensor_does_not_delay_the_departure() -> None:
    def lot(at_s: float) -> Moment:
        distance_m, _ = parked(60, 305)(at_s)
        return distance_m, parked(60, 300)(at_s)[1]

    assert stays(run(readings(lot, 400))) == near(("arrival", 60), ("departure", 300))


def test_a_car_that_stops_half_way_out_is_no_new_arrival() -> None:
    def lot(at_s: float) -> Moment:
        return (1.6, 2.5) if 300 <= at_s < 318 else parked(60, 300)(at_s)

    assert stays(run(readings(lot, 500))) == near(("arrival", 60), ("departure", 300))


def test_a_neighbours_car_changes_nothing_of_a_stay() -> None:
    def lot(at_s: float) -> Moment:
        distance_m, moved_ut = parked(60, 900)(at_s)
        return distance_m, moved_ut + (2.5 if 300 <= at_s < 1500 else 0.0)

    assert stays(run(readings(lot, 1700))) == near(("arrival", 60), ("departure", 900))


def test_steps_of_the_field_with_nobody_near_are_no_stay_and_hide_none() -> None:
    def lot(at_s: float) -> Moment:
        tram_ut = 3.5 if int(at_s) % 120 < 25 else 0.0
        distance_m, moved_ut = parked(1000, 1300)(at_s)
        return distance_m, moved_ut + tram_ut

    assert stays(run(readings(lot, 1400))) == near(("arrival", 1000), ("departure", 1300))


def test_iron_left_beside_the_space_does_not_lock_the_baseline() -> None:
    def lot(at_s: float) -> Moment:
        distance_m, moved_ut = parked(2000, 2400)(at_s)
        return distance_m, moved_ut + (6.0 if at_s >= 100 else 0.0)

    assert stays(run(readings(lot, 2600))) == near(("arrival", 2000), ("departure", 2400))


def test_a_field_that_drifts_through_a_long_stay_does_not_hide_its_end() -> None:
    def lot(at_s: float) -> Moment:
        distance_m, moved_ut = parked(60, 9000, step_ut=5.0)(at_s)
        return distance_m, moved_ut + at_s / 9000 * 4.0

    assert stays(run(readings(lot, 9200))) == near(("arrival", 60), ("departure", 9000))


def test_a_covered_ultrasonic_leaves_the_field_to_decide() -> None:
    def lot(at_s: float) -> Moment:
        distance_m, moved_ut = parked(300, 600)(at_s)
        return (0.05 if at_s > 100 else distance_m), moved_ut

    assert stays(run(readings(lot, 700))) == near(("arrival", 300), ("departure", 600))


def test_an_ultrasonic_that_repeats_one_value_does_not_keep_a_car_that_left() -> None:
    stream = [
        Reading(r.mono_ns, "us0", 5240.0) if r.channel == "us0" and r.mono_ns > 100 * NS else r
        for r in readings(parked(60, 300), 400)
    ]
    assert stays(run(stream)) == near(("arrival", 60), ("departure", 300))


def test_something_that_stands_there_without_a_field_becomes_unknown_and_then_free() -> None:
    def lot(at_s: float) -> Moment:
        return (0.7, 0.0) if 100 <= at_s < 900 else (None, 0.0)

    kinds = [change.kind for change in run(readings(lot, 1000))]
    assert kinds == ["known", "unknown", "known"]


def test_lines_out_of_order_change_nothing() -> None:
    stream = readings(parked(60, 200), 260)
    late = stream[:500] + stream[440:460] + stream[500:]
    assert stays(run(late)) == stays(run(stream))


def test_a_car_that_was_there_at_the_start_is_known_and_its_departure_dated() -> None:
    changes = run(readings(parked(-1, 200), 260))
    assert [c.kind for c in changes] == ["known", "departure"]
    assert stays(changes) == near(("departure", 200))


def test_what_goes_by_is_counted_with_its_peak_and_what_parks_is_not() -> None:
    def lot(at_s: float) -> Moment:
        passing = any(abs(at_s - middle_s) < 1.0 for middle_s in (100, 150, 400))
        distance_m, moved_ut = parked(200, 300)(at_s)
        return distance_m, moved_ut + (4.0 if passing else 0.0)

    one = SpaceDetector("S1", (US, MAG), DetectorSettings())
    for reading in readings(lot, 500):
        one.feed(reading)
    assert one.passes.count == 3
    assert [p.peak_ut for p in one.passes.recent] == [pytest.approx(4, abs=0.8)] * 3


def without(stream: list[Reading], channel: str, from_s: float, to_s: float) -> list[Reading]:
    return [r for r in stream if r.channel != channel or not from_s <= r.mono_ns / NS < to_s]


@pytest.mark.parametrize("channel", ["us0", "mag0"])
def test_a_car_that_comes_while_one_sensor_is_silent_stays_when_it_speaks_again(
    channel: str,
) -> None:
    def lot(at_s: float) -> Moment:
        distance_m, moved_ut = parked(400, 1500)(at_s)
        return (distance_m or 2.4), moved_ut

    changes = run(without(readings(lot, 1600), channel, 200, 800))
    assert stays(changes) == near(("arrival", 400), ("departure", 1500))


def test_a_deaf_ultrasonic_beside_a_car_gives_unknown_and_never_free_again() -> None:
    deaf: Lot = lambda at_s: (None, 12.0 if 300 <= at_s < 3000 else 0.0)  # noqa: E731
    one = SpaceDetector("S1", (US, MAG), DetectorSettings())
    seen = set()
    for reading in readings(deaf, 3000):
        one.feed(reading)
        if reading.mono_ns > 700 * NS:
            seen.add(one.occupancy)
    assert seen == {"unknown"}


def test_a_drift_as_large_as_the_car_does_not_lock_the_field_alone() -> None:
    def lot(at_s: float) -> Moment:
        return None, parked(100, 9000, step_ut=8.0)(at_s)[1] + at_s / 9000 * 7.0

    stream = [r for r in readings(lot, 9200) if r.channel == "mag0"]
    assert stays(run(stream, MAG)) == near(("arrival", 100), ("departure", 9000))


@pytest.mark.parametrize("half_period_s", [1, 2, 3, 5])
def test_a_field_that_never_rests_leaves_the_echo_to_decide(half_period_s: int) -> None:
    def lot(at_s: float) -> Moment:
        distance_m, moved_ut = parked(500, 1000)(at_s)
        return distance_m, moved_ut + (2.5 if int(at_s / half_period_s) % 2 else 0.0)

    found = stays(run(readings(lot, 1100)))
    assert found == near(("arrival", 500), ("departure", 1000))


def test_a_second_boot_in_one_stream_is_watched_too() -> None:
    first, second = readings(parked(60, 200), 260), readings(parked(90, 230), 290)
    changes = run([*first, *second])
    assert [kind for kind, _ in stays(changes)] == ["arrival", "departure"] * 2
    assert stays(changes)[2:] == near(("arrival", 90), ("departure", 230))


def test_a_car_that_the_field_sees_and_the_echo_has_long_lost_is_unknown() -> None:
    lost: Lot = lambda at_s: (0.9 if 60 <= at_s < 200 else None, 9.0 if at_s >= 60 else 0.0)  # noqa: E731
    changes = run(readings(lost, 2600))
    assert [c.kind for c in changes] == ["known", "arrival", "unknown"]


def test_memory_does_not_grow_with_the_length_of_a_day() -> None:
    def held(one: SpaceDetector) -> int:
        return len(one._intake.recent) + len(one.passes.recent) + len(one._intake.plates)

    one = SpaceDetector("S1", (US, MAG, CAM), DetectorSettings())
    bounds = one._intake.recent.maxlen, one.passes.recent.maxlen, one._intake.plates.maxlen
    for reading in endless(600.0):
        one.feed(reading)
    assert held(one) <= sum(bound or 0 for bound in bounds) < 3000


def endless(lasts_s: float) -> Iterator[Reading]:
    for n in range(int(lasts_s * 50)):
        yield Reading(n * NS // 50, "mag0", (900, 300 * (n // 200 % 2), 1200))
        if n % 25 == 0:
            yield plate(n / 50, f"沪A{n % 90000 + 10000}")

"""One space, readings written by hand: ultrasonic 2 Hz, magnetic 5 Hz."""

import json
import math
from collections.abc import Callable, Iterator

import pytest

from edge.core.fusion import Change, DetectorSettings, SpaceDetector
from edge.core.readings import NO_ECHO, Channel, PlateRead, Reading

NS = 1_000_000_000
US = Channel("us0", "ultrasonic", "S1", "hc-sr04")
MAG = Channel("mag0", "magnetic", "S1", "qmc5883l", 1000.0)
CAM = Channel("cam0", "camera", "S1")
TEMP = Channel("temp0", "temperature", None)
EMPTY, CAR = (300, 0, 400), (300, 120, 400)  # tenths of a microtesla
CAR_US = 4600.0

Lot = Callable[[float], tuple[float | None, tuple[int, int, int]]]


def detector(*channels: Channel) -> SpaceDetector:
    return SpaceDetector("S1", channels or (US, MAG, CAM, TEMP), DetectorSettings())


def readings(lot: Lot, start_s: float, end_s: float) -> Iterator[Reading]:
    for tenth in range(int(start_s * 10), int(end_s * 10)):
        echo_us, counts = lot(tenth / 10)
        if tenth % 5 == 0:
            yield echo(tenth / 10, echo_us)
        if tenth % 2 == 0:
            yield Reading(tenth * NS // 10, "mag0", counts)


def echo(at_s: float, echo_us: float | None) -> Reading:
    return Reading(int(at_s * NS), "us0", echo_us, NO_ECHO if echo_us is None else None)


def parked(arrive_s: float, depart_s: float) -> Lot:
    return lambda at_s: (CAR_US, CAR) if arrive_s <= at_s < depart_s else (None, EMPTY)


def run(one: SpaceDetector, stream: Iterator[Reading]) -> list[Change]:
    return [change for reading in stream for change in one.feed(reading)]


def stays(changes: list[Change]) -> list[tuple[str, float]]:
    return [(c.kind, c.at_ns / NS) for c in changes if c.kind in ("arrival", "departure")]


@pytest.mark.parametrize("channels", [(US, MAG), (US,), (MAG,)])
def test_a_car_comes_and_goes_and_either_sensor_alone_sees_it(
    channels: tuple[Channel, ...],
) -> None:
    changes = run(detector(*channels), readings(parked(60, 200), 0, 260))
    assert [c.kind for c in changes] == ["known", "arrival", "departure"]
    for change, true_s in zip(changes[1:], (60, 200), strict=True):
        assert abs(change.at_ns / NS - true_s) <= 0.5 < change.uncertainty_s
        assert (change.reported_ns / NS - true_s) <= (10 if len(channels) == 2 else 46)


def test_a_car_that_stands_there_at_the_start_is_known_and_no_arrival() -> None:
    changes = run(detector(), readings(parked(-1, 200), 0, 260))
    assert [c.kind for c in changes] == ["known", "departure"]


def test_an_ultrasonic_sensor_that_loses_every_fourth_echo_makes_one_arrival() -> None:
    def flapping(at_s: float) -> tuple[float | None, tuple[int, int, int]]:
        echo_us, counts = parked(60, 400)(at_s)
        return (None if int(at_s * 2) % 4 == 0 else echo_us), counts

    assert stays(run(detector(), readings(flapping, 0, 450))) == [
        ("arrival", pytest.approx(60, abs=1)),
        ("departure", pytest.approx(400, abs=1)),
    ]


def test_a_pass_in_the_lane_makes_no_stay_with_the_field_alone() -> None:
    def passing(at_s: float) -> tuple[float | None, tuple[int, int, int]]:
        away_s = abs(at_s - 60)
        return None, (300, int(max(0, 100 - 40 * away_s)), 400)

    assert stays(run(detector(MAG), readings(passing, 0, 120))) == []


def test_a_pass_while_the_first_baseline_is_taken_spoils_nothing() -> None:
    def passing(at_s: float) -> tuple[float | None, tuple[int, int, int]]:
        return None, (300, int(45 * math.exp(-0.5 * ((at_s - 7) / 1.2) ** 2)), 400)

    assert [c.kind for c in run(detector(), readings(passing, 0, 300))] == ["known"]


def test_a_person_who_stands_before_the_sensor_for_a_minute_makes_no_arrival() -> None:
    standing: Lot = lambda at_s: ((CAR_US if 60 <= at_s < 120 else None), EMPTY)  # noqa: E731
    assert stays(run(detector(), readings(standing, 0, 200))) == []


def test_sensors_that_contradict_each_other_for_long_give_unknown() -> None:
    def torn(at_s: float) -> tuple[float | None, tuple[int, int, int]]:
        return CAR_US + 20 * math.sin(at_s), CAR if at_s < 100 else EMPTY

    one = detector()
    changes = run(one, readings(parked(60, 90), 0, 90))
    changes += run(one, readings(torn, 90, 400))
    assert [c.kind for c in changes] == ["known", "arrival", "unknown"]
    assert one.occupancy == "unknown"


def test_silence_gives_unknown_at_the_deadline_and_not_before() -> None:
    one = detector()
    run(one, readings(parked(60, 900), 0, 100))
    deadline_ns = one.deadline()
    assert deadline_ns is not None
    assert one.tick(deadline_ns - 1) == []
    (change,) = one.tick(deadline_ns)
    assert (change.kind, one.occupancy, one.deadline()) == ("unknown", "unknown", None)
    assert change.at_ns == pytest.approx(100 * NS, abs=NS)


@pytest.mark.parametrize("silent", ["us0", "mag0"])
def test_one_silent_sensor_leaves_the_other_to_decide(silent: str) -> None:
    changes = run(
        detector(),
        (
            r
            for r in readings(parked(60, 300), 0, 400)
            if r.mono_ns < 150 * NS or r.channel != silent
        ),
    )
    assert stays(changes) == [
        ("arrival", pytest.approx(60, abs=1)),
        ("departure", pytest.approx(300, abs=1)),
    ]


def test_a_departure_missed_in_a_silence_gets_the_interval_as_uncertainty() -> None:
    one = detector()
    run(one, readings(parked(60, 900), 0, 100))
    changes = run(one, readings(parked(60, 900), 1000, 1050))
    assert [c.kind for c in changes] == ["unknown", "departure"]
    assert abs(changes[1].at_ns / NS - 900) <= changes[1].uncertainty_s


def test_a_restore_in_mid_stay_makes_no_second_arrival_and_finds_the_departure() -> None:
    before = detector()
    run(before, readings(parked(60, 300), 0, 200))
    state = json.loads(json.dumps(before.state()))
    after = SpaceDetector.restore("S1", (US, MAG), DetectorSettings(), state)
    changes = run(after, readings(parked(60, 300), 215, 350))
    assert stays(changes) == [("departure", pytest.approx(300, abs=1))]
    assert after.occupancy == "free"


def test_after_assume_a_car_still_in_makes_no_arrival_and_a_gone_one_a_departure() -> None:
    still, gone = detector(), detector()
    for one in (still, gone):
        one.assume("occupied", 0)
    assert run(still, readings(parked(-1, 900), 50, 150)) == []
    (departure,) = run(gone, readings(parked(-1, 20), 50, 150))
    assert (departure.kind, still.occupancy, gone.occupancy) == ("departure", "occupied", "free")
    assert abs(departure.at_ns / NS - 20) <= departure.uncertainty_s


def test_assumed_occupancy_with_dead_sensors_becomes_unknown() -> None:
    one = detector()
    one.assume("occupied", 0)
    assert one.deadline() == 0
    assert one.tick(5 * NS) == []
    (change,) = one.tick(one.deadline() or 0)
    assert change.kind == "unknown"


def test_faults_foreign_channels_and_odd_shapes_do_not_decide() -> None:
    one = detector()
    odd = [
        Reading(1, "us0", None, "timeout"),
        Reading(2, "us0", (1, 2, 3)),
        Reading(3, "mag0", 5.0),
        Reading(4, "mag0", EMPTY, status=0b10),
        Reading(5, "us9", CAR_US),
        Reading(6, "cam0", PlateRead("沪A12345", 0.9)),
        Reading(7, "us0", -4.0),
    ]
    assert run(one, iter(odd)) == []
    assert one.deadline() is None


def test_a_state_that_is_none_of_ours_is_refused() -> None:
    for state in ({}, {"version": 1, "standing": "gone"}):
        with pytest.raises(ValueError):
            SpaceDetector.restore("S1", (US,), DetectorSettings(), state)


def test_the_same_readings_give_the_same_evidence_and_others_another() -> None:
    first, again = (run(detector(), readings(parked(60, 200), 0, 260)) for _ in range(2))
    other = run(detector(), readings(parked(61, 200), 0, 260))
    assert [c.evidence for c in first] == [c.evidence for c in again]
    assert first[1].evidence != other[1].evidence
    assert len(first[1].evidence) == 66

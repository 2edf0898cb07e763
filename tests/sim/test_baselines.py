"""The peers do what their papers say, faults included, or the table proves nothing."""

from collections.abc import Callable, Iterable

import pytest

from edge.core.fusion import Change
from edge.core.readings import NO_ECHO, Channel, Reading
from firmware_sim.baselines import PEERS, peers_for
from firmware_sim.trace import NS

US = Channel("us0", "ultrasonic", "S1", "hc-sr04")
MAG = Channel("mag0", "magnetic", "S1", "qmc5883l", 3000.0)
LSB_PER_UT = 30

Field = Callable[[float], float]


def fields(ut_at: Field, lasts_s: float) -> Iterable[Reading]:
    for tenth in range(int(lasts_s * 10)):
        counts = round(ut_at(tenth / 10) * LSB_PER_UT)
        yield Reading(tenth * NS // 10, "mag0", (1000 + counts, -400, 300))


def echoes(m_at: Callable[[float], float | None], lasts_s: float) -> Iterable[Reading]:
    for half in range(int(lasts_s * 2)):
        m = m_at(half / 2)
        value, why = (None, NO_ECHO) if m is None else (m * 2 / 343.26e-6, None)
        yield Reading(half * NS // 2, "us0", value, why)


def said(name: str, readings: Iterable[Reading]) -> list[tuple[str, float]]:
    [peer] = peers_for(name, [US, MAG])
    changes: list[Change] = []
    for reading in readings:
        if reading.channel == peer.wants:
            changes += peer.feed(reading)
    assert all(change.reported_ns >= change.at_ns for change in changes)
    return [(change.kind, round(change.at_ns / NS, 1)) for change in changes]


def parked(at_s: float) -> float:
    return 12.0 if 60 <= at_s < 300 else 0.0


def passing(at_s: float) -> float:
    return 8.0 if 60 <= at_s < 62 else 0.0


@pytest.mark.parametrize("name", ["fixed threshold", "adaptive threshold"])
def test_a_car_on_the_sensor_is_one_stay(name: str) -> None:
    found = said(name, fields(parked, 400))
    assert [kind for kind, _ in found] == ["known", "arrival", "departure"]
    assert abs(found[1][1] - 60) <= 0.6
    assert abs(found[2][1] - 300) <= 0.6


def test_a_pass_is_a_stay_to_the_fixed_threshold_and_none_to_the_adaptive_one() -> None:
    assert len(said("fixed threshold", fields(passing, 120))) == 3
    assert len(said("adaptive threshold", fields(passing, 120))) == 1


def test_the_adaptive_baseline_follows_a_drift_that_the_fixed_one_calls_a_car() -> None:
    def drift(at_s: float) -> float:
        return at_s / 3600 * 6

    assert len(said("fixed threshold", fields(drift, 3600))) > 1
    assert len(said("adaptive threshold", fields(drift, 3600))) == 1


def test_a_step_that_stays_locks_the_adaptive_threshold_up_for_ever() -> None:
    def plate(at_s: float) -> float:
        return 6.0 if at_s >= 60 else 0.0

    assert [kind for kind, _ in said("adaptive threshold", fields(plate, 7200))] == [
        "known",
        "arrival",
    ]


def test_the_echo_is_a_car_after_5_s_and_one_lost_echo_begins_the_count_again() -> None:
    def car(at_s: float) -> float | None:
        return None if at_s < 20 or at_s == 23 or at_s >= 100 else 0.8

    assert said("debounced echo", echoes(car, 120)) == [
        ("known", 0.0),
        ("arrival", 23.5),
        ("departure", 100.0),
    ]


def test_a_fault_and_a_foreign_value_change_no_mind() -> None:
    odd = [Reading(n * NS, "us0", None, "timeout") for n in range(20)]
    odd += [Reading(n * NS, "mag0", 5.0) for n in range(20)]
    for name in PEERS:
        assert said(name, odd) == []


def test_a_space_without_the_sensor_has_no_such_peer() -> None:
    assert peers_for("debounced echo", [MAG]) == []
    assert len(peers_for("fixed threshold", [MAG, US])) == 1

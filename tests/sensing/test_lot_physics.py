"""The simulated lot's physics, its motions and its sentences: pure and quick."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.readings import NO_ECHO, PlateRead, Reading
from edge.core.trace_lines import format_reading
from firmware_sim.lot.driving import Manners, way_in, way_out
from firmware_sim.lot.motion import FAR_M, drive
from firmware_sim.lot.physics import dipole_ut, log_uniform, now_and_then, rotation, stream
from firmware_sim.lot.sentences import Unclear, event, expectation, seconds, span_s
from firmware_sim.lot.vehicles import car, pass_strength_ut, passing, path, scaled_to_rest
from firmware_sim.lot.writing import line_of

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.floats(0.2, 20.0), st.floats(1.1, 5.0))
def test_a_dipole_falls_with_the_third_power_of_the_distance(
    seed: int, near_m: float, times: float
) -> None:
    rng = np.random.default_rng(seed)
    moment, way = rng.standard_normal(3), rng.standard_normal(3)
    way /= np.linalg.norm(way)
    near = dipole_ut(moment, near_m * way)
    far = dipole_ut(moment, near_m * times * way)
    assert far * times**3 == pytest.approx(near, rel=1e-9)


def test_on_its_axis_a_dipole_is_twice_as_strong_as_beside_it_and_the_other_way() -> None:
    up = np.array([0.0, 0.0, 10.0])
    axis, beside = dipole_ut(up, np.array([0, 0, 1.0])), dipole_ut(up, np.array([1.0, 0, 0]))
    assert axis.tolist() == pytest.approx([0, 0, 2.0])  # 1e-7 T m3 / A m2 in uT: 0.1 * 2 * 10
    assert beside.tolist() == pytest.approx([0, 0, -1.0])


@given(SEEDS)
def test_however_a_sensor_is_turned_lengths_and_angles_stay(seed: int) -> None:
    turn = rotation(np.random.default_rng(seed))
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1)


@given(SEEDS)
def test_a_drive_never_jumps_and_ends_at_rest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    odd = [bool(flag) for flag in rng.random(5) < 0.5]
    manners = Manners(odd[0], odd[1], odd[2], odd[3] and not odd[0], odd[4])
    for course in (way_in(rng, manners), way_out(rng, manners)):
        assert (np.diff(course.times_s) > 0).all()
        times = np.arange(course.from_s, course.until_s, 0.02)
        assert np.abs(np.diff(course.offset_m(times))).max() < 0.02 * 6
    assert way_in(rng, manners).offset_m(np.array([-0.0, 5.0])).tolist() == [0.0, 0.0]
    assert way_out(rng, manners).offset_m(np.array([-5.0, 0.0])).tolist() == [0.0, 0.0]


def test_a_drive_between_two_speeds_takes_the_time_of_their_mean() -> None:
    course = drive([(10.0, 4.0, 0.0), (2.0, 0.0, 3.0), (0.0, 0.0, 0.0)][:2])
    assert course.until_s == pytest.approx(2 * 8 / 4 + 3)
    assert course.offset_m(np.array([0.0, 4.0, 7.0])).tolist() == [10.0, 2.0, 2.0]


def test_the_path_into_a_space_is_one_curve_as_long_as_it_says() -> None:
    offsets = np.linspace(0, FAR_M, 4000)
    at_m, into = path(offsets, 2.5, -1.0)
    assert np.linalg.norm(np.diff(at_m, axis=0), axis=1).sum() == pytest.approx(FAR_M, rel=1e-3)
    assert np.allclose(np.linalg.norm(into, axis=1), 1)
    assert at_m[0].tolist() == [0.0, 2.5]
    assert at_m[-1][0] < -5  # far to the left, in the lane


@given(SEEDS, st.floats(1.0, 8.0))
def test_a_car_is_as_strong_at_its_sensor_as_it_was_asked_to_be(seed: int, want: float) -> None:
    body = car(np.random.default_rng(seed), slanted=False)
    at, heading, point = np.array([0.0, 2.5]), np.array([0.0, 1.0]), np.array([0.0, 2.6, 0.0])
    body = scaled_to_rest(body, at, heading, point, want)
    there = np.linalg.norm(body.field_ut(at[None], heading[None], point))
    strongest = np.linalg.norm(body.moments, axis=1).sum()
    assert there == pytest.approx(want) or strongest == pytest.approx(600.0)


@given(SEEDS)
def test_a_lorry_passes_louder_than_any_motorbike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = passing(rng)
    x = np.stack([np.linspace(-8, 8, 65), np.zeros(65)], axis=1)
    field = shape.field_ut(x, np.tile([1.0, 0.0], (65, 1)), np.array([0.0, 3.5, 0.1]))
    assert np.linalg.norm(field, axis=1).max() == pytest.approx(1.0)
    assert pass_strength_ut(rng, "lorry") >= 6.0 > 1.0 >= pass_strength_ut(rng, "motorbike")


def test_streams_of_other_names_or_seeds_differ_and_of_the_same_agree() -> None:
    first = stream(1, "echo", 0).random(4).tolist()
    assert first == stream(1, "echo", 0).random(4).tolist()
    others = (stream(1, "echo", 1), stream(1, "field", 0), stream(2, "echo", 0))
    assert all(other.random(4).tolist() != first for other in others)


def test_a_kind_that_never_happens_has_no_times() -> None:
    assert now_and_then(np.random.default_rng(1), 0.0, 1e9) == []
    assert len(now_and_then(np.random.default_rng(1), 24.0, 86_400 * 100)) > 2000


def test_log_uniform_stays_inside_its_bounds() -> None:
    rng = np.random.default_rng(3)
    values = [log_uniform(rng, 0.5, 50.0) for _ in range(500)]
    assert 0.5 <= min(values) < 1 < 20 < max(values) <= 50


VALUES = st.one_of(
    st.integers(0, 300_000).map(float),
    st.floats(-60, 90).map(lambda value: round(value, 1)),
    st.tuples(*[st.integers(-40_000, 40_000)] * 3),
    st.builds(PlateRead, st.text(min_size=1, max_size=8), st.floats(0, 1)),
)


@given(
    st.integers(0, 2**62),
    st.sampled_from(["us0", "mag17", "temp0", "kanäl", 'a"b', "a b"]),
    st.one_of(VALUES.map(lambda v: (v, None)), st.sampled_from([(None, NO_ECHO), (None, "bus")])),
    st.integers(0, 3),
)
def test_a_line_written_fast_is_the_canonical_line(
    mono_ns: int, channel: str, told: tuple[object, str | None], status: int
) -> None:
    value, why = told
    reading = Reading(mono_ns, channel, value, why, status)  # type: ignore[arg-type]
    assert line_of(reading) == format_reading(reading)
    assert json.loads(line_of(reading))["t"] == mono_ns


def test_times_and_spans_are_read_as_people_write_them() -> None:
    assert [seconds("2:00"), seconds("1:02:03.5")] == [120.0, 3723.5]
    assert [span_s("90 s"), span_s("1.5min"), span_s("2 h")] == [90.0, 90.0, 7200.0]
    assert [span_s("soon"), span_s("5"), span_s("5 years")] == [None, None, None]


def test_an_event_keeps_its_words_space_and_notes() -> None:
    said = event("1:00 magnetometer of S2 stuck for 2 min", ["S1", "S2"])
    assert (said.verb, said.words, said.space) == ("fault", ("magnetometer", "stuck"), "S2")
    assert (said.at_s, said.lasts_s) == (60.0, 120.0)
    assert event("0:10 car arrives at S1 (weak, plate 沪A12345)", ["S1"]).notes == (
        "weak",
        "plate 沪A12345",
    )


@pytest.mark.parametrize(
    ("text", "column", "part"),
    [
        ("car passes", 0, "begins with its time"),
        ("2:00 car arrives at S7", 20, "S7 is no space"),
        ("2:00 car flies", 5, "`car passes`|`car leaves SPACE`|`car arrives at SPACE`"),
        ("2:00 car arrives at S1 (weak, blue)", 30, "`blue` is no note"),
        ("2:00 car arrives at S1 (weak", 24, "closing bracket"),
        ("2:00 tram for 5 years", 5, "tram for SPAN"),
    ],
)
def test_a_sentence_that_is_none_says_where_and_what_to_write(
    text: str, column: int, part: str
) -> None:
    with pytest.raises(Unclear) as told:
        event(text, ["S1"])
    assert told.value.column == column
    assert any(way in str(told.value) for way in part.split("|"))


def test_an_expectation_of_none_is_an_expectation_of_zero() -> None:
    assert expectation("no stay at S1", ["S1"]).count == 0
    assert expectation("12 stays at S1", ["S1"]).count == 12

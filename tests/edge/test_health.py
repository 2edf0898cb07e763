"""Which sensors are believed: a fault is told after ten seconds, and over after ten good ones."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.faults import ADVICE, wired
from edge.core.health import FROZEN_NS, NS, SOMETHING, UNCLEAR, Health, advice, believed
from edge.core.readings import NO_ECHO, Channel, Reading

US = Channel("us0", "ultrasonic", "S1")
OTHER = Channel("us1", "ultrasonic", "S2")
CAMERA = Channel("cam0", "camera", "S1")


def health(*channels: Channel) -> Health:
    return Health({channel.name: channel for channel in channels})


def feed(
    health: Health, seconds: Iterable[int], why: str | None = None, name: str = "us0"
) -> list[int]:
    """A reading each second; the seconds at which something of it was told."""
    told = []
    for second in seconds:
        value = None if why else 1000.0 + second % 7
        health.took(Reading(second * NS, name, value, why))
        if name in health.tick(second * NS):
            told.append(second)
    return told


def fault(health: Health, name: str = "us0") -> str | None:
    return next(state.fault for state in health.states() if state.name == name)


def test_a_fault_of_ten_seconds_is_told_once_with_when_it_began() -> None:
    found = health(US)
    assert feed(found, range(0, 5)) == []
    assert feed(found, range(5, 40), "timeout") == [15]
    state = found.states()[0]
    assert (state.fault, state.since_ns, state.good_ns) == ("timeout", 5 * NS, 4 * NS)


def test_a_short_fault_is_not_told() -> None:
    found = health(US)
    assert feed(found, range(0, 9), "timeout") == []
    assert feed(found, range(9, 30)) == []


def test_a_fault_is_over_after_ten_good_seconds_and_not_before() -> None:
    found = health(US)
    feed(found, range(0, 20), "timeout")
    assert feed(found, range(20, 29)) == []
    assert feed(found, range(29, 30), "timeout") == []
    assert feed(found, range(30, 60)) == [40]
    assert fault(found) is None


def test_nothing_in_range_is_a_measurement() -> None:
    found = health(US)
    assert feed(found, range(0, 60), NO_ECHO) == []


def test_silence_is_a_fault_since_the_last_word() -> None:
    found = health(US)
    feed(found, range(0, 10))
    assert [second for second in range(10, 60) if found.tick(second * NS)] == [25]
    assert (found.states()[0].fault, found.states()[0].since_ns) == ("silent", 9 * NS)


def test_a_sensor_that_never_spoke_is_silent() -> None:
    found = health(US)
    assert [second for second in range(0, 60) if found.tick(second * NS)] == [16]


def test_a_camera_without_a_plate_is_not_silent() -> None:
    found = health(CAMERA)
    assert not any(found.tick(second * NS) for second in range(0, 3600, 10))


def test_one_echo_time_for_ten_minutes_is_frozen_while_the_others_vary() -> None:
    found = health(US, OTHER)
    told = []
    for second in range(0, 700):
        found.took(Reading(second * NS, "us0", 1234.0))
        found.took(Reading(second * NS, "us1", 1000.0 + second % 3))
        told += [(second, name) for name in found.tick(second * NS)]
    assert told == [(FROZEN_NS // NS + 1, "us0")]
    assert fault(found) == "frozen"
    found.took(Reading(700 * NS, "us0", 1230.0))
    assert [second for second in range(700, 714) if "us0" in found.tick(second * NS)] == [710]


@pytest.mark.parametrize("sensor", [None, "a02yyuw", "jsn-sr04t-uart", "aj-sr04m"])
def test_millimetres_that_repeat_for_ten_minutes_alone_are_not_judged(sensor: str | None) -> None:
    found = health(replace(US, sensor=sensor))
    for second in range(0, 700):
        found.took(Reading(second * NS, "us0", 1234.0))
        assert found.tick(second * NS) == []


@pytest.mark.parametrize("sensor", ["hc-sr04", "jsn-sr04t"])
def test_an_echo_timed_on_a_pin_that_repeats_for_ten_minutes_is_frozen_alone(sensor: str) -> None:
    found, told = health(replace(US, sensor=sensor)), []
    for second in range(0, 700):
        found.took(Reading(second * NS, "us0", 1234.0))
        told += [second for _ in found.tick(second * NS)]
    assert told == [FROZEN_NS // NS + 1]
    assert found.frozen() == {"us0"}


def test_of_a_frozen_channel_nothing_but_the_fault_is_believed() -> None:
    value, none = Reading(1, "us0", 1234.0), Reading(1, "us0", None, NO_ECHO)
    assert believed(value, {"us0"}) == Reading(1, "us0", None, "frozen")
    assert believed(value, {"us1"}) is value
    assert believed(none, {"us0"}) is none


def test_the_rate_counts_measurements_and_not_faults() -> None:
    found = health(US)
    for half in range(0, 121):
        found.took(Reading(half * NS // 2, "us0", 1000.0, None if half % 4 else "timeout"))
        found.tick(half * NS // 2)
    assert found.states()[0].per_minute == 90


def test_a_reason_that_nobody_knows_is_told_as_unclear() -> None:
    found = health(US)
    feed(found, range(0, 20), "martians")
    assert fault(found) == UNCLEAR
    assert advice(UNCLEAR) == SOMETHING
    assert advice("timeout", "pins") == advice("timeout") == ADVICE["timeout"]


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        (Channel("a", "ultrasonic", "S1", "hc-sr04"), ("group gpio", "trigger and echo", "gpio")),
        (Channel("a", "ultrasonic", "S1", "a02yyuw"), ("dialout", "/dev/ttyUSB", "dialout")),
        (Channel("a", "magnetic", "S1"), ("do_i2c 0", "bus and address", "I2C")),
        (Channel("a", "temperature", None), ("w1-gpio", "/sys/bus/w1/devices", "w1-gpio")),
    ],
)
def test_what_is_missing_is_looked_for_where_it_hangs(
    channel: Channel, words: tuple[str, str, str]
) -> None:
    found = advice("missing", wired(channel))
    assert words[0] in found.remedy_en and words[1] in found.remedy_en
    assert words[2] in found.remedy_zh
    assert found.en == ADVICE["missing"].en


def test_what_did_not_open_is_told_at_once_and_well_again_after_a_while() -> None:
    health = Health({"m": Channel("m", "magnetic", "S1")}, {"m": "missing"})
    assert health.tick(5 * NS) == ["m"]
    assert (health.states()[0].fault, health.states()[0].since_ns) == ("missing", 5 * NS)
    for second in range(6, 30):
        health.took(Reading(second * NS, "m", (1, 2, second)))
        health.tick(second * NS)
    assert health.states()[0].fault is None


@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["", "timeout", "bus", NO_ECHO, "?"])))
)
def test_any_run_of_readings_gives_a_fault_with_its_beginning_or_none(
    steps: list[tuple[int, str]],
) -> None:
    found, now_ns = health(US, OTHER, CAMERA), 0
    for wait_s, why in steps:
        now_ns += wait_s * NS
        found.took(Reading(now_ns, "us0", None if why else 5.0, why or None))
        found.tick(now_ns)
        for state in found.states():
            assert (state.fault is None) == (state.since_ns is None)
            assert state.since_ns is None or state.since_ns <= now_ns

"""What a gateway says of its sensors becomes alarms with a remedy, and they go when it is well."""

import pytest
from sqlmodel import Session, select

from cloud.entrypoints.http.words import WORDS
from cloud.tables import Alarm
from cloud.usecases import telemetry
from cloud.usecases.telemetry import KNOWN_FAULTS, MAX_SENSOR_ALARMS
from contracts.wire.messages import ChannelHealth, Telemetry
from edge.core.faults import ADVICE
from edge.core.health import SOMETHING
from tests.cloud.rig import Rig
from tests.contracts.making import at


@pytest.fixture
def enrolled(rig: Rig) -> Rig:
    rig.import_titles()
    rig.enrol()
    return rig


def say(rig: Rig, *channels: ChannelHealth, gateway: str = "gw-1", whole: bool = True) -> None:
    message = Telemetry(gateway=gateway, at=at(0), clock="synced", channels=channels, whole=whole)
    rig.db.write(lambda session: telemetry.take(session, message, rig.clock.now()))


def faulty(name: str = "us0", fault: str = "timeout", space: str | None = "S2") -> ChannelHealth:
    return ChannelHealth(name=name, space=space, fault=fault, since=at(0))


def well(name: str = "us0") -> ChannelHealth:
    return ChannelHealth(name=name, space="S2", per_minute=120)


def alarms(rig: Rig) -> list[tuple[str, str, str | None]]:
    def read(session: Session) -> list[tuple[str, str, str | None]]:
        return [(row.id, row.code, row.space) for row in session.exec(select(Alarm))]

    return sorted(rig.db.read(read))


def test_a_failed_sensor_is_one_alarm_at_its_space_however_often_it_is_told(enrolled: Rig) -> None:
    for _ in range(3):
        say(enrolled, faulty(), well("mag0"))
    assert alarms(enrolled) == [("sensor_fault:gw-1:us0", "sensor_timeout", "S2")]


def test_the_alarm_goes_when_the_sensor_is_well(enrolled: Rig) -> None:
    say(enrolled, faulty())
    say(enrolled, well())
    assert alarms(enrolled) == []


def test_another_fault_of_the_same_sensor_takes_the_place_of_the_first(enrolled: Rig) -> None:
    say(enrolled, faulty())
    say(enrolled, faulty(fault="stuck_high"))
    assert [code for _, code, _ in alarms(enrolled)] == ["sensor_stuck_high"]


def test_a_sensor_that_is_no_longer_there_has_no_alarm(enrolled: Rig) -> None:
    say(enrolled, faulty("us0"), faulty("us1"))
    say(enrolled, faulty("us1"))
    assert [name for name, _, _ in alarms(enrolled)] == ["sensor_fault:gw-1:us1"]


def test_one_part_of_many_says_nothing_about_the_sensors_it_does_not_name(enrolled: Rig) -> None:
    say(enrolled, faulty("us0"), whole=False)
    say(enrolled, faulty("us1"), whole=False)
    assert len(alarms(enrolled)) == 2


def test_a_sensor_of_all_spaces_or_of_a_foreign_one_is_shown_at_the_gateways_first(
    enrolled: Rig,
) -> None:
    say(enrolled, faulty("temp0", space=None), faulty("us9", space="elsewhere"))
    assert [space for _, _, space in alarms(enrolled)] == ["S1", "S1"]


def test_nobody_can_fill_the_table_with_made_up_sensors(enrolled: Rig) -> None:
    for batch in range(5):
        channels = [faulty(f"x{batch}-{number}") for number in range(100)]
        say(enrolled, *channels, whole=False)
    assert len(alarms(enrolled)) == MAX_SENSOR_ALARMS


def test_a_gateway_that_nobody_enrolled_raises_nothing(enrolled: Rig) -> None:
    say(enrolled, faulty(), gateway="gw-9")
    assert alarms(enrolled) == []


def test_a_fault_of_a_newer_gateway_has_the_general_words(enrolled: Rig) -> None:
    say(enrolled, faulty(fault="haunted"))
    assert [code for _, code, _ in alarms(enrolled)] == ["sensor_fault"]


def test_the_cloud_says_what_the_gateway_says_in_both_languages() -> None:
    assert frozenset(ADVICE) == KNOWN_FAULTS
    for fault, text in {"fault": SOMETHING, **ADVICE}.items():
        assert WORDS[f"alarm.sensor_{fault}"] == (text.en, text.zh)
        assert WORDS[f"alarm.sensor_{fault}.do"] == (text.remedy_en, text.remedy_zh)

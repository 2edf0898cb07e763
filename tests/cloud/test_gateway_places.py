"""An event is judged by who watched the space at its own time, whenever it comes."""

import pytest
from sqlmodel import select

from cloud.core.event_times import AHEAD_MS, OLDEST_MS
from cloud.tables import Alarm, Assignment, Command, EventRow, Space, Stay
from cloud.usecases import gateways
from tests.cloud.rig import Rig
from tests.cloud.speaker import Speaker, first
from tests.contracts.making import at


def all_of(rig: Rig, table: type) -> list:  # type: ignore[type-arg]
    return rig.db.read(lambda s: list(s.exec(select(table))))


def effect(rig: Rig, who: Speaker) -> str:
    key = (who.name, who.epoch, who.seq)
    return rig.db.read(lambda s: s.get_one(EventRow, key)).effect


def state(rig: Rig, space: str = "S1") -> tuple[str | None, str]:
    row = rig.db.read(lambda s: s.get_one(Space, space))
    return row.gateway, row.occupancy


def alarms(rig: Rig) -> set[str]:
    return {alarm.code for alarm in all_of(rig, Alarm)}


@pytest.fixture
def moved(rig: Rig) -> tuple[Rig, Speaker, Speaker]:
    """S1 was gw-1's until second 1000, and is gw-2's since."""
    rig.import_titles()
    rig.enrol()
    one, two = first(rig), Speaker(rig)
    one.says("snapshot", "free", 0, "S1")
    rig.clock.at = at(1000)
    two.enrol("S1")
    return rig, one, two


def test_a_gateway_that_lost_a_space_still_delivers_what_it_saw_while_it_had_it(
    moved: tuple[Rig, Speaker, Speaker],
) -> None:
    rig, one, _ = moved
    one.says("arrival", "occupied", 400, "S1")
    assert effect(rig, one) == "opened"
    one.says("departure", "free", 900, "S1")
    (stay,) = all_of(rig, Stay)
    assert (stay.state, stay.departed_ms - stay.arrived_ms) == ("unpaid", 500_000)
    assert state(rig) == ("gw-2", "unknown"), "how it is now only the new one can say"


def test_from_the_moment_that_it_lost_the_space_its_word_on_it_changes_nothing(
    moved: tuple[Rig, Speaker, Speaker],
) -> None:
    rig, one, _ = moved
    one.says("arrival", "occupied", 1000, "S1")
    assert effect(rig, one) == "not_then"
    assert all_of(rig, Stay) == [] and "not_then" in alarms(rig)
    assert one.row().seq == one.seq, "it is acknowledged: nothing waits behind it"


def test_a_gateway_that_gained_a_space_cannot_tell_about_before(
    moved: tuple[Rig, Speaker, Speaker],
) -> None:
    rig, _, two = moved
    two.says("arrival", "occupied", 999, "S1")
    assert effect(rig, two) == "not_then" and all_of(rig, Stay) == []
    two.says("snapshot", "free", 1000, "S1")
    assert state(rig) == ("gw-2", "free")


def test_the_one_that_gained_it_is_asked_what_it_sees(
    moved: tuple[Rig, Speaker, Speaker],
) -> None:
    rig, _, _ = moved
    asks = [row for row in all_of(rig, Command) if row.kind == "ask"]
    assert {row.gateway for row in asks} == {"gw-2"}


def test_what_is_told_late_never_undoes_what_the_new_one_said(
    moved: tuple[Rig, Speaker, Speaker],
) -> None:
    rig, one, two = moved
    two.says("arrival", "occupied", 1100, "S1")
    one.says("arrival", "occupied", 400, "S1")
    one.says("departure", "free", 900, "S1")
    assert state(rig) == ("gw-2", "occupied")
    (stay,) = all_of(rig, Stay)
    assert (stay.gateway, stay.state) == ("gw-2", "open")
    assert "told_late" in alarms(rig), "the earlier one is put together by a person"


def test_a_space_that_comes_back_is_its_own_in_both_its_times_and_not_between(
    moved: tuple[Rig, Speaker, Speaker],
) -> None:
    rig, one, _ = moved
    rig.clock.at = at(2000)
    one.enrol("S1")
    for seconds, expected in ((500, "noted"), (1500, "not_then"), (2000, "noted")):
        one.says("snapshot", "free", seconds, "S1")
        assert effect(rig, one) == expected, seconds
    spans = [(row.gateway, row.until_ms is None) for row in all_of(rig, Assignment)]
    assert [it for it in spans if it[1]].count(("gw-1", True)) == 3, "S2 and S3 as before"


def test_a_car_that_stands_over_the_change_goes_to_a_person_and_is_not_lost(
    moved: tuple[Rig, Speaker, Speaker],
) -> None:
    rig, one, two = moved
    one.says("arrival", "occupied", 900, "S1")
    two.says("snapshot", "occupied", 1010, "S1")
    two.says("departure", "free", 1500, "S1")
    (stay,) = all_of(rig, Stay)
    assert (stay.gateway, stay.state) == ("gw-1", "disputed")


def test_a_database_from_before_there_were_assignments_goes_on(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    rig.db.write(lambda s: [s.delete(row) for row in s.exec(select(Assignment))])
    one, two = first(rig), Speaker(rig)
    one.says("snapshot", "free", 0, "S1")
    assert state(rig) == ("gw-1", "free")
    rig.clock.at = at(1000)
    two.enrol("S1")
    one.says("snapshot", "occupied", 500, "S1")
    assert effect(rig, one) == "opened"


@pytest.mark.parametrize("seconds", [AHEAD_MS / 1000 + 1, -OLDEST_MS / 1000 - 1])
def test_a_time_that_cannot_be_changes_nothing_and_holds_nothing_up(
    rig: Rig, seconds: float
) -> None:
    rig.import_titles()
    rig.enrol()
    one = first(rig)
    assert one.says("arrival", "occupied", seconds, "S1").refused is None
    assert effect(rig, one) == "absurd_time"
    assert all_of(rig, Stay) == [] and "absurd_time" in alarms(rig)
    one.says("arrival", "occupied", 10, "S1")
    assert effect(rig, one) == "opened"


def test_a_clock_that_was_never_set_loses_no_car(rig: Rig) -> None:
    """It says 1970, and that it does not know: somebody stands there all the same."""
    rig.import_titles()
    rig.enrol()
    one = first(rig)
    one.says("arrival", "occupied", -56 * 365 * 86_400, "S1", clock="unsynced")
    assert effect(rig, one) == "opened"


def test_grants_of_a_space_go_to_the_gateway_that_has_it_now(rig: Rig) -> None:
    rig.open_market()
    booking = rig.booked()
    two = Speaker(rig)
    two.enrol("S1")
    told = [row.gateway for row in all_of(rig, Command) if row.kind == "grant"]
    assert told == ["gw-1", "gw-2"]
    assert booking.space == "S1"


def test_enrolling_the_same_again_changes_no_assignment(rig: Rig) -> None:
    rig.import_titles()
    rig.enrol()
    before = [row.model_dump() for row in all_of(rig, Assignment)]
    rig.clock.at = at(500)
    rig.enrol()
    assert [row.model_dump() for row in all_of(rig, Assignment)] == before
    assert not rig.db.read(lambda s: gateways.revoked(s, "gw-1"))

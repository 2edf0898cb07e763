from dataclasses import replace
from datetime import timedelta

import pytest
from edge_rig import MAY_1, NS, STAY, Rig, make_grant

from edge.adapters.fake_clock import FakeClock


def parked() -> Rig:
    """A car since second 10, last seen (and that written down) at second 100."""
    rig = Rig()
    rig.empty(1)
    rig.car(10)
    rig.car(100)
    rig.car(101)
    return rig


def test_kill_mid_stay_gives_no_second_arrival_and_still_the_departure() -> None:
    again = parked().restarted(60)
    again.car(5)
    again.empty(500)
    kinds = again.said()
    assert kinds[-2:] == [("snapshot", "occupied"), ("departure", "free")]
    assert ("arrival", "occupied") not in kinds[-2:]
    assert [kind for kind, _ in kinds].count("arrival") == 1
    assert again.events()[-1].boot_id == "boot-2"


def test_gone_while_away_is_a_snapshot_with_the_interval_from_last_seen_to_first_reading() -> None:
    again = parked().restarted(600)
    again.empty(20)
    snapshot = again.events()[-1]
    half = timedelta(seconds=snapshot.uncertainty_s)
    assert (snapshot.kind, snapshot.occupancy) == ("snapshot", "free")
    assert snapshot.at - half == MAY_1 + timedelta(seconds=100)
    assert snapshot.at + half == again.clock.wall_at(20 * NS)


def test_come_while_away_is_a_snapshot_with_the_interval_from_last_seen() -> None:
    rig = Rig()
    rig.empty(1)
    rig.empty(50)
    again = rig.restarted(1000)
    again.car(7)
    snapshot = again.events()[-1]
    assert (snapshot.kind, snapshot.occupancy) == ("snapshot", "occupied")
    half = timedelta(seconds=snapshot.uncertainty_s)
    assert snapshot.at - half == MAY_1 + timedelta(seconds=50)
    again.empty(300)
    assert again.said()[-1] == ("departure", "free")


def test_what_the_detector_may_not_have_told_yet_widens_the_interval() -> None:
    rig = Rig(stay=replace(STAY, leave_settle_s=15))
    rig.empty(1)
    rig.car(10)
    rig.car(100)
    again = rig.restarted(600)
    again.empty(20)
    snapshot = again.events()[-1]
    half = timedelta(seconds=snapshot.uncertainty_s)
    assert snapshot.at - half == MAY_1 + timedelta(seconds=85)


def test_the_same_as_before_is_a_snapshot_of_now() -> None:
    again = parked().restarted(600)
    again.car(20)
    snapshot = again.events()[-1]
    assert snapshot.at == again.clock.wall_at(20 * NS)
    assert snapshot.uncertainty_s == 0.5


def test_a_second_restart_before_any_reading_keeps_what_was_seen() -> None:
    again = parked().restarted(60).restarted(60)
    again.empty(5)
    snapshot = again.events()[-1]
    half = timedelta(seconds=snapshot.uncertainty_s)
    assert snapshot.at - half == MAY_1 + timedelta(seconds=100)


def test_an_arrival_that_waited_for_its_plate_at_the_kill_is_found_again() -> None:
    rig = Rig(camera=True)
    rig.empty(1)
    rig.empty(20)
    rig.car(30)
    again = rig.restarted(10, camera=True)
    again.car(2)
    snapshot = again.events()[-1]
    assert (snapshot.kind, snapshot.occupancy) == ("snapshot", "occupied")
    assert snapshot.at - timedelta(seconds=snapshot.uncertainty_s) <= MAY_1 + timedelta(seconds=30)


def test_a_space_that_stays_unknown_after_boot_is_reported_as_a_fault() -> None:
    again = parked().restarted(60)
    again.car(1, value=None)
    again.car(60, value=None)
    assert again.said()[-1] == ("arrival", "occupied")
    again.car(61, value=None)
    assert again.said()[-1] == ("fault", "unknown")
    again.car(70)
    assert again.said()[-1] == ("snapshot", "occupied")


def test_a_fault_during_a_stay_keeps_the_stay_and_its_grant() -> None:
    rig = Rig()
    rig.command(make_grant())
    rig.empty(1)
    rig.car(10)
    rig.car(20, value=None)
    again = rig.restarted(60)
    again.car(5)
    again.empty(50)
    assert rig.said()[-1] == ("fault", "unknown")
    assert [(e.kind, e.grant) for e in again.events()[-2:]] == [
        ("snapshot", "g-1"),
        ("departure", "g-1"),
    ]


def test_the_grant_of_a_stay_is_named_at_its_departure_after_a_kill() -> None:
    rig = Rig()
    rig.command(make_grant())
    rig.empty(1)
    rig.car(10)
    again = rig.restarted(8 * 3600)
    again.car(1)
    again.empty(9000)
    assert again.events()[-1].grant == "g-1"
    again.car(9100)
    assert again.events()[-1].grant is None


def test_unacknowledged_events_of_before_are_sent_after_a_restart() -> None:
    again = parked().restarted(60)
    assert [signed.body.seq for signed in again.uplink.events()] == [1, 2, 3, 4, 5]


def test_a_wall_clock_that_went_back_gives_no_negative_interval() -> None:
    rig = parked()
    again = Rig(rig.outbox, clock=FakeClock("boot-2", 0, MAY_1 - timedelta(days=3650), "unsynced"))
    again.empty(5)
    snapshot = again.events()[-1]
    assert (snapshot.uncertainty_s, snapshot.clock) == (0.0, "unsynced")


@pytest.mark.parametrize("state", ["synced", "holdover", "unsynced"])
def test_every_event_carries_the_state_of_the_clock(state: str) -> None:
    rig = Rig(clock=FakeClock(clock_state=state))  # type: ignore[arg-type]
    rig.empty(1)
    assert {event.clock for event in rig.events() + rig.events(None)} == {state}

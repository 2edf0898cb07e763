"""The wall clock is set in mid-stay: the stay lasts as long as it lasted, whatever was set."""

from datetime import timedelta

import pytest

from contracts.ledger.stay import evidence_of
from contracts.wire.messages import Event
from contracts.wire.types import ClockState
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_outbox import MemoryOutbox
from tests.edge.edge_rig import MAY_1, Rig

YEARS_S = 10 * 365 * 86_400


class SetClock(FakeClock):
    """Somebody sets it while the machine runs."""

    ahead_s = 0.0

    def wall_at(self, mono_ns: int):  # type: ignore[no-untyped-def]
        return super().wall_at(mono_ns) + timedelta(seconds=self.ahead_s)

    def say(self, state: ClockState) -> None:
        self._state = state


def stay_of(rig: Rig) -> list[Event]:
    events = [signed.body for signed in rig.uplink.events() if signed.body.space == "S1"]
    begins = max(n for n, event in enumerate(events) if event.kind == "arrival")
    return events[begins:]


def parked(rig: Rig, clock: SetClock, set_s: float, state: ClockState = "synced") -> list[Event]:
    rig.empty(1)
    rig.car(100)
    clock.ahead_s = set_s
    clock.say(state)
    rig.car(1000)
    rig.empty(1900)
    rig.empty(1910)
    return stay_of(rig)


@pytest.mark.parametrize("state", ["synced", "holdover"])
@pytest.mark.parametrize("set_s", [YEARS_S, -YEARS_S, 3600, -3600, 90, -2, 0])
def test_a_clock_that_is_set_in_mid_stay_changes_no_duration(
    set_s: float, state: ClockState
) -> None:
    clock = SetClock()
    arrival, *_, departure = events = parked(Rig(clock=clock), clock, set_s, state)
    assert departure.at - arrival.at == timedelta(seconds=1800)
    assert departure.reported_at >= departure.at
    found = evidence_of(events)
    assert found is not None and abs(found.billed_s - 1800) <= 1


def test_the_next_stay_goes_by_the_clock_as_it_is_set_now() -> None:
    clock = SetClock()
    rig = Rig(clock=clock)
    parked(rig, clock, 3600)
    rig.car(2000)
    (arrival,) = stay_of(rig)
    assert arrival.at == MAY_1 + timedelta(seconds=2000 + 3600)


def test_a_stay_keeps_its_clock_when_the_process_is_killed_within_its_boot() -> None:
    clock, outbox = SetClock(), MemoryOutbox()
    rig = Rig(outbox, clock=clock)
    rig.empty(1)
    rig.car(100)
    arrival = stay_of(rig)[0]
    clock.ahead_s = YEARS_S
    again = Rig(outbox, clock=clock)
    again.car(1000)
    again.empty(1900)
    departure = again.uplink.events()[-1].body
    assert (departure.kind, departure.at - arrival.at) == ("departure", timedelta(seconds=1800))


def test_another_boot_has_no_part_in_the_clock_of_the_one_before() -> None:
    clock, outbox = SetClock(), MemoryOutbox()
    rig = Rig(outbox, clock=clock)
    rig.empty(1)
    rig.car(100)
    later = SetClock("boot-2", wall=MAY_1 + timedelta(seconds=500))
    again = Rig(outbox, clock=later)
    again.car(10)
    again.empty(1410)
    departure = again.uplink.events()[-1].body
    assert departure.at == MAY_1 + timedelta(seconds=500 + 1410)


def test_a_car_that_came_before_the_clock_was_known_is_dated_by_the_right_one() -> None:
    clock = SetClock()
    clock.ahead_s = -YEARS_S
    clock.say("unsynced")
    arrival, *_, departure = parked(Rig(clock=clock), clock, 0, "synced")
    assert arrival.clock == "unsynced"
    assert departure.at == MAY_1 + timedelta(seconds=1900)

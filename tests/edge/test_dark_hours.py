"""A gateway that was off while a car stood there bills nothing of that time."""

import pytest

from contracts.ledger.stay import evidence_of
from contracts.wire.messages import Ask, Event
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_outbox import MemoryOutbox
from tests.edge.edge_rig import Rig

SEEN_S, BACK_S = 700.0, 9_000.0


def stay_of(*rigs: Rig) -> list[Event]:
    events = [signed.body for rig in rigs for signed in rig.uplink.events()]
    found = {event.seq: event for event in events if event.space == "S1"}
    stay = [found[seq] for seq in sorted(found)]
    begins = next(n for n, event in enumerate(stay) if event.kind == "arrival")
    return stay[begins:]


def off_from_seen_to_back() -> tuple[Rig, Rig, FakeClock]:
    outbox, clock = MemoryOutbox(), FakeClock()
    before = Rig(outbox, clock=clock)
    before.empty(1)
    for at_s in (100.0, 400.0, SEEN_S):
        before.car(at_s)
    clock.advance(int(BACK_S * 1e9))
    return before, Rig(outbox, clock=clock), clock


def billed_s(*rigs: Rig) -> int:
    found = evidence_of(stay_of(*rigs))
    assert found is not None
    return found.billed_s


@pytest.mark.parametrize("asked", [True, False])
def test_what_is_not_known_yet_after_a_start_may_be_so_since_it_was_last_seen(asked: bool) -> None:
    before, after, clock = off_from_seen_to_back()
    if asked:
        after.command(Ask(command="ask-1", gateway="gw-1", what="snapshot"))
    else:
        clock.advance(int((BACK_S + 90) * 1e9))
        after.give()
    after.empty(BACK_S + 120)
    unknown = next(event for event in stay_of(before, after) if event.occupancy == "unknown")
    assert unknown.uncertainty_s > (BACK_S - SEEN_S) / 2 - 60
    assert SEEN_S - 100 - 60 <= billed_s(before, after) <= SEEN_S - 100


def test_a_car_that_still_stands_there_is_billed_from_when_it_is_seen_again() -> None:
    before, after, _ = off_from_seen_to_back()
    after.command(Ask(command="ask-1", gateway="gw-1", what="snapshot"))
    after.car(BACK_S + 60)
    after.car(BACK_S + 1000)
    after.empty(BACK_S + 1060)
    assert SEEN_S - 100 - 60 + 1000 <= billed_s(before, after) <= SEEN_S - 100 + 1000

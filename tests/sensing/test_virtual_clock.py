"""Virtual time, which the real drivers take for the real one."""

from threading import Event

from firmware_sim.clock import NS, VirtualClock


def test_what_is_planned_happens_at_its_moment_and_in_order() -> None:
    clock, seen = VirtualClock(), list[tuple[str, int]]()
    clock.at(30, lambda: seen.append(("late", clock.now_ns())))
    clock.at(10, lambda: seen.append(("early", clock.now_ns())))
    clock.at(30, lambda: seen.append(("last", clock.now_ns())))
    clock.advance_to(29)
    assert seen == [("early", 10)]
    clock.advance_to(100)
    assert seen == [("early", 10), ("late", 30), ("last", 30)]
    assert clock.now_ns() == 100


def test_what_is_planned_may_plan_more() -> None:
    clock, seen = VirtualClock(), list[int]()
    clock.at(10, lambda: clock.at(20, lambda: seen.append(clock.now_ns())))
    clock.advance_to(50)
    assert seen == [20]


def test_time_never_goes_back() -> None:
    clock = VirtualClock(100)
    clock.at(50, lambda: None)
    clock.advance_to(60)
    assert clock.now_ns() == 100


def test_waiting_ends_with_the_event_and_takes_no_longer() -> None:
    clock, event = VirtualClock(), Event()
    clock.at(NS // 2, event.set)
    assert clock.wait(event, 2.0)
    assert clock.now_ns() == NS // 2


def test_waiting_in_vain_takes_its_time_and_no_more_happens() -> None:
    clock, event = VirtualClock(), Event()
    clock.at(3 * NS, event.set)
    assert not clock.wait(event, 2.0)
    assert clock.now_ns() == 2 * NS and not event.is_set()

"""Many spaces behind one gateway: a reading costs its own space only, and no deadline is missed."""

from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_detector import ScriptedDetector
from edge.core.detectors import make_detectors
from edge.core.gateway import Gateway, Site
from edge.core.outputs import NewEvent, Output, Start
from edge.core.readings import Channel, Reading
from edge.core.space import Detector
from tests.edge.edge_rig import DOMAIN, NS, STAY

SPACES = tuple(f"S{number}" for number in range(1, 201))
CHANNELS = {f"us-{space}": Channel(f"us-{space}", "ultrasonic", space) for space in SPACES}
FLOOR_US = 14_000.0


class Counting(ScriptedDetector):
    asked = 0

    def deadline(self) -> int | None:
        Counting.asked += 1
        return super().deadline()


def gateway(detectors: dict[str, Detector]) -> Gateway:
    site = Site("gw-1", DOMAIN, CHANNELS, detectors)
    core = Gateway(site, Start(1), FakeClock(), lambda: bytes(32), STAY)
    core.boot(0)
    return core


def told(outputs: list[Output], space: str) -> list[tuple[str, float]]:
    events = [output.body for output in outputs if isinstance(output, NewEvent)]
    return [(it.kind, it.boottime_ns / NS) for it in events if it.space == space]


def test_a_reading_of_one_space_does_not_ask_all_the_others() -> None:
    core = gateway({space: Counting(space) for space in SPACES})
    core.feed(Reading(0, "us-S1", 0))
    Counting.asked = 0
    for step in range(1, 101):
        core.feed(Reading(step * NS // 10, "us-S1", 0))
        core.tick(step * NS // 10)
    assert Counting.asked < 2 * 100 + 2 * len(SPACES)


def test_a_space_that_falls_silent_is_told_on_time_by_the_readings_of_others() -> None:
    core = gateway(make_detectors(CHANNELS, SPACES[:2], {}))
    outputs: list[Output] = []
    for step in range(200):
        at_ns = step * NS // 2
        outputs += core.feed(Reading(at_ns, "us-S1", FLOOR_US))
        if at_ns <= 40 * NS:
            outputs += core.feed(Reading(at_ns + 1, "us-S2", FLOOR_US))
    first, second = told(outputs, "S2")
    assert first[0] == "snapshot"
    assert second[0] == "fault" and 60 <= second[1] <= 61
    assert [kind for kind, _ in told(outputs, "S1")] == ["snapshot"]


def test_the_deadline_is_never_after_that_of_any_space() -> None:
    detectors = make_detectors(CHANNELS, SPACES[:5], {})
    core = gateway(detectors)
    for step in range(600):
        number = 1 + step % 5
        at_ns = step * NS // 10 * number
        core.feed(Reading(at_ns, f"us-S{number}", FLOOR_US))
        core.tick(at_ns)
        dues = [due for it in detectors.values() if (due := it.deadline()) is not None]
        assert not dues or (core.deadline() or 0) <= min(dues)

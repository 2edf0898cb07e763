"""What `berth-edge calibrate` wrote is what the running gateway begins with."""

from datetime import timedelta

import structlog

from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.fake_uplink import FakeUplink
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.config import parse_config
from edge.core.outputs import PutSpace, SpaceRecord
from edge.core.readings import Channel, Reading
from edge.ports import Connected, Took
from tests.edge.edge_rig import KEY, MAY_1, NS
from tests.edge.edge_settings import SETTINGS

CHANNELS = {"us0": Channel("us0", "ultrasonic", "S1", "hc-sr04")}
# A wall at 1.2 m: nearer than anything is without a calibration, and then a car.
WALL_US, EMPTY = 6990.0, "{empty_m: 1.2}"


def agent(calibration: str, outbox: MemoryOutbox) -> tuple[Agent, FakeUplink]:
    text = f"{SETTINGS}calibration:\n  S1: {calibration}\n"
    clock, uplink = FakeClock(), FakeUplink()
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
    ports = Ports(outbox, uplink, clock, lambda: 0.0, log)
    config = parse_config(text.encode(), "f")
    made = make_agent(config, CHANNELS, ports, KEY, lambda: bytes(32))
    made.open()
    made.turn([Connected()])
    return made, uplink


def told_of_the_wall(calibration: str, outbox: MemoryOutbox | None = None) -> list[str | None]:
    made, uplink = agent(calibration, outbox or MemoryOutbox())
    for step in range(200):
        made.turn([Took(Reading(step * NS // 2, "us0", WALL_US))])
    return [it.body.occupancy for it in uplink.events() if it.body.space == "S1"]


def learned_at(hours: float) -> MemoryOutbox:
    """With a floor at 2.8 m, which no longer is where the sensor looks."""
    state = {"version": 2, "standing": "free", "empty_m": 2.8, "temperature_c": 20.0}
    outbox, seen_at = MemoryOutbox(), MAY_1 + timedelta(hours=hours)
    outbox.write([PutSpace("S1", SpaceRecord(seen_at=seen_at, detector=state))])  # type: ignore[arg-type]
    return outbox


def test_a_wall_is_no_car_once_it_was_calibrated() -> None:
    assert told_of_the_wall("{}") == ["occupied"]
    assert told_of_the_wall(EMPTY) == ["free"]


def test_what_was_learned_before_the_calibration_is_forgotten() -> None:
    newer = '{empty_m: 1.2, at: "2026-05-01T01:00:00.000Z"}'
    assert told_of_the_wall(newer, learned_at(hours=0)) == ["free"]


def test_what_was_learned_since_the_calibration_counts() -> None:
    older = '{empty_m: 1.2, at: "2026-05-01T01:00:00.000Z"}'
    assert told_of_the_wall(older, learned_at(hours=2)) == ["occupied"]
    assert told_of_the_wall(EMPTY, learned_at(hours=2)) == ["occupied"]

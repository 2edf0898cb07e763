"""What goes wrong with sensors: the space goes on with the other one or is unknown with a reason,
an alarm says what to do, and the other spaces go on. The drivers are the real ones, built from
settings, on simulated pins, serial lines and registers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
import structlog
from edge_settings import SETTINGS

from contracts.wire.messages import Event, Telemetry
from edge.adapters.fake_camera import FakeCamera
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_lamps import FakeLamps
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.fake_sensor import FakeSensor
from edge.adapters.fake_uplink import FakeUplink
from edge.adapters.i2c import Buses
from edge.adapters.sampler import Sampler
from edge.adapters.sensors import (
    AbsentSensor,
    channels_of,
    open_cameras,
    open_sensors,
    probe_all,
)
from edge.agent import Agent, Ports
from edge.compose import make_agent
from edge.config import Config, parse_config
from edge.core.faults import ADVICE
from edge.core.health import ChannelState
from edge.core.readings import Channel, Reading
from edge.ports import Connected, Item, Machine, Sensor
from edge.telemetry import Reporter
from edge.watchers import LampKeeper
from firmware_sim.clock import NS, VirtualClock
from firmware_sim.i2c import SimulatedBus
from firmware_sim.pins import MODULES, SimulatedPins
from firmware_sim.registers import Mishap, Qmc5883l
from firmware_sim.uart import SimulatedUart

KEY = bytes(range(1, 33))
CAR_M, FLOOR_M = 0.8, 2.6


class Lot:
    """S1: HC-SR04 and QMC5883L; S2: A02YYUW alone; a camera at S1. All free at first."""

    def __init__(self, mishaps: tuple[Mishap, ...] = (), address: int = 0x0D) -> None:
        self.clock = VirtualClock()
        now_ns = self.clock.now_ns
        self.car = {"S1": False, "S2": False}
        self.pins = SimulatedPins(self.clock)
        self.sonar = self.pins.attach(23, 24, MODULES["hc-sr04"], self._echo("S1"))
        self.port = SimulatedUart(now_ns, self._echo("S2"))
        self.chip = Qmc5883l(self._field, now_ns, Random(1), mishaps=mishaps)
        bus = SimulatedBus({address: self.chip}, now_ns)
        self.config = parse_config(SETTINGS.encode(), "f")
        self.camera = FakeCamera(now_ns)
        sensors = open_sensors(
            self.config,
            now_ns,
            self.pins,
            Buses(lambda _: bus),
            lambda _: self.port,
            self.clock.wait,
        )
        specs = parse_config(
            (SETTINGS + 'cameras: {cam0: {space: S1, source: "folder:/x"}}\n').encode(), "f"
        ).cameras
        cameras, _ = open_cameras(specs, now_ns, lambda source, clock: self.camera)
        self.absent = probe_all(sensors, now_ns)
        self.rig = Rig(self.config, [*sensors, *cameras], self.clock)

    def run(self, seconds: float) -> None:
        self.rig.run(seconds, lambda: self.camera.show(None))

    def _echo(self, space: str) -> Callable[[int], float | None]:
        # A little livelier than a wall, as every real echo is.
        return lambda now_ns: (
            (CAR_M if self.car[space] else FLOOR_M) + (now_ns // NS * 7 % 5) / 1000
        )

    def _field(self, now_ns: int) -> tuple[float, float, float]:
        return (20.0 + 12.0 * self.car["S1"], -5.0, 40.0)


class Rig:
    """The whole agent on these sensors, in virtual time."""

    def __init__(self, config: Config, sensors: list[Sensor], clock: VirtualClock) -> None:
        self.clock, self.uplink, self.lamps = clock, FakeUplink(), FakeLamps(["S1", "S2"])
        self._wall = FakeClock()
        self._items: list[Item] = [Connected()]
        self._sampler = Sampler(sensors, self._put, clock.now_ns)
        channels = channels_of(sensors)
        log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[lambda *_: ""])
        self.reporter = Reporter("gw-1", channels, Machine, log)
        ports = Ports(MemoryOutbox(), self.uplink, self._wall, lambda: clock.now_ns() / NS, log)
        self.agent: Agent = make_agent(
            config,
            channels,
            ports,
            KEY,
            lambda: bytes(32),
            lambda core, _: [self.reporter, LampKeeper(self.lamps, ["S1", "S2"], core.granted)],
        )
        self.agent.open()

    def run(self, seconds: float, meanwhile: Callable[[], object] = lambda: None) -> None:
        end_ns = self.clock.now_ns() + round(seconds * NS)
        turn_ns = self.clock.now_ns()
        while (due_ns := max(self._sampler.due_ns(), self.clock.now_ns())) <= end_ns:
            self.clock.advance_to(due_ns)
            self._sampler.turn()
            if self.clock.now_ns() >= turn_ns:
                turn_ns += NS // 4
                self._turn()
                meanwhile()
        self.clock.advance_to(end_ns)
        self._turn()

    def events(self, space: str) -> list[tuple[str, str | None]]:
        found: dict[int, Event] = {s.body.seq: s.body for s in self.uplink.events()}
        return [(it.kind, it.occupancy) for _, it in sorted(found.items()) if it.space == space]

    def faults(self) -> dict[str, str]:
        """As the cloud was told last."""
        told = [message for message in self.uplink.sent if isinstance(message, Telemetry)]
        return {channel.name: channel.fault for channel in told[-1].channels if channel.fault}

    def state(self, name: str) -> ChannelState:
        return next(state for state in self.reporter.states if state.name == name)

    def _turn(self) -> None:
        items, self._items = self._items, []
        self._wall.advance(self.clock.now_ns())
        self.agent.turn(items)

    def _put(self, item: Item) -> bool:
        self._items.append(item)
        return True


FREE_STAY = [("snapshot", "free"), ("arrival", "occupied"), ("departure", "free")]


def stay(lot: Lot, space: str) -> None:
    lot.car[space] = True
    lot.run(90)
    lot.car[space] = False
    lot.run(60)


def test_with_all_sensors_well_a_stay_is_told_and_no_alarm() -> None:
    lot = Lot()
    lot.run(60)
    stay(lot, "S1")
    assert lot.rig.events("S1") == FREE_STAY
    assert lot.rig.faults() == {}
    assert lot.absent == {}


def test_an_unplugged_ultrasonic_is_an_alarm_and_the_space_goes_on_with_the_field() -> None:
    lot = Lot()
    lot.run(120)
    lot.sonar.unplug()
    lot.run(30)
    assert lot.rig.faults() == {"us0": "timeout"}
    stay(lot, "S1")
    assert lot.rig.events("S1") == FREE_STAY


def test_an_unplugged_magnetometer_is_an_alarm_and_the_space_goes_on_with_the_echo() -> None:
    lot = Lot(mishaps=(Mishap("unplugged", 60 * NS),))
    lot.run(100)
    assert lot.rig.faults() == {"mag0": "bus"}
    stay(lot, "S1")
    assert lot.rig.events("S1") == FREE_STAY


def test_a_sensor_that_comes_back_ends_its_alarm() -> None:
    lot = Lot(mishaps=(Mishap("unplugged", 60 * NS, 120 * NS),))
    lot.run(100)
    assert lot.rig.faults() == {"mag0": "bus"}
    lot.run(120)
    assert lot.rig.faults() == {}


def test_with_both_dead_the_space_is_unknown_with_reasons_and_its_neighbour_goes_on() -> None:
    lot = Lot(mishaps=(Mishap("unplugged", 60 * NS),))
    lot.run(60)
    lot.sonar.unplug()
    lot.run(60)
    assert lot.rig.events("S1") == [("snapshot", "free"), ("fault", "unknown")]
    assert lot.rig.faults() == {"us0": "timeout", "mag0": "bus"}
    assert lot.rig.lamps.changes[-1] == ("S1", "unknown")
    stay(lot, "S2")
    assert lot.rig.events("S2") == FREE_STAY


def test_a_magnetometer_at_another_address_is_an_alarm_from_the_start() -> None:
    lot = Lot(address=0x0E)
    lot.run(60)
    assert lot.absent == {"mag0": "bus"}
    assert lot.rig.faults() == {"mag0": "bus"}
    assert lot.rig.events("S1") == [("snapshot", "free")]


def test_a_frozen_ultrasonic_is_an_alarm_while_the_others_vary() -> None:
    clock = VirtualClock()
    frozen = FakeSensor(Channel("us0", "ultrasonic", "S1"), 13_000.0, clock.now_ns)
    lively = FakeSensor(
        Channel("us1", "ultrasonic", "S2"), lambda ns: 13_000.0 + ns // NS % 9, clock.now_ns
    )
    rig = Rig(parse_config(SETTINGS.encode(), "f"), [frozen, lively], clock)
    rig.run(590)
    assert rig.faults() == {}
    rig.run(30)
    assert rig.faults() == {"us0": "frozen"}


def test_a_frozen_ultrasonic_alone_is_an_alarm_and_its_space_unknown_until_it_moves() -> None:
    clock = VirtualClock()
    sensor = FakeSensor(Channel("us0", "ultrasonic", "S1", "hc-sr04"), 13_000.0, clock.now_ns)
    rig = Rig(parse_config(SETTINGS.encode(), "f"), [sensor], clock)
    rig.run(590)
    assert (rig.faults(), rig.events("S1")) == ({}, [("snapshot", "free")])
    rig.run(90)
    assert rig.faults() == {"us0": "frozen"}
    assert rig.events("S1")[-1] == ("fault", "unknown")
    sensor.value = lambda ns: 13_000.0 + ns // NS % 9
    rig.run(90)
    assert rig.faults() == {}
    assert rig.events("S1")[-1] == ("snapshot", "free")


def test_garbage_on_the_serial_line_is_an_alarm_and_the_space_unknown() -> None:
    lot = Lot()
    lot.run(30)
    lot.port.mangle = lambda frame: b"\x00" + frame[1:]
    lot.run(60)
    assert lot.rig.faults() == {"us1": "garbage"}
    assert lot.rig.events("S2") == [("snapshot", "free"), ("fault", "unknown")]
    stay(lot, "S1")
    assert lot.rig.events("S1") == FREE_STAY
    lot.port.mangle = lambda frame: frame
    lot.run(120)
    assert lot.rig.faults() == {}
    assert lot.rig.events("S2")[-1] == ("snapshot", "free")


def test_snow_on_a_serial_sensor_is_an_alarm_and_does_not_end_the_stay_under_it() -> None:
    lot = Lot()
    lot.run(60)
    lot.car["S2"] = True
    lot.run(90)
    lot.port.covered = True
    lot.run(120)
    assert lot.rig.faults() == {"us1": "out_of_range"}
    assert ("departure", "free") not in lot.rig.events("S2")
    assert lot.rig.events("S2")[-1] == ("fault", "unknown")
    lot.port.covered = False
    lot.run(120)
    assert lot.rig.faults() == {}
    assert ("departure", "free") not in lot.rig.events("S2")


def test_a_lost_camera_is_an_alarm_and_no_space_is_worse_for_it() -> None:
    lot = Lot()
    lot.run(60)
    lot.camera.lose()
    lot.rig.run(30)
    assert lot.rig.faults() == {"cam0": "camera"}
    assert lot.rig.events("S1") == [("snapshot", "free")]
    lot.run(30)
    assert lot.rig.faults() == {}


def test_on_a_machine_without_pins_bus_and_ports_every_sensor_says_so_and_nothing_raises() -> None:
    clock = VirtualClock()
    sensors = open_sensors(parse_config(SETTINGS.encode(), "f"), clock.now_ns)
    absent = probe_all(sensors, clock.now_ns)
    assert absent == {"us0": "missing", "mag0": "missing", "us1": "missing"}
    rig = Rig(parse_config(SETTINGS.encode(), "f"), sensors, clock)
    rig.run(30)
    assert rig.faults() == absent


def test_a_driver_that_raises_at_the_start_is_a_fault_and_the_others_are_found() -> None:
    clock, told = VirtualClock(), []
    bad, good = (FakeSensor(Channel(n, "ultrasonic", n), 1.0, clock.now_ns) for n in ("a", "b"))
    bad.open = lambda: {}["x"]  # type: ignore[method-assign]
    found = probe_all([bad, good], clock.now_ns, lambda name, kind: told.append((name, kind)))
    assert (found, told, good.opened) == ({"a": "bus"}, [("a", "KeyError")], 1)


def test_a_sensor_that_stands_for_an_absent_one_only_says_why() -> None:
    sensor = AbsentSensor(Channel("us0", "ultrasonic", "S1"), "missing", lambda: 7)
    assert sensor.open() == "missing"
    assert sensor.sample() == Reading(7, "us0", None, "missing")


@pytest.mark.parametrize("code", ADVICE)
def test_every_fault_has_a_sentence_and_a_remedy_in_both_languages(code: str) -> None:
    text = next(advice for name, advice in ADVICE.items() if name == code)
    assert all((text.en, text.zh, text.remedy_en, text.remedy_zh))


def test_telemetry_comes_every_minute_on_change_and_in_bounded_parts() -> None:
    clock = VirtualClock()
    sensors: list[Sensor] = [
        FakeSensor(Channel(f"us{n}", "ultrasonic", f"S{n}"), float(n), clock.now_ns, 5.0)
        for n in range(120)
    ]
    rig = Rig(parse_config(SETTINGS.encode(), "f"), sensors, clock)
    rig.run(61)
    told = [message for message in rig.uplink.sent if isinstance(message, Telemetry)]
    assert [len(message.channels) for message in told] == [100, 20, 100, 20]
    assert not any(message.whole for message in told)

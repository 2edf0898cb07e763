"""The real driver of HC-SR04 and JSN-SR04T, on simulated modules and virtual time."""

import pytest
from gpiozero import LED
from gpiozero.pins.mock import MockFactory
from hypothesis import given
from hypothesis import strategies as st

from edge.adapters.pins import pin_factory
from edge.adapters.ultrasonic_pins import QUIET_NS, PinPair, PinUltrasonic
from edge.core.echo import echo_distance_m
from edge.core.readings import Channel, Reading
from edge.errors import PinsMissing
from firmware_sim.clock import VirtualClock
from firmware_sim.pins import MODULES, Module, SimulatedPins, Sonar

NS = 1_000_000_000
PINS = PinPair(23, 24)
HC_VARIANTS = ["hc-sr04", "hc-sr04-70", "hc-sr04-103"]


class Rig:
    """One module, one driver; `distance_m` is what stands before it."""

    def __init__(
        self, module: Module = MODULES["hc-sr04"], sensor: str = "hc-sr04", wiring: PinPair = PINS
    ) -> None:
        self.clock = VirtualClock(5 * NS)
        self.pins = SimulatedPins(self.clock)
        self.distance_m: float | None = 1.5
        self.temperature_c = 20.0
        self.sonar: Sonar = self.pins.attach(
            23, 24, module, lambda _: self.distance_m, lambda _: self.temperature_c
        )
        self.channel, self.wiring = Channel("us0", "ultrasonic", "S1", sensor), wiring
        self.renew()

    def renew(self) -> None:
        clock = self.clock
        self.driver = PinUltrasonic(
            self.channel, self.wiring, self.pins, clock.now_ns, 0.5, clock.wait
        )

    def ping(self, after_s: float = 0.5) -> Reading | None:
        self.clock.advance_to(self.clock.now_ns() + round(after_s * NS))
        return self.driver.sample()

    def said(self, after_s: float = 0.5) -> float | str | None:
        reading = self.ping(after_s)
        assert reading is not None
        return reading.why if reading.value is None else reading.value


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    assert rig.driver.open() is None
    return rig


@given(
    distance_m=st.floats(0.02, 4.5),
    temperature_c=st.floats(-20, 50),
    name=st.sampled_from(HC_VARIANTS),
)
def test_any_distance_in_any_air_is_exact(
    distance_m: float, temperature_c: float, name: str
) -> None:
    rig = Rig(MODULES[name])
    rig.distance_m, rig.temperature_c = distance_m, temperature_c
    rig.driver.open()
    reading = rig.ping()
    assert reading is not None and isinstance(reading.value, float)
    measured_m = echo_distance_m(reading.value, temperature_c)
    assert measured_m == pytest.approx(distance_m, abs=0.00002)


@pytest.mark.parametrize("name", HC_VARIANTS)
def test_nothing_in_range_is_no_echo_however_long_the_module_holds(name: str) -> None:
    rig = Rig(MODULES[name])
    rig.driver.open()
    rig.distance_m = None
    assert [rig.said() for _ in range(4)] == ["no_echo"] * 4


def test_a_car_that_leaves_after_a_long_hold_is_seen_to_leave() -> None:
    """gpiozero's DistanceSensor would go on saying 0.9 m."""
    rig = Rig(MODULES["hc-sr04-103"])
    rig.driver.open()
    rig.distance_m = 0.9
    assert isinstance(rig.said(), float)
    rig.distance_m = None
    assert [rig.said() for _ in range(3)] == ["no_echo"] * 3
    rig.distance_m = 0.9
    assert isinstance(rig.said(), float)


def test_the_jsn_measures_six_metres_of_cold_air_and_knows_its_own_hold() -> None:
    rig = Rig(MODULES["jsn-sr04t"], "jsn-sr04t")
    rig.driver.open()
    rig.distance_m, rig.temperature_c = 6.0, -20.0
    assert rig.said() == pytest.approx(37_596, abs=1)
    rig.distance_m = None
    assert rig.said() == "no_echo"


def test_the_jsn_needs_its_longer_trigger_pulse() -> None:
    rig = Rig(MODULES["jsn-sr04t"], "hc-sr04")
    rig.driver.open()
    assert rig.said() == "timeout"


def test_a_reading_has_the_time_of_its_ping(rig: Rig) -> None:
    reading = rig.ping(0.25)
    assert reading is not None
    assert reading.mono_ns == 5 * NS + NS // 4
    assert rig.clock.now_ns() > reading.mono_ns


def test_a_module_is_left_alone_for_sixty_milliseconds(rig: Rig) -> None:
    rig.ping()
    assert rig.driver.sample() is None
    assert rig.sonar.pings == 1
    assert rig.ping(QUIET_NS / NS) is not None


def test_the_module_gives_false_echoes_where_it_is_not_left_alone() -> None:
    """What the sixty milliseconds are for. A second driver does not know of the first's ping."""
    rig = Rig()
    rig.driver.open()
    far = rig.said()
    rig.driver.close()
    rig.renew()
    rig.driver.open()
    assert rig.said(0.02) != far


def test_while_a_module_still_holds_its_line_it_is_not_triggered() -> None:
    rig = Rig(MODULES["hc-sr04-103"])
    rig.driver.open()
    rig.distance_m = None
    assert rig.said() == "no_echo"
    assert rig.ping(0.03) is None
    assert rig.ping(0.05) is not None


def test_a_latching_module_is_stuck_until_its_power_is_taken_away() -> None:
    rig = Rig(MODULES["hc-sr04-latching"])
    rig.driver.open()
    rig.distance_m = None
    assert [rig.said() for _ in range(3)] == ["no_echo", "stuck_high", "stuck_high"]
    rig.sonar.unplug()
    assert rig.said() == "timeout"
    rig.sonar.plug()
    rig.distance_m = 1.5
    assert isinstance(rig.said(), float)


def test_an_unplugged_module_is_a_timeout_and_is_heard_again_when_it_comes_back(rig: Rig) -> None:
    rig.sonar.unplug()
    assert [rig.said(), rig.said()] == ["timeout", "timeout"]
    rig.sonar.plug()
    assert isinstance(rig.said(), float)


def test_an_echo_wire_that_has_come_off_is_a_timeout(rig: Rig) -> None:
    rig.sonar.wired = False
    assert rig.said() == "timeout"


def test_swapped_wires_are_a_timeout_not_a_crash() -> None:
    rig = Rig(wiring=PinPair(24, 23))
    assert rig.driver.open() is None
    assert rig.said() == "timeout"


@pytest.mark.parametrize("wiring", [PinPair(99, 24), PinPair(23, 99), PinPair(23, 23)])
def test_pins_that_are_none_are_missing_and_hold_no_other_pin(wiring: PinPair) -> None:
    rig = Rig(wiring=wiring)
    assert rig.driver.open() == "missing"
    assert rig.said() == "missing"
    LED(23, pin_factory=rig.pins).close()


def test_a_pin_in_use_by_an_output_is_missing_until_it_is_free(rig: Rig) -> None:
    rig.driver.close()
    lamp = LED(24, pin_factory=rig.pins)
    assert rig.driver.open() == "missing"
    lamp.close()
    assert rig.driver.open() is None


def test_a_second_pulse_after_the_echo_changes_nothing(rig: Rig) -> None:
    """A glitch on a long wire."""
    first = rig.said()
    echo = rig.pins.pin(24)
    echo.edge(rig.pins.ticks(), True)
    echo.edge(rig.pins.ticks() + 0.001, False)
    assert rig.said() == first


def test_an_edge_that_is_told_twice_is_the_first_one(rig: Rig) -> None:
    """RPi.GPIO reads the line when it comes to it, and may say `high` once more."""
    first, echo = rig.said(), rig.pins.pin(24)

    def told_again() -> None:
        echo._last_change = rig.pins.ticks()
        echo._call_when_changed()

    rig.clock.at(rig.clock.now_ns() + NS // 2 + 2_000_000, told_again)
    assert rig.said() == first


def test_a_closed_driver_ignores_edges_and_lets_its_pins_go(rig: Rig) -> None:
    rig.driver.close()
    rig.sonar.trigger(True)
    LED(23, pin_factory=rig.pins).close()
    assert rig.said() == "missing"


def test_no_sample_takes_longer_than_its_bound() -> None:
    longest_ns = 0
    for name in [*HC_VARIANTS, "hc-sr04-latching"]:
        for plugged in (True, False):
            rig = Rig(MODULES[name])
            rig.driver.open()
            rig.distance_m, rig.sonar.plugged = None, plugged
            before_ns = rig.clock.now_ns()
            rig.driver.sample()
            longest_ns = max(longest_ns, rig.clock.now_ns() - before_ns)
    assert 0 < longest_ns <= 80_000_000


def test_the_internals_of_the_mock_pins_are_as_the_simulator_needs_them() -> None:
    """If gpiozero changes them, this says so before a distance is wrong."""
    pin = MockFactory("c03114").pin(5)
    for name in ("_state", "_last_change", "_function", "_when_changed"):
        assert hasattr(pin, name)
    heard: list[tuple[float, bool]] = []

    def listen(ticks: float, state: bool) -> None:
        heard.append((ticks, state))

    pin.when_changed = listen
    pin._last_change, pin._state = 12.5, True
    pin._call_when_changed()
    assert heard == [(12.5, True)]


def test_the_first_library_that_is_there_is_chosen_and_named() -> None:
    def absent() -> object:
        raise ModuleNotFoundError("No module named 'lgpio'", name="lgpio")

    chosen = pin_factory([("lgpio", absent), ("RPi.GPIO", lambda: "pins")])
    assert chosen == ("pins", "RPi.GPIO")


def test_a_library_that_refuses_is_told_and_not_worked_around() -> None:
    def refuses() -> object:
        raise PermissionError("cannot open /dev/gpiochip0")

    with pytest.raises(PinsMissing, match=r"lgpio says: cannot open .*group gpio"):
        pin_factory([("lgpio", refuses), ("RPi.GPIO", lambda: "pins")])


def test_a_laptop_is_told_what_is_missing_and_what_to_do() -> None:
    def absent() -> object:
        raise ModuleNotFoundError("No module named 'lgpio'", name="lgpio")

    with pytest.raises(PinsMissing, match=r"Not installed: lgpio\. .*--readings"):
        pin_factory([("lgpio", absent), ("RPi.GPIO", absent)])

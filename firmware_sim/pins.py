"""HC-SR04 and JSN-SR04T behind gpiozero's mock pins, on virtual time: the real driver runs on them.

gpiozero's own MockTriggerPin sleeps in a thread and is wrong by centimetres to metres. Here the
edges carry virtual time stamps. That rests on internals of MockPin (`_last_change`, `_state`,
`_change_state`, `_call_when_changed`) of the gpiozero version that pyproject.toml pins; a test
watches them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from gpiozero.pins.mock import MockFactory, MockPin

from firmware_sim.clock import NS, VirtualClock

Distance: TypeAlias = Callable[[int], float | None]
"""Metres at that monotonic ns; None while nothing is in range."""
US = 1_000
# Pi 4 B: where the pull-ups are, as far as a mock is concerned.
REVISION = "c03114"
# Below this after the last trigger the module takes the last ping's echoes for its own.
RESTART_NS = 35_000_000
FALSE_ECHO_US = (200.0, 4_000.0)


@dataclass(frozen=True, slots=True)
class Module:
    """One variant of the sensor. `hold_us` is how long it holds the line when nothing answers; None
    is until it loses its power. `noise_m` is the standard deviation of one measurement.
    """

    delay_us: int = 290
    hold_us: int | None = 38_000
    shortest_pulse_us: int = 10
    noise_m: float = 0.0


MODULES = {
    "hc-sr04": Module(),
    "hc-sr04-70": Module(delay_us=2_900, hold_us=70_200),
    "hc-sr04-103": Module(delay_us=2_900, hold_us=102_800),
    "hc-sr04-latching": Module(hold_us=None),
    "jsn-sr04t": Module(hold_us=58_000, shortest_pulse_us=20),
}


class SimulatedPins(MockFactory):  # type: ignore[misc]
    """A gpiozero pin factory on virtual time; its ticks are virtual seconds."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(REVISION, MockPin)
        self.clock = clock

    def ticks(self) -> float:
        return self.clock.now_ns() / NS

    def attach(
        self,
        trigger: int,
        echo: int,
        module: Module,
        distance_m: Distance,
        temperature_c: Callable[[int], float] = lambda now_ns: 20.0,
        seed: int = 0,
    ) -> Sonar:
        """Before a driver takes the pins."""
        echo_pin = self.pin(echo, pin_class=EchoPin)
        sonar = Sonar(self.clock, echo_pin, module, distance_m, temperature_c)
        sonar.random = Random(seed)
        self.pin(trigger, pin_class=TriggerPin, sonar=sonar)
        return sonar


class Sonar:
    """The module itself. `plugged` and `wired` may be changed while it runs: without power it is
    silent, without its echo wire nobody hears it.
    """

    def __init__(
        self,
        clock: VirtualClock,
        echo: EchoPin,
        module: Module,
        distance_m: Distance,
        temperature_c: Callable[[int], float],
    ) -> None:
        self._clock, self._echo, self.module = clock, echo, module
        self._distance_m, self._temperature_c = distance_m, temperature_c
        self.random = Random(0)
        self.plugged = self.wired = True
        self.pings = 0
        self._busy = False
        self._raised_ns: int | None = None
        self._last_ns = -RESTART_NS

    def trigger(self, high: bool) -> None:
        now_ns = self._clock.now_ns()
        if high:
            self._raised_ns = now_ns
        elif self._raised_ns is not None:
            pulse_ns, self._raised_ns = now_ns - self._raised_ns, None
            if self.plugged and not self._busy and pulse_ns >= self.module.shortest_pulse_us * US:
                self._ping(now_ns)

    def unplug(self) -> None:
        """The line falls, whatever it was doing."""
        self.plugged, self._busy = False, False
        self._drive(False)

    def plug(self) -> None:
        self.plugged = True

    def _ping(self, now_ns: int) -> None:
        self.pings += 1
        held_us = self._echo_us(now_ns)
        self._last_ns, self._busy = now_ns, True
        rise_ns = now_ns + self.module.delay_us * US
        self._clock.at(rise_ns, self._rise)
        if held_us is not None:
            self._clock.at(rise_ns + round(held_us * US), self._fall)

    def _echo_us(self, now_ns: int) -> float | None:
        """How long the line will be high; None for ever."""
        distance_m = self._distance_m(now_ns)
        if now_ns - self._last_ns < RESTART_NS:
            return self.random.uniform(*FALSE_ECHO_US)
        if distance_m is None:
            return self.module.hold_us
        if self.module.noise_m:
            distance_m = max(0.02, distance_m + self.random.gauss(0.0, self.module.noise_m))
        return 2e6 * distance_m / (331.3 + 0.606 * self._temperature_c(now_ns))

    def _rise(self) -> None:
        if self.plugged and self._busy:
            self._drive(True)

    def _fall(self) -> None:
        if self.plugged and self._busy:
            self._busy = False
            self._drive(False)

    def _drive(self, high: bool) -> None:
        if self.wired:
            self._echo.edge(self._clock.now_ns() / NS, high)


class TriggerPin(MockPin):  # type: ignore[misc]
    _state: bool

    def __init__(self, factory: SimulatedPins, info: Any, sonar: Sonar) -> None:
        self._sonar = sonar
        super().__init__(factory, info)

    def _change_state(self, value: bool) -> bool:
        """Instead of MockPin's, which reads the real clock and remembers every change for ever."""
        if self._state == value:
            return False
        self._state = value
        if self._function == "output":
            self._sonar.trigger(value)
        return True


class EchoPin(MockPin):  # type: ignore[misc]
    _state: bool

    def edge(self, ticks_s: float, high: bool) -> None:
        if self._state == high:
            return
        self._state, self._last_change = high, ticks_s
        if self._when_changed is not None:
            self._call_when_changed()

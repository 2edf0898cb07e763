"""HC-SR04 and JSN-SR04T on two pins. Not gpiozero's DistanceSensor: when an echo is lost it keeps
the last distance for ever, so that a car which left is never seen to leave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any, TypeAlias

from edge.adapters.pins import PinFactory, refusals
from edge.core.faults import FaultCode
from edge.core.readings import NO_ECHO, Channel, Reading

Wait: TypeAlias = Callable[[Event, float], bool]
NS = 1_000_000_000
# A ping sooner after the last one hears the last one's echoes (below 35 ms that is sure).
QUIET_NS = 60_000_000
# The longest that a module was seen to hold its line when nothing is in range: 102.8 ms.
HOLD_NS = 110_000_000
# Modules raise the line 0.3 or 2.9 ms after the trigger; the rest is for a busy machine.
RISE_S = 0.03
# An edge is told later than it happened; its time stamp is not.
LATE_S = 0.005


@dataclass(frozen=True, slots=True)
class PinPair:
    """BCM numbers."""

    trigger: int
    echo: int


@dataclass(frozen=True, slots=True)
class Timing:
    """A pulse longer than `longest_us` is the module giving up, whatever its variant's hold."""

    pulse_s: float
    longest_us: float


# 4.5 m at -20 C take 28.2 ms, and the shortest hold is 38 ms; of the JSN 6 m take 37.6 ms, and 58.
TIMINGS = {"hc-sr04": Timing(10e-6, 35_000.0), "jsn-sr04t": Timing(20e-6, 45_000.0)}


class PinUltrasonic:
    """A Sensor. `now_ns` stamps the ping; the echo is the difference of the edges' own stamps."""

    pings = True

    def __init__(
        self,
        channel: Channel,
        wiring: PinPair,
        pins: PinFactory,
        now_ns: Callable[[], int],
        period_s: float,
        wait: Wait = Event.wait,
    ) -> None:
        """`channel.sensor` is one of TIMINGS; KeyError."""
        self.channel, self.period_s = channel, period_s
        self._timing = TIMINGS[channel.sensor or ""]
        self._wiring, self._pins, self._now_ns, self._wait = wiring, pins, now_ns, wait
        self._trigger: Any = None
        self._echo: Any = None
        self._refusals = refusals()
        self._risen, self._fallen = Event(), Event()
        self._rise: float | None = None
        self._fall: float | None = None
        self._quiet_ns = self._held_ns = 0

    def open(self) -> FaultCode | None:
        self.close()
        try:
            from gpiozero import InputDevice, OutputDevice

            self._refusals = refusals()
            self._trigger = OutputDevice(self._wiring.trigger, pin_factory=self._pins)
            # Pulled down, so that a wire which has come off reads as no answer, not as noise.
            self._echo = InputDevice(self._wiring.echo, pull_up=False, pin_factory=self._pins)
            self._echo.pin.edges = "both"
            self._echo.pin.when_changed = self._edge
        except self._refusals:
            self.close()
            return "missing"
        return None

    def sample(self) -> Reading | None:
        """One ping: at most 80 ms. None if it is too early for the next one."""
        now_ns = self._now_ns()
        if now_ns < self._quiet_ns:
            return None
        try:
            if self._echo is None:
                return self._nothing(now_ns, "missing")
            if self._echo.pin.state:
                return None if now_ns < self._held_ns else self._nothing(now_ns, "stuck_high")
            return self._ping(now_ns)
        except self._refusals:
            return self._nothing(now_ns, "missing")

    def close(self) -> None:
        if self._echo is not None:
            self._echo.pin.when_changed = None
            self._echo.close()
        if self._trigger is not None:
            self._trigger.close()
        self._trigger = self._echo = None

    def _ping(self, now_ns: int) -> Reading:
        self._quiet_ns, self._held_ns = now_ns + QUIET_NS, now_ns + HOLD_NS
        self._rise = self._fall = None
        self._risen.clear()
        self._fallen.clear()
        self._trigger.pin.state = True
        self._wait(self._risen, self._timing.pulse_s)
        self._trigger.pin.state = False
        if not self._wait(self._risen, RISE_S):
            return self._nothing(now_ns, "timeout")
        longest_us = self._timing.longest_us
        if not self._wait(self._fallen, longest_us * 1e-6 + LATE_S):
            return self._nothing(now_ns, NO_ECHO)
        echo_us = round(self._pins.ticks_diff(self._fall, self._rise) * 1e6, 1)
        if echo_us > longest_us:
            return self._nothing(now_ns, NO_ECHO)
        return Reading(now_ns, self.channel.name, echo_us)

    def _edge(self, ticks: float, state: int) -> None:
        """On the pin library's thread. The first pulse after the trigger counts, no later one."""
        if state:
            if self._rise is None:
                self._rise = ticks
                self._risen.set()
        elif self._rise is not None and self._fall is None:
            self._fall = ticks
            self._fallen.set()

    def _nothing(self, now_ns: int, why: str) -> Reading:
        return Reading(now_ns, self.channel.name, None, why)

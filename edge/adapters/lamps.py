"""LEDs, buzzer, lock and barrier of the spaces, through gpiozero.

Lock and barrier are wired so that current closes them: without power, and whenever this process
lets its pins go, they open. A killed process may leave a pin as it was until the service manager
starts it again; making a Lamps, the first thing a gateway does, switches everything off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.adapters.pins import PinFactory, refusals
from edge.core.signals import DARK, LOOKS, Light, Look, Shown
from edge.errors import PinsMissing

# Half a period, seconds.
BLINKS_S: dict[Light, float] = {"slow": 0.8, "fast": 0.15}
BUZZ_S, BUZZ_PAUSE_S, BUZZES = 0.2, 0.2, 3


@dataclass(frozen=True, slots=True)
class Wires:
    """BCM numbers of one space's outputs; what is None is not there."""

    green: int | None = None
    red: int | None = None
    buzzer: int | None = None
    lock: int | None = None
    barrier: int | None = None


class Lamps:
    """Shows each space; `show` may be called as often as one likes, only changes move a pin."""

    def __init__(self, wires: Mapping[str, Wires], pins: PinFactory) -> None:
        """Everything off and open. Raises PinsMissing, and then no pin is kept."""
        self._spaces: dict[str, _Space] = {}
        try:
            for space, outputs in wires.items():
                self._spaces[space] = _Space(outputs, pins)
        except refusals() as error:
            self.close()
            raise PinsMissing(f"The outputs of a space say: {error}.") from None

    def show(self, space: str, shown: Shown) -> None:
        """A space without outputs shows nothing."""
        if outputs := self._spaces.get(space):
            outputs.show(LOOKS[shown])

    def close(self) -> None:
        """Everything off and open, and the pins are let go."""
        for outputs in self._spaces.values():
            outputs.close()
        self._spaces = {}


class _Space:
    def __init__(self, wires: Wires, pins: PinFactory) -> None:
        from gpiozero import LED, Buzzer, OutputDevice

        self._look = DARK
        self._open: list[Any] = []
        try:
            self._green = self._make(LED, wires.green, pins)
            self._red = self._make(LED, wires.red, pins)
            self._buzzer = self._make(Buzzer, wires.buzzer, pins)
            self._lock = self._make(OutputDevice, wires.lock, pins)
            self._barrier = self._make(OutputDevice, wires.barrier, pins)
        except BaseException:
            self.close()
            raise

    def show(self, look: Look) -> None:
        was, self._look = self._look, look
        # What opens comes first.
        _switch(self._lock, was.lock_closed, look.lock_closed)
        _switch(self._barrier, was.barrier_closed, look.barrier_closed)
        _light(self._green, was.green, look.green)
        _light(self._red, was.red, look.red)
        if self._buzzer is not None and look.buzzes and not was.buzzes:
            self._buzzer.beep(BUZZ_S, BUZZ_PAUSE_S, BUZZES)

    def close(self) -> None:
        for device in self._open:
            device.off()
            device.close()
        self._open = []

    def _make(self, kind: Any, pin: int | None, pins: PinFactory) -> Any:
        if pin is None:
            return None
        device = kind(pin, pin_factory=pins)
        self._open.append(device)
        return device


def _switch(device: Any, was: bool, closed: bool) -> None:
    if device is not None and was != closed:
        device.value = closed


def _light(led: Any, was: Light, light: Light) -> None:
    if led is None or was == light:
        return
    if light in BLINKS_S:
        led.blink(BLINKS_S[light], BLINKS_S[light])
    else:
        led.value = light == "on"

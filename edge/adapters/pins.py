"""Which library moves the pins. All of it is imported late: a laptop has none of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from edge.errors import PinsMissing

# gpiozero's Factory; the library has no types.
PinFactory: TypeAlias = Any
Maker: TypeAlias = Callable[[], PinFactory]


class Chosen(NamedTuple):
    factory: PinFactory
    name: str


def _lgpio() -> PinFactory:
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _rpi_gpio() -> PinFactory:
    from gpiozero.pins.rpigpio import RPiGPIOFactory

    return RPiGPIOFactory()


# lgpio's edges have the kernel's time stamps; RPi.GPIO's are stamped in Python, when it comes to
# them. gpiozero's own "native" is left out: it is experimental.
MAKERS: tuple[tuple[str, Maker], ...] = (("lgpio", _lgpio), ("RPi.GPIO", _rpi_gpio))


def pin_factory(makers: Sequence[tuple[str, Maker]] = MAKERS) -> Chosen:
    """The first library that is installed; that it will not work is told, not worked around.

    Raises PinsMissing.
    """
    absent: list[str] = []
    for name, make in makers:
        try:
            return Chosen(make(), name)
        except ImportError as error:
            absent.append(error.name or name)
        except refusals() as error:
            raise PinsMissing(f"{name} says: {error}.") from None
    raise PinsMissing(f"Not installed: {', '.join(dict.fromkeys(absent))}.")


def refusals() -> tuple[type[Exception], ...]:
    """What the pin libraries raise, or their absence does; lgpio's own error is no built-in one.

    RPi.GPIO says RuntimeError off a Pi, ValueError for a wrong pin.
    """
    known: list[type[Exception]] = [ImportError, OSError, RuntimeError, ValueError]
    if gpiozero := sys.modules.get("gpiozero"):
        known.append(gpiozero.GPIOZeroError)
    if lgpio := sys.modules.get("lgpio"):
        known.append(lgpio.error)
    return tuple(known)

"""The 40-pin header of every Raspberry Pi since 2014. Source: the Pi's own GPIO documentation."""

from __future__ import annotations

from typing import Final

POWER_5V: Final = "5 V"
POWER_3V3: Final = "3.3 V"
GROUND: Final = "ground"

# As the processor comes up, until a program takes the pins (BCM2835 ARM Peripherals, 6.2).
PULLED_UP_AT_BOOT: Final = range(9)
UART_PINS: Final = (14, 15)
QUIET_PINS: Final = "12, 13, or 16 to 27"
"""Where nothing moves before the gateway runs, and no bus is at home."""

_COLUMNS = """
3.3 V  5 V
2      5 V
3      ground
4      14
ground 15
17     18
27     ground
22     23
3.3 V  24
10     ground
9      25
11     8
ground 7
0      1
5      ground
6      12
13     ground
19     16
26     20
ground 21
"""


def _read(columns: str) -> dict[int, str | int]:
    words = columns.replace("3.3 V", "3.3_V").replace("5 V", "5_V").split()
    marks = (word.replace("_", " ") for word in words)
    return {pin: int(mark) if mark.isdigit() else mark for pin, mark in enumerate(marks, start=1)}


PLACES: Final[dict[int, str | int]] = _read(_COLUMNS)
"""Pin of the header, 1 to 40 -> BCM number, or what supply it is."""

PIN_OF_BCM: Final[dict[int, int]] = {
    bcm: pin for pin, bcm in PLACES.items() if isinstance(bcm, int)
}


def supply_pins(supply: str) -> tuple[int, ...]:
    return tuple(pin for pin, mark in PLACES.items() if mark == supply)


def nearest_ground(pin: int) -> int:
    """The ground in the nearest row; of two, the one with the lower number."""
    return min(supply_pins(GROUND), key=lambda ground: (abs(_row(ground) - _row(pin)), ground))


def _row(pin: int) -> int:
    return (pin - 1) // 2

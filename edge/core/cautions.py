"""What to mind about one gateway's wiring: told before anything is soldered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge.core.header import PULLED_UP_AT_BOOT, QUIET_PINS, UART_PINS
from edge.core.wiring import (
    DIVIDER,
    HEADER_UARTS,
    LAMPS,
    LOADS,
    ONE_WIRE,
    Part,
    wires_of,
)

BOARD_PULL_UPS = (2, 3)
ID_EEPROM = (0, 1)
SPI = range(7, 12)

PIN_CAUTIONS = {
    "id-eeprom": "is for the ID chip of a HAT, which the Pi looks for as it starts; take another.",
    "pull-up": "has 1.8 kΩ to 3.3 V on the board, which no setting turns off; it suits I2C only.",
    "boot": "is pulled up until the gateway runs: the output may be on till then; "
    f"take {QUIET_PINS}.",
    "uart": "is the serial console's until that is turned off: it switches as the Pi starts; "
    f"take {QUIET_PINS}.",
    "spi": "is free only while SPI is off, as it is unless someone turned it on.",
    "one-wire-pin": "is the 1-Wire pin of the thermometer; take another.",
}


@dataclass(frozen=True, slots=True)
class Caution:
    code: str
    sentence: str


def cautions_of(parts: Sequence[Part]) -> list[Caution]:
    return [*_voltage(parts), *_buses(parts), *_pins(parts)]


def _voltage(parts: Sequence[Part]) -> Iterator[Caution]:
    high = [f"{wire.part} {wire.wire}" for wire in wires_of(parts) if wire.note == DIVIDER]
    if high:
        yield Caution(
            "divider",
            f"5 V would destroy the Pi's input: {', '.join(high)} must go through 1 kΩ, with 2 kΩ "
            "from the pin to ground: on each ECHO or TX wire from a 5 V sensor, never in the "
            "supply wire. Measure at most 3.4 V there before you connect it.",
        )
    loads = [part.name for part in parts if part.kind in LOADS]
    if loads:
        yield Caution(
            "load",
            f"{', '.join(loads)} must fail open: wire it so that without power, and with the pin "
            "low, no car is locked in.",
        )


def _buses(parts: Sequence[Part]) -> Iterator[Caution]:
    if any(part.bus in (0, 1) for part in parts):
        yield Caution(
            "i2c",
            "I2C must be on: `sudo raspi-config nonint do_i2c 0`, then reboot. Supply the chips "
            "with 3.3 V only: their pull-ups would put 5 V on the Pi's pins.",
        )
    ports = sorted({str(part.port) for part in parts if part.port in HEADER_UARTS})
    if ports:
        yield Caution(
            "console",
            f"{', '.join(ports)}: turn the serial console off and the port on: `sudo raspi-config "
            "nonint do_serial_cons 1` and `do_serial_hw 0`, then reboot. On a Pi 4 and Zero 2 W "
            "/dev/ttyAMA0 is Bluetooth's unless `dtoverlay=disable-bt` is set: name /dev/serial0. "
            "On a Pi 5 (not tried) it is /dev/ttyAMA0, with `dtparam=uart0=on` in "
            "/boot/firmware/config.txt: /dev/serial0 may be its debug socket.",
        )
    if any(part.kind == "ds18b20" for part in parts):
        yield Caution(
            "one-wire",
            "1-Wire must be on: `dtoverlay=w1-gpio` in /boot/firmware/config.txt, then reboot; "
            f"it is on GPIO{ONE_WIRE} unless that line names another.",
        )


def _pins(parts: Sequence[Part]) -> Iterator[Caution]:
    one_wire = any(part.kind == "ds18b20" for part in parts)
    for part in parts:
        for key, bcm in part.pins:
            for code in _codes(part.kind, bcm, one_wire):
                yield Caution(code, f"{part.name} {key}: GPIO{bcm} {PIN_CAUTIONS[code]}")


def _codes(kind: str, bcm: int, one_wire: bool) -> Iterator[str]:
    if bcm in ID_EEPROM:
        yield "id-eeprom"
    elif bcm in BOARD_PULL_UPS:
        yield "pull-up"
    elif bcm in PULLED_UP_AT_BOOT and kind in (*LAMPS, *LOADS):
        yield "boot"
    if bcm in UART_PINS:
        yield "uart"
    if bcm in SPI:
        yield "spi"
    if bcm == ONE_WIRE and one_wire:
        yield "one-wire-pin"

"""Which wire of which part goes to which pin. Made from the settings; drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from edge.core.header import (
    GROUND,
    PIN_OF_BCM,
    PLACES,
    POWER_3V3,
    POWER_5V,
    nearest_ground,
    supply_pins,
)

Letter: TypeAlias = Literal["T", "E", "U", "I", "W", "L", "K", ""]
LETTERS: Final[dict[Letter, str]] = {
    "T": "trigger",
    "E": "echo, by a divider",
    "U": "serial (UART)",
    "I": "I2C bus",
    "W": "1-Wire",
    "L": "lamp or buzzer",
    "K": "lock or barrier",
}
MOST_NAMED: Final = 3
DIVIDER: Final = "5 V -> 3.3 V divider: 1 kΩ in series, 2 kΩ to ground"
I2C: Final = {1: (2, 3), 0: (0, 1)}
TXD, RXD, ONE_WIRE = 14, 15, 4
HEADER_UARTS: Final = ("/dev/ttyAMA0", "/dev/ttyS0", "/dev/serial0")
PING_KINDS: Final = ("hc-sr04", "jsn-sr04t")
UART_KINDS: Final = ("a02yyuw", "jsn-sr04t-uart", "aj-sr04m")
LAMPS: Final = ("green", "red", "buzzer")
LOADS: Final = ("lock", "barrier")
OUTPUT_NOTES: Final = {
    "green": "through 330 Ω to a green LED, and to ground",
    "red": "through 330 Ω to a red LED, and to ground",
    "buzzer": "to an NPN transistor or MOSFET that switches an active buzzer",
    "lock": "to a driver or relay board with its own supply, never a coil on a pin: high closes",
    "barrier": "to the barrier through a relay or optocoupler: high closes, without current opens",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A sensor, or one output of a space. `pins` are BCM numbers by what the settings call them."""

    name: str
    kind: str
    space: str | None = None
    pins: tuple[tuple[str, int], ...] = ()
    bus: int | None = None
    mux: int | None = None
    mux_channel: int | None = None
    port: str | None = None
    asks: bool = False

    def bcm(self, key: str) -> int:
        return dict(self.pins)[key]


@dataclass(frozen=True, slots=True)
class Wire:
    """`pins` are places on the header, any of which will do; none where it does not end there."""

    part: str
    wire: str
    to: str
    bcm: int | None = None
    pins: tuple[int, ...] = ()
    note: str = ""
    letter: Letter = ""


def wires_of(parts: Sequence[Part]) -> list[Wire]:
    """In the order of the parts; a multiplexer stands before the first chip behind it."""
    wires: list[Wire] = []
    seen: set[tuple[int, int]] = set()
    for part in parts:
        behind = (part.bus or 0, part.mux or 0)
        if part.mux is not None and behind not in seen:
            seen.add(behind)
            wires += _multiplexer(part)
        wires += _wires(part)
    return wires


def places_of(wires: Sequence[Wire]) -> dict[int, Wire]:
    """Header pin -> the signal on it. Of a bus that several share, the first."""
    used: dict[int, Wire] = {}
    for wire in wires:
        if wire.bcm is not None:
            used.setdefault(PIN_OF_BCM[wire.bcm], wire)
    return used


def supplies_of(wires: Sequence[Wire]) -> dict[int, tuple[str, ...]]:
    """Pin of a supply or of ground -> the parts that may take it, each once."""
    found: dict[int, tuple[str, ...]] = {}
    for wire in wires:
        for pin in wire.pins if wire.bcm is None else ():
            found[pin] = tuple(dict.fromkeys((*found.get(pin, ()), wire.part)))
    return found


def named(parts: Sequence[str]) -> str:
    """The first few of many."""
    more = f" and {len(parts) - MOST_NAMED} more" if len(parts) > MOST_NAMED else ""
    return ", ".join(parts[:MOST_NAMED]) + more


def label(pin: int) -> str:
    mark = PLACES[pin]
    return f"GPIO{mark}" if isinstance(mark, int) else mark


def _wires(part: Part) -> Iterator[Wire]:
    if part.kind in PING_KINDS:
        yield from _pinged(part)
    elif part.kind in UART_KINDS:
        yield from _serial(part)
    elif part.kind == "ds18b20":
        yield from _power(part.name, POWER_3V3, PIN_OF_BCM[ONE_WIRE])
        note = "4.7 kΩ from here to 3.3 V, once for all of them"
        yield _signal(part.name, "DQ", ONE_WIRE, note, "W")
    elif part.bus is not None:
        yield from _magnetic(part)
    else:
        ((key, bcm),) = part.pins
        yield _signal(part.name, key, bcm, OUTPUT_NOTES[key], "K" if key in LOADS else "L")


def _pinged(part: Part) -> Iterator[Wire]:
    yield from _power(part.name, POWER_5V, PIN_OF_BCM[part.bcm("trigger")])
    yield _signal(part.name, "TRIG", part.bcm("trigger"), "3.3 V is enough to trigger it", "T")
    yield _signal(part.name, "ECHO", part.bcm("echo"), DIVIDER, "E")


def _serial(part: Part) -> Iterator[Wire]:
    """An A02YYUW runs on 3.3 V, so its TX is no higher; the others want 5 V to reach far."""
    low = part.kind == "a02yyuw"
    if part.port not in HEADER_UARTS:
        yield Wire(part.name, "all", f"the serial adapter at {part.port}", note="TX to its RX")
        return
    yield from _power(part.name, POWER_3V3 if low else POWER_5V, PIN_OF_BCM[RXD])
    yield _signal(part.name, "TX", RXD, "" if low else DIVIDER, "U")
    if part.asks:
        yield _signal(part.name, "RX", TXD, "the gateway asks on this wire", "U")


def _magnetic(part: Part) -> Iterator[Wire]:
    assert part.bus is not None
    if part.mux is None:
        yield from _on_bus(part.name, part.bus)
        return
    where = f"the multiplexer at 0x{part.mux:02X}"
    yield from _power(part.name, POWER_3V3, 1)
    yield Wire(part.name, "SDA", f"SD{part.mux_channel} of {where}")
    yield Wire(part.name, "SCL", f"SC{part.mux_channel} of {where}")


def _multiplexer(part: Part) -> Iterator[Wire]:
    assert part.bus is not None and part.mux is not None
    name, straps = f"mux 0x{part.mux:02X}", part.mux - 0x70
    high = [f"A{bit}" for bit in range(3) if straps >> bit & 1]
    note = f"TCA9548A; {' and '.join(high)} to 3.3 V" if high else "TCA9548A; A0, A1, A2 to ground"
    yield Wire(name, "A0-A2", "its own pins", note=note)
    yield from _on_bus(name, part.bus)


def _on_bus(name: str, bus: int) -> Iterator[Wire]:
    yield from _power(name, POWER_3V3, 1)
    if bus in I2C:
        data, clock = I2C[bus]
        yield _signal(name, "SDA", data, f"I2C bus {bus}", "I")
        yield _signal(name, "SCL", clock, f"I2C bus {bus}", "I")
    else:
        yield Wire(name, "SDA, SCL", f"I2C bus {bus}", note="where its overlay has put it")


def _power(name: str, supply: str, near: int) -> Iterator[Wire]:
    yield Wire(name, "VCC", supply, pins=supply_pins(supply))
    yield Wire(name, "GND", GROUND, pins=(nearest_ground(near),))


def _signal(name: str, wire: str, bcm: int, note: str, letter: Letter) -> Wire:
    return Wire(name, wire, f"GPIO{bcm}", bcm, (PIN_OF_BCM[bcm],), note, letter)

"""What no single value tells: the keys that a kind of sensor needs, and what clashes with what.

Judged on the file's values as they stand, so that it is told beside the mistakes in single values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from edge.config.words import Loc, dotted
from edge.core.header import PULLED_UP_AT_BOOT, QUIET_PINS, UART_PINS

PINS = range(28)
REGIONS = ("cn", "eu", "br", "us")
OUTPUTS = ("green", "red", "buzzer", "lock", "barrier")
HEADER_UARTS = ("/dev/ttyAMA0", "/dev/ttyS0", "/dev/serial0")
LOADS = ("lock", "barrier")
I2C_PINS = {0: (0, 1), 1: (2, 3)}
# An HC-SR04 that hears nothing holds its line for up to 102.8 ms; two pings are 60 ms apart.
PING_S = {"hc-sr04": 0.103, "jsn-sr04t": 0.06}
SLOWEST_HZ = 1.0


@dataclass(frozen=True, slots=True)
class Keys:
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()


PINNED = Keys(("space", "trigger", "echo"))
MAGNETIC = Keys(("space", "bus"), ("address", "mux", "mux_channel"))
KEYS: dict[str, Keys] = {
    "hc-sr04": PINNED,
    "jsn-sr04t": PINNED,
    "a02yyuw": Keys(("space", "port")),
    "jsn-sr04t-uart": Keys(("space", "port"), ("asks",)),
    "aj-sr04m": Keys(("space", "port"), ("asks",)),
    "auto": MAGNETIC,
    "qmc5883l": MAGNETIC,
    "hmc5883l": MAGNETIC,
    "qmc5883p": MAGNETIC,
    "ds18b20": Keys(("device",)),
}
ADDRESS = {"qmc5883l": 0x0D, "hmc5883l": 0x1E, "qmc5883p": 0x2C}
Section = Mapping[str, Mapping[str, Any]]


class Clash(NamedTuple):
    """`at_key`: its place is the key itself, else the value."""

    loc: Loc
    at_key: bool
    sentence: str


def clashes(values: Mapping[str, Any]) -> Iterator[Clash]:
    """`values` is the whole file; what is of the wrong shape is passed over, being told already."""
    sensors, outputs = _section(values, "sensors"), _section(values, "outputs")
    yield from _wrong_keys(sensors)
    yield from _pins_twice(sensors, outputs)
    yield from _loads_that_move(outputs)
    yield from _chips_twice(sensors)
    for key in ("port", "device"):
        yield from _lines_twice(sensors, key)
    yield from _unknown_spaces(values, sensors)
    yield from _too_many_pings(sensors)
    yield from _regions_at_odds(values)


def _regions_at_odds(values: Mapping[str, Any]) -> Iterator[Clash]:
    """A region that is named twice, and rules of one that is not named: nothing would use them."""
    plates = values.get("plates")
    named = plates.get("regions") if isinstance(plates, dict) else None
    if not isinstance(plates, dict) or not isinstance(named, list):
        return
    for at, region in enumerate(named):
        if region in named[:at]:
            said = f"plates.regions[{at}] is {region!r} once more; name each region once."
            yield Clash(("plates", "regions", at), False, said)
    for key in ("shapes", "readers"):
        given = plates.get(key)
        for region in given if isinstance(given, dict) else ():
            if region in REGIONS and region not in named:
                said = f"plates.{key}.{region} is of no use: plates.regions does not name {region}."
                yield Clash(("plates", key, region), True, said)


def _section(values: Mapping[str, Any], name: str) -> Section:
    section = values.get(name)
    if not isinstance(section, dict):
        return {}
    return {str(key): value for key, value in section.items() if isinstance(value, dict)}


def _wrong_keys(sensors: Section) -> Iterator[Clash]:
    for name, sensor in sensors.items():
        kind = sensor.get("kind")
        keys = KEYS.get(kind) if isinstance(kind, str) else None
        if keys is None:
            continue
        loc: Loc = ("sensors", name)
        if missing := [key for key in keys.needs if sensor.get(key) is None]:
            yield Clash(loc, False, f"{dotted(loc)} ({kind}) needs {_and(missing)}.")
        if kind in ("auto", *ADDRESS) and (lone := _half_a_mux(sensor)):
            yield Clash((*loc, lone), True, f"{dotted(loc)} needs both mux and mux_channel.")
        mine = ("kind", *keys.needs, *keys.may)
        for key in sensor:
            if any(key in other.needs + other.may for other in KEYS.values()) and key not in mine:
                said = f"{dotted((*loc, key))} is not for {kind}, which takes {', '.join(mine)}."
                yield Clash((*loc, key), True, said)


def _half_a_mux(sensor: Mapping[str, Any]) -> str | None:
    there = [key for key in ("mux", "mux_channel") if sensor.get(key) is not None]
    return there[0] if len(there) == 1 else None


def _pins_twice(sensors: Section, outputs: Section) -> Iterator[Clash]:
    taken = _bus_pins(sensors)
    for loc, pin in _pins(sensors, outputs):
        if pin in taken:
            said = f"{dotted(loc)} is {pin}, but BCM {pin} is {taken[pin]} already"
            yield Clash(loc, False, f"{said}; each pin has one use.")
        else:
            taken[pin] = dotted(loc)


def _loads_that_move(outputs: Section) -> Iterator[Clash]:
    """Before the gateway runs nobody holds these pins, and a lock may close on a car."""
    for loc, pin in _pins({}, outputs):
        if loc[-1] not in LOADS:
            continue
        why = "is pulled up" if pin in PULLED_UP_AT_BOOT else "is the serial console's"
        if pin in PULLED_UP_AT_BOOT or pin in UART_PINS:
            said = f"{dotted(loc)} is {pin}, but BCM {pin} {why} until the gateway runs"
            yield Clash(loc, False, f"{said}: it could lock a car in; take {QUIET_PINS}.")


def _pins(sensors: Section, outputs: Section) -> Iterator[tuple[Loc, int]]:
    for top, section, keys in (
        ("sensors", sensors, ("trigger", "echo")),
        ("outputs", outputs, OUTPUTS),
    ):
        for name, entry in section.items():
            for key in keys:
                pin = _whole(entry.get(key))
                if pin is not None and pin in PINS:
                    yield (top, name, key), pin


def _bus_pins(sensors: Section) -> dict[int, str]:
    """Pins that a bus or a serial port of these settings takes, each with who uses it."""
    taken: dict[int, str] = {}
    for name, sensor in sensors.items():
        bus = _whole(sensor.get("bus"))
        for pin in I2C_PINS.get(-1 if bus is None else bus, ()):
            taken.setdefault(pin, f"the I2C bus of sensors.{name}")
        for pin in UART_PINS if sensor.get("port") in HEADER_UARTS else ():
            taken.setdefault(pin, f"the serial port of sensors.{name}")
    return taken


def _chips_twice(sensors: Section) -> Iterator[Clash]:
    """A chip before the multiplexer answers on all of its channels; `auto` may be any chip."""
    seen: list[tuple[str, Mapping[str, Any]]] = []
    for name, sensor in sensors.items():
        if sensor.get("kind") not in ("auto", *ADDRESS):
            continue
        for other, before in seen:
            if _same_line(sensor, before) and _same_address(sensor, before):
                yield Clash(("sensors", name), True, _one_address(name, other, sensor))
                break
        seen.append((name, sensor))


def _one_address(name: str, other: str, sensor: Mapping[str, Any]) -> str:
    address = _address(sensor)
    which = "any address" if address is None else f"0x{address:02X}"
    return (
        f"sensors.{name} ({which} on bus {sensor.get('bus')}) cannot be told from sensors.{other}; "
        "give each another mux_channel, or chips of two kinds with their kind named."
    )


def _same_line(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    if a.get("bus") != b.get("bus"):
        return False
    behind = (a.get("mux"), a.get("mux_channel")), (b.get("mux"), b.get("mux_channel"))
    return behind[0] == behind[1] or None in (a.get("mux"), b.get("mux"))


def _same_address(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    one, other = _address(a), _address(b)
    return one is None or other is None or one == other


def _address(sensor: Mapping[str, Any]) -> int | None:
    given = _whole(sensor.get("address"))
    return ADDRESS.get(str(sensor.get("kind"))) if given is None else given


def _lines_twice(sensors: Section, key: str) -> Iterator[Clash]:
    seen: dict[str, str] = {}
    for name, sensor in sensors.items():
        line = sensor.get(key)
        if not isinstance(line, str):
            continue
        if line in seen:
            loc: Loc = ("sensors", name, key)
            said = f"{dotted(loc)} is {line}, but sensors.{seen[line]} is there already."
            yield Clash(loc, False, said)
        else:
            seen[line] = name


def _unknown_spaces(values: Mapping[str, Any], sensors: Section) -> Iterator[Clash]:
    """Known are those of `spaces`; without it, those that a sensor watches."""
    listed = values.get("spaces")
    if isinstance(listed, list):
        known, where = [str(name) for name in listed], "`spaces` has"
        yield from _not_among(known, where, _named(sensors, "sensors"))
    else:
        known, where = [str(sensor.get("space")) for sensor in sensors.values()], "sensors watch"
        if not sensors:
            return
    yield from _not_among(known, where, _named(_section(values, "cameras"), "cameras"))
    for top in ("outputs", "calibration"):
        keys = ((name, (top, name), True) for name in _section(values, top))
        yield from _not_among(known, where, keys)


def _named(section: Section, top: str) -> Iterator[tuple[str, Loc, bool]]:
    for name, entry in section.items():
        if isinstance(entry.get("space"), str):
            yield entry["space"], (top, name, "space"), False


def _not_among(
    known: list[str], where: str, named: Iterator[tuple[str, Loc, bool]]
) -> Iterator[Clash]:
    here = ", ".join(sorted(set(known) - {"None"})) or "none"
    for space, loc, at_key in named:
        if space not in known:
            said = f"{dotted(loc)} names space {space!r}, but {where} {here}."
            yield Clash(loc, at_key, said)


def _too_many_pings(sensors: Section) -> Iterator[Clash]:
    kinds = [sensor["kind"] for sensor in sensors.values() if sensor.get("kind") in PING_S]
    round_s = sum(PING_S[kind] for kind in kinds)
    if kinds and 1 / round_s < SLOWEST_HZ:
        said = (
            f"sensors has {len(kinds)} ultrasonics on pins, which ping one after the other: each "
            f"would be heard {1 / round_s:.2f} times a second, but must be at least "
            f"{SLOWEST_HZ:.0f}; use serial ones (a02yyuw) for some."
        )
        yield Clash(("sensors",), True, said)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))

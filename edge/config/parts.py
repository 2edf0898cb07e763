"""The settings as parts with wires, for `berth-edge wiring` and the pictures in hardware.md."""

from __future__ import annotations

from edge.config.settings import Config
from edge.core.chips import CHIPS
from edge.core.readings import ChannelKind
from edge.core.wiring import Part


def parts_of(config: Config) -> list[Part]:
    """Sensors in the order of the file, then each output of each space by itself."""
    sensors = [
        Part(
            name=name,
            kind=spec.kind,
            space=spec.space,
            pins=_pins(trigger=spec.trigger, echo=spec.echo),
            bus=spec.bus,
            mux=spec.mux,
            mux_channel=spec.mux_channel,
            port=spec.port,
            asks=spec.asks,
        )
        for name, spec in config.sensors.items()
    ]
    outputs = [
        Part(name=space, kind=key, space=space, pins=((key, bcm),))
        for space, spec in config.outputs.items()
        for key, bcm in _pins(**spec.model_dump())
    ]
    return sensors + outputs


def kinds_in(config: Config) -> dict[str, set[ChannelKind]]:
    """What kinds of sensors each space has, by the settings alone."""
    pairs = [(spec.space, _kind(spec.kind)) for spec in config.sensors.values()]
    pairs += [(spec.space, "camera") for spec in config.cameras.values()]
    named = {space for space, _ in pairs if space is not None}
    found: dict[str, set[ChannelKind]] = {space: set() for space in config.spaces or sorted(named)}
    for space, kind in pairs:
        if space in found:
            found[space].add(kind)
    return found


def _kind(kind: str) -> ChannelKind:
    if kind == "auto" or kind in CHIPS:
        return "magnetic"
    return "temperature" if kind == "ds18b20" else "ultrasonic"


def _pins(**pins: int | None) -> tuple[tuple[str, int], ...]:
    return tuple((key, bcm) for key, bcm in pins.items() if bcm is not None)

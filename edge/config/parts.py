"""The settings as parts with wires, for `berth-edge wiring` and the pictures in hardware.md."""

from __future__ import annotations

from edge.config.settings import Config
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


def _pins(**pins: int | None) -> tuple[tuple[str, int], ...]:
    return tuple((key, bcm) for key, bcm in pins.items() if bcm is not None)

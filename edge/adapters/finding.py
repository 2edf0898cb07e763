"""What this machine tells of itself to `berth-edge init`: magnetometers on its bus, its zone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from edge.adapters.checks import this_machine
from edge.config import FoundSensor

HEADER_BUS = 1
LOCALTIME = Path("/etc/localtime")
ZONES = "zoneinfo/"


class Answering(Protocol):
    """A chip that named itself (edge.adapters.magnetometers.Found)."""

    @property
    def kind(self) -> str: ...
    @property
    def address(self) -> int: ...


Probe = Callable[[int], Iterable[Answering]]


def probe_header_bus(number: int) -> Iterable[Answering]:
    """Only on a Pi: on another machine bus 1 may hold anything. Raises OSError."""
    if not this_machine().is_pi:
        return []
    from edge.adapters.i2c import SmbusBus
    from edge.adapters.magnetometers import probe

    return probe(SmbusBus(number))


def find_magnetometers(probe: Probe = probe_header_bus) -> list[FoundSensor]:
    """Named mag0, mag1, ... in the order of their addresses; a bus that is off finds none."""
    try:
        found = sorted(probe(HEADER_BUS), key=lambda chip: chip.address)
    except (OSError, ImportError):
        return []
    return [
        FoundSensor(f"mag{number}", chip.kind, "", HEADER_BUS, chip.address)
        for number, chip in enumerate(found)
    ]


def machine_zone(localtime: Path = LOCALTIME) -> str:
    """Like Asia/Shanghai, from where /etc/localtime points; UTC if that does not say."""
    try:
        target = os.readlink(localtime)
    except OSError:
        return "UTC"
    return target.partition(ZONES)[2] or "UTC"

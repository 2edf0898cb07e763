"""The real gateway before a simulated lot: agent, detector, looker, worker and eye as they ship,
with the lot's readings and its cameras, in virtual time."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import structlog

from contracts.wire.codec import encode
from contracts.wire.messages import Event
from contracts.wire.topics import topic_for
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.fake_uplink import FakeUplink
from edge.adapters.open_looking import Around, make_looker
from edge.adapters.plate_models import DETECTOR
from edge.agent import Ports
from edge.compose import make_agent
from edge.config import parse_config
from edge.core.readings import PlateRead, Reading
from edge.plate_ports import Eye
from edge.ports import Connected, Item, Received, Took, Watcher
from firmware_sim.frames.lots import LotCamera
from firmware_sim.frames.source import SimulatedCamera
from firmware_sim.lot.lot import Lot
from firmware_sim.lot.scenario import parse_scenario
from firmware_sim.lot.staging import stage
from tests.edge.edge_rig import KEY, make_grant
from tests.edge.edge_settings import SETTINGS

NS = 1_000_000_000
TURN_NS, FRAME_NS = NS // 4, NS
OTHER_DETECTOR = "BERTH_PLATE_DETECTOR"
"""An environment variable: another model file than ours, while ours is being trained."""


def detector() -> Path:
    file = Path(os.environ.get(OTHER_DETECTOR, DETECTOR))
    if not file.is_file():
        pytest.skip(f"{file.name} is not there: `make train-plates` makes it")
    return file


def real_eye() -> Eye:
    pytest.importorskip("onnxruntime")
    from edge.adapters.plate_detector import PlateDetector
    from edge.adapters.plate_eye import open_eye

    return open_eye(["cn"], PlateDetector(detector()))


def staged(events: str, seed: int = 1, spaces: str = "[S1, S2]", lasts: str = "6 min") -> Lot:
    text = f"spaces: {spaces}\nlasts: {lasts}\nevents:\n" + events
    return stage(parse_scenario(text, "a.yaml"), "a.yaml", seed)


class LotGateway:
    """All spaces of a lot with a camera before each. `eye`: in place of the real one."""

    def __init__(self, lot: Lot, eye: Eye) -> None:
        self.lot, self.clock, self.uplink = lot, FakeClock(), FakeUplink()
        self.cameras = {f"cam{n}": LotCamera(lot, space) for n, space in enumerate(lot.spaces)}
        self.sources = {
            name: SimulatedCamera(camera, self.clock.mono_ns, FRAME_NS)
            for name, camera in self.cameras.items()
        }
        self.config = parse_config((SETTINGS + self._settings()).encode(), "f", ".")
        self._items: list[Item] = [Connected()]
        self.logged: list[dict[str, Any]] = []
        log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[self._logged])
        ports = Ports(MemoryOutbox(), self.uplink, self.clock, self._real_s, log)

        def look(core: Any, detectors: Any) -> list[Watcher]:
            around = Around(self.sources, core, detectors, self._put, log, lambda: eye)
            self.looker, self.worker = make_looker(self.config, around)
            return [self.looker]

        channels = lot.header.channels
        self.agent = make_agent(self.config, channels, ports, KEY, lambda: bytes(32), look)
        self.agent.open()

    def grant(self, space: str, plate: str, number: int = 1) -> None:
        message = make_grant(id=f"g-{number}", command=f"c-{number}", space=space, plates=(plate,))
        self._items.append(Received(topic_for(message), encode(message)))

    def run(self) -> LotGateway:
        """The lot's whole time; what its script says a camera read is left out."""
        readings = (it for it in self.lot.readings() if not isinstance(it.value, PlateRead))
        for _, turn in groupby(readings, key=lambda it: it.mono_ns // TURN_NS):
            self._turn(list(turn))
        return self

    def arrivals(self) -> list[Event]:
        return [it.body for it in self.uplink.events() if it.body.kind == "arrival"]

    def match_at(self, space: str) -> tuple[str, str | None]:
        """Of the last arrival there: its match and its grant."""
        found = [event for event in self.arrivals() if event.space == space][-1]
        return found.match, found.grant

    def looks(self) -> list[dict[str, Any]]:
        """What the looker said of each look."""
        return [entry for entry in self.logged if entry["event"] == "plate_look"]

    def _turn(self, readings: list[Reading]) -> None:
        self.clock.advance(readings[-1].mono_ns)
        items, self._items = self._items, []
        self.agent.turn([*items, *map(Took, readings)])
        while self.worker.turn():
            continue

    def _settings(self) -> str:
        lines = ["plates: {regions: [cn]}", "cameras:"]
        for name, space in zip(self.cameras, self.lot.spaces):
            part = self.cameras[name].part
            view = [part.left, part.top, part.right, part.bottom]
            lines.append(f'  {name}: {{space: {space}, source: "folder:/x", view: {view}}}')
        return "\n".join(lines) + "\n"

    def _real_s(self) -> float:
        return self.clock.mono_ns() / NS

    def _put(self, item: Item) -> bool:
        self._items.append(item)
        return True

    def _logged(self, _logger: object, level: str, entry: MutableMapping[str, Any]) -> str:
        self.logged.append(dict(entry))
        return ""

"""A whole gateway that reads plates, in virtual time: real agent, detector, looker and worker on a
fake camera, with an eye that knows what stands in each picture."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import structlog
from edge_rig import make_grant
from edge_settings import SETTINGS

from contracts.wire.codec import encode
from contracts.wire.messages import Event, PlateProof
from contracts.wire.topics import topic_for
from edge.adapters.fake_camera import FakeCamera
from edge.adapters.fake_clock import FakeClock
from edge.adapters.fake_outbox import MemoryOutbox
from edge.adapters.fake_plates import glimpse_of
from edge.adapters.fake_uplink import FakeUplink
from edge.adapters.open_looking import Around, make_looker
from edge.agent import Ports
from edge.compose import make_agent
from edge.config import parse_config
from edge.core.plate_votes import Glimpse
from edge.core.readings import Channel, Reading
from edge.ports import Connected, Item, Received, Took, Watcher

NS = 1_000_000_000
TURN_S = 0.25
SIDE = 600
KEY = bytes(range(1, 33))
CHANNELS = {
    "us0": Channel("us0", "ultrasonic", "S1", "hc-sr04"),
    "mag0": Channel("mag0", "magnetic", "S1", "qmc5883l", 3000.0),
    "us1": Channel("us1", "ultrasonic", "S2", "a02yyuw"),
    "cam0": Channel("cam0", "camera", "S1"),
}
CAMERAS = 'cameras: {cam0: {space: S1, source: "v4l2:/dev/video0"}}\n'
PLATES = "plates: {regions: [cn]}\n"
OWN, STRANGER, NEIGHBOUR = "沪A12345", "粤B98K76", "沪A12346"
US_PER_M = 2e6 / 343.42


@cache
def noise(side: int) -> Any:
    return np.random.default_rng(side).integers(0, 255, (side, side, 3), np.uint8)


def picture(scene: int, number: int, side: int = SIDE) -> Any:
    """Never twice the same, as a camera's, with the scene's number in its corner."""
    image = noise(side).copy()
    image[0, 0] = scene
    image[16, 16] = number % 256, number // 256 % 256, number // 65536
    return image


class SceneEye:
    """Sees in each picture what its scene holds. `looks` counts them."""

    def __init__(self) -> None:
        self.scenes: list[Sequence[Glimpse]] = [()]
        self.looks = 0
        self.breaks: Exception | None = None

    def look(self, image: Any) -> list[Glimpse]:
        self.looks += 1
        if self.breaks is not None:
            raise self.breaks
        return list(self.scenes[int(image[0, 0, 0])])


class Gate:
    """Space S1 with an ultrasonic, a magnetometer and a camera. Empty at first."""

    def __init__(
        self,
        data: Path | None = None,
        plates: str = PLATES,
        camera: bool = True,
        cameras: str = CAMERAS,
    ) -> None:
        self.now_s = 1.0
        self.config = parse_config((SETTINGS + cameras + plates).encode(), "f", str(data or "."))
        self.camera, self.eye = FakeCamera(self.now_ns), SceneEye()
        self.films = camera
        self.side = SIDE
        self.car = False
        self.scene = 0
        self._count = 0
        self._rng = Random(1)
        self._items: list[Item] = [Connected()]
        self.readings: list[Reading] = []
        self.uplink, self.clock = FakeUplink(), FakeClock()
        self.logged: list[dict[str, Any]] = []
        log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[self._logged])
        ports = Ports(MemoryOutbox(), self.uplink, self.clock, lambda: self.now_s, log)

        def look(core: Any, detectors: Any) -> list[Watcher]:
            frames = {"cam0": self.camera}
            around = Around(frames, core, detectors, self._put, log, lambda: self.eye)
            self.looker, self.worker = make_looker(self.config, around)
            return [self.looker]

        self.agent = make_agent(self.config, CHANNELS, ports, KEY, lambda: bytes(32), look)
        self.agent.open()

    def now_ns(self) -> int:
        return int(self.now_s * NS)

    def shows(self, *glimpses: Glimpse | str) -> None:
        """From now on, and each frame as well as the one before."""
        seen = [glimpse_of(it) if isinstance(it, str) else it for it in glimpses]
        self.eye.scenes.append(seen)
        self.scene = len(self.eye.scenes) - 1

    def grant(self, **changes: object) -> None:
        message = make_grant(**changes)
        self._items.append(Received(topic_for(message), encode(message)))

    def comes(self, *glimpses: Glimpse | str) -> Gate:
        self.shows(*glimpses)
        self.car = True
        return self.run(40)

    def goes(self) -> Gate:
        self.scene, self.car = 0, False
        return self.run(40)

    def run(self, lasts_s: float, freeze: bool = False) -> Gate:
        for _ in range(round(lasts_s / TURN_S)):
            self.now_s += TURN_S
            self._film(freeze)
            self._sense()
            items, self._items = self._items, []
            self.agent.turn(items)
            while self.worker.turn():
                continue
        return self

    def events(self) -> list[Event]:
        found = {signed.body.seq: signed.body for signed in self.uplink.events()}
        return [event for _, event in sorted(found.items()) if event.space == "S1"]

    def arrival(self) -> tuple[str, str | None, str | None]:
        """The last one: its match, its grant, and the plate that went out beside it."""
        signed = [it for it in self.uplink.events() if it.body.kind == "arrival"][-1]
        proof: PlateProof | None = signed.plate
        return signed.body.match, signed.body.grant, None if proof is None else proof.text

    def logs(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.logged if entry["event"] == event]

    def _film(self, freeze: bool) -> None:
        if self.films:
            self._count += not freeze
            self.camera.show(picture(self.scene, self._count, self.side))

    def _sense(self) -> None:
        at_ns, moved_ut = self.now_ns(), 9.0 if self.car else 0.0
        if self.now_s % 0.5 == 0:
            metres = (0.9 if self.car else 2.6) + self._rng.gauss(0, 0.006)
            self._took(Reading(at_ns, "us0", float(round(metres * US_PER_M))))
        for tenth in range(2):
            x, y, z = (round(30 * (part + self._rng.gauss(0, 0.3))) for part in (30, moved_ut, 40))
            self._took(Reading(at_ns + tenth * NS // 10, "mag0", (x, y, z)))

    def _took(self, reading: Reading) -> None:
        self._items.append(Took(reading))

    def _put(self, item: Item) -> bool:
        assert isinstance(item, Took)
        self.readings.append(item.reading)
        self._items.append(item)
        return True

    def _logged(self, _logger: object, level: str, entry: MutableMapping[str, Any]) -> str:
        self.logged.append(dict(entry))
        return ""

"""berth-edge watch --camera: what each camera sees now, a line a look. Nothing of it is kept."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING

import typer

from edge.adapters.bundle import granted_plates
from edge.adapters.camera import FrameSource
from edge.adapters.clock import SystemClock
from edge.adapters.outbox import FILE
from edge.adapters.sensors import open_cameras
from edge.config import CameraSpec, Config
from edge.core.faults import ADVICE
from edge.core.plate_masks import shown_plate
from edge.core.plate_regions import Region
from edge.errors import VisionMissing
from edge.plate_ports import Eye

if TYPE_CHECKING:
    from edge.core.plate_verdicts import Sight

PACE_S = 1.0
NO_PICTURE = "no picture yet"


@dataclass(frozen=True, slots=True)
class Read:
    """One plate in view: `text` masked unless it is expected, `confidence` that it is right."""

    text: str
    confidence: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Looked:
    """`why`: what there was instead of a picture, else None."""

    camera: str
    space: str
    why: str | None = None
    reads: tuple[Read, ...] = ()
    ms: float = 0.0

    def line(self, at: datetime) -> str:
        seen = ", ".join(f"{one.text} {one.confidence:.2f} {one.verdict}" for one in self.reads)
        said = self.why or (f"{seen or 'no plate'} ({self.ms:.0f} ms)")
        return f"{at:%H:%M:%S} {self.camera} {self.space}: {said}"

    def row(self, at: datetime) -> dict[str, object]:
        plates = [
            {"text": one.text, "confidence": round(one.confidence, 4), "verdict": one.verdict}
            for one in self.reads
        ]
        row = {"at": at.isoformat(), "camera": self.camera, "space": self.space}
        return {**row, "why": self.why, "plates": plates, "ms": round(self.ms, 1)}


class CameraWatch:
    """`real_s` is monotonic, for the time a look takes."""

    def __init__(
        self,
        frames: Mapping[str, FrameSource],
        cameras: Mapping[str, CameraSpec],
        eye: Eye,
        regions: Sequence[Region],
        expected: Sequence[str],
        real_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._frames, self._cameras, self._eye = frames, cameras, eye
        self._regions, self._expected, self._real_s = regions, expected, real_s

    def looks(self) -> Iterator[Looked]:
        """One of each camera."""
        for name, source in self._frames.items():
            space, frame = self._cameras[name].space, source.latest()
            if source.fault is not None:
                yield Looked(name, space, ADVICE[source.fault].en)
            elif frame is None:
                yield Looked(name, space, NO_PICTURE)
            else:
                begun_s = self._real_s()
                reads = self._reads(frame.image)
                yield Looked(name, space, None, reads, (self._real_s() - begun_s) * 1000)

    def _reads(self, image: object) -> tuple[Read, ...]:
        from edge.adapters.pictures import fault_of
        from edge.core.plate_tracks import judged

        if fault_of(image) is not None:
            return ()
        sights = [judged([one], self._regions, self._expected) for one in self._eye.look(image)]
        return tuple(
            Read(self._shown(sight), sight.confidence, sight.verdict)
            for sight in sights
            if sight.verdict != "none"
        )

    def _shown(self, sight: Sight) -> str:
        """What was doubtful is shown as it was read."""
        text = sight.text if sight.verdict == "accepted" else sight.free or sight.text
        return shown_plate(text, self._expected)


def watch_cameras(config: Config, seconds: float, as_json: bool, stops: Sequence[int]) -> None:
    if not config.cameras or config.plates is None:
        missing = "`cameras:`" if not config.cameras else "`plates:`, such as {regions: [cn]}"
        raise typer.BadParameter(f"the settings have no {missing}")
    try:
        from edge.adapters.open_looking import eye_of, regions_of
    except ImportError:
        raise VisionMissing("numpy cannot be imported.") from None
    eye, regions = eye_of(config.plates), regions_of(config.plates)
    expected = (*granted_plates(config.data_path / FILE), *config.plates.residents)
    clock = SystemClock()
    _, sources = open_cameras(config.cameras, clock.mono_ns)
    watch = CameraWatch(dict(zip(config.cameras, sources)), config.cameras, eye, regions, expected)
    until_s, wait = time.monotonic() + seconds, Event().wait
    try:
        while not stops and time.monotonic() < until_s:
            wait(min(PACE_S, max(0.0, until_s - time.monotonic())))
            for looked in watch.looks():
                at = clock.wall_at(clock.mono_ns())
                print(
                    json.dumps(looked.row(at), ensure_ascii=False) if as_json else looked.line(at)
                )
            sys.stdout.flush()
    finally:
        for source in sources:
            source.close()

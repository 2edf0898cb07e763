"""Puts together what reads plates at a running gateway, as its settings want it. Imported only
where plates are read: it needs numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from edge.adapters.camera import FrameSource
from edge.adapters.evidence import EvidenceFolder
from edge.adapters.look_worker import LookWorker, MakeEye, Tell, Vault
from edge.adapters.looking import Camera, Knows, PlateLooker
from edge.adapters.plate_checks import Files, missing_readers
from edge.adapters.sensors import is_folder
from edge.config import CameraSpec, Config, PlatesSpec
from edge.config.plates import OURS
from edge.core.gateway import Gateway
from edge.core.plate_evidence import EvidenceLimits
from edge.core.plate_regions import REGIONS, Region, with_shapes
from edge.core.plate_tracks import WHOLE, View
from edge.core.plate_watch import WatchSettings
from edge.core.space import Detector
from edge.plate_ports import Eye
from edge.ports import Put

# The last frame must have been read before the arrival is told.
READING_S, LEAST_STANDING_S = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Around:
    """What a looker stands between. `eye`: a fake's, in place of the one that the settings name."""

    frames: Mapping[str, FrameSource]
    core: Gateway
    detectors: Mapping[str, Detector]
    put: Put
    log: FilteringBoundLogger
    eye: MakeEye | None = None


def open_looker(config: Config, around: Around) -> PlateLooker:
    """Started; the models are loaded on its own thread."""
    looker, worker = make_looker(config, around)
    worker.start()
    return looker


def make_looker(config: Config, around: Around) -> tuple[PlateLooker, LookWorker]:
    """Not started: whoever drives the worker's `turn` needs no thread."""
    plates, log = config.plates, around.log
    assert plates is not None

    def tell(code: str, detail: str) -> None:
        log.info(code, detail=detail)

    worker = LookWorker(
        around.eye or (lambda: eye_of(plates, tell)),
        regions_of(plates),
        around.put,
        tell,
        vault_of(config, plates),
    )
    cameras = [
        camera_of(name, spec, around)
        for name, spec in config.cameras.items()
        if name in around.frames and spec.space in around.detectors
    ]
    core, residents = around.core, tuple(plates.residents)

    def expected(space: str, at: datetime) -> tuple[str, ...]:
        return (*core.expected_plates(space, at), *residents)

    settings = watch_settings(plates, config.timing.plate_wait_s)
    return PlateLooker(cameras, worker, Knows(expected, core.granted), settings, log), worker


def camera_of(name: str, spec: CameraSpec, around: Around) -> Camera:
    source, detector = around.frames[name], around.detectors[spec.space]
    return Camera(name, spec.space, source, detector, view_of(spec), is_folder(spec.source))


def eye_of(plates: PlatesSpec, tell: Tell | None = None, files: Files | None = None) -> Eye:
    """Raises VisionMissing or PlateModelWrong; `tell` hears of each reader that is missing."""
    from edge.adapters.plate_eye import open_eye, open_finder

    finder = open_finder(None if plates.detector == OURS else plates.detector)
    readers: dict[str, Sequence[str]] = {name: names for name, names in plates.readers.items()}
    eye = open_eye(plates.regions, finder, readers or None)
    if tell is not None:
        for name in missing_readers(plates, files):
            tell("reader_missing", name)
    return eye


def regions_of(plates: PlatesSpec) -> list[Region]:
    return [with_shapes(REGIONS[name], plates.shapes.get(name, ())) for name in plates.regions]


def view_of(spec: CameraSpec) -> View:
    return View(*spec.view) if spec.view is not None else WHOLE


def vault_of(config: Config, plates: PlatesSpec) -> Vault | None:
    if plates.evidence_key is None:
        return None
    limits = EvidenceLimits(plates.evidence_days, plates.evidence_stays)
    return Vault(EvidenceFolder(config.data_path, limits), plates.evidence_key)


def watch_settings(plates: PlatesSpec, plate_wait_s: float) -> WatchSettings:
    standing_s = max(plate_wait_s - READING_S, LEAST_STANDING_S)
    return WatchSettings(plates.frames, plates.pace_s, standing_s=standing_s)

"""The detectors of a gateway's spaces, each begun with what is known of its space."""

from __future__ import annotations

from collections.abc import Mapping

from edge.core.fusion import DetectorSettings, SpaceDetector
from edge.core.occupancy import Levels
from edge.core.outputs import SpaceRecord
from edge.core.readings import Channel
from edge.core.space import Detector


def make_detectors(
    channels: Mapping[str, Channel],
    spaces: tuple[str, ...],
    records: Mapping[str, SpaceRecord],
    settings: DetectorSettings | None = None,
    levels: Mapping[str, Levels] | None = None,
) -> dict[str, Detector]:
    """`levels` are the calibrated ones, by space; what a record has learned goes before them.

    A restored detector keeps its learned levels, but must decide anew what it sees.
    """
    settings, levels = settings or DetectorSettings(), levels or {}
    detectors: dict[str, Detector] = {}
    for space in spaces:
        own = tuple(ch for ch in channels.values() if ch.space in (space, None))
        detectors[space] = SpaceDetector(space, own, settings, levels.get(space))
        state = records[space].detector if space in records else None
        if state is None:
            continue
        undecided = {**state, "standing": "unknown", "supported_ns": None}
        try:
            detectors[space] = SpaceDetector.restore(space, own, settings, undecided)
        except ValueError:
            continue  # Of an older version: the levels are learned again.
    return detectors

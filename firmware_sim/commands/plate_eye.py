"""The eye of `berth-sim replay`: opened where a trace has pictures and the reader is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from edge.core.fusion import Change
from edge.core.readings import Channel
from edge.errors import EdgeError
from firmware_sim.trace import Truth

if TYPE_CHECKING:
    from firmware_sim.frames.reading import PictureReader, Pictures, Seen

EVENT_FIELDS = ("kind", "space", "at_ns", "uncertainty_s", "reported_ns")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`eye` None: where there are pictures and all is installed. `detector`: another than ours."""

    eye: bool | None = None
    region: str = "cn"
    expected: tuple[str, ...] = ()
    detector: Path | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """`by_place`: of the changes. `found`: for the report; None where nothing was looked at."""

    by_place: Mapping[int, Seen]
    found: dict[str, Any] | None = None


NOT_LOOKED = Looked({})


def pictures_for(channels: Mapping[str, Channel], wanted: Wanted) -> Pictures | None:
    """ModuleNotFoundError is said with what to install; None where nobody wants to look."""
    if wanted.eye is False or all(one.kind != "camera" for one in channels.values()):
        return None
    try:
        from firmware_sim.frames.reading import Pictures
    except ModuleNotFoundError as missing:
        if wanted.eye:
            raise ValueError(_install(missing.name or "a library")) from None
        return None
    return Pictures(channels)


def looked(
    trace: Path,
    changes: Sequence[Change],
    pictures: Pictures | None,
    rows: Sequence[Truth] | None,
    wanted: Wanted,
) -> Looked:
    """ValueError where the eye is asked for and cannot be opened, or the trace has no pictures."""
    if pictures is None or not pictures.by_space:
        if wanted.eye:
            raise ValueError("the trace has no pictures: `berth-sim generate --frames` makes some")
        return NOT_LOOKED
    try:
        reader = _open(trace, wanted)
    except EdgeError as error:
        if wanted.eye:
            raise ValueError(str(error)) from None
        typer.echo(f"berth-sim: the trace's pictures are not read: {error}", err=True)
        return NOT_LOOKED
    from firmware_sim.frames.reading import arrivals_seen, figures

    seen = arrivals_seen(changes, pictures, reader)
    found = {**figures(changes, seen, rows), "pictures": reader.pictures}
    return Looked(seen, found | {"refused": reader.refused})


def event_line(change: Change, seen: Seen | None, expected: Sequence[str]) -> str:
    """With `plate` only where pictures were looked at."""
    fields = asdict(change)
    event = {name: fields[name] for name in EVENT_FIELDS}
    if seen is not None:
        from firmware_sim.frames.reading import told

        event["plate"] = told(seen, expected)
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"


def sentence(seen: Seen | None, expected: Sequence[str]) -> str:
    """What stands behind an arrival's line on the screen."""
    if seen is None:
        return ""
    from firmware_sim.frames.reading import told

    said = told(seen, expected)
    if seen.sight.verdict == "none":
        return f", no plate in {seen.frames} frames"
    matched = f" {said['match']}" if said["match"] else ""
    return f", plate {said['text']}{matched} ({said['confidence']} from {seen.frames} frames)"


def _open(trace: Path, wanted: Wanted) -> PictureReader:
    from edge.adapters.plate_detector import PlateDetector
    from edge.adapters.plate_eye import open_eye
    from edge.core.plate_regions import REGIONS
    from firmware_sim.frames.reading import PictureReader

    if wanted.region not in REGIONS:
        raise ValueError(f"unknown region {wanted.region!r}: write one of {', '.join(REGIONS)}")
    finder = PlateDetector(wanted.detector) if wanted.detector else None
    eye = open_eye([wanted.region], finder)
    return PictureReader(eye, [REGIONS[wanted.region]], trace.parent, wanted.expected)


def _install(name: str) -> str:
    return f"this needs {name}: install berth with its extra `vision`"

"""The eye of a camera: where the plates of a frame are, and what each reader says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from edge.adapters.plate_crops import View, may_have_two_lines, rectified, side_by_side
from edge.adapters.plate_detector import PlateDetector
from edge.adapters.plate_models import opencv
from edge.adapters.plate_reader import OPENED_BY
from edge.adapters.plate_yolo import open_yolo
from edge.core.plate_decoding import Line, best
from edge.core.plate_regions import REGIONS, Region
from edge.core.plate_votes import Glimpse
from edge.errors import VisionMissing
from edge.plate_ports import MOST_FOUND, FindsPlates, Found, Image, ReadsPlates


@dataclass(frozen=True, slots=True)
class Habit:
    """Who reads a region's plates, and how they are cut for it."""

    readers: tuple[str, ...]
    view: View


PPOCR, ALL = ("ppocr-v4", "ppocr-v6"), ("ppocr-v4", "ppocr-v6", "own")
# It learned plates as they are; the others read lines of text, and are shown that line.
WHOLE = frozenset({"own"})
# Tuned on real plates (docs/plates.md). American plates tell their state above and a motto below:
# only the middle is read. Ours adds nothing to what the others read of European ones.
HABITS: Mapping[str, Habit] = MappingProxyType(
    {
        "cn": Habit(ALL, View(0.0, -0.06, 0.0, -0.06)),
        "eu": Habit(PPOCR, View()),
        "br": Habit(ALL, View()),
        "us": Habit(ALL, View(0.04, -0.18, 0.04, -0.12)),
    }
)
# A lot's settings name one region, seldom two: each view is read by every reader.
MOST_REGIONS = 3


class PlateEye:
    """Eye. One frame at a time."""

    def __init__(
        self,
        finder: FindsPlates,
        readers: Sequence[ReadsPlates],
        regions: Sequence[Region] = (REGIONS["cn"],),
        views: Sequence[View] = (),
    ) -> None:
        """`views`: one a region, or none: the plate as it is for each."""
        self._finder, self._readers = finder, tuple(readers)
        self._regions = tuple(regions)[:MOST_REGIONS]
        seen = tuple(views)[:MOST_REGIONS] or (View(),) * len(self._regions)
        # What was cut for one region's plates says nothing of another's.
        self._cut_for: dict[View, list[str]] = {}
        for region, view in zip(self._regions, seen, strict=True):
            alone = len(self._regions) == 1
            self._cut_for.setdefault(view, []).append("" if alone else region.name)

    def look(self, image: Image) -> list[Glimpse]:
        found = self._finder.find(image)[:MOST_FOUND]
        return [Glimpse(self._lines(image, one), one.quad, one.score) for one in found]

    def _lines(self, image: Image, found: Found) -> tuple[Line, ...]:
        """A plate that may have two lines is read both ways; the one that makes sense counts."""
        whole = rectified(image, found.quad, View())
        crops = [rectified(image, found.quad, view) for view in self._cut_for]
        lines = self._read(crops, whole)
        two_lines = [region for region in self._regions if region.two_line]
        if not two_lines or not may_have_two_lines(found.quad):
            return lines
        beside = self._read([side_by_side(crop) for crop in crops], side_by_side(whole))
        return max(lines, beside, key=lambda said: _sense(said, two_lines))

    def _read(self, crops: Sequence[Image], whole: Image) -> tuple[Line, ...]:
        lines: list[Line] = []
        for reader in self._readers:
            if reader.name in WHOLE:
                lines += reader.read([whole])
                continue
            for line, names in zip(reader.read(crops), self._cut_for.values(), strict=True):
                lines += [replace(line, region=name) for name in names]
        return tuple(lines)


def open_eye(
    regions: Sequence[str] = ("cn",),
    finder: FindsPlates | None = None,
    readers: Mapping[str, Sequence[str]] | None = None,
) -> PlateEye:
    """`readers`: by region, in place of those of HABITS. Within a second; raises VisionMissing."""
    opencv()
    asked = {name: habit.readers for name, habit in HABITS.items()} | dict(readers or {})
    names = dict.fromkeys(name for region in regions for name in asked[region])
    views = [HABITS[region].view for region in regions]
    return PlateEye(
        finder or open_finder(),
        open_readers(tuple(names)),
        [REGIONS[region] for region in regions],
        views,
    )


def open_finder(path: str | None = None) -> FindsPlates:
    """Ours, or a user's own YOLO; raises VisionMissing or PlateModelWrong."""
    return PlateDetector() if path is None else open_yolo(Path(path))


def open_readers(names: Sequence[str]) -> list[ReadsPlates]:
    """Those of `names` that are installed; raises VisionMissing where none is."""
    opened: list[ReadsPlates] = []
    missing: VisionMissing | None = None
    for name in names:
        try:
            opened.append(OPENED_BY[name]())
        except VisionMissing as absent:
            missing = absent
    if not opened:
        raise missing or VisionMissing("No reader is named.")
    return opened


def _sense(lines: Sequence[Line], regions: Sequence[Region]) -> float:
    """How well the likeliest plate of any of the regions explains what was read."""
    likely = [best(lines, region, 1) for region in regions]
    return max((one[0].log_prob for one in likely if one), default=float("-inf"))

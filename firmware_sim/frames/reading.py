"""The pictures of a trace through the real eye: whose car each arrival was."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edge.adapters.picture_refusals import Refused
from edge.adapters.pictures import read_picture
from edge.core.fusion import Change
from edge.core.plate_masks import shown_plate
from edge.core.plate_regions import Region
from edge.core.plate_tracks import sight_of
from edge.core.plate_verdicts import NOTHING, Sight
from edge.core.plate_votes import Glimpse
from edge.core.plates import fold
from edge.core.readings import IMAGE, Channel, Reading
from edge.plate_ports import Eye, Image
from firmware_sim.scoring.matching import match
from firmware_sim.trace import NS, Truth

# The pictures of an arrival: from so long before it to so long after it and after it was told.
BEFORE_NS, AFTER_NS, TOLD_NS, MOST_FRAMES = 4 * NS, 6 * NS, 2 * NS, 8
# Of pictures that could not be read so many are named.
MOST_REFUSED = 20


@dataclass(frozen=True, slots=True)
class Taken:
    mono_ns: int
    channel: str
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pictures of one arrival say; `frames` of them could be looked at."""

    sight: Sight
    frames: int


class Pictures:
    """By space, in time order: seen while the readings pass by."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self.by_space: dict[str, list[Taken]] = {}

    def pass_on(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        for reading in readings:
            if reading.why is not None and reading.why.startswith(IMAGE):
                space = self._channels[reading.channel].space
                if space is not None:
                    name = reading.why.removeprefix(IMAGE)
                    taken = Taken(reading.mono_ns, reading.channel, name)
                    self.by_space.setdefault(space, []).append(taken)
            yield reading

    def around(self, change: Change) -> list[Taken]:
        taken = sorted(self.by_space.get(change.space, ()), key=lambda one: one.mono_ns)
        times = [one.mono_ns for one in taken]
        first = bisect_left(times, change.at_ns - BEFORE_NS)
        last_ns = max(change.at_ns + AFTER_NS, change.reported_ns + TOLD_NS)
        return taken[first : bisect_right(times, last_ns)][-MOST_FRAMES:]


@dataclass(slots=True)
class PictureReader:
    """`beside`: the trace's folder; nothing outside it is opened. `expected`: none are known where
    it is empty."""

    eye: Eye
    regions: Sequence[Region]
    beside: Path
    expected: Sequence[str] = ()
    refused: list[str] = field(default_factory=list)
    pictures: int = 0

    def look(self, taken: Sequence[Taken]) -> Seen:
        glimpses: dict[str, list[list[Glimpse]]] = {}
        for one in taken:
            image = self._image(one.name)
            if image is not None:
                glimpses.setdefault(one.channel, []).append(self.eye.look(image))
        sights = [sight_of(frames, self.regions, self.expected) for frames in glimpses.values()]
        count = sum(map(len, glimpses.values()))
        return Seen(max(sights, key=_weight, default=NOTHING), count)

    def _image(self, name: str) -> Image | None:
        self.pictures += 1
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            self._refuse(name, "it is not beside the trace")
            return None
        image = read_picture(self.beside / path)
        if isinstance(image, Refused):
            self._refuse(name, image.said.en)
            return None
        return image

    def _refuse(self, name: str, why: str) -> None:
        if len(self.refused) < MOST_REFUSED:
            self.refused.append(f"{name}: {why}")


def arrivals_seen(
    changes: Sequence[Change], pictures: Pictures, reader: PictureReader
) -> dict[int, Seen]:
    """By the change's place; only arrivals that have pictures."""
    return {
        place: reader.look(taken)
        for place, change in enumerate(changes)
        if change.kind == "arrival" and (taken := pictures.around(change))
    }


def told(seen: Seen, expected: Sequence[str]) -> dict[str, object]:
    """As an event's line says it. Without a list nothing is matched, and what was read is said."""
    sight = seen.sight
    text = shown_plate(sight.text, expected) if expected and sight.text else sight.text
    matched = sight.verdict if expected else None
    return {"text": text, "match": matched, "confidence": round(sight.confidence, 3),
            "frames": seen.frames}  # fmt: skip


def figures(
    changes: Sequence[Change], seen: Mapping[int, Seen], rows: Sequence[Truth] | None
) -> dict[str, int]:
    """`right`, `wrong`: of what was read or accepted, by the truth where it is known."""
    verdicts = [one.sight.verdict for one in seen.values()]
    counts = {name: verdicts.count(name) for name in ("accepted", "ambiguous", "other", "none")}
    if rows is None:
        return {"arrivals": len(seen), **counts}
    plates = {id(change): row.plate for change, row in match(changes, rows) if row.plate}
    said = [
        (one.sight.text, plates[id(changes[place])])
        for place, one in seen.items()
        if one.sight.verdict in ("accepted", "other") and id(changes[place]) in plates
    ]
    right = sum(fold(text) == fold(plate) for text, plate in said)
    return {"arrivals": len(seen), **counts, "right": right, "wrong": len(said) - right}


def _weight(sight: Sight) -> tuple[int, float]:
    return ("none", "other", "ambiguous", "accepted").index(sight.verdict), sight.confidence

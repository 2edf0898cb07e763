"""Several plates in view: which of them is the comer's.

Plates are followed from frame to frame by place and size. The comer's is the largest of those that
the newest frames show; another one nearly as large that says something else makes it doubtful. What
was in view of the empty space already is a neighbour's, and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import dist

from edge.core.plate_regions import Region
from edge.core.plate_verdicts import Sight, decide
from edge.core.plate_votes import Glimpse, tally

# A plate of the next frame is the same one if it lies nearer than so many of its own widths.
SAME_WIDTHS = 1.5
SAME_SIZE = 2.0
# A neighbour's next car stands a little beside the place of the one before.
PLACE_WIDTHS = 0.75
# Of the newest frames so many tell what is in view now.
NEWEST_FRAMES = 3
# Another plate is as good as the comer's if it is at least this part of its size.
RIVAL = 0.5
MOST_RIVALS = 3
ORDER = ("none", "other", "ambiguous", "accepted")


@dataclass(frozen=True, slots=True)
class View:
    """The part of the picture that the space takes up, each from 0 to 1."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def holds(self, glimpse: Glimpse, size: tuple[int, int]) -> bool:
        """`size` is the picture's (width, height)."""
        x, y = centre(glimpse)
        across, down = x / max(size[0], 1), y / max(size[1], 1)
        return self.left <= across <= self.right and self.top <= down <= self.bottom


WHOLE = View()


@dataclass(frozen=True, slots=True)
class Track:
    """One plate over the frames that show it: (number of the frame, glimpse), oldest first."""

    seen: tuple[tuple[int, Glimpse], ...]

    @property
    def glimpses(self) -> list[Glimpse]:
        return [glimpse for _, glimpse in self.seen]

    def size_since(self, frame: int) -> float:
        """The sum of its areas, in square pixels, in that frame and later ones."""
        return sum(area(glimpse) for number, glimpse in self.seen if number >= frame)


def tracks_of(frames: Sequence[Sequence[Glimpse]]) -> list[Track]:
    """`frames`: the plates of each, oldest first. The comer's is the first of the answer."""
    open_tracks: list[list[tuple[int, Glimpse]]] = []
    for number, glimpses in enumerate(frames):
        free = list(open_tracks)
        for glimpse in sorted(glimpses, key=area, reverse=True):
            near = [track for track in free if _same(track[-1][1], glimpse)]
            if near:
                track = min(near, key=lambda t: dist(centre(t[-1][1]), centre(glimpse)))
                free.remove(track)
            else:
                track = []
                open_tracks.append(track)
            track.append((number, glimpse))
    newest = len(frames) - NEWEST_FRAMES
    tracks = [Track(tuple(track)) for track in open_tracks]
    return sorted(tracks, key=lambda track: -track.size_since(newest))


def without(
    frames: Sequence[Sequence[Glimpse]], around: Sequence[Glimpse]
) -> Sequence[Sequence[Glimpse]]:
    """`frames` without what lies where a plate was in view of the empty space; if that is all there
    is, somebody drove by when it was looked at, and it is taken as it is."""
    rest = [[one for one in frame if not any(_at(one, it) for it in around)] for frame in frames]
    return rest if any(rest) else frames


def sight_of(
    frames: Sequence[Sequence[Glimpse]],
    regions: Sequence[Region],
    expected: Sequence[str],
    around: Sequence[Glimpse] = (),
) -> Sight:
    """What all frames of one arrival say, whatever else is in view."""
    frames = without(frames, around)
    if all(len(glimpses) <= 1 for glimpses in frames):
        return judged([glimpse for glimpses in frames for glimpse in glimpses], regions, expected)
    tracks = tracks_of(frames)
    newest = len(frames) - NEWEST_FRAMES
    sight = judged(tracks[0].glimpses, regions, expected)
    least = RIVAL * tracks[0].size_since(newest)
    rivals = [track for track in tracks[1:] if least > 0 and track.size_since(newest) >= least]
    others = [judged(rival.glimpses, regions, expected) for rival in rivals[:MOST_RIVALS]]
    return doubted(sight, others)


def doubted(sight: Sight, rivals: Sequence[Sight]) -> Sight:
    """Two plates as good as each other, of which one is expected: a person looks."""
    said = [rival for rival in rivals if rival.verdict != "none"]
    if any(one.verdict == "accepted" for one in (sight, *said)) and any(
        one.text != sight.text for one in said
    ):
        named = next(one for one in (sight, *said) if one.verdict == "accepted")
        return replace(named, verdict="ambiguous")
    return sight


def judged(
    glimpses: Sequence[Glimpse], regions: Sequence[Region], expected: Sequence[str]
) -> Sight:
    """The region that says most decides; two that accept different plates are doubtful."""
    sights = [decide(tally(glimpses, region, expected)) for region in regions]
    best = max(sights, key=lambda sight: (ORDER.index(sight.verdict), sight.confidence))
    accepted = {sight.text for sight in sights if sight.verdict == "accepted"}
    return replace(best, verdict="ambiguous") if len(accepted) > 1 else best


def centre(glimpse: Glimpse) -> tuple[float, float]:
    return sum(x for x, _ in glimpse.quad) / 4, sum(y for _, y in glimpse.quad) / 4


def area(glimpse: Glimpse) -> float:
    """By the shoelace formula, in square pixels."""
    corners = glimpse.quad
    turned = zip(corners, (*corners[1:], corners[0]))
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in turned)) / 2


def _at(one: Glimpse, place: Glimpse) -> bool:
    """In the very place, as the plate of a car that has not moved."""
    width = dist(place.quad[0], place.quad[1])
    return dist(centre(one), centre(place)) <= PLACE_WIDTHS * width


def _same(one: Glimpse, other: Glimpse) -> bool:
    width = max(dist(one.quad[0], one.quad[1]), dist(other.quad[0], other.quad[1]))
    small, large = sorted((area(one), area(other)))
    alike = large <= SAME_SIZE * SAME_SIZE * max(small, 1.0)
    return alike and dist(centre(one), centre(other)) <= SAME_WIDTHS * width

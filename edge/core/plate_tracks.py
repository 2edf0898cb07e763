"""Which of the plates in view is the comer's.

Only the frames of a car at rest name it: whoever passed on the lane before is not who parked. In
them plates are followed from frame to frame by place and size. The comer's is the largest; another
of its order of size that says something else makes it doubtful. What lies where a plate was in view
of the empty space already is most likely a neighbour's: it names nobody. Yet nobody is accepted
because it is left out, for the space may have been looked at in the wrong moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import dist

from edge.core.plate_regions import Region
from edge.core.plate_verdicts import NOTHING, Sight, decide
from edge.core.plate_votes import Glimpse, tally

# A plate of the next frame is the same one if it lies nearer than so many of its own widths.
SAME_WIDTHS = 1.5
SAME_SIZE = 2.0
# A neighbour's next car stands a little beside the place of the one before.
PLACE_WIDTHS = 0.75
# Unless it is said otherwise, so many of the newest frames show the car at rest.
FRAMES_AT_REST = 3
# One sighting may be of whoever passes by just then; one is enough if no other frame was taken.
LEAST_SIGHTINGS = 2
# Another plate may be the comer's if it is at least this part of his size: half as wide.
RIVAL = 0.25
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

    @property
    def size(self) -> float:
        """The sum of its areas, in square pixels."""
        return sum(map(area, self.glimpses))

    @property
    def mean(self) -> float:
        return self.size / len(self.seen)

    def stands_at(self, places: Sequence[Glimpse]) -> bool:
        """In one of `places` in all frames."""
        return any(all(_at(one, place) for one in self.glimpses) for place in places)


def tracks_of(frames: Sequence[Sequence[Glimpse]]) -> list[Track]:
    """`frames`: the plates of each, oldest first."""
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
    return [Track(tuple(track)) for track in open_tracks]


def sight_of(
    frames: Sequence[Sequence[Glimpse]],
    regions: Sequence[Region],
    expected: Sequence[str],
    around: Sequence[Glimpse] = (),
    at_rest: int = FRAMES_AT_REST,
) -> Sight:
    """What the frames of one arrival say, oldest first, whatever else is in view. `at_rest`: how
    many of the newest show the car at rest. `around`: what was in view of the empty space."""
    frames = frames[max(0, len(frames) - at_rest) :]
    tracks, least = tracks_of(frames), min(LEAST_SIGHTINGS, len(frames))
    judge = partial(judged, regions=regions, expected=expected)
    came = [track for track in tracks if not track.stands_at(around)]
    sight = _sight_of(tracks, least, judge)
    if len(came) == len(tracks):
        return sight
    # Without its neighbours a stranger is a stranger, but nobody is accepted by leaving one out.
    alone = _sight_of(came, least, judge)
    if alone.verdict == "other":
        return alone
    return sight if _comer(tracks, least) in came else uncertain(sight)


def _sight_of(
    tracks: Sequence[Track], least: int, judge: Callable[[Sequence[Glimpse]], Sight]
) -> Sight:
    comer = _comer(tracks, least)
    if comer is None:
        return NOTHING
    rivals = _rivals(comer, tracks)
    sight = judge(comer.glimpses)
    if len(comer.seen) < least or any(it.seen[-1][0] > comer.seen[-1][0] for it in rivals):
        sight = uncertain(sight)
    return doubted(sight, [judge(rival.glimpses) for rival in rivals])


def _comer(tracks: Sequence[Track], least: int) -> Track | None:
    return max(tracks, key=lambda it: (len(it.seen) >= least, it.size), default=None)


def _rivals(comer: Track, tracks: Sequence[Track]) -> list[Track]:
    """Those of his order of size, by their mean: what is seen once may be who parked."""
    near = [it for it in tracks if it is not comer and it.mean >= RIVAL * comer.mean]
    return sorted(near, key=lambda it: -it.size)[:MOST_RIVALS]


def uncertain(sight: Sight) -> Sight:
    return sight if sight.verdict == "none" else replace(sight, verdict="ambiguous")


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

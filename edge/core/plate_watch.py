"""When a camera is looked through, for how many frames, and when that is enough. A table.

The sensors say when something stirs; then a few frames are taken at a bounded pace, some before the
car has come to rest and some after. A camera whose picture stands still is not believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

NS = 1_000_000_000
Phase: TypeAlias = Literal["resting", "coming", "standing", "over"]
Signal: TypeAlias = Literal["stir", "arrival", "calm", "enough", "departure"]
Step: TypeAlias = Literal["wait", "look", "end", "survey"]

TABLE: dict[tuple[Phase, Signal], Phase] = {
    ("resting", "stir"): "coming",
    ("resting", "arrival"): "standing",
    ("coming", "arrival"): "standing",
    ("coming", "calm"): "resting",
    ("coming", "enough"): "over",
    ("standing", "enough"): "over",
    # Whoever was read on the lane is not yet who came: what is left of the frames is for him.
    ("over", "arrival"): "standing",
    ("over", "calm"): "resting",
    # What was seen of the car that left is not of the next one.
    ("coming", "departure"): "resting",
    ("standing", "departure"): "resting",
    ("over", "departure"): "resting",
}
# So long after a car left, one frame shows whose plates are in view of the empty space.
SURVEY_NS = 10 * NS
LOOKING: tuple[Phase, ...] = ("coming", "standing")
# Of an arrival's frames so many are kept for the car at rest.
FRAMES_AT_REST = 3
# A verdict of fewer frames may yet change, and of fewer at rest it may be whoever passes by.
FRAMES_TO_BE_SURE, AT_REST_TO_BE_SURE = 3, 2
# What only stirs and never comes, as cars on the lane: frames gained with time, and most at once.
PASSING_GAIN_S, MOST_PASSING = 10.0, 40
# A camera's own noise changes every picture: one that is the same for so long is no live one.
FROZEN_NS = 600 * NS


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """`frames` an arrival; `coming_s` and `standing_s`: how long each phase may last."""

    frames: int = 6
    pace_s: float = 1.0
    coming_s: float = 30.0
    standing_s: float = 4.0


@dataclass(frozen=True, slots=True)
class There:
    """What the sensors of the space say. `occupied` None: they cannot tell."""

    stirs: bool
    occupied: bool | None


class PlateWatch:
    """One camera. `look` numbers the looks: what comes back late belongs to its own only."""

    def __init__(self, settings: WatchSettings) -> None:
        self._set = settings
        self.phase: Phase = "resting"
        # `frames` of this look, of which `at_rest` were taken since the car came to rest.
        self.look = self.frames = self.at_rest = 0
        # Of this phase.
        self.since_ns = 0
        self._due_ns = 0
        self._sure = False
        self._was_occupied = False
        self._survey_ns: int | None = 0
        self._passing, self._passing_ns = float(MOST_PASSING), 0

    def tick(self, now_ns: int, there: There) -> Step:
        """`look`: take a frame now, and call `took`; `end`: say what was seen, once; `survey`: take
        one of the empty space, and call `surveyed`."""
        self._gain(now_ns)
        self._move(self._signal(there), now_ns)
        if self.phase not in LOOKING:
            return "survey" if self._may_survey(now_ns, there) else "wait"
        if self._enough(now_ns):
            self._move("enough", now_ns)
            return "end"
        return "look" if now_ns >= self._due_ns and self._may_look() else "wait"

    def took(self, now_ns: int) -> None:
        self.frames += 1
        self.at_rest += self.phase == "standing"
        self._due_ns = now_ns + int(self._set.pace_s * NS)
        if self.phase == "coming":
            self._passing -= 1.0

    def surveyed(self) -> None:
        self._survey_ns = None

    def saw(self, look: int, frames: int, at_rest: int, certain: bool) -> None:
        """What so many frames of that look gave. `certain`: accepted, or surely another vehicle."""
        if look == self.look:
            enough = frames >= FRAMES_TO_BE_SURE and at_rest >= AT_REST_TO_BE_SURE
            self._sure = certain and enough

    def _signal(self, there: There) -> Signal:
        if there.occupied not in (None, self._was_occupied):
            self._was_occupied = bool(there.occupied)
            return "arrival" if there.occupied else "departure"
        return "stir" if there.stirs else "calm"

    def _move(self, signal: Signal, now_ns: int) -> None:
        if signal == "departure":
            self._survey_ns = now_ns + SURVEY_NS
        phase = TABLE.get((self.phase, signal))
        if phase is None:
            return
        if self.phase == "resting":
            self.look += 1
            self.frames = self.at_rest = 0
            self._due_ns = now_ns
        self._sure = False
        self.phase, self.since_ns = phase, now_ns

    def _enough(self, now_ns: int) -> bool:
        lasts_s = self._set.coming_s if self.phase == "coming" else self._set.standing_s
        late = now_ns - self.since_ns >= lasts_s * NS
        # The last frame has its pause to be read in.
        used_up = self.frames >= self._set.frames and now_ns >= self._due_ns
        return self._sure or late or used_up

    def _may_survey(self, now_ns: int, there: There) -> bool:
        due = self._survey_ns is not None and now_ns >= self._survey_ns
        return due and self.phase == "resting" and there.occupied is False

    def _may_look(self) -> bool:
        if self.phase == "standing":
            return self.frames < self._set.frames
        return self.frames < self._set.frames - FRAMES_AT_REST and self._passing >= 1.0

    def _gain(self, now_ns: int) -> None:
        gained = max(0, now_ns - self._passing_ns) / NS / PASSING_GAIN_S
        self._passing = min(float(MOST_PASSING), self._passing + gained)
        self._passing_ns = now_ns


class Stillness:
    """Since when a camera shows one and the same picture, by any mark of its pictures."""

    def __init__(self) -> None:
        self._mark: int | None = None
        self._changed_ns: int | None = None
        self._same_ns = self._seen_ns = 0

    def saw(self, mark: int, now_ns: int) -> None:
        if mark != self._mark:
            # The first picture of all may have been frozen for hours.
            self._changed_ns = None if self._mark is None else now_ns
            self._mark, self._same_ns = mark, now_ns
        self._seen_ns = now_ns

    def changed(self, since_ns: int) -> bool:
        """Whether a picture later than `since_ns` was another than the one before it."""
        return self._changed_ns is not None and self._changed_ns > since_ns

    def frozen(self) -> bool:
        return self._mark is not None and self._seen_ns - self._same_ns >= FROZEN_NS

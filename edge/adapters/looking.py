"""Looks through the cameras when the sensors say so, and puts the plate that came on the inbox.

A Watcher of the agent's loop: it takes the newest frame, hands it to the worker's thread, and never
waits. From a PlateRead on the camera's channel on, the core does what it does with any camera.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from structlog.typing import FilteringBoundLogger

from contracts.wire.messages import Event, Telemetry
from edge.adapters.camera import Frame, FrameSource, mark_of
from edge.adapters.evidence import About
from edge.adapters.look_worker import Job, LookWorker, Seen
from edge.core.plate_evidence import disputable
from edge.core.plate_tracks import LEAST_SIGHTINGS, WHOLE, View, uncertain
from edge.core.plate_verdicts import NOTHING, Sight
from edge.core.plate_watch import (
    LOOKING,
    NS,
    SURVEY_NS,
    PlateWatch,
    Step,
    Stillness,
    There,
    WatchSettings,
)
from edge.core.plates import DOUBTED, SURE_TO_ACCEPT
from edge.core.readings import PlateRead, Reading
from edge.core.space import Detector
from edge.ports import Moment

# A frame that is older shows what was there before.
STALE_NS = 3 * NS
STILL_EVERY_NS = NS
# How long frames wait for what is told of their stay.
HOLD_NS = 60 * NS
ERASE_EVERY_NS = 3600 * NS


@runtime_checkable
class Stirs(Protocol):
    """A detector that tells more than its space's state says so."""

    @property
    def stirs(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera and the space that it looks at. `may_rest`: its pictures are files, not live."""

    channel: str
    space: str
    source: FrameSource
    detector: Detector
    view: View = WHOLE
    may_rest: bool = False


@dataclass(frozen=True, slots=True)
class Knows:
    """What the core knows: plates expected at this lot at that time, this space's first; and
    whether somebody is expected at a space."""

    expected: Callable[[str, datetime], tuple[str, ...]]
    granted: Callable[[str, datetime], bool]


@dataclass(slots=True, eq=False)
class _Looked:
    camera: Camera
    watch: PlateWatch
    tells: bool
    still: Stillness = field(default_factory=Stillness)
    still_ns: int = 0
    used_ns: int = -1
    taken_ns: int = -1
    seen: Seen | None = None
    open: bool = False
    hold_until_ns: int | None = None


class PlateLooker:
    def __init__(
        self,
        cameras: Sequence[Camera],
        worker: LookWorker,
        knows: Knows,
        settings: WatchSettings,
        log: FilteringBoundLogger,
    ) -> None:
        self._worker, self._knows, self._log = worker, knows, log
        self._looked = {
            camera.channel: _Looked(
                camera, PlateWatch(settings), isinstance(camera.detector, Stirs)
            )
            for camera in cameras
        }
        self._erase_ns = 0

    def took(self, reading: Reading) -> None:
        """What sensors say comes through their detectors."""

    def changed(self, event: Event) -> None:
        """A stay has begun: now it is known whether its frames are for a person."""
        if event.occupancy != "occupied" or event.kind not in ("arrival", "snapshot"):
            return
        for looked in self._looked.values():
            if looked.camera.space == event.space and looked.hold_until_ns is not None:
                looked.hold_until_ns = None
                self._keep_or_drop(looked.camera, event)

    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        for seen in self._worker.results():
            self._saw(seen)
        for looked in self._looked.values():
            self._step(looked, moment)
        # A clock that may be years ahead must not erase what somebody waits for.
        if moment.mono_ns >= self._erase_ns and moment.clock != "unsynced":
            self._erase_ns = moment.mono_ns + ERASE_EVERY_NS
            self._worker.erase(moment.at)
        return ()

    def close(self) -> None:
        self._worker.close()

    def _saw(self, seen: Seen) -> None:
        looked = self._looked[seen.channel]
        if seen.look == looked.watch.look and looked.open:
            looked.seen = seen
            certain = seen.sight.verdict in ("accepted", "other")
            looked.watch.saw(seen.look, seen.frames, seen.at_rest, certain)

    def _step(self, looked: _Looked, moment: Moment) -> None:
        now_ns, watch, camera = moment.mono_ns, looked.watch, looked.camera
        frame = camera.source.latest()
        step = watch.tick(now_ns, _there(looked))
        _note(looked, frame, now_ns)
        if step == "end":
            self._end(looked)
        elif frame is not None and _is_new(looked, frame, now_ns):
            self._use(looked, frame, step, moment)
        if watch.phase == "resting" and looked.open:
            looked.open, looked.seen = False, None
            self._worker.forget(camera.channel)
        if looked.hold_until_ns is not None and now_ns >= looked.hold_until_ns:
            looked.hold_until_ns = None
            self._worker.drop_frames(camera.channel)

    def _use(self, looked: _Looked, frame: Frame, step: Step, moment: Moment) -> None:
        camera, watch, now_ns = looked.camera, looked.watch, moment.mono_ns
        if step == "survey" and _lives(looked, now_ns - SURVEY_NS):
            looked.used_ns = frame.mono_ns
            self._worker.offer(Job(camera.channel, 0, frame, (), camera.view, survey=True))
            watch.surveyed()
        elif step == "look" and _lives(looked, max(watch.since_ns, looked.taken_ns)):
            looked.used_ns, looked.taken_ns, looked.open = frame.mono_ns, now_ns, True
            looked.hold_until_ns = now_ns + HOLD_NS
            expected = self._knows.expected(camera.space, moment.at)
            stands, view = watch.phase == "standing", camera.view
            self._worker.offer(Job(camera.channel, watch.look, frame, expected, view, stands))
            watch.took(now_ns)

    def _end(self, looked: _Looked) -> None:
        seen, camera = looked.seen, looked.camera
        looked.seen = None
        sight = NOTHING if seen is None else _told(seen, looked.watch)
        self._log.info(
            "plate_look",
            channel=camera.channel,
            space=camera.space,
            match=sight.verdict,
            frames=looked.watch.frames,
            ms=None if seen is None else round(seen.ms),
        )
        read = read_of(sight)
        if seen is not None and read is not None:
            self._worker.say(Reading(seen.mono_ns, camera.channel, read))

    def _keep_or_drop(self, camera: Camera, event: Event) -> None:
        expected = self._knows.granted(camera.space, event.at)
        if disputable(event.match, expected):
            self._worker.keep_frames(camera.channel, About.of(event))
        else:
            self._worker.drop_frames(camera.channel)


def read_of(sight: Sight) -> PlateRead | None:
    """As the core hears of it. A doubtful one is told as it was read, not as it was hoped for: a
    person has to compare the two."""
    if sight.verdict == "none":
        return None
    if sight.verdict == "ambiguous":
        text = sight.free or sight.text
        return PlateRead(text, sight.confidence, 0.0) if text else None
    if sight.verdict == "accepted":
        # It has been weighed against all that is expected here: the core must not doubt it again.
        return PlateRead(sight.text, sight.confidence, max(sight.confidence, SURE_TO_ACCEPT))
    # Nobody's plate has passed a limit here, and who books later must not be let in by a guess.
    sure = sight.free_sure if sight.asserted else min(sight.free_sure, DOUBTED)
    return PlateRead(sight.text, sight.confidence, sure)


def _told(seen: Seen, watch: PlateWatch) -> Sight:
    """A machine too slow for its frames has not looked twice at the car at rest: who can tell."""
    enough = seen.at_rest >= min(LEAST_SIGHTINGS, watch.at_rest)
    return seen.sight if enough else uncertain(seen.sight)


def _note(looked: _Looked, frame: Frame | None, now_ns: int) -> None:
    """During a look each picture is compared to the one before; else now and then."""
    due = now_ns >= looked.still_ns or looked.watch.phase in LOOKING
    if frame is not None and due:
        looked.still_ns = now_ns + STILL_EVERY_NS
        looked.still.saw(mark_of(frame.image), now_ns)


def _there(looked: _Looked) -> There:
    detector = looked.camera.detector
    occupancy = detector.occupancy
    occupied = None if occupancy == "unknown" else occupancy == "occupied"
    return There(looked.tells and detector.stirs, occupied)  # type: ignore[attr-defined]


def _lives(looked: _Looked, since_ns: int) -> bool:
    """Whether its picture has changed since then: a frozen one shows the car before. A camera's
    own noise changes it always."""
    return looked.camera.may_rest or looked.still.changed(since_ns)


def _is_new(looked: _Looked, frame: Frame, now_ns: int) -> bool:
    return frame.mono_ns > looked.used_ns and now_ns - frame.mono_ns <= STALE_NS

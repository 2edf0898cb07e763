"""The one thread that reads plates. Nobody waits for it: of a camera's frames the newest waits, and
what it has seen lies ready until somebody looks.

A picture and what was read in it are dropped when its look is over; only a few frames of a look
are held, until it is known whether the stay goes to a person.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any, TypeAlias

from edge.adapters.camera import Frame
from edge.adapters.evidence import About, EvidenceFolder, jpeg_of
from edge.adapters.pictures import fault_of
from edge.core.plate_evidence import MOST_FRAMES
from edge.core.plate_regions import Region
from edge.core.plate_tracks import WHOLE, View, sight_of
from edge.core.plate_verdicts import Sight
from edge.core.plate_votes import Glimpse
from edge.core.readings import Reading
from edge.errors import EdgeError
from edge.plate_ports import Eye
from edge.ports import Put, Took

# Frames that wait, one a camera; a gateway with more cameras at once reads the newest.
MOST_WAITING = 4
MOST_TASKS = 64
MOST_SEEN = 64
MOST_FRAMES_A_LOOK = 16
WAKE_S = 1.0
STOP_S = 2.0
# A model that cannot be loaded is tried again after so long: somebody may install it.
RETRY_S = 300.0
MakeEye: TypeAlias = Callable[[], Eye]
Tell: TypeAlias = Callable[[str, str], None]
"""Hears a code and a detail that holds no plate, on any thread."""
Task: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """`expected`: the plates that may come to this lot now."""

    channel: str
    look: int
    frame: Frame
    expected: tuple[str, ...]
    view: View = WHOLE
    at_rest: bool = False
    """Taken since the car stands there."""
    survey: bool = False
    """Of the empty space: what is in view then is not of who comes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What `frames` of a look say together, of which `at_rest` show the car at rest. `mono_ns`: of
    the newest of them."""

    channel: str
    look: int
    mono_ns: int
    frames: int
    at_rest: int
    sight: Sight
    ms: float


@dataclass(frozen=True, slots=True)
class Vault:
    """Where frames for a dispute go, and whose key opens them."""

    folder: EvidenceFolder
    public: str


@dataclass(slots=True)
class _Look:
    number: int
    glimpses: list[Sequence[Glimpse]] = field(default_factory=list)
    at_rest: int = 0


class LookWorker:
    """`turn` is one step on the caller's thread; `start` makes them on a thread of its own."""

    def __init__(
        self,
        make_eye: MakeEye,
        regions: Sequence[Region],
        put: Put,
        tell: Tell,
        vault: Vault | None = None,
        real_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make_eye, self._regions, self._put, self._tell = make_eye, regions, put, tell
        self._vault, self._real_s = vault, real_s
        self._eye: Eye | None = None
        self._eye_due_s = real_s()
        self._told: set[str] = set()
        self._lock, self._wake, self._stop = Lock(), Event(), Event()
        self._jobs: dict[str, Job] = {}
        self._tasks: deque[Task] = deque(maxlen=MOST_TASKS)
        self._seen: deque[Seen] = deque(maxlen=MOST_SEEN)
        self._looks: dict[str, _Look] = {}
        self._around: dict[str, list[Glimpse]] = {}
        self._frames: dict[str, deque[Any]] = {}
        self._thread: Thread | None = None
        self.dropped = 0

    def offer(self, job: Job) -> None:
        """Takes the place of an older frame of the same camera that still waits."""
        with self._lock:
            self.dropped += self._jobs.pop(job.channel, None) is not None
            self._jobs[job.channel] = job
            while len(self._jobs) > MOST_WAITING:
                del self._jobs[next(iter(self._jobs))]
                self.dropped += 1
        self._wake.set()

    def results(self) -> list[Seen]:
        """What was seen since the last call, oldest first."""
        return [self._seen.popleft() for _ in range(len(self._seen))]

    def say(self, reading: Reading) -> None:
        self._do(lambda: self._said(reading))

    def forget(self, channel: str) -> None:
        """The look is over."""
        with self._lock:
            self._jobs.pop(channel, None)
        self._do(lambda: self._forget(channel))

    def drop_frames(self, channel: str) -> None:
        if self._vault is not None:
            self._do(lambda: self._drop(channel))

    def keep_frames(self, channel: str, about: About) -> None:
        """Seals those of the newest look; they are dropped then."""
        vault = self._vault
        if vault is not None:
            self._do(lambda: self._keep(channel, about, vault))

    def erase(self, now: datetime) -> None:
        """What has been held for too long."""
        vault = self._vault
        if vault is not None:
            self._do(lambda: self._erase(vault, now))

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="plates", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Bounded; a picture under way is left behind, as the thread is a daemon."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(STOP_S)
        else:
            self._finish()

    def turn(self) -> bool:
        """All tasks, and one picture. False if there was nothing to do."""
        self._open()
        busy = self._run_tasks()
        with self._lock:
            job = self._jobs.pop(next(iter(self._jobs))) if self._jobs else None
        if job is not None:
            self._contained(lambda: self._look(job))
        return busy or job is not None

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self.turn():
                self._wake.wait(WAKE_S)
                self._wake.clear()
        self._finish()

    def _finish(self) -> None:
        self._run_tasks()
        self._looks.clear()
        self._frames.clear()

    def _do(self, task: Task) -> None:
        self._tasks.append(task)
        self._wake.set()

    def _run_tasks(self) -> bool:
        count = len(self._tasks)
        for _ in range(count):
            self._contained(self._tasks.popleft())
        return count > 0

    def _open(self) -> None:
        """The first look must not wait for the model, so it is loaded at the start."""
        if self._eye is not None or self._real_s() < self._eye_due_s:
            return
        self._eye_due_s = self._real_s() + RETRY_S
        self._contained(self._load)

    def _load(self) -> None:
        self._eye = self._make_eye()

    def _look(self, job: Job) -> None:
        if self._eye is None:
            return
        if job.survey:
            self._around[job.channel] = [replace(it, lines=()) for it in self._found(job)]
            return
        begun_s = self._real_s()
        held = self._looks.get(job.channel)
        if held is None or held.number != job.look:
            held = self._looks[job.channel] = _Look(job.look)
            self._drop(job.channel)
        self._hold(job)
        held.glimpses.append(self._found(job))
        del held.glimpses[:-MOST_FRAMES_A_LOOK]
        frames, around = len(held.glimpses), self._around.get(job.channel, ())
        held.at_rest = min(held.at_rest + job.at_rest, frames)
        sight = sight_of(held.glimpses, self._regions, job.expected, around, held.at_rest)
        seen = Seen(job.channel, job.look, job.frame.mono_ns, frames, held.at_rest, sight,
                    (self._real_s() - begun_s) * 1000)  # fmt: skip
        self._seen.append(seen)

    def _found(self, job: Job) -> list[Glimpse]:
        image = job.frame.image
        if self._eye is None or fault_of(image) is not None:
            return []
        height, width = image.shape[:2]
        return [one for one in self._eye.look(image) if job.view.holds(one, (width, height))]

    def _hold(self, job: Job) -> None:
        if self._vault is not None:
            frames = self._frames.setdefault(job.channel, deque(maxlen=MOST_FRAMES))
            frames.append(job.frame.image)

    def _said(self, reading: Reading) -> None:
        if not self._put(Took(reading)):
            self._tell("plate_lost", "The inbox stayed full.")

    def _forget(self, channel: str) -> None:
        self._looks.pop(channel, None)

    def _drop(self, channel: str) -> None:
        self._frames.pop(channel, None)

    def _keep(self, channel: str, about: About, vault: Vault) -> None:
        images = self._frames.pop(channel, ())
        jpegs = [jpeg for image in images if (jpeg := jpeg_of(image)) is not None]
        if not jpegs:
            return
        try:
            kept = vault.folder.keep(about, jpegs, vault.public)
        except OSError as error:
            self._tell("evidence_not_kept", error.strerror or "OSError")
        else:
            self._tell("evidence_kept", kept.name)
            for name in kept.erased:
                self._tell("evidence_erased", name)

    def _erase(self, vault: Vault, now: datetime) -> None:
        try:
            gone = vault.folder.erase(now)
        except OSError as error:
            self._tell("evidence_not_erased", error.strerror or "OSError")
        else:
            for name in gone:
                self._tell("evidence_erased", name)

    def _contained(self, task: Task) -> None:
        """What goes wrong with one picture is that picture's: told once a kind, by no more than its
        kind, since a text may hold a plate."""
        try:
            task()
        except EdgeError as error:
            self._tell_once(error.code, str(error))
        except Exception as error:  # noqa: BLE001 - a thread that ends would read no plate any more
            self._tell_once("plates_broke", type(error).__name__)

    def _tell_once(self, code: str, detail: str) -> None:
        if (key := code + detail) not in self._told and len(self._told) < MOST_TASKS:
            self._told.add(key)
            self._tell(code, detail)

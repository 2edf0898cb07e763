"""berth-edge watch."""

from __future__ import annotations

import json
import select
import signal
import sys
import termios
import tty
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live as RichLive

from contracts.wire.messages import EventKind
from edge.adapters.machine_checks import is_running
from edge.commands.listening import listening
from edge.commands.options import CONFIG_FILE, ConfigOption, JsonOption
from edge.commands.watch_camera import watch_cameras
from edge.commands.watch_view import as_json as row_of
from edge.commands.watch_view import fault, line, screen
from edge.compose import calibrated, spaces_of, watched
from edge.config import Config, read_config
from edge.core.detectors import make_detectors
from edge.core.fusion import Change, SpaceDetector
from edge.core.health import ChannelState, Health, believed
from edge.core.live import Live, SpaceView, Told
from edge.core.occupancy import ChangeKind
from edge.core.readings import Reading
from edge.errors import GatewayRuns
from edge.feeds import Feed, sensor_feed, stream_feed

NS = 1_000_000_000
WAIT_S, LINES_EVERY_S = 0.25, 10.0
MAX_NEWS = 200
KINDS: dict[ChangeKind, EventKind] = {
    "arrival": "arrival",
    "departure": "departure",
    "unknown": "fault",
    "known": "snapshot",
}


def watch(
    config: ConfigOption = Path(CONFIG_FILE),
    readings: Annotated[
        str | None, typer.Option(help="Trace lines, a file or -, in place of the sensors.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--seconds", "--for", min=0, help="Else until q or Ctrl-C.")
    ] = None,
    as_json: JsonOption = False,
    camera: Annotated[bool, typer.Option("--camera", help="What the cameras see now.")] = False,
) -> None:
    """Live signals of every space: distance, field, what the detector says, and what is wrong."""
    lasts_s = float("inf") if seconds is None else seconds
    if camera:
        _watch_cameras(config, readings, lasts_s, as_json)
        return
    settings: Config | None = None
    if readings is None:
        settings = read_config(config)
        if is_running(settings.data_path):
            raise GatewayRuns
        feed = sensor_feed(settings)
    else:
        feed = stream_feed(readings)
    watching = Watching(feed, settings, lasts_s)
    stops: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: stops.append(number))
    with _show(Console(), as_json) as show, _keys() as pressed, listening(feed) as listener:
        while not (stops or listener.over or watching.over or pressed() == "q"):
            for reading in listener.take(WAIT_S):
                watching.take(reading)
                if watching.second_began():
                    show(watching, False)
            watching.tick(feed.clock.mono_ns())
            if watching.second_began():
                show(watching, False)
        show(watching, True)


def _watch_cameras(config: Path, readings: str | None, lasts_s: float, as_json: bool) -> None:
    if readings is not None:
        raise typer.BadParameter("a stream has no pictures; leave --readings or --camera out")
    settings = read_config(config)
    if is_running(settings.data_path):
        raise GatewayRuns
    stops: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: stops.append(number))
    watch_cameras(settings, lasts_s, as_json, stops)


class Watching:
    """Detectors, health and live values of one feed, driven by its time."""

    def __init__(self, feed: Feed, settings: Config | None, seconds: float = float("inf")) -> None:
        self._lasts_s = seconds
        channels = feed.channels
        spaces = watched(settings, channels) if settings else spaces_of(channels)
        self._clock = feed.clock
        levels = calibrated(settings) if settings else {}
        self._detectors = make_detectors(channels, spaces, {}, levels=levels)
        self._heard_by = {
            name: [self._detectors[space] for space in spaces if channel.space in (space, None)]
            for name, channel in channels.items()
        }
        self._live, self._health = Live(channels, spaces), Health(channels, feed.absent)
        self._frozen: frozenset[str] = frozenset()
        self._begun_ns: int | None = None
        self._now_ns = 0
        self._second = -1
        self.views: tuple[SpaceView, ...] = ()
        self.news: deque[str] = deque(maxlen=MAX_NEWS)

    @property
    def over(self) -> bool:
        return self.passed_s >= self._lasts_s

    @property
    def passed_s(self) -> float:
        return 0.0 if self._begun_ns is None else (self._now_ns - self._begun_ns) / NS

    @property
    def at(self) -> datetime:
        return self._clock.wall_at(self._now_ns)

    @property
    def states(self) -> tuple[ChannelState, ...]:
        return self._health.states()

    @property
    def passes(self) -> dict[str, int]:
        found = self._detectors.items()
        return {name: it.passes.count for name, it in found if isinstance(it, SpaceDetector)}

    def take(self, reading: Reading) -> None:
        if self.over:
            return
        self._clock.advance(reading.mono_ns)
        self._live.took(reading)
        self._health.took(reading)
        seen = believed(reading, self._frozen)
        for detector in self._heard_by.get(reading.channel, ()):
            self._tell(detector.feed(seen))
        self.tick(reading.mono_ns)

    def tick(self, now_ns: int) -> None:
        if self._begun_ns is None:
            self._begun_ns = now_ns
        self._now_ns = max(self._now_ns, now_ns)
        if now_ns // NS == self._second:
            return
        for detector in self._detectors.values():
            self._tell(detector.tick(now_ns))
        changed = set(self._health.tick(now_ns))
        self._frozen = self._health.frozen()
        for state in self.states:
            if state.name in changed:
                said = fault(state) if state.fault else "It is well again."
                self.news.append(f"{state.name}: {said}")

    def second_began(self) -> bool:
        """True once in each second of the feed; the views are then new."""
        second = self._now_ns // NS
        if second == self._second or self.over:
            return False
        self._second = second
        self.views = self._live.views(self._now_ns)
        return True

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            at = self._clock.wall_at(change.at_ns)
            occupancy = self._detectors[change.space].occupancy
            self._live.told(change.space, Told(KINDS[change.kind], at, occupancy))
            self.news.append(
                f"{change.space} {change.kind} at {at:%H:%M:%S} ± {change.uncertainty_s:.1f} s"
            )


Show = Callable[[Watching, bool], None]


@contextmanager
def _show(console: Console, as_json: bool) -> Iterator[Show]:
    """Called every second of the feed, and at the end."""
    if as_json:
        yield _json
    elif console.is_terminal:
        with RichLive(console=console, auto_refresh=False, screen=False) as live:
            yield lambda watching, _: live.update(
                screen(watching.views, watching.states, watching.at), refresh=True
            )
    else:
        yield _Lines().show


def _json(watching: Watching, last: bool) -> None:
    if not last:
        for view in watching.views:
            print(json.dumps(row_of(view, watching.at)), flush=True)


class _Lines:
    """News at once, the rest every now and then."""

    def __init__(self) -> None:
        self._due_s = 0.0

    def show(self, watching: Watching, last: bool) -> None:
        for news in watching.news:
            print(news)
        watching.news.clear()
        if last or watching.passed_s >= self._due_s:
            self._due_s = watching.passed_s + LINES_EVERY_S
            for view in watching.views:
                print(f"{watching.at:%H:%M:%S} {line(view)}")
        sys.stdout.flush()


@contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """The key that was pressed, or nothing; never waits."""
    if not sys.stdin.isatty():
        yield lambda: ""
        return
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    tty.setcbreak(handle)
    try:
        yield lambda: sys.stdin.read(1) if select.select([handle], [], [], 0)[0] else ""
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)

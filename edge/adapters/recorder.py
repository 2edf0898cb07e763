"""Keeps the minutes around what was odd, as a trace that `berth-sim replay` takes unchanged.

The agent's loop gives it readings and changes; it packs them in memory, and a file is written by a
thread of its own when it is due. It never raises for the disk's sake: what fails is counted and
told.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from contracts.wire.messages import Event, Telemetry
from edge.config.whole_file import write_whole
from edge.core.fusion import Change
from edge.core.readings import Reading
from edge.core.ring import MAX_PLACES, NS, Oddity, OddityFinder, Pack, Ring, lines_of, member
from edge.core.trace_lines import TraceHeader, format_header, parse_reading
from edge.ports import Moment

MB = 1_000_000
AFTER_NS = 60 * NS
DAY_NS = 86_400 * NS
# One thing in one place once in so long: a loose contact must not use up the day of all spaces.
AGAIN_NS = 3_600 * NS
# What the card may get a day, of the 20 MB that a whole gateway may write.
DAY_BYTES = 8 * MB
# The outbox needs the disk more than this does.
LEAVE_FREE_BYTES = 100 * MB
# So many spaces may be odd at once, as when the supply fails, and still fit into a day.
MOST_WHYS = 50
TRACE_END, WHY_END, PART_END = ".trace.jsonl.gz", ".why.json", ".part"

Job: TypeAlias = Callable[[], None]


def in_background(job: Job) -> None:
    # No daemon: a file that is being written at exit is finished.
    threading.Thread(target=job, name="recorder").start()


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def say_nothing(code: str, detail: str) -> None:
    """For who does not want to be told."""


@dataclass(frozen=True, slots=True)
class Means:
    """How the recorder reaches the world. `tell` hears `kept` or `not_kept`, on any thread."""

    run: Callable[[Job], None] = in_background
    free_bytes: Callable[[Path], int] = free_bytes
    tell: Callable[[str, str], None] = say_nothing
    day_bytes: int = DAY_BYTES
    again_ns: int = AGAIN_NS


@dataclass(frozen=True, slots=True)
class _Keeping:
    """One file to be: fixed when it was due, so that a thread can write it.

    `channels` None: all of them.
    """

    name: str
    header: TraceHeader
    packs: tuple[Pack, ...]
    channels: frozenset[str] | None
    about: dict[str, object]
    due_ns: int


@dataclass(slots=True)
class _Pending:
    due_ns: int
    marked_ns: int
    whys: list[tuple[int, Oddity]] = field(default_factory=list)


class Recorder:
    """A Watcher (edge.ports) of the agent's loop."""

    def __init__(
        self,
        folder: Path,
        header: TraceHeader | Callable[[], TraceHeader],
        keep_minutes: float = 3,
        max_files: int = 50,
        max_mb: float = 200,
        means: Means | None = None,
    ) -> None:
        """`header` as a function is asked when a file is due: a clock may be set after boot.

        A file holds the channels of the spaces that it is about, and those of no space.
        """
        self._folder, self._header = folder, header
        self._keep_ns = int(keep_minutes * 60 * NS)
        self._max_files, self._max_bytes = max_files, int(max_mb * MB)
        self._means = means or Means()
        self._ring, self._finder = Ring(self._keep_ns + AFTER_NS), OddityFinder()
        self._now_ns: int | None = None
        self._pending: _Pending | None = None
        self._told_ns: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._written: deque[tuple[int, int]] = deque()
        self._writing = False
        self.kept = self.not_kept = 0

    def took(self, reading: Reading) -> None:
        self._now_ns = reading.mono_ns
        self._ring.add(reading)
        self._found(self._finder.odd(reading))
        self.tick(reading.mono_ns)

    def changed(self, change: Change | Event) -> None:
        self._found(self._finder.odd(change))

    def mark(self, why: str) -> None:
        """Keep these minutes, whatever the finder thinks: an installer or an operator asked."""
        self._mark(Oddity("asked", "", why))

    def tick(self, now_ns: int) -> None:
        """Readings do this by themselves; needed only where they may all stop."""
        pending = self._pending
        if pending is not None and now_ns >= pending.due_ns and not self._writing:
            self._pending = None
            keeping = self._keeping(pending, now_ns)
            self._writing = True
            self._means.run(lambda: self._write(keeping))

    def turned(self, moment: Moment) -> Sequence[Telemetry]:
        self.tick(moment.mono_ns)
        return ()

    def close(self) -> None:
        """What is due later is kept now, in the caller's time."""
        pending, self._pending = self._pending, None
        if pending is not None and not self._writing:
            self._write(self._keeping(pending, self._now_ns or 0))

    def _found(self, oddity: Oddity | None) -> None:
        """Once in `again_ns` for one thing in one place: the file that it is in will do."""
        if oddity is None or self._now_ns is None:
            return
        key, now_ns = (oddity.code, oddity.where), self._now_ns
        before_ns = self._told_ns.get(key)
        if before_ns is None or not before_ns <= now_ns < before_ns + self._means.again_ns:
            self._told_ns[key] = now_ns
            self._told_ns.move_to_end(key)
            if len(self._told_ns) > MAX_PLACES:
                self._told_ns.popitem(last=False)
            self._mark(oddity)

    def _mark(self, oddity: Oddity) -> None:
        if self._now_ns is None:
            return
        if self._pending is None:
            self._pending = _Pending(self._now_ns + AFTER_NS, self._now_ns)
        if len(self._pending.whys) < MOST_WHYS:
            self._pending.whys.append((self._now_ns, oddity))

    def _keeping(self, pending: _Pending, now_ns: int) -> _Keeping:
        header = self._header if isinstance(self._header, TraceHeader) else self._header()
        wall = _wall(header, pending.marked_ns)
        about: dict[str, object] = {
            "wall": wall.isoformat(),
            "mono_ns": pending.marked_ns,
            "whys": [asdict(why) | {"mono_ns": at_ns} for at_ns, why in pending.whys],
        }
        _, first = pending.whys[0]
        name = f"{wall:%Y%m%dT%H%M%SZ}-{_plain(f'{first.code}-{first.where}')}"
        channels = _concerned(header, {why.where for _, why in pending.whys})
        return _Keeping(name, header, self._ring.packs(), channels, about, now_ns)

    def _write(self, keeping: _Keeping) -> None:
        """On its own thread, one at a time."""
        try:
            self._store(keeping)
        except OSError as error:
            self._fail(f"{keeping.name}: {error.strerror or error}")
        else:
            self.kept += 1
            self._means.tell("kept", keeping.name + TRACE_END)
        finally:
            self._writing = False

    def _store(self, keeping: _Keeping) -> None:
        folder = self._folder
        lines = list(lines_of(keeping.packs, keeping.channels))
        data = member(b"".join([_head(keeping, lines), *lines]))
        self._afford(keeping.due_ns, len(data))
        folder.mkdir(parents=True, exist_ok=True)
        for left_over in folder.glob(f"*{PART_END}"):
            left_over.unlink(missing_ok=True)
        if self._means.free_bytes(folder) < len(data) + LEAVE_FREE_BYTES:
            raise OSError(0, "the disk is nearly full")
        digest = hashlib.sha256(data).hexdigest()
        about = keeping.about | {"readings": len(lines), "sha256": digest}
        text = json.dumps(about, ensure_ascii=False, indent=1) + "\n"
        write_whole(folder / (keeping.name + WHY_END), [text.encode()], PART_END)
        write_whole(folder / (keeping.name + TRACE_END), [data], PART_END)
        self._make_room(keeping.name)

    def _afford(self, now_ns: int, size: int) -> None:
        """Raises OSError if the day has no room for it; what then fails counts as written."""
        while self._written and not 0 <= now_ns - self._written[0][0] < DAY_NS:
            self._written.popleft()
        if size + sum(written for _, written in self._written) > self._means.day_bytes:
            raise OSError(0, f"the day's {self._means.day_bytes} bytes are used up")
        self._written.append((now_ns, size))

    def _make_room(self, newest: str) -> None:
        """Names begin with their time: the oldest go first, the newest never."""
        traces = sorted(self._folder.glob(f"*{TRACE_END}"))
        sizes = {path: path.stat().st_size for path in traces}
        for path in traces:
            if len(sizes) <= self._max_files and sum(sizes.values()) <= self._max_bytes:
                return
            name = path.name.removesuffix(TRACE_END)
            if name != newest:
                path.unlink(missing_ok=True)
                path.with_name(name + WHY_END).unlink(missing_ok=True)
                del sizes[path]

    def _fail(self, detail: str) -> None:
        self.not_kept += 1
        self._means.tell("not_kept", detail)


def _concerned(header: TraceHeader, places: set[str]) -> frozenset[str] | None:
    """Names of the channels; `places` are spaces and channels, or "" for all there is."""
    if "" in places:
        return None
    here = {channel.space for name, channel in header.channels.items() if name in places}
    spaces = places | here | {None}
    names = {name for name, channel in header.channels.items() if channel.space in spaces}
    return frozenset(names | places)


def _head(keeping: _Keeping, lines: Sequence[bytes]) -> bytes:
    """The trace's clock begins with its readings, whenever it was looked at."""
    header, names = keeping.header, keeping.channels
    first_ns = parse_reading(lines[0]).mono_ns if lines else keeping.due_ns
    channels = {
        name: channel for name, channel in header.channels.items() if names is None or name in names
    }
    header = replace(header, mono_ns=first_ns, wall=_wall(header, first_ns), channels=channels)
    return format_header(header).encode() + b"\n"


def _wall(header: TraceHeader, mono_ns: int) -> datetime:
    try:
        return header.wall + timedelta(microseconds=(mono_ns - header.mono_ns) // 1000)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _plain(text: str) -> str:
    """A file name's worth of it: names of channels come from settings and streams."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "odd"

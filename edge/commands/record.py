"""berth-edge record."""

from __future__ import annotations

import queue
import signal
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from edge.adapters.trace_file import TraceFile, check_place
from edge.commands.options import CONFIG_FILE, ConfigOption
from edge.config import read_config
from edge.core.faults import wired
from edge.core.health import advice
from edge.core.readings import IMAGE, NO_ECHO, Reading
from edge.feeds import Feed, putting, sensor_feed, stream_feed
from edge.ports import BadReading, Ended, Item, Took

NS = 1_000_000_000
INBOX_ITEMS = 10_000
# What a kill may lose, and how late a stop is seen.
FLUSH_S = 1.0


def record(
    out: Annotated[Path, typer.Option(help="A .trace.jsonl or .trace.jsonl.gz that is not there.")],
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Else until Ctrl-C.")] = None,
    until_ctrl_c: Annotated[bool, typer.Option("--until-ctrl-c", help="As without it.")] = False,
    config: ConfigOption = Path(CONFIG_FILE),
    readings: Annotated[
        str | None, typer.Option(help="Trace lines, a file or -, in place of the sensors.")
    ] = None,
    mask_plates: Annotated[bool, typer.Option("--mask-plates", help="Stars for plates.")] = False,
) -> None:
    """Write what the sensors say to a trace, for `berth-sim replay` and for support."""
    if until_ctrl_c and minutes is not None:
        raise typer.BadParameter("write --minutes or --until-ctrl-c, not both")
    inbox: queue.Queue[Item] = queue.Queue(INBOX_ITEMS)
    lasts_ns = None if minutes is None else round(minutes * 60 * NS)
    check_place(out)
    feed = sensor_feed(read_config(config)) if readings is None else stream_feed(readings)
    for channel, fault in feed.absent.items():
        told = advice(fault, wired(feed.channels[channel]))
        said = f"{channel} does not answer: {told.en} {told.remedy_en} It is tried again."
        print(said, file=sys.stderr)
    with _stops() as stops, _stopped(feed), TraceFile(out, feed.header(), mask_plates) as file:
        feed.start(putting(inbox))
        taking = Taking(file, lasts_ns, feed.channels)
        while not stops and not taking.over:
            taking.take(_next(inbox))
    taking.say(out)
    if not taking.measured:
        _tell_remedies(taking, feed)
        raise typer.Exit(1)


def _tell_remedies(taking: Taking, feed: Feed) -> None:
    """What was absent at the start was told then."""
    print("No sensor measured anything; the recording holds only that.", file=sys.stderr)
    for name, channel in sorted(feed.channels.items()):
        if name in feed.absent:
            continue
        told = advice(taking.last_fault.get(name, "silent"), wired(channel))
        print(f"{name}: {told.en} {told.remedy_en}", file=sys.stderr)


@dataclass(slots=True)
class Taking:
    """One recording under way. Time is the readings': of a stream its own."""

    file: TraceFile
    lasts_ns: int | None
    channels: Collection[str]
    over: bool = False
    bad_lines: int = 0
    broke_off: str = ""
    faults: dict[str, int] = field(default_factory=dict)
    last_fault: dict[str, str] = field(default_factory=dict)
    measured: bool = False
    first_ns: int | None = None

    def take(self, items: list[Item]) -> None:
        for item in items:
            if isinstance(item, Took) and item.reading.channel in self.channels:
                self._reading(item.reading)
            elif isinstance(item, Took):
                self.bad_lines += 1  # its channel is not in the header
            elif isinstance(item, BadReading):
                self.bad_lines += 1
            elif isinstance(item, Ended):
                self.over, self.broke_off = True, item.why
            if self.over:
                return
        if not items:
            self.file.flush()

    def _reading(self, reading: Reading) -> None:
        self.first_ns = reading.mono_ns if self.first_ns is None else self.first_ns
        if self.lasts_ns is not None and reading.mono_ns - self.first_ns >= self.lasts_ns:
            self.over = True
            return
        self.file.add(reading)
        if reading.value is None and reading.why is not None and reading.why != NO_ECHO:
            self.faults[reading.channel] = self.faults.get(reading.channel, 0) + 1
            if reading.why.startswith(IMAGE):
                self.measured = True
            else:
                self.last_fault[reading.channel] = reading.why
        else:
            self.measured = True

    def say(self, out: Path) -> None:
        print(f"{out} with {self.file.readings} readings")
        if self.broke_off:
            print(self.broke_off, file=sys.stderr)
        if self.bad_lines:
            print(f"{self.bad_lines} bad lines were left out", file=sys.stderr)
        for channel, count in sorted(self.faults.items()):
            print(f"{channel}: {count} readings are faults or pictures", file=sys.stderr)


@contextmanager
def _stopped(feed: Feed) -> Iterator[None]:
    try:
        yield
    finally:
        feed.stop()


@contextmanager
def _stops() -> Iterator[list[int]]:
    """Fills when Ctrl-C or SIGTERM comes, so that the file is closed as it should be."""
    stops: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(n, lambda received, _frame: stops.append(received)) for n in numbers]
    try:
        yield stops
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)


def _next(inbox: queue.Queue[Item]) -> list[Item]:
    """What is there; waits FLUSH_S at most for the first, and then nothing."""
    items: list[Item] = []
    try:
        items.append(inbox.get(timeout=FLUSH_S))
        while len(items) < INBOX_ITEMS:
            items.append(inbox.get_nowait())
    except queue.Empty:
        pass
    return items

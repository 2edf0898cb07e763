"""berth-edge record."""

from __future__ import annotations

import queue
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from edge.adapters.clock import SystemClock
from edge.adapters.lines import LineSource, open_readings
from edge.adapters.sampler import Sampler
from edge.adapters.trace_file import TraceFile
from edge.commands.options import CONFIG_FILE, ConfigOption
from edge.config import read_config
from edge.core.readings import NO_ECHO, Reading
from edge.core.trace_lines import TraceHeader
from edge.ports import BadReading, Ended, Item, Put, Took

NS = 1_000_000_000
INBOX_ITEMS = 10_000
PUT_S = 0.5
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
    stops: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stops.append(received))
    lasts_ns = None if minutes is None else round(minutes * 60 * NS)
    source = _sensors(config) if readings is None else _stream(readings)
    with source as (header, start), TraceFile(out, header, mask_plates) as file:
        start(lambda item: _put(inbox, item))
        taking = Taking(file, lasts_ns)
        while not stops and not taking.over:
            taking.take(_next(inbox))
    taking.say(out)


@dataclass(slots=True)
class Taking:
    """One recording under way. Time is the readings': of a stream its own."""

    file: TraceFile
    lasts_ns: int | None
    over: bool = False
    bad_lines: int = 0
    broke_off: str = ""
    faults: dict[str, int] = field(default_factory=dict)
    first_ns: int | None = None

    def take(self, items: list[Item]) -> None:
        for item in items:
            if isinstance(item, Took):
                self._reading(item.reading)
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

    def say(self, out: Path) -> None:
        print(f"{out} with {self.file.readings} readings")
        if self.broke_off:
            print(self.broke_off, file=sys.stderr)
        if self.bad_lines:
            print(f"{self.bad_lines} bad lines were left out", file=sys.stderr)
        for channel, count in sorted(self.faults.items()):
            print(f"{channel}: {count} readings are faults or pictures", file=sys.stderr)


Source = tuple[TraceHeader, Callable[[Put], None]]


@contextmanager
def _stream(name: str) -> Iterator[Source]:
    source = LineSource(open_readings(name))
    try:
        yield source.header, source.start
    finally:
        source.stop()


@contextmanager
def _sensors(config: Path) -> Iterator[Source]:
    from edge.adapters.sensors import channels_of, open_sensors

    settings, clock = read_config(config), SystemClock()
    sensors = open_sensors(settings, clock.mono_ns)
    for sensor in sensors:
        # A probed sensor knows its scale only now, and the header is to name it.
        sensor.open()
        sensor.close()
    now_ns = clock.mono_ns()
    channels = channels_of(sensors, ())
    header = TraceHeader(settings.gateway, settings.tz, now_ns, clock.wall_at(now_ns), channels)
    samplers: list[Sampler] = []

    def start(put: Put) -> None:
        samplers.append(Sampler(sensors, put, clock.mono_ns))
        samplers[0].start()

    try:
        yield header, start
    finally:
        for sampler in samplers:
            sampler.stop()
            if sampler.dropped:
                print(f"{sampler.dropped} readings came faster than written", file=sys.stderr)


def _put(inbox: queue.Queue[Item], item: Item) -> bool:
    try:
        inbox.put(item, timeout=PUT_S)
    except queue.Full:
        return False
    return True


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

"""berth-sim play: a trace to a real broker, through the real gateway, as fast as wanted."""

from __future__ import annotations

import json
import os
import queue
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Waiting
from typing import Annotated, Any, TypeAlias

import structlog
import typer
from structlog.typing import FilteringBoundLogger

from contracts.wire.messages import Event
from contracts.wire.signing import address_of
from contracts.wire.types import checksummed
from edge.adapters.clock import StreamClock
from edge.adapters.keys import KEY_FILE, load_key, make_key
from edge.adapters.mqtt import PahoUplink, parse_broker
from edge.adapters.outbox import SqliteOutbox
from edge.agent import Ports
from edge.compose import make_agent
from edge.config import Config, check_options, read_config
from edge.config.settings import Ledger, Timing
from edge.core.readings import Reading
from edge.core.trace_lines import MAX_NS, TraceHeader
from edge.errors import EdgeError
from edge.ports import Item
from firmware_sim.commands.files import Moment
from firmware_sim.commands.saying import FLAWED, bad_input, refuse
from firmware_sim.cut import Cut, elapsed_text, moment_ns
from firmware_sim.delivered import ConfirmedUplink
from firmware_sim.keyboard import KEYS_HELP, CommandQueue, keys, lines
from firmware_sim.play import (
    FASTEST,
    SLOWEST,
    Command,
    Desk,
    Hearing,
    Player,
    Playhead,
    parse_command,
)
from firmware_sim.trace import TraceReader

CONFIG_FILE = "gateway.yaml"
DEV_CHAIN_ID = 31337
PUT_S = 0.5
PROGRESS_S = 0.2
NOBODY = "nobody acknowledged: no cloud knows this gateway; use --data to play one that is known"
# For a gateway that no cloud knows: the broker has its events at once, or never.
DRAIN_S = 5.0
SAID_OF_EVENT = {"space", "occupancy", "uncertainty_s", "seq", "match"}

Take: TypeAlias = Callable[[float], list[Command | None]]


def play(
    trace: Path,
    broker: Annotated[str | None, typer.Option(help="mqtt://host:1883")] = None,
    rate: Annotated[
        float, typer.Option(min=SLOWEST, max=FASTEST, help="Times as fast as life.")
    ] = 1.0,
    from_: Annotated[str | None, typer.Option("--from", help="As --to; skips to it.")] = None,
    to: Moment = None,
    commands: Annotated[
        str | None, typer.Option(help="A file of commands, or - for stdin; JSON lines come back.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The gateway's folder (`berth-edge init --data`).")
    ] = None,
) -> None:
    """Play a trace over MQTT through the real gateway code; exit 1 if events do not arrive.

    Keys: space pause, s step to the next event, + and - rate, q quit. Commands: pause, resume,
    step, rate N, until MOMENT (waits there for the next one), quit. With --data an event has
    arrived when the cloud acknowledges it. Without, a gateway is made for this run alone, which
    no cloud knows: an event has arrived when the broker has it.
    """
    with bad_input(), _edge_errors(), _folder(data) as folder, TraceReader(trace) as reader:
        header = reader.header
        config = settings_of(folder, header.gateway, broker)
        begin_ns = header.mono_ns if from_ is None else moment_ns(from_, header)
        piece = Cut(
            0 if from_ is None else begin_ns, MAX_NS if to is None else moment_ns(to, header)
        )
        readings = piece.readings(piece.header(header), reader)
        head = Playhead(begin_ns, rate, time.monotonic)
        screen = Screen(header, head, commands is not None)
        desk = partial(Desk, told=screen.told, event=screen.event)
        with _commands(commands, header) as take:
            left = _play(config, header, readings, head, desk(take), known=data is not None)
        screen.end(reader.bad, left, known=data is not None)
    raise typer.Exit(FLAWED if left and head.state != "stopped" else 0)


def settings_of(folder: Path, gateway: str, broker: str | None) -> Config:
    """Of the gateway that lives in the folder, or of one made for this run. ValueError."""
    file = folder / CONFIG_FILE
    if file.exists():
        config = read_config(file)
        fields = config.model_dump() | {"data": str(folder)}
        return Config.model_validate(fields | ({"broker": broker} if broker else {}))
    if broker is None:
        raise ValueError("write --broker mqtt://host:1883, or --data with a gateway's folder")
    ledger = checksummed("00" * 20)
    if wrong := check_options(gateway, broker, str(DEV_CHAIN_ID), ledger, str(folder)):
        raise ValueError(" ".join(wrong))
    timing = Timing(drain_s=DRAIN_S)
    on = Ledger(chain_id=DEV_CHAIN_ID, address=ledger)
    return Config(gateway=gateway, data=str(folder), broker=broker, ledger=on, timing=timing)


def _play(
    config: Config,
    header: TraceHeader,
    readings: Iterable[Reading],
    head: Playhead,
    desk: Desk,
    known: bool,
) -> int:
    """How many events did not arrive. `known`: a cloud may know this gateway."""
    folder = config.data_path
    key = load_key(folder) if (folder / KEY_FILE).exists() else make_key(folder)
    typer.echo(f"berth-sim: {config.gateway} signs as {address_of(key)}", err=True)
    inbox: queue.Queue[Item] = queue.Queue(config.limits.inbox_items)

    def put(item: Item) -> bool:
        try:
            inbox.put(item, timeout=PUT_S)
        except queue.Full:
            return False
        return True

    keep = config.limits.keep_acked_events
    outbox = SqliteOutbox(folder, config.gateway, int(time.time()), keep)
    address = parse_broker(config.broker, config.data_path)
    uplink = (PahoUplink if known else ConfirmedUplink)(
        address, config.gateway, config.timing.keepalive_s, put
    )
    if isinstance(uplink, ConfirmedUplink):
        desk = replace(desk, told=_confirming(uplink, inbox, desk.told))
    hearing = Hearing(head, desk)
    ports = Ports(outbox, uplink, StreamClock(header), time.monotonic, _log(), (hearing,))
    agent = make_agent(config, header.channels, ports, key, lambda: os.urandom(32))
    Player(agent, inbox, head, desk).play(readings, time.monotonic)
    return agent.unacknowledged


def _confirming(
    uplink: ConfirmedUplink, inbox: queue.Queue[Item], told: Callable[[int], None]
) -> Callable[[int], None]:
    """After each turn. What a full inbox has no room for is confirmed again when sent again."""

    def confirm(at_ns: int) -> None:
        for item in uplink.confirmed():
            with suppress(queue.Full):
                inbox.put_nowait(item)
        told(at_ns)

    return confirm


class Screen:
    """What is said while it plays: events as lines, and where it stands; JSON for a program."""

    def __init__(self, header: TraceHeader, head: Playhead, as_json: bool) -> None:
        self._header, self._head, self._json = header, head, as_json
        self._shows = sys.stderr.isatty() and not as_json
        self._said: tuple[str, float] = (head.state, head.rate)
        self._shown_s = 0.0
        self._events = 0

    def event(self, event: Event) -> None:
        self._events += 1
        since = event.at - self._header.wall
        at_ns = self._header.mono_ns + since // timedelta(microseconds=1) * 1000
        if self._json:
            fields = event.model_dump(mode="json", include=SAID_OF_EVENT)
            self._line({"event": event.kind, "at_ns": at_ns, **fields})
            return
        about = " ".join(part for part in (event.space, event.kind, event.occupancy) if part)
        match = "" if event.match == "none" else f", match {event.match}"
        self._wipe()
        typer.echo(f"{elapsed_text(at_ns, self._header)} {about} ±{event.uncertainty_s:g} s{match}")

    def told(self, at_ns: int) -> None:
        """After each turn: on a terminal a line that is written over, five times a second."""
        state = "waiting" if self._head.at_until else self._head.state
        if self._json and self._said != (state, self._head.rate):
            self._said = (state, self._head.rate)
            self._line({"state": state, "rate": self._head.rate, "t_ns": at_ns})
        now_s = time.monotonic()
        if self._shows and now_s >= self._shown_s + PROGRESS_S:
            self._shown_s = now_s
            place = f"{elapsed_text(at_ns, self._header).partition('.')[0]} x{self._head.rate:g}"
            line = f"{place} {state}, {self._events} events   [{KEYS_HELP}]"
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    def end(self, bad: int, left: int, known: bool) -> None:
        self._wipe()
        counts = {"events": self._events, "bad_lines": bad}
        counts["unacknowledged" if known else "undelivered"] = left
        if not known:
            _say(NOBODY)
        if self._json:
            self._line({"state": "ended", **counts})
            return
        told = (f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        typer.echo(", ".join(told), err=True)

    def _wipe(self) -> None:
        if self._shows:
            sys.stderr.write("\r\x1b[K")

    def _line(self, fields: dict[str, Any]) -> None:
        print(json.dumps(fields, ensure_ascii=False, separators=(",", ":")), flush=True)


@contextmanager
def _commands(name: str | None, header: TraceHeader) -> Iterator[Take]:
    """From a script, the keyboard, or nowhere."""
    if name is not None:
        parse = partial(parse_command, moment_ns=lambda text: moment_ns(text, header))
        yield CommandQueue(lines(name, parse, _say)).take
    elif sys.stdin.isatty():
        with keys(sys.stdin.fileno()) as read:
            yield CommandQueue(read).take
    else:
        yield _nobody


def _nobody(wait_s: float) -> list[Command | None]:
    Waiting().wait(wait_s)
    return []


def _say(sentence: str) -> None:
    typer.echo(f"berth-sim: {sentence}", err=True)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data
        return
    with TemporaryDirectory(prefix="berth-play-") as folder:
        yield Path(folder)


@contextmanager
def _edge_errors() -> Iterator[None]:
    """The gateway's refusals are this command's."""
    try:
        yield
    except EdgeError as error:
        refuse(str(error))


def _log() -> FilteringBoundLogger:
    """Only what is wrong: what happens is on the screen."""
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
    )
    return log

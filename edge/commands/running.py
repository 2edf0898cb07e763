"""berth-edge run."""

from __future__ import annotations

import os
import queue
import signal
import time
import traceback
from pathlib import Path
from typing import Annotated

import typer

from edge.adapters.clock import StreamClock
from edge.adapters.keys import load_key
from edge.adapters.lines import LineSource, open_readings
from edge.adapters.mqtt import PahoUplink, parse_broker
from edge.adapters.outbox import SqliteOutbox
from edge.agent import Ports
from edge.commands.options import CONFIG_FILE, ConfigOption, json_log
from edge.compose import make_agent
from edge.config import read_config
from edge.errors import EdgeError
from edge.ports import Item

PUT_S = 0.5


def run(
    readings: Annotated[str, typer.Option(help="Trace lines: a file, or - for standard input.")],
    config: ConfigOption = Path(CONFIG_FILE),
) -> None:
    """Watch the spaces until the readings end and all is acknowledged, or until SIGTERM."""
    settings = read_config(config)
    key, log = load_key(settings.data_path), json_log(settings.gateway)
    source = LineSource(open_readings(readings))
    inbox: queue.Queue[Item] = queue.Queue(settings.limits.inbox_items)

    def put(item: Item) -> bool:
        try:
            inbox.put(item, timeout=PUT_S)
        except queue.Full:
            return False
        return True

    if source.header.gateway != settings.gateway:
        log.warning("readings_of_another_gateway", named=source.header.gateway)
    keep = settings.limits.keep_acked_events
    # Real time, not the stream's: a trace that is played twice must not begin the same epoch.
    outbox = SqliteOutbox(settings.data_path, settings.gateway, int(time.time()), keep)
    if outbox.set_aside is not None:
        log.error("outbox_was_corrupt", kept_as=outbox.set_aside.name)
    broker, keepalive_s = parse_broker(settings.broker), settings.timing.keepalive_s
    uplink = PahoUplink(broker, settings.gateway, keepalive_s, put)
    clock = StreamClock(source.header)
    ports = Ports(outbox, uplink, clock, time.monotonic, log)
    agent = make_agent(settings, source.header.channels, ports, key, lambda: os.urandom(32))
    stops: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stops.append(received))
    source.start(put)
    try:
        agent.run(inbox, lambda: bool(stops))
    except EdgeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outer loop: said in one line, started again by systemd
        # Places only: an exception's text may hold a plate.
        frames = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
        log.error("stopped_by_a_fault", error=type(error).__name__, at=frames[-3:])
        raise typer.Exit(1) from None
    finally:
        source.stop()

"""berth-edge run."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from structlog.typing import FilteringBoundLogger

from edge.adapters.clock import utc_ms
from edge.adapters.keys import load_key
from edge.adapters.machine import ThisMachine
from edge.adapters.mqtt import PahoUplink, parse_broker
from edge.adapters.outbox import SqliteOutbox
from edge.adapters.systemd import Notifier
from edge.agent import Ports
from edge.commands.options import CONFIG_FILE, ConfigOption, json_log
from edge.compose import make_agent
from edge.config import Config, read_config_or_last_good, remember_good
from edge.core.gateway import Gateway
from edge.core.space import Detector
from edge.errors import EdgeError, Mistake
from edge.feeds import Feed, putting, sensor_feed, stream_feed
from edge.lookers import Lookers
from edge.ports import Item, Put, Watcher
from edge.watchers import ShowsSpaces


def run(
    readings: Annotated[
        str | None,
        typer.Option(help="Trace lines: a file, or - for standard input. Else the sensors."),
    ] = None,
    config: ConfigOption = Path(CONFIG_FILE),
) -> None:
    """Watch the spaces until the readings end and all is acknowledged, or until SIGTERM."""
    settings, mistakes = read_config_or_last_good(config)
    log = json_log(settings.gateway)
    key = load_key(settings.data_path)
    _tell_safe_mode(log, config, mistakes)
    if readings is not None and settings.cameras:
        log.warning("cameras_left_out", why="The readings come from a stream, which has no frames.")
    # Before all else: a gateway that has a lock to move must be able to, and until it holds the pin
    # nobody does.
    lamps = _lamps(settings) if readings is None else None
    with ExitStack() as at_the_end:
        if lamps is not None:
            at_the_end.callback(lamps.close)
        feed = _feed(settings, readings, log)
        at_the_end.callback(feed.stop)
        # Closed before the feed: what locks opens first, even if a sensor is slow to let go.
        lookers = Lookers(settings, feed, log, bool(mistakes), lamps)
        at_the_end.callback(lookers.close)
        _watch(settings, feed, key, log, lookers, None if mistakes else config)


def _watch(
    settings: Config,
    feed: Feed,
    key: bytes,
    log: FilteringBoundLogger,
    lookers: Lookers,
    good: Path | None,
) -> None:
    """`good`: the settings file to remember, once an agent could be made of it."""
    if feed.gateway != settings.gateway:
        log.warning("readings_of_another_gateway", named=feed.gateway)
    for channel, fault in feed.absent.items():
        log.warning("sensor_absent_at_start", channel=channel, fault=fault)
    stops: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stops.append(received))
    try:
        inbox: queue.Queue[Item] = queue.Queue(settings.limits.inbox_items)
        put = putting(inbox)
        ports = _ports(settings, feed, log, put)

        def look(core: Gateway, detectors: Mapping[str, Detector]) -> Sequence[Watcher]:
            machine = ThisMachine(settings.data_path, time.monotonic)
            service = Notifier(os.environ.get("NOTIFY_SOCKET"))
            return lookers.open(core, detectors, machine, service, put)

        agent = make_agent(settings, feed.channels, ports, key, lambda: os.urandom(32), look)
        if good is not None:
            remember_good(good)
        feed.start(put)
        agent.run(inbox, lambda: bool(stops))
    except EdgeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outer loop: said in one line, started again by systemd
        # Places only: an exception's text may hold a plate.
        frames = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
        log.error("stopped_by_a_fault", error=type(error).__name__, at=frames[-3:])
        raise typer.Exit(1) from None


def _lamps(settings: Config) -> ShowsSpaces | None:
    """Raises PinsMissing."""
    if not settings.outputs:
        return None
    from edge.adapters.sensors import open_lamps

    return open_lamps(settings)


def _feed(settings: Config, readings: str | None, log: FilteringBoundLogger) -> Feed:
    if readings is not None:
        return stream_feed(readings)
    return sensor_feed(
        settings, lambda name, kind: log.error("driver_broke", channel=name, error=kind)
    )


def _ports(settings: Config, feed: Feed, log: FilteringBoundLogger, put: Put) -> Ports:
    keep = settings.limits.keep_acked_events
    # Real time, not the stream's: a trace that is played twice must not begin the same epoch.
    outbox = SqliteOutbox(settings.data_path, settings.gateway, int(time.time()), keep)
    if outbox.set_aside is not None:
        log.error("outbox_was_corrupt", kept_as=outbox.set_aside.name)
    broker, keepalive_s = (
        parse_broker(settings.broker, settings.data_path),
        settings.timing.keepalive_s,
    )
    uplink = PahoUplink(broker, settings.gateway, keepalive_s, put)
    wait = threading.Event().wait
    return Ports(outbox, uplink, feed.clock, time.monotonic, log, pause=wait, utc_ms=utc_ms)


def _tell_safe_mode(log: FilteringBoundLogger, config: Path, mistakes: list[Mistake]) -> None:
    for mistake in mistakes:
        place = f"{config}:{mistake.line}:{mistake.column}"
        log.error("safe_mode_with_last_good_settings", at=place, mistake=mistake.sentence)

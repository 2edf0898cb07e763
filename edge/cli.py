"""berth-edge: what an installer types. Exit codes: 0 done, 1 found something wrong, 2 bad input."""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Annotated

import structlog
import typer
from structlog.typing import FilteringBoundLogger

from contracts.wire.signing import address_of
from edge.adapters.checks import Check, check_all
from edge.adapters.clock import StreamClock
from edge.adapters.keys import KEY_FILE, load_key, make_key
from edge.adapters.lines import LineSource, open_readings
from edge.adapters.mqtt import PahoUplink, parse_broker
from edge.adapters.outbox import SqliteOutbox
from edge.agent import Ports
from edge.compose import make_agent
from edge.config import TEMPLATE, parse_config, read_config
from edge.errors import ConfigExists, EdgeError
from edge.ports import Item

PUT_S = 0.5
CONFIG_FILE = "gateway.yaml"

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
ConfigOption = Annotated[Path, typer.Option("--config", help="The gateway's settings.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")]


@app.command()
def init(
    gateway: Annotated[str, typer.Option(help="The gateway's name, as the cloud knows it.")],
    broker: Annotated[str, typer.Option(help="mqtt://host:1883")],
    chain_id: Annotated[int, typer.Option(help="The chain on which its signatures count.")],
    ledger: Annotated[str, typer.Option(help="The ledger contract's address there.")],
    data: Annotated[Path, typer.Option(help="Folder for key, settings and outbox.")],
    as_json: JsonOption = False,
) -> None:
    """Make the signing key and a commented gateway.yaml; print the gateway's address."""
    path = data / CONFIG_FILE
    text = TEMPLATE.format(
        gateway=json.dumps(gateway), broker=json.dumps(broker), chain_id=chain_id, ledger=ledger
    )
    parse_config(text.encode(), str(path))
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        raise ConfigExists(f"It is {path}.")
    key = load_key(data) if (data / KEY_FILE).exists() else make_key(data)
    # The broker's address may hold a password.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    address = address_of(key)
    if as_json:
        print(json.dumps({"gateway": gateway, "address": address, "config": str(path)}))
        return
    print(f"Gateway {gateway} signs as {address}")
    print(
        f"Register this address with the cloud, then: berth-edge run --config {path} --readings -"
    )


@app.command("check-config")
def check_config(file: Annotated[Path, typer.Argument(help="The settings to check.")]) -> None:
    """Say what is wrong with the settings, if anything, as file:line:col."""
    config = read_config(file)
    print(f"{file}: good, gateway {config.gateway}, data in {config.data_path}")


@app.command()
def address(config: ConfigOption = Path(CONFIG_FILE), as_json: JsonOption = False) -> None:
    """Print the address that this gateway's signatures recover to."""
    settings = read_config(config)
    found = address_of(load_key(settings.data_path))
    print(json.dumps({"gateway": settings.gateway, "address": found}) if as_json else found)


@app.command()
def doctor(config: ConfigOption = Path(CONFIG_FILE), as_json: JsonOption = False) -> None:
    """Check key, data folder, broker and clock; every failure comes with its fix."""
    checks = check_all(read_config(config))
    if as_json:
        print(json.dumps([{"check": c.name, "ok": c.ok, "sentence": c.sentence} for c in checks]))
    else:
        for check in checks:
            _show(check)
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


@app.command()
def run(
    readings: Annotated[str, typer.Option(help="Trace lines: a file, or - for standard input.")],
    config: ConfigOption = Path(CONFIG_FILE),
) -> None:
    """Watch the spaces until the readings end and all is acknowledged, or until SIGTERM."""
    settings = read_config(config)
    key, log = load_key(settings.data_path), _log(settings.gateway)
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


def main() -> None:
    try:
        app()
    except EdgeError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


def _show(check: Check) -> None:
    print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.sentence}")


def _log(gateway: str) -> FilteringBoundLogger:
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        gateway=gateway,
    )
    return log

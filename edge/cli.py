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
from edge.adapters.checks import Check, Level, cannot_make, check_all, this_machine
from edge.adapters.clock import StreamClock
from edge.adapters.keys import KEY_FILE, load_key, make_key
from edge.adapters.lines import LineSource, open_readings
from edge.adapters.mqtt import PahoUplink, parse_broker
from edge.adapters.outbox import SqliteOutbox
from edge.agent import Ports
from edge.compose import make_agent
from edge.config import TEMPLATE, check_options, parse_config, read_config
from edge.errors import ConfigExists, EdgeError, OptionsWrong
from edge.ports import Item

PUT_S = 0.5
CONFIG_FILE = "gateway.yaml"
NO_FOLDER = "--data is '{}', but this folder cannot be made: {}."
SHOWN = {Level.OK: "ok  ", Level.WARNING: "warn", Level.FAILED: "FAIL"}

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
ConfigOption = Annotated[Path, typer.Option("--config", help="The gateway's settings.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


@app.command()
def init(
    gateway: Annotated[str | None, typer.Option(help="Its name, as the cloud knows it.")] = None,
    broker: Annotated[str | None, typer.Option(help="mqtt://host:1883")] = None,
    chain_id: Annotated[str | None, typer.Option(help="Of `deployed` at /healthz.")] = None,
    ledger: Annotated[str | None, typer.Option(help="Of `deployed` at /healthz: 0x…")] = None,
    data: Annotated[str | None, typer.Option(help="Folder for key, settings, outbox.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the signing key and a commented gateway.yaml; print the gateway's address.

    All but --json are needed.
    """
    folder = Path(data or "")
    wrong = check_options(gateway, broker, chain_id, ledger, data)
    if data is not None and (why := cannot_make(folder)):
        wrong.append(NO_FOLDER.format(folder, why))
    if wrong:
        raise OptionsWrong(wrong)
    path = folder / CONFIG_FILE
    text = TEMPLATE.format(
        gateway=json.dumps(gateway), broker=json.dumps(broker), chain_id=chain_id, ledger=ledger
    )
    parse_config(text.encode(), str(path))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OptionsWrong([NO_FOLDER.format(folder, error.strerror)]) from None
    if path.exists():
        raise ConfigExists(f"It is {path}.")
    key = load_key(folder) if (folder / KEY_FILE).exists() else make_key(folder)
    # The broker's address may hold a password.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    address = address_of(key)
    if as_json:
        print(json.dumps({"gateway": gateway, "address": address, "config": str(path)}))
        return
    print(f"Gateway {gateway} signs as {address}")
    print(f"Hand this address to the operator, then: berth-edge doctor --config {path}")


@app.command("check-config")
def check_config(
    file: Annotated[Path | None, typer.Argument(help="The same as --config.")] = None,
    config: Annotated[Path | None, typer.Option(help="The gateway's settings.")] = None,
) -> None:
    """Say what is wrong with the settings, if anything: a file:line:col for each mistake."""
    if file and config:
        raise typer.BadParameter("Name the settings once: as FILE, or with --config.")
    path = file or config or Path(CONFIG_FILE)
    settings = read_config(path)
    print(f"{path}: good, gateway {settings.gateway}, data in {settings.data_path}")


@app.command()
def address(config: ConfigOption = Path(CONFIG_FILE), as_json: JsonOption = False) -> None:
    """Print the address that this gateway's signatures recover to."""
    settings = read_config(config)
    found = address_of(load_key(settings.data_path))
    print(json.dumps({"gateway": settings.gateway, "address": found}) if as_json else found)


@app.command()
def doctor(config: ConfigOption = Path(CONFIG_FILE), as_json: JsonOption = False) -> None:
    """Check key, data folder, broker and clock; every failure comes with its fix."""
    checks = check_all(read_config(config), this_machine())
    if as_json:
        print(json.dumps([_as_json(check) for check in checks]))
    else:
        for check in checks:
            print(f"{SHOWN[check.level]} {check.name}: {check.sentence}")
    raise typer.Exit(exit_code(checks))


def exit_code(checks: list[Check]) -> int:
    return 0 if all(check.ok for check in checks) else 1


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


def _as_json(check: Check) -> dict[str, object]:
    return {"check": check.name, "ok": check.ok, "level": check.level, "sentence": check.sentence}


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

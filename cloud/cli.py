"""berth-cloud: what an operator types. Exit codes: 0 done, 1 found something wrong, 2 bad input."""

import asyncio
import difflib
import json
import logging
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import structlog
import typer
from pydantic import ValidationError
from rich.progress import Progress

from cloud.config import Config
from cloud.errors import BadTitles, CloudError

if TYPE_CHECKING:
    from cloud.usecases.reconciling import Standing

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
titles = typer.Typer(no_args_is_help=True, help="The title library of a city.")
app.add_typer(titles, name="titles")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Data = Annotated[Path | None, typer.Option("--data", help="Data folder (BERTH_DATA).")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]
BrokerPort = Annotated[int, typer.Option(min=1, max=65535)]
SHOWN_PROBLEMS = 20


@app.command()
def serve(data: Data = None, port: Annotated[int | None, typer.Option()] = None) -> None:
    """Run the cloud: pages, API, wire, sweeps. Settings are BERTH_* (see docs/operate.md)."""
    from cloud.app import serve as run

    try:
        config = _config(data=data, port=port)
        _free(config.host, config.port)
        run(config)
    except (CloudError, ConnectionError, OSError) as error:
        _stop(str(error), getattr(error, "remedy", ""), 1)


@app.command()
def devchain(
    port: Port = 8545, host: str = "127.0.0.1", beyond_loopback: bool = False, data: Data = None
) -> None:
    """Run the dev chain alone: Ethereum JSON-RPC on loopback, kept in the data folder."""
    from cloud.adapters.devchain import DevChainServer

    try:
        folder = _config(data=data).data / "chain"
        server = DevChainServer(folder, host, port, beyond_loopback=beyond_loopback)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    print(server.url, flush=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


@app.command()
def broker(port: BrokerPort = 1883) -> None:
    """Run the embedded MQTT broker alone, on loopback."""
    asyncio.run(_broker(port))


@app.command("deploy-contracts")
def deploy_contracts(data: Data = None, as_json: Json = False) -> None:
    """Put the contracts on the chain at BERTH_CHAIN and remember where they are."""
    from cloud.adapters.db import Database
    from cloud.adapters.keys import role_keys
    from cloud.app import deploy_contracts as deploy
    from cloud.usecases import installation
    from contracts.wire.signing import address_of

    config = _config(data=data)
    db = Database(config.database)
    try:
        made = db.read(installation.deployed)
        if made is None:
            made = deploy(config, config.chain)
            custodian = address_of(role_keys(config.keys)["admin"])
            found = made
            db.write(lambda s: installation.remember(s, found, custodian))
    except (CloudError, OSError, RuntimeError) as error:
        _stop(str(error), getattr(error, "remedy", "Is BERTH_CHAIN right?"), 1)
    rows = made.model_dump(mode="json")
    print(json.dumps(rows) if as_json else "\n".join(f"{k:9} {v}" for k, v in rows.items()))


@app.command()
def reconcile(
    acknowledge: Annotated[bool, typer.Option(help="Settle on in spite of these.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show how the books stood against the chain when the cloud last compared them (exit 0 or 1).

    Acknowledged differences no longer stop settling, until one of them changes.
    """
    from cloud.adapters.clock import clock_for
    from cloud.adapters.db import Database
    from cloud.usecases import reconciling

    config = _config(data=data)
    if not config.database.is_file():
        _stop(f"There is no cloud in {config.data}.", "Give its folder with --data.", 2)
    db = Database(config.database)
    if acknowledge:
        now = clock_for(config.clock).now()
        found = db.write(lambda s: reconciling.acknowledge(s, now))
    else:
        found = db.read(reconciling.standing)
    equal = found.block >= 0 and not found.differing
    if as_json:
        print(json.dumps({"equal": equal, "stopped": found.stopped(), **asdict(found)}))
    else:
        print("\n".join(_told(found)))
    raise typer.Exit(0 if equal else 1)


@titles.command("import")
def import_titles(file: Path, data: Data = None, as_json: Json = False) -> None:
    """Import a CSV or GeoJSON file, all or nothing; the root is published by the running cloud."""
    from cloud.adapters.clock import new_salt
    from cloud.adapters.db import Database
    from cloud.adapters.title_files import rows_of, sha256_of
    from cloud.usecases.titles import parse, store

    if not file.is_file():
        _stop(f"There is no file {file}.", "Check the path.", 2)
    try:
        with Progress(disable=as_json or not sys.stderr.isatty()) as progress:
            task = progress.add_task("reading titles", total=None)
            placed = parse(rows_of(file), new_salt, lambda n: progress.update(task, completed=n))
    except BadTitles as error:
        _bad_titles(error, as_json)
    now_ms = int(time.time() * 1000)
    db = Database(_config(data=data).database)
    made = db.write(lambda s: store(s, placed, sha256_of(file), now_ms))
    if as_json:
        print(json.dumps({"version": made.version, "count": made.count, "root": made.root}))
    else:
        print(f"Version {made.version}: {made.count} titles, root {made.root}")


@titles.command("prove")
def prove_title(space: str, data: Data = None) -> None:
    """Print the proof of one title: the nodes from it to the published root."""
    from cloud.adapters.db import Database
    from cloud.core.reasons import Refusal
    from cloud.usecases.titles import prove

    found = Database(_config(data=data).database).read(lambda s: prove(s, space))
    if isinstance(found, Refusal):
        _stop(found.reasons[0].sentence_en, found.reasons[0].remedy_en, 1)
    print(
        json.dumps(
            {
                "space": found.space,
                "title_digest": found.digest,
                "siblings": found.siblings,
                "root": found.root,
                "version": found.version,
            },
            indent=1,
        )
    )


def _told(standing: "Standing") -> list[str]:
    """Amounts are minor units, as the ledger holds them: what the chain has more than the books."""
    if standing.block < 0:
        return ["The books were not compared with the chain yet: berth-cloud serve does that."]
    if not standing.differing:
        return [f"The books equal the chain as of block {standing.block}."]
    lines = [f"The books differ from the chain as of block {standing.block}:"]
    for number, by_minor in standing.differing.items():
        seen = standing.acknowledged.get(number) == by_minor
        lines.append(f"account {number:>6} {by_minor:>+12}{'  acknowledged' if seen else ''}")
    if standing.stopped():
        lines.append("Settling has stopped. Compare the accounts' entries with the ledger's log;")
        lines.append("berth-cloud reconcile --acknowledge lets settling go on as it is.")
    return lines


async def _broker(port: int) -> None:
    from cloud.adapters.broker import EmbeddedBroker

    broker_ = EmbeddedBroker("127.0.0.1", port)
    await broker_.start()
    print(f"mqtt://127.0.0.1:{port}", flush=True)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await broker_.stop()


def _config(data: Path | None = None, port: int | None = None) -> Config:
    given: dict[str, Any] = {"data": data, "port": port}
    known = [f"BERTH_{name.upper()}" for name in Config.model_fields]
    for name in os.environ:
        if name.startswith("BERTH_") and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            _stop(f"There is no setting {name}.", f"Did you mean {near[0]}?" if near else "", 2)
    try:
        return Config(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "BERTH_" + "_".join(str(part) for part in first["loc"]).upper()
        why = first["msg"].removeprefix("Value error, ")
        _stop(f"{name}={first['input']}: {why}.", "Correct it and start again.", 2)


def _free(host: str, port: int) -> None:
    """Said before anything is started, not by the server that cannot listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            _stop(f"Cannot listen on {host}:{port} ({error.strerror}).", "Choose BERTH_PORT.", 2)


def _bad_titles(error: BadTitles, as_json: bool) -> NoReturn:
    if as_json:
        print(json.dumps({"refused": True, "problems": error.problems}, ensure_ascii=False))
    for problem in error.problems[:SHOWN_PROBLEMS]:
        print(problem, file=sys.stderr)
    if len(error.problems) > SHOWN_PROBLEMS:
        print(f"... and {len(error.problems) - SHOWN_PROBLEMS} more (--json)", file=sys.stderr)
    _stop(str(error), error.remedy, 2)


def _stop(sentence: str, remedy: str, status: int) -> NoReturn:
    print(f"berth-cloud: {sentence} {remedy}".strip(), file=sys.stderr)
    raise typer.Exit(status)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    os.umask(0o077)  # the data folder holds plates and keys
    # A sweep that finds the last one still at work waits for the next turn: no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("gmqtt").setLevel(logging.CRITICAL)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(20),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    app()

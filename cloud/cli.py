"""berth-cloud: what an operator types. Exit codes: 0 done, 1 found something wrong, 2 bad input."""

import json
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import structlog
import typer
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from cloud.adapters.masking import mask
from cloud.cli_accounts import account
from cloud.cli_audit import audit
from cloud.cli_backup import backup, restore
from cloud.cli_broker import broker, broker_config
from cloud.cli_claims import certificates, claim_code, claims, revoke_gateway
from cloud.cli_credits import charges, credit, credits
from cloud.cli_fees import fees
from cloud.cli_keys import held as addresses_of
from cloud.cli_keys import keys, reopen_account
from cloud.cli_privacy import person, retention
from cloud.cli_rules import rules
from cloud.cli_settings import (
    Commands,
    Data,
    Json,
    config_of,
    database_of,
    existing,
    free,
    status_of,
    stop,
)
from cloud.cli_titles import titles
from cloud.cli_trace import trace
from cloud.config import Config
from cloud.errors import CloudError
from cloud.ports.chain import ChainRefused, ChainUnreachable

if TYPE_CHECKING:
    from cloud.usecases.reconciling import Standing

app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(account, name="account")
app.add_typer(audit, name="audit")
app.add_typer(rules, name="rules")
app.add_typer(titles, name="titles")
app.add_typer(fees, name="fee")
app.add_typer(person, name="person")
app.add_typer(retention, name="retention")
app.command(context_settings={"ignore_unknown_options": True})(credit)
app.command()(credits)
app.command()(charges)
app.command()(keys)
app.command()(trace)
app.command()(backup)
app.command()(restore)
app.command()(broker)
app.command("broker-config")(broker_config)
app.command("reopen-account")(reopen_account)
app.command("claim-code")(claim_code)
app.command()(claims)
app.command()(certificates)
app.command("revoke-gateway")(revoke_gateway)

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on; loopback, or see the next flag.")]
Beyond = Annotated[
    bool,
    typer.Option(
        "--beyond-loopback",
        help="Let other machines in: everybody knows the dev keys, anybody may rewind the chain.",
    ),
]
IN_USE = "Stop the program that uses it, or give another folder with --data."
OTHER_CHAIN = "Is BERTH_CHAIN right?"


@app.command()
def serve(data: Data = None, port: Annotated[int | None, typer.Option()] = None) -> None:
    """Run the cloud: pages, API, wire, sweeps. Settings are BERTH_* (see docs/operate.md)."""
    from cloud.adapters.devchain import DataFolderError
    from cloud.adapters.folder_lock import held
    from cloud.app import serve as run

    config = config_of(data=data, port=port)
    set_on_retry_hooks([_trying_again])
    try:
        free(config.host, config.port, "Choose BERTH_HOST and BERTH_PORT.")
        with held(config.data):
            _embedded_ports(config)
            run(config)
    except ChainUnreachable as error:
        _no_chain(error)
    except DataFolderError as error:
        stop(f"{error}.", IN_USE, 2)
    except (CloudError, ChainRefused, OSError) as error:
        stop(str(error), getattr(error, "remedy", ""), status_of(error))


@app.command()
def devchain(
    port: Port = 8545, host: Host = "127.0.0.1", beyond_loopback: Beyond = False, data: Data = None
) -> None:
    """Run the dev chain alone: Ethereum JSON-RPC on loopback, kept in the data folder."""
    from cloud.adapters.devchain import DataFolderError, DevChainServer
    from cloud.adapters.devchain.server import is_loopback

    folder = config_of(data=data).data / "chain"
    if beyond_loopback or is_loopback(host):
        free(host, port, "Choose another --port or --host.")
    try:
        server = DevChainServer(folder, host, port, beyond_loopback=beyond_loopback)
    except ValueError as error:
        stop(str(error), "", 2)
    except DataFolderError as error:
        stop(f"{error}.", IN_USE, 2)
    except OSError as error:
        where = error.filename or f"{host}:{port}"
        stop(f"Cannot use {where} ({error.strerror}).", "Choose another --data or --port.", 2)
    print(server.url, flush=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


@app.command("deploy-contracts")
def deploy_contracts(data: Data = None, as_json: Json = False) -> None:
    """Put the contracts on the chain at BERTH_CHAIN and remember where they are."""
    from cloud.adapters.keys import role_keys
    from cloud.app import deploy_contracts as deploy
    from cloud.usecases import installation
    from contracts.wire.signing import address_of

    config = config_of(data=data)
    if config.chain == "embedded":
        remedy = "Set BERTH_CHAIN to the address of its node, such as http://127.0.0.1:8545."
        stop("The embedded chain gets its contracts from berth-cloud serve.", remedy, 2)
    db = database_of(config)
    try:
        made = db.read(installation.deployed)
        if made is None:
            made = deploy(config, config.chain)
            custodian = address_of(role_keys(config.keys)["admin"])
            found = made
            db.write(lambda s: installation.remember(s, found, custodian))
    except ChainUnreachable as error:
        _no_chain(error)
    except ChainRefused as error:
        coins = f"Send coins of this chain to the admin's {addresses_of(config)['admin']}."
        stop(f"The chain refuses it: {error}.", coins if error.code == "FUNDS" else OTHER_CHAIN, 1)
    except (CloudError, OSError, RuntimeError) as error:
        stop(str(error), getattr(error, "remedy", OTHER_CHAIN), status_of(error))
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
    from cloud.usecases import reconciling

    config = existing(data)
    db = database_of(config)
    if acknowledge:
        now = clock_for(config.clock).now()
        found = db.write(lambda s: reconciling.acknowledge(s, now))
    else:
        found = db.read(reconciling.standing)
    equal = found.block >= 0 and not found.differing
    if as_json:
        print(json.dumps(_plain(found, equal)))
    else:
        print("\n".join(_told(found)))
    raise typer.Exit(0 if equal else 1)


def _plain(standing: "Standing", equal: bool) -> dict[str, object]:
    """`by_minor`: what the chain has more than the books."""
    accounts = [
        {
            "account": int(number),
            "by_minor": by_minor,
            "acknowledged": standing.acknowledged.get(number) == by_minor,
        }
        for number, by_minor in standing.differing.items()
    ]
    compared = standing.block if standing.block >= 0 else None
    return {"equal": equal, "stopped": standing.stopped(), "block": compared, "accounts": accounts}


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


def _embedded_ports(config: Config) -> None:
    """The embedded parts listen on loopback."""
    if config.chain == "embedded":
        free("127.0.0.1", config.chain_port, "Choose BERTH_CHAIN_PORT.")
    if config.broker == "embedded":
        free("127.0.0.1", config.broker_port, "Choose BERTH_BROKER_PORT.")


def _trying_again(details: RetryDetails) -> None:
    """Said once, in words: what retries would log by themselves is Python's own."""
    if details.retry_num == 1:
        print(f"berth-cloud: {details.caused_by}; trying again.", file=sys.stderr)


def _no_chain(error: ChainUnreachable) -> NoReturn:
    stop(f"BERTH_CHAIN: {error}.", "Start the node, or correct BERTH_CHAIN.", 1)


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
            mask,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    app()

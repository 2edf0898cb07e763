"""berth-cloud broker and broker-config: the embedded broker alone, and the files for mosquitto."""

import asyncio
import json
import signal
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.cli_settings import Data, Json, config_of, database_of, free, stop
from cloud.config import Config

if TYPE_CHECKING:
    from cloud.adapters.mosquitto import Known

Port = Annotated[int, typer.Option(min=1, max=65534)]
Folder = Annotated[Path, typer.Argument(help="Where the files go; its keys stay.")]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", help="Host name or address by which gateways reach it; repeat it."),
]
Tls = Annotated[
    Path | None, typer.Option(help="Folder of broker-config: certificates in place of tokens.")
]
Host = Annotated[str, typer.Option(help="Address to listen on; beyond loopback with --tls only.")]
HERE = ("127.0.0.1", "localhost")


def broker_config(
    folder: Folder,
    name: Names = None,
    port: Annotated[int | None, typer.Option(min=1, max=65534, help="8883, or as before.")] = None,
    bind: Annotated[str | None, typer.Option(help="Address for gateways; all at first.")] = None,
    plugin: Annotated[str | None, typer.Option(help="Path of the plugin, if not found.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write a configuration for mosquitto 2.0: TLS 1.3, certificates, who may say what, limits.

    The cloud has a door of its own, on loopback at the next port. Run it again, daily and without
    options, to renew the list of revoked certificates; then reload mosquitto.
    """
    from cloud.adapters.authority import FileAuthority
    from cloud.adapters.clock import SystemClock
    from cloud.adapters.mosquitto import Plan, planned, write
    from cloud.ports.authority import AuthorityBroken

    config, now = config_of(data=data), SystemClock().now()
    known = _known(config, now)
    plan = planned(folder) or Plan(HERE)
    plan = replace(plan, names=(*name, *HERE)) if name else plan
    plan = replace(plan, port=port, cloud_port=port + 1) if port is not None else plan
    plan = replace(plan, bind=plan.bind if bind is None else bind)
    plan = replace(plan, plugin=plan.plugin if plugin is None else plugin)
    try:
        files = write(folder, plan, known, FileAuthority(config.data / "ca", now), now)
    except (AuthorityBroken, OSError) as error:
        stop(f"{error}.", "Correct it and run the command again.", 2)
    told = {
        "folder": str(folder),
        "files": files,
        "gateways": len(known.gateways),
        "revoked": len(known.revoked),
        "broker": f"mqtts://{plan.names[0]}:{plan.port}",
        "cloud": {
            "BERTH_BROKER": f"mqtts://127.0.0.1:{plan.cloud_port}",
            "BERTH_TLS": str(folder / "berth-cloud"),
        },
    }
    print(json.dumps(told, ensure_ascii=False) if as_json else _told(told, folder))


def broker(port: Port = 1883, host: Host = "127.0.0.1", tls: Tls = None, data: Data = None) -> None:
    """Run the embedded MQTT broker alone, on loopback; it shares the data folder with the cloud."""
    from cloud.adapters.broker_choice import broker_secret, is_loopback

    if tls is None and not is_loopback(host):
        stop(f"{host} is not loopback.", "Give --tls, the folder that broker-config wrote.", 2)
    free(host, port, "Choose another --port.")
    secret = broker_secret(config_of(data=data).data)
    try:
        asyncio.run(_run(host, port, secret, tls))
    except OSError as error:
        stop(f"{error}.", "Is --tls a folder of broker-config?", 2)


async def _run(host: str, port: int, secret: bytes, tls: Path | None) -> None:
    from cloud.adapters.broker import EmbeddedBroker, server_tls

    embedded = EmbeddedBroker(host, port, secret, None if tls is None else server_tls(tls))
    await embedded.start()
    print(f"{'mqtt' if tls is None else 'mqtts'}://{host}:{port}", flush=True)
    over = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, over.set)
    await over.wait()
    await embedded.stop()


def _known(config: Config, now: datetime) -> "Known":
    """Nobody yet where there is no database: the broker may be there before the cloud starts."""
    from cloud.adapters.db import exists
    from cloud.adapters.mosquitto import Known
    from cloud.usecases import certificates

    if not exists(config.database):
        return Known(())
    db = database_of(config)
    names = db.read(lambda s: certificates.names(s, now))
    return Known(tuple(sorted(names)), db.read(lambda s: certificates.revoked(s, now)))


def _told(told: dict[str, object], folder: Path) -> str:
    settings = told["cloud"]
    assert isinstance(settings, dict)
    return "\n".join(
        (
            f"{folder}: made for {told['gateways']} gateways, {told['revoked']} revoked.",
            f"Start it:  mosquitto -c {folder}/mosquitto.conf",
            f"The cloud: BERTH_BROKER={settings['BERTH_BROKER']} BERTH_TLS={settings['BERTH_TLS']}",
            f"Gateways:  {told['broker']}",
        )
    )

"""Which broker the settings mean, by which name the cloud knocks there, and who holds its door."""

import asyncio
import os
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cloud.adapters.broker import EmbeddedBroker
from cloud.adapters.clock import new_token
from cloud.adapters.mosquitto_control import MosquittoControl
from cloud.adapters.tls import client_context
from cloud.config import Config
from cloud.core import broker_rules as rules
from cloud.errors import BadKey
from cloud.ports.doors import Door

SECRET_FILE = "broker.key"
SECRET_HEX = 64


def own_broker(config: Config) -> EmbeddedBroker | None:
    """The embedded one, if the settings say so; not started yet."""
    if config.broker != "embedded":
        return None
    return EmbeddedBroker("127.0.0.1", config.broker_port, broker_secret(config.data))


def wire_url(config: Config) -> str:
    """With the cloud's token where the broker may be ours: on this machine, and without TLS."""
    if config.broker == "embedded":
        return _with_token(f"127.0.0.1:{config.broker_port}", config.data)
    parts = urlsplit(config.broker)
    if parts.scheme == "mqtt" and not parts.username and is_loopback(parts.hostname):
        return _with_token(parts.netloc, config.data)
    return config.broker


class EmbeddedDoor:
    """The Door of the embedded broker, for sweeps, which run in threads of their own.

    Who has no certificate may come in too: on loopback there is none to show.
    """

    def __init__(self, broker: EmbeddedBroker, loop: asyncio.AbstractEventLoop) -> None:
        self._broker, self._loop = broker, loop

    def bring(self, inside: frozenset[str], shut: frozenset[str]) -> None:
        self._loop.call_soon_threadsafe(self._broker.shut_out, shut)


def door_of(config: Config, broker: EmbeddedBroker | None) -> Door | None:
    """Called in the loop that the embedded broker runs in; None where nobody holds the door."""
    if broker is not None:
        return EmbeddedDoor(broker, asyncio.get_running_loop())
    return mosquitto_door(config.broker, config.tls)


def mosquitto_door(url: str, tls_folder: Path | None) -> Door | None:
    """With the identity `berth-control` beside the cloud's own, as broker-config writes them."""
    folder = None if tls_folder is None else tls_folder.resolve().parent / rules.CONTROL
    if folder is None or not (folder / "key.pem").exists():
        return None
    return MosquittoControl(url, client_context(folder))


def broker_secret(folder: Path) -> bytes:
    """Of the data folder, made at first use; broker and cloud may start at once. Raises BadKey."""
    path = folder / SECRET_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _first_of_all(path, new_token())
    try:
        text = path.read_text("ascii").strip()
        secret = bytes.fromhex(text)
    except ValueError:
        raise BadKey(f"{path} holds no key.", "Delete it; the next start makes another.") from None
    if len(text) != SECRET_HEX:
        raise BadKey(f"{path} holds no key.", "Delete it; the next start makes another.")
    return secret


def _first_of_all(path: Path, text: str) -> None:
    """Whole or not at all, and never over one that came first."""
    beside = path.with_name(f".{path.name}.{new_token()[:8]}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
    with suppress(FileExistsError):
        os.link(beside, path)
    beside.unlink()


def _with_token(where: str, data: Path) -> str:
    return f"mqtt://{rules.CLOUD}:{rules.token(broker_secret(data), rules.CLOUD)}@{where}"


def is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False

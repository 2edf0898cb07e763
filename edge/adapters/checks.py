"""What `doctor` looks at. Each check answers in one sentence, a failed one with its fix."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contracts.wire.signing import address_of
from edge.adapters.clock import SystemClock
from edge.adapters.keys import load_key
from edge.adapters.mqtt import parse_broker
from edge.config import Config
from edge.errors import EdgeError

BROKER_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    sentence: str


def check_all(config: Config) -> list[Check]:
    checks: dict[str, Callable[[], str]] = {
        "key": lambda: f"signs as {address_of(load_key(config.data_path))}",
        "data": lambda: _writable(config.data_path),
        "broker": lambda: _reachable(config.broker),
        "clock": _clock,
    }
    return [_checked(name, check) for name, check in checks.items()]


def _checked(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except (EdgeError, OSError) as error:
        return Check(name, False, str(error))


def _writable(data: Path) -> str:
    path = data / "doctor.tmp"
    try:
        with path.open("w") as file:
            file.write("ok")
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except OSError as error:
        fix = "Create it, give it to the user that runs berth-edge, and free space on its disk."
        raise OSError(f"{data} cannot be written: {error.strerror}. {fix}") from None
    return f"{data} can be written"


def _reachable(url: str) -> str:
    broker = parse_broker(url)
    where = f"{broker.host}:{broker.port}"
    try:
        socket.create_connection((broker.host, broker.port), BROKER_TIMEOUT_S).close()
    except OSError as error:
        fix = "Check `broker` in the settings, the network, and that the broker runs."
        raise OSError(f"{where} does not answer: {error}. {fix}") from None
    return f"{where} answers"


def _clock() -> str:
    state = SystemClock().state()
    if state != "synced":
        fix = "Start chrony or systemd-timesyncd and give it a reachable time server."
        raise OSError(f"The clock is {state}: events would say so, and be doubted. {fix}")
    return "synced"

"""What `doctor` looks at. Each check answers in one sentence, a failed one with its fix."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from contracts.wire.signing import address_of
from edge.adapters.clock import kernel_synced
from edge.adapters.keys import load_key
from edge.adapters.mqtt import parse_broker
from edge.config import Config
from edge.errors import EdgeError

BROKER_TIMEOUT_S = 3.0


# The device tree names the board; a container or another kind of machine has none.
BOARD = Path("/proc/device-tree/model")


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    level: Level
    sentence: str

    @property
    def ok(self) -> bool:
        """A warning does not stop the gateway."""
        return self.level is not Level.FAILED


@dataclass(frozen=True, slots=True)
class Machine:
    board: str  # "" where nothing names it
    clock_synced: bool

    @property
    def is_pi(self) -> bool:
        return self.board.startswith("Raspberry Pi")


def this_machine() -> Machine:
    try:
        board = BOARD.read_text(errors="replace").strip("\0\n ")
    except OSError:
        board = ""
    return Machine(board, kernel_synced())


def check_all(config: Config, machine: Machine) -> list[Check]:
    checks: dict[str, Callable[[], str]] = {
        "key": lambda: f"signs as {address_of(load_key(config.data_path))}",
        "data": lambda: _writable(config.data_path),
        "broker": lambda: _reachable(config.broker),
    }
    answered = [_checked(name, check) for name, check in checks.items()]
    return [*answered, _sensors(machine), _clock(machine)]


def _checked(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, Level.OK, check())
    except (EdgeError, OSError) as error:
        return Check(name, Level.FAILED, str(error))


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


def cannot_make(folder: Path) -> str:
    """Why there can be no folder of ours at this place; empty if nothing speaks against it."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        return f"{nearest} is a file"
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} cannot be written"


def _reachable(url: str) -> str:
    broker = parse_broker(url)
    where = f"{broker.host}:{broker.port}"
    try:
        socket.create_connection((broker.host, broker.port), BROKER_TIMEOUT_S).close()
    except OSError as error:
        fix = "Check `broker` in the settings, the network, and that the broker runs."
        raise OSError(f"{where} does not answer: {error}. {fix}") from None
    return f"{where} answers"


def _sensors(machine: Machine) -> Check:
    what = machine.board if machine.is_pi else "simulated: this is no Raspberry Pi"
    return Check("sensors", Level.OK, f"{what}; readings come on a stream (run --readings)")


def _clock(machine: Machine) -> Check:
    """A stream brings its own clock; on a Pi the program that feeds it has it from this one."""
    if machine.clock_synced:
        return Check("clock", Level.OK, "synced")
    fix = "Start chrony or systemd-timesyncd and give it a reachable time server."
    if machine.is_pi:
        said = f"unsynced: readings that take their time from it are dated wrongly. {fix}"
        return Check("clock", Level.FAILED, said)
    said = "unsynced: no harm where the stream of readings brings a clock that is right"
    return Check("clock", Level.WARNING, said)

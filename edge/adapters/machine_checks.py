"""The checks of what every gateway needs: machine, key, disk, clock, broker, rights."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from contracts.wire.signing import address_of
from edge.adapters.checks import Check, Level, Machine
from edge.adapters.keys import load_key
from edge.adapters.mqtt import parse_broker
from edge.adapters.mqtt_probe import ask_broker, greet
from edge.adapters.outbox import LOCK_FILE
from edge.config import Config
from edge.errors import EdgeError, TlsUnusable

MB = 1_000_000
LEAST_FREE_MB, GOOD_FREE_MB = 50, 500
UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_ONCE = 0x1, 0x10000
BLOCK_DEVICES = Path("/sys/dev/block")
GPIO = "/dev/gpiochip0"


def check_system(machine: Machine) -> Check:
    board = machine.board if machine.is_pi else "simulated: this is no Raspberry Pi"
    said = f"{board}; Python {machine.python}"
    if not machine.is_64_bit:
        fix = "Install the 64-bit system: several libraries have no 32-bit build."
        return Check("system", Level.FAILED, f"{said}, 32-bit", fix)
    return Check("system", Level.OK, f"{said}, 64-bit")


def check_power(machine: Machine) -> Check:
    """Only a Pi tells; source: its firmware's get_throttled bits."""
    bits = machine.throttled or 0
    fix = "Use the Pi's own supply and a short, thick cable; give sensors and lamps their own 5 V."
    if bits & UNDER_VOLTAGE_NOW:
        return Check("power", Level.FAILED, "the supply is too weak at this moment", fix)
    if bits & UNDER_VOLTAGE_ONCE:
        return Check("power", Level.WARNING, "the supply was too weak since the last start", fix)
    said = "this machine does not tell" if machine.throttled is None else "the supply holds"
    return Check("power", Level.OK, said)


def check_key(data: Path) -> Check:
    try:
        return Check("key", Level.OK, f"signs as {address_of(load_key(data))}")
    except EdgeError as error:
        said = f"{(error.__doc__ or '').strip()} {error.detail}"
        return Check("key", Level.FAILED, said, error.remedy)
    except OSError as error:
        fix = "Give the data folder to the user that runs berth-edge."
        return Check("key", Level.FAILED, f"cannot be read: {error.strerror}", fix)


def check_data(data: Path) -> Check:
    path = data / "doctor.tmp"
    try:
        with path.open("w") as file:
            file.write("ok")
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        free_mb = shutil.disk_usage(data).free // MB
    except OSError as error:
        fix = "Create it, give it to the user that runs berth-edge, and free space on its disk."
        return Check("data", Level.FAILED, f"{data} cannot be written: {error.strerror}", fix)
    said = f"{data} can be written, {free_mb} MB free"
    fix = "Free space: what cannot be written is not sent."
    if free_mb < LEAST_FREE_MB:
        return Check("data", Level.FAILED, said, fix)
    level = Level.WARNING if free_mb < GOOD_FREE_MB else Level.OK
    wears = "; on an SD card: use a high-endurance one" if on_sd_card(data) else ""
    return Check("data", level, said + wears, fix if level is Level.WARNING else "")


def on_sd_card(folder: Path, devices: Path = BLOCK_DEVICES) -> bool:
    try:
        number = folder.stat().st_dev
        device = (devices / f"{os.major(number)}:{os.minor(number)}").resolve()
    except OSError:
        return False
    return "/mmcblk" in str(device)


def check_broker(config: Config) -> Check:
    broker = parse_broker(config.broker, config.data_path)
    where = f"{broker.host}:{broker.port}" + (" by TLS" if broker.tls else "")
    fix = "Check `broker` in the settings, the network, and that the broker runs."
    try:
        if broker.tls is not None and is_running(config.data_path):
            greet(broker)
            return Check("broker", Level.OK, f"{where} is the right one; the gateway runs")
        refused = ask_broker(broker, config.gateway)
    except TlsUnusable as error:
        return Check("broker", Level.FAILED, f"{where}: {error.detail}", error.remedy)
    except OSError as error:
        return Check("broker", Level.FAILED, f"{where} does not answer: {error}", fix)
    if refused:
        return Check("broker", Level.FAILED, f"{where}: {refused}", fix)
    return Check("broker", Level.OK, f"{where} lets this gateway in")


def check_commands(config: Config) -> Check:
    """A gateway from before commands were signed goes on; that anyone may command it is said."""
    if config.commands:
        said = f"only those signed by {' or '.join(config.commands)} are believed"
        return Check("commands", Level.OK, said)
    said = "not signed for this gateway: whoever writes on its topic is believed"
    fix = "Set `commands` to what the cloud's /healthz shows under that name."
    return Check("commands", Level.WARNING, said, fix)


def check_clock(config: Config, machine: Machine) -> Check:
    """A stream brings its own clock; sensors of our own are dated by this machine's."""
    if machine.clock_synced:
        return Check("clock", Level.OK, "synced")
    fix = "Start chrony or systemd-timesyncd and give it a reachable time server."
    if machine.is_pi or config.sensors:
        said = "unsynced: readings that take their time from it are dated wrongly"
        return Check("clock", Level.FAILED, said, fix)
    said = "unsynced: no harm where the stream of readings brings a clock that is right"
    return Check("clock", Level.WARNING, said, fix)


def check_rights(config: Config, may: Callable[[str], bool] | None = None) -> Check:
    """Devices that are there, but not for this user; what is not there, its own check tells."""
    may = may or (lambda path: os.access(path, os.R_OK | os.W_OK))
    shut = {group: path for group, path in devices(config) if Path(path).exists() and not may(path)}
    if shut:
        groups = ",".join(sorted(shut))
        said = f"this user may not use {', '.join(sorted(shut.values()))}"
        fix = f"Run `sudo usermod -aG {groups} USER` for the user that runs berth-edge, then "
        return Check("rights", Level.FAILED, said, fix + "log in again.")
    return Check("rights", Level.OK, "this user may use what the settings name")


def devices(config: Config) -> Iterator[tuple[str, str]]:
    """The group that owns a device, and the device."""
    sensors = config.sensors.values()
    if config.outputs or any(spec.trigger is not None for spec in sensors):
        yield "gpio", GPIO
    for spec in sensors:
        if spec.bus is not None:
            yield "i2c", f"/dev/i2c-{spec.bus}"
        if spec.port is not None:
            yield "dialout", spec.port
    for camera in config.cameras.values():
        if camera.source.startswith("v4l2:"):
            yield "video", camera.source.removeprefix("v4l2:")


def is_running(data: Path) -> bool:
    """Another berth-edge holds the outbox, and with it this gateway's sensors."""
    try:
        with (data / LOCK_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False

"""The real mosquitto on free ports: plain, or with the files of `berth-cloud broker-config`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cloud.adapters import mosquitto as files
from cloud.adapters.authority import FileAuthority, make_csr, make_key, new_serial
from cloud.core.broker_rules import CLOUD

PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
PLAIN = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 1000
max_queued_messages 100000
log_type error
"""


@dataclass(frozen=True, slots=True)
class Door:
    """`own`, `cloud`: folders of ca.pem, cert.pem, key.pem for gateways (by name) and the cloud."""

    port: int
    cloud_port: int
    own: str = ""
    cloud: str = ""

    @property
    def url(self) -> str:
        return f"{'mqtts' if self.cloud else 'mqtt'}://127.0.0.1:{self.cloud_port}"


@contextmanager
def plain(folder: Path) -> Iterator[tuple[Door, subprocess.Popen[bytes]]]:
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(PLAIN.format(port=port), "utf-8")
    with _running(config, port) as broker:
        yield Door(port, port), broker


@contextmanager
def mutual_tls(
    folder: Path, gateways: tuple[str, ...]
) -> Iterator[tuple[Door, subprocess.Popen[bytes]]]:
    """Certificates, access rules and bounds as generated."""
    now, place = datetime.now(UTC), folder / "broker"
    authority = FileAuthority(folder / "ca", now)
    plan = files.Plan(("localhost", "127.0.0.1"), free_port(), free_port(), "127.0.0.1")
    files.write(place, plan, files.Known(gateways), authority, now)
    own = folder / "gateways"
    if not own.exists():
        for name in gateways:
            _paper(own / name, name, authority, now)
    with _running(place / files.CONF, plan.cloud_port) as broker:
        yield Door(plan.port, plan.cloud_port, str(own), str(place / CLOUD)), broker


def _paper(folder: Path, name: str, authority: FileAuthority, now: datetime) -> None:
    folder.mkdir(parents=True)
    key = make_key()
    ends_at = now + timedelta(days=1)
    certificate = authority.issue(make_csr(key, name), name, now, ends_at, new_serial())
    for file, data in (("ca", authority.root_pem()), ("cert", certificate), ("key", key)):
        (folder / f"{file}.pem").write_bytes(data)


def spent_s(process: subprocess.Popen[bytes]) -> float:
    """Processor time of another process, its start included."""
    fields = Path(f"/proc/{process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _running(config: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    broker = subprocess.Popen([PROGRAM, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield broker
    finally:
        broker.terminate()
        broker.wait()

"""The mosquitto of this machine with TLS 1.3 and client certificates, and papers for who speaks."""

from __future__ import annotations

import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud.adapters.authority import MemoryAuthority, make_csr, make_key, new_serial

BINARY = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
HOST = "localhost"
CONFIG = """\
listener {port} 127.0.0.1
cafile {folder}/ca.pem
certfile {folder}/cert.pem
keyfile {folder}/key.pem
require_certificate true
use_identity_as_username true
tls_version {version}
allow_anonymous false
persistence false
"""


class Papers:
    """An authority, and folders of ca.pem, cert.pem and key.pem by it."""

    def __init__(self) -> None:
        # Certificates are judged by the machine's own clock.
        self.now = datetime.now(UTC)
        self.authority = MemoryAuthority(self.now)

    def client(self, folder: Path, name: str, days: float = 1) -> Path:
        key, until = make_key(), self.now + timedelta(days=days)
        csr = make_csr(key, name)
        starts = min(self.now, until - timedelta(days=1))
        pem = self.authority.issue(csr, name, starts, until, new_serial())
        return self._write(folder, key, pem)

    def server(self, folder: Path, *names: str) -> Path:
        key, until = make_key(), self.now + timedelta(days=1)
        csr = make_csr(key, names[0])
        pem = self.authority.server(csr, names, self.now, until, new_serial())
        return self._write(folder, key, pem)

    def _write(self, folder: Path, key: bytes, pem: bytes) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in (("ca.pem", self.authority.root_pem()), ("cert.pem", pem)):
            (folder / name).write_bytes(data)
        (folder / "key.pem").touch(mode=0o600)
        (folder / "key.pem").write_bytes(key)
        return folder


class Mosquitto:
    """Runs until `end`. `version`: the lowest TLS that it speaks."""

    def __init__(self, folder: Path, version: str = "tlsv1.3") -> None:
        if not Path(BINARY).exists():
            pytest.skip("there is no mosquitto here (Debian: apt-get install mosquitto)")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = folder / "mosquitto.conf"
        config.write_text(CONFIG.format(port=self.port, folder=folder, version=version))
        # Started as root it would become another user, who may not read the key.
        config.write_text(config.read_text() + "user root\n")
        self.process = subprocess.Popen(
            [BINARY, "-c", str(config), "-v"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if b"running" in line:
                return
        raise AssertionError("mosquitto did not start")

    @property
    def url(self) -> str:
        return f"mqtts://{HOST}:{self.port}"

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate()
